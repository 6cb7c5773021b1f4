"""The envelopes in which servers put an error, of which there are dozens, -> one `Envelope`, for all wires.

`{"error": {...}}`, `{"error": "text"}`, `errors: [...]`, `detail` (FastAPI, problem+json), a flat `message` or `msg`,
`base_resp`, `fault`, the status of gRPC with its details, `__type`, lists of these, JSON text in a message, a page of
HTML, plain text; one inside the other, as gateways make them.
Keys are compared without their case and punctuation: `error_message`, `errorMessage`, `ErrorMessage` are one.
source: the hosts' API references and recorded replies, read 2026-11.
"""

import re
from contextlib import suppress
from typing import Any

from attrs import evolve, frozen

from ..codecs import json
from ..errors import LLMError, MalformedStream
from . import waits
from .base import ErrorReply
from .status import BODY_EXCERPT, Envelope, page_text, reply_text, to_error
from .values import as_error_status, as_list, as_object, as_text, is_list, is_object
from .words import NO_WORDS, Kind, Words

Json = dict[str, Any]

_AROUND = ("responsemetadata", "response")  # Volcengine and Tencent put a reply's error in an object of their gateway
_HOLDERS = ("error", "fault", "baseresp", "message", "detail", "errors", "exception", "cause", "output", *_AROUND)
_TEXTS = (
    *("message", "msg", "errormessage", "errormsg", "statusmsg", "statusmessage", "faultstring", "error"),
    *("detail", "details", "errordescription", "description", "reason", "title", "text"),
)
_CODES = (
    *("code", "type", "status", "errorcode", "reason", "statuscode", "providercode", "providererrorcode"),
    "error",
)
_STATUSES = ("statuscode", "httpstatus", "httpcode", "code", "rawstatuscode", "status", "errorcode")
_WAITS = (
    *("retryafter", "retryafterseconds", "retrydelay", "estimatedtime", "resetafter", "resetafterseconds"),
    *("resetsinseconds", "resetinseconds", "resetseconds", "resetsat", "resetat"),
)
_SAYS_NOTHING = {"error", "errors", "failed", "failure", "fail", "about:blank", "none", "null", "ok", "success"}
_NO_ERROR = {"ping", "heartbeat", "keepalive", "keep-alive", "status", "progress", "info", "log"}
_DEPTH = 8  # envelopes inside envelopes that are still opened; gateways make two or three
_ITEMS, _KEYS = 20, 64  # of a list, of an object
_STATUS_IN_TEXT = re.compile(
    r"<([45]\d\d)>|(?:error code|http(?: status)?|status(?: code)?)[: ]{1,2}([45]\d\d)\b"
    r"|([45]\d\d) (?:bad|unauthori|payment|forbidden|not found|too many|internal|service|gateway|client|server)",
    re.IGNORECASE,
)


@frozen
class _Said:
    """What one envelope says, those nested in it included."""

    message: str = ""
    codes: tuple[str, ...] = ()
    status: int | None = None
    retry_after: float | None = None
    spent: bool = False
    request_id: str = ""


_NOTHING = _Said()


def decode_error(reply: ErrorReply, own: Words = NO_WORDS) -> LLMError:
    """An HTTP error status -> the typed error."""
    return to_error(of_reply(reply), own)


def in_band(value: Any, own: Words = NO_WORDS, kind: Kind | None = None) -> LLMError:
    """An envelope that came inside a 200 -> the typed error."""
    return to_error(of_value(value), own, kind)


def of_reply(reply: ErrorReply) -> Envelope:
    """What an HTTP error says, whatever its label: hosts send JSON as bytes and pages as JSON."""
    text = reply_text(reply)
    said = _NOTHING
    if text[:1] in ("{", "[", '"'):
        with suppress(ValueError, RecursionError):
            said = _read(json.loads(text), 0)
    return Envelope(
        said.message or page_text(text),
        said.codes,
        reply.status,
        said.retry_after,
        said.request_id,
        text,
        reply.headers,
        said.status,
        said.spent,
    )


def of_value(value: Any) -> Envelope:
    """What an error inside a 200 says: JSON, or text that is none."""
    said = _read(value, 0)
    status = said.status
    if status is None and (number := _STATUS_IN_TEXT.match(said.message)):
        status = int(number.group(number.lastindex or 0))
    body = shown(value)
    return Envelope(
        said.message or (page_text(body) if value else ""),
        said.codes,
        status,
        said.retry_after,
        said.request_id,
        body,
        upstream=said.status,
        spent=said.spent,
    )


def no_models(body: bytes, own: Words = NO_WORDS) -> LLMError:
    """What came instead of a list of models."""
    return none_of("list of models", body, own)


def none_of(what: str, body: bytes, own: Words = NO_WORDS) -> LLMError:
    """What came instead of a document of one kind: an error, told as that, or what is no API's answer."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if is_error(value):
        return in_band(value, own)
    text = page_text(body[: 4 * BODY_EXCERPT].decode("utf-8", "replace"))
    return MalformedStream(f"this is no {what}: {text or 'it is empty'}")


def of_event(data: bytes | Json) -> Any:
    """What an event named `error` holds: JSON (parsed already, at times) or text."""
    if not isinstance(data, bytes):
        return data
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data[: 4 * BODY_EXCERPT].decode("utf-8", "replace")


def is_error(value: Any) -> bool:
    """Whether a JSON value that holds no answer is an error envelope, by any of the marks that hosts use."""
    if is_list(value):
        return any(is_error(item) for item in value[:_ITEMS] if is_object(item))
    said = _plain_keys(value)
    if fails(value) or said.get("object") == "error" or said.get("type") == "error" or said.get("event") == "error":
        return True
    if said.get("detail") or said.get("success") is False or said.get("status") in ("error", "failed"):
        return True
    if said.get("errorcode") not in (None, 0, "0", "") or any(fails(said.get(key)) for key in _AROUND):
        return True
    if isinstance(said.get("title"), str) and as_error_status(said.get("status")):  # RFC 9457
        return True
    kind = said.get("type")
    text = next((said[key] for key in ("message", "msg", "errormessage", "errormsg") if said.get(key)), None)
    return isinstance(text, str) and as_text(kind).lower() not in _NO_ERROR


def told(data: bytes) -> Any:
    """The error envelope in bytes that are no frame of a wire (a list of them, at times), None where there is none."""
    value = of_event(data)
    return value if is_error(value) else None


def fails(value: Any) -> bool:
    """Whether an object says that it failed, beside whatever else it holds."""
    said = _plain_keys(value)
    if any(said.get(key) for key in ("error", "errors", "fault")):
        return True
    return _plain_keys(said.get("baseresp")).get("statuscode") not in (None, 0, "0", "")


def shown(value: Any) -> str:
    """An excerpt of the JSON of a value."""
    if isinstance(value, str):
        return value[:BODY_EXCERPT]
    try:
        return json.text(value)[:BODY_EXCERPT]
    except (ValueError, TypeError, RecursionError):  # half a surrogate pair, or too deep
        return ""


def _plain_keys(value: Any) -> Json:
    items = list(as_object(value).items())[:_KEYS]
    return {str(key).lower().replace("_", "").replace("-", "").replace(".", ""): item for key, item in items}


def _read(value: Any, depth: int) -> _Said:
    if depth > _DEPTH:
        return _NOTHING
    if isinstance(value, str):
        return _read_text(value, depth)
    if is_list(value):
        return _read_list(value[:_ITEMS], depth)
    return _read_object(_plain_keys(value), depth) if is_object(value) else _NOTHING


def _read_text(text: str, depth: int) -> _Said:
    """A message. Some gateways put the upstream's whole envelope there, as JSON text, some a page."""
    start, end = text.find("{"), text.rfind("}") + 1
    if 0 <= start < end:
        try:
            inner = _read(json.loads(text[start:end]), depth + 1)
        except (ValueError, RecursionError):
            inner = _NOTHING
        if inner.message:
            return evolve(inner, message=text[:start].rstrip("[") + inner.message)
    return _Said(page_text(text) if text.lstrip()[:1] == "<" and "</" in text else text.strip())


def _read_list(items: list[object], depth: int) -> _Said:
    """Envelopes, complaints {loc, msg, type} about fields (FastAPI), or sentences."""
    read = [said for said in (_complaint(item) or _read(item, depth + 1) for item in items) if said != _NOTHING]
    if not read:
        return _NOTHING
    return _Said(
        "; ".join(dict.fromkeys(said.message for said in read if said.message)),
        tuple(dict.fromkeys(code for said in read for code in said.codes)),
        next((said.status for said in read if said.status), None),
        max((said.retry_after for said in read if said.retry_after is not None), default=None),
        any(said.spent for said in read),
        next((said.request_id for said in read if said.request_id), ""),
    )


def _complaint(item: object) -> _Said | None:
    fields = _plain_keys(item)
    place = fields.get("loc")
    if "msg" not in fields or not is_list(place):
        return None
    where = ".".join(str(step) for step in place[:_ITEMS])
    return _Said(f"{where}: {as_text(fields['msg'])}", tuple(filter(None, (as_text(fields.get("type")),))))


def _read_object(said: Json, depth: int) -> _Said:
    """An envelope's own words with those of what it holds."""
    own, inner = _own_text(said, depth), _held(said, depth)
    details, (name, upstream) = _details(said.get("details")), _upstream(said, depth)
    availability = _plain_keys(said.get("availability"))
    codes = (
        *upstream.codes[:1],
        *details.codes,
        as_text(availability.get("code")),
        *upstream.codes[1:],
        *inner.codes,
        *own.codes,
        *(code for code in _own_codes(said) if code != own.message),
    )
    seconds = [waits.of_value(place.get(key)) for place in (said, availability) for key in _WAITS]
    seconds += [_milliseconds(said), details.retry_after, upstream.retry_after, inner.retry_after, own.retry_after]
    return _Said(
        _joined(inner.message or own.message, upstream.message, name),
        tuple(dict.fromkeys(code for code in codes if code)),
        next((number for key in _STATUSES if (number := as_error_status(said.get(key)))), None)
        or inner.status
        or own.status
        or upstream.status,
        max((wait for wait in seconds if wait is not None), default=None),
        details.spent or inner.spent or own.spent or upstream.spent,
        as_text(said.get("requestid")) or inner.request_id,
    )


def _held(said: Json, depth: int) -> _Said:
    """The envelope inside this one, the first that has a message."""
    found = _NOTHING
    for key in _HOLDERS:
        value = said.get(key)
        if value and (is_object(value) or is_list(value)):
            inner = _read(value, depth + 1)
            headline = as_text(said.get("message")) if key == "errors" else ""
            if inner.message and headline:
                return evolve(inner, message=_joined(headline, inner.message))
            if inner.message:
                return inner
            found = inner if found is _NOTHING else found
    return found


def _own_text(said: Json, depth: int) -> _Said:
    """The first sentence; a bare word is one only where there is no other, for it is a code."""
    texts = [text for key in _TEXTS if (text := as_text(said.get(key)).strip())]
    return _read_text(next((text for text in texts if " " in text), texts[0] if texts else ""), depth)


def _own_codes(said: Json) -> list[str]:
    inner = [_plain_keys(said.get(key)).get("code") for key in ("innererror", "extensions")]
    words = [said.get(key) for key in _CODES] + inner
    kinds = [as_text(said.get("type")).rpartition("#")[2]] if "#" in as_text(said.get("type")) else []  # AWS's __type
    codes: list[str] = []
    for word in kinds + words:
        if isinstance(word, int) and not isinstance(word, bool) and not 0 <= word < 600:
            word = str(word)
        text = as_text(word)
        if text and len(text) < 200 and text.lower() not in _SAYS_NOTHING and "://" not in text and "#" not in text:
            codes.append(text)
    return codes


def _details(details: Any) -> _Said:
    """Details of a gRPC status: ErrorInfo's reason, RetryInfo's delay, QuotaFailure's quotas (a day's comes
    back when the day is over); or one object with an error code."""
    codes: list[str] = []
    wait: float | None = None
    spent = False
    for item in [details] if is_object(details) else as_list(details)[:_ITEMS]:
        detail = _plain_keys(item)
        codes += [as_text(detail.get("errorcode")), as_text(detail.get("reason"))]
        seconds = waits.of_value(detail.get("retrydelay"))
        wait = seconds if wait is None else max(wait, seconds or 0.0)
        quotas = [_plain_keys(quota).get("quotaid") for quota in as_list(detail.get("violations"))]
        quotas.append(_plain_keys(detail.get("metadata")).get("quotalimit"))
        spent = spent or any("perday" in str(quota).lower() for quota in quotas)
    return _Said(codes=tuple(filter(None, codes)), retry_after=wait, spent=spent)


def _upstream(said: Json, depth: int) -> tuple[str, _Said]:
    """A router's metadata: the provider behind it, what that one said and asked to wait, first the router's word."""
    metadata = _plain_keys(said.get("metadata"))
    if not metadata:
        return "", _Said(codes=(_routed_code(said.get("errortype")),))
    inner = _read(metadata["raw"], depth + 1) if metadata.get("raw") else _NOTHING
    headers = metadata.get("headers")
    sent = {str(key).lower(): str(value) for key, value in as_object(headers).items()}
    seconds = [waits.of_value(metadata.get(key)) for key in _WAITS]
    seconds += [_milliseconds(metadata), waits.of_headers(sent), waits.until_reset(sent), inner.retry_after]
    refused = "content_filter" if metadata.get("reasons") or metadata.get("patterns") else ""  # moderation, guardrails
    first = refused or _routed_code(metadata.get("errortype")) or _routed_code(said.get("errortype"))
    wait = max((wait for wait in seconds if wait is not None), default=None)
    return as_text(metadata.get("providername")), evolve(inner, codes=(first, *inner.codes), retry_after=wait)


def _routed_code(word: Any) -> str:
    """A router's error_type. Its "invalid_prompt" is a malformed message, not the policy flag that is a code."""
    code = as_text(word)
    return "invalid_request" if code == "invalid_prompt" else code


def _joined(own: str, upstream: str, provider: str = "") -> str:
    """A gateway's message, and behind it what the server behind it said."""
    if not own or not upstream or upstream in own:
        return own or upstream
    return f"{own} ({provider}): {upstream}" if provider else f"{own}: {upstream}"


def _milliseconds(said: Json) -> float | None:
    wait = waits.of_value(said.get("retryafterms"))
    return None if wait is None else wait / 1000
