"""Error envelopes, of which this family has a dozen, -> typed errors.

source: the hosts' API references and recorded replies, read 2026-11.
"""

import re
from typing import Any

from attrs import frozen

from ...codecs import json
from ...errors import (
    ContentFilteredError,
    ContextLengthError,
    InsufficientCreditsError,
    InvalidRequestError,
    LLMError,
    ModelNotFoundError,
    OverloadedError,
    ServerError,
)
from ..base import ErrorReply
from ..status import BODY_EXCERPT, COMMON_CODES, Envelope, page_text, reply_text, to_error
from ..values import as_error_status, as_list, as_number, as_object, as_objects, as_text
from .quirks import Quirks
from .wire import Json

CODES: dict[str, type[LLMError]] = {
    **COMMON_CODES,
    "tool_use_failed": InvalidRequestError,
    "too_many_prompt_tokens": ContextLengthError,
    "invalid_prompt": ContentFilteredError,  # OpenAI's word for a flagged prompt; see _routed_code for OpenRouter's
    "refusal": ContentFilteredError,
    "ResponsibleAIPolicyViolation": ContentFilteredError,
    "bio_policy": ContentFilteredError,
    "cyber_policy": ContentFilteredError,
    "image_content_policy_violation": ContentFilteredError,
    "personal-team-blocked:spending-limit": InsufficientCreditsError,
    "DeploymentNotFound": ModelNotFoundError,
    "no_endpoints": ModelNotFoundError,
    "model_deprecated": ModelNotFoundError,
    "model_unavailable_upstream": ModelNotFoundError,
    "free_variant_ended": ModelNotFoundError,
    "capacity_exhausted": OverloadedError,
    "temporarily_unavailable": OverloadedError,
    "infra_overload": OverloadedError,
    "insufficient_system_resource": OverloadedError,
    "The service is currently unavailable": OverloadedError,  # xAI's code is a sentence
    "provider_unavailable": ServerError,
}
# Said beside statuses of every kind (a wrong key, an unknown model), so they decide only where there is no status.
_VAGUE_CODES: dict[str, type[LLMError]] = {
    "invalid_request_error": InvalidRequestError,
    "invalid_request": InvalidRequestError,
}
# Wording of single hosts that says more than their code and status.
_BY_TEXT: tuple[tuple[re.Pattern[str], type[LLMError]], ...] = (
    (re.compile(r"DataInspectionFailed"), ContentFilteredError),  # Alibaba, behind a router's 502
    (re.compile(r"No endpoints found for |period for this model has ended"), ModelNotFoundError),  # OpenRouter
)
_CODE_KEYS = ("code", "type", "status", "provider_code", "provider_error_code")
_STATUS_KEYS = ("status_code", "http_status", "code", "raw_status_code", "status")
_DEPTH = 8  # envelopes inside envelopes that are still opened


@frozen
class _Said:
    """What one envelope says, those nested in it included."""

    message: str = ""
    codes: tuple[str, ...] = ()
    status: int | None = None
    retry_after: float | None = None


def decode_error(reply: ErrorReply, quirks: Quirks) -> LLMError:
    """An HTTP error status. The body is read as JSON whatever its media type: hosts label it as anything."""
    text = reply_text(reply)
    try:
        said = _read(json.loads(text), 0) if text else _Said()
    except ValueError:
        said = _Said(page_text(text))
    return _typed(Envelope(said.message, said.codes, reply.status, said.retry_after, "", text, reply.headers), quirks)


def error_inside(value: Any, quirks: Quirks) -> LLMError:
    """An envelope that came inside a 200: a chunk, a body, or a choice with an error."""
    said = _read(value, 0)
    try:
        body = json.text(value)[:BODY_EXCERPT]
    except (ValueError, RecursionError):  # half a surrogate pair, or too deep
        body = ""
    return _typed(Envelope(said.message, said.codes, said.status, said.retry_after, body=body), quirks)


def _typed(envelope: Envelope, quirks: Quirks) -> LLMError:
    codes = {**CODES, **(_VAGUE_CODES if envelope.status is None else {}), **quirks.error_codes}
    kind = next((kind for pattern, kind in _BY_TEXT if pattern.search(envelope.message)), None)
    return to_error(envelope, codes, kind)


def is_error(value: Any) -> bool:
    """Whether a JSON value without an answer in it is an error envelope, by any of the marks that hosts use."""
    if isinstance(value, list):
        return any(is_error(item) for item in as_objects(value))
    chunk = as_object(value)
    if chunk.get("error") or "error" in (chunk.get("object"), chunk.get("type")):
        return True
    if chunk.get("choices"):
        return False
    return bool(chunk.get("detail")) or bool(as_text(chunk.get("message")) and ("code" in chunk or "type" in chunk))


def _read(value: Any, depth: int) -> _Said:
    """The many shapes, from the common one to FastAPI's lists of complaints."""
    if depth > _DEPTH:
        return _Said()
    if isinstance(value, str):
        return _read_text(value, depth)
    if isinstance(value, list):
        return _read_list(as_objects(value), depth)
    envelope = as_object(value)
    if not envelope:
        return _Said()
    for key in ("error", "message", "detail"):
        if envelope.get(key):
            return _join(envelope, _read(envelope[key], depth + 1), depth)
    return _join(envelope, _Said(), depth)


def _read_text(text: str, depth: int) -> _Said:
    """A message; some gateways put the upstream's whole envelope there, as JSON text."""
    start = text.find("{")
    if start >= 0 and text.rstrip().endswith("}"):
        try:
            inner = _read(json.loads(text[start:]), depth + 1)
        except ValueError:
            return _Said(text)
        if inner.message:
            return _Said(text[:start] + inner.message, inner.codes, inner.status, inner.retry_after)
    return _Said(text)


def _read_list(items: list[Json], depth: int) -> _Said:
    """An array of envelopes (Google's compatible route), or of complaints {loc, msg, type} about fields."""
    if items and not any("msg" in item for item in items):
        return _read(items[0], depth + 1)
    complaints = [
        f"{'.'.join(str(step) for step in as_list(item.get('loc')))}: {as_text(item.get('msg'))}" for item in items
    ]
    return _Said("; ".join(complaints), tuple(as_text(item.get("type")) for item in items if item.get("type")))


def _join(envelope: Json, inner: _Said, depth: int) -> _Said:
    """An envelope's own words with those of what it holds; the upstream's real reason joins the message."""
    metadata, availability = as_object(envelope.get("metadata")), as_object(envelope.get("availability"))
    upstream = _read(metadata["raw"], depth + 1) if metadata.get("raw") else _Said()
    policy = as_object(envelope.get("innererror"))
    own = [as_text(envelope.get(key)) for key in _CODE_KEYS] + [as_text(policy.get("code"))]
    codes = [_routed_code(envelope, metadata), as_text(availability.get("code")), *upstream.codes, *inner.codes, *own]
    if metadata.get("reasons") or metadata.get("patterns"):  # OpenRouter's moderation and guardrails: a 403
        codes.insert(0, "content_filter")
    statuses = [as_error_status(envelope.get(key)) for key in _STATUS_KEYS]
    status = next((status for status in statuses if status), None) or inner.status or upstream.status
    return _Said(
        _message(inner.message, upstream.message, as_text(metadata.get("provider_name"))),
        tuple(dict.fromkeys(code for code in codes if code)),
        status,
        as_number(availability.get("retry_after")) or inner.retry_after or upstream.retry_after,
    )


def _routed_code(envelope: Json, metadata: Json) -> str:
    """OpenRouter's error_type. Its "invalid_prompt" is a malformed message, not OpenAI's policy flag of that name."""
    code = as_text(metadata.get("error_type")) or as_text(envelope.get("error_type"))
    return "invalid_request" if code == "invalid_prompt" else code


def _message(own: str, upstream: str, provider: str) -> str:
    if not upstream or upstream in own:
        return own
    return f"{own} ({provider}): {upstream}" if provider else f"{own}: {upstream}"
