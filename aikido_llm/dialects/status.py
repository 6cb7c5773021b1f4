"""HTTP status and error words -> error class: one rule for all wires.

`envelope` reads what a server sent into an `Envelope`; here it is judged, in this order, the first that knows decides:

1. the row's own codes and sentences (a field of its row or dialect, `words.Words`)
2. no money or no quota left, in codes or wording: never to be tried again, whatever stands beside it
3. codes that tell a kind (`words.TELLING_CODES`)
4. wording, where the status lets it speak (`words.WORDINGS`): servers agree on hardly any code
5. the HTTP status, where a vague code (`words.VAGUE_CODES`) does not say more; inside a 200 that code alone
"""

import re
from collections.abc import Mapping

from attrs import field, frozen

from ..errors import (
    LONGEST_TEXT,
    AuthError,
    ContextLengthError,
    InsufficientCreditsError,
    InvalidRequestError,
    LLMError,
    MalformedStream,
    OverloadedError,
    RateLimitedError,
    ServerError,
    TimedOutError,
)
from . import waits
from .base import ErrorReply
from .words import (
    MONEY,
    MONEY_CODES,
    NO_WORDS,
    TELLING_CODES,
    VAGUE_CODES,
    WORDINGS,
    WRONG_WIRE,
    Kind,
    Words,
    kind_of,
    plain,
)

_SHOWN = 200  # characters of what nobody can read
BODY_EXCERPT = 2000  # characters of an error body that an error keeps


def _beginning(text: str) -> str:
    return text[: LONGEST_TEXT + 1]  # one more than an error shows, so that it says that there was more


@frozen
class Envelope:
    """What an error body says. codes: its code, type and status words, the most telling first. status: HTTP status, or
    the number that the envelope gives, None for neither. upstream: the number that a gateway's body gives of the server
    behind it. retry_after: seconds. spent: a quota is gone for longer than a call lives (a day's, a plan's). headers:
    names in lower case. Of a long message it holds the beginning."""

    message: str = field(converter=_beginning)
    codes: tuple[str, ...] = ()
    status: int | None = None
    retry_after: float | None = None
    request_id: str = ""
    body: str = ""
    headers: Mapping[str, str] = field(factory=lambda: dict[str, str]())
    upstream: int | None = None
    spent: bool = False


_BY_STATUS: dict[int, Kind] = {
    401: AuthError,
    402: InsufficientCreditsError,
    403: AuthError,
    408: TimedOutError,
    409: ServerError,  # a conflict passes
    424: ServerError,  # AWS Bedrock: the model failed
    425: ServerError,
    429: RateLimitedError,
    498: OverloadedError,
    499: ServerError,  # "the client left": we never cancel, so the service did
    501: InvalidRequestError,  # not built into this server: it would fail again
    503: OverloadedError,
    504: TimedOutError,
    524: TimedOutError,
    529: OverloadedError,
}
_GATEWAY = (500, 502, 520)  # what a gateway answers when the server behind it refused


def from_status(status: int | None) -> Kind:
    """By the number alone. None (an error inside a 200 that says nothing) is the server's fault."""
    if status is None or status < 400:
        return ServerError
    return _BY_STATUS.get(status, ServerError if status >= 500 else InvalidRequestError)


def error_class(envelope: Envelope, own: Words = NO_WORDS) -> Kind:
    """The class of an error. own: the words of the row or the dialect."""
    status, message = envelope.status, envelope.message
    if status in _GATEWAY and envelope.upstream is not None and envelope.upstream < 500:
        status = envelope.upstream
    word = (message,) if message and " " not in message else ()  # hosts exist that say a code and no more
    codes = [plain(code) for code in (*envelope.codes, *word)]
    return (
        _first(codes, own.codes)
        or next((kind for part, kind in own.text.items() if part.lower() in message.lower()), None)
        or kind_of(message, status, WRONG_WIRE)
        or (InsufficientCreditsError if envelope.spent else None)
        or _first(codes, MONEY_CODES)
        or kind_of(message, status, MONEY)
        or _told(codes, message, status)
        or kind_of(message, status, WORDINGS)
        or _by_status(_first(codes, VAGUE_CODES), status)
    )


def _first(codes: list[str], table: Mapping[str, Kind]) -> Kind | None:
    return next((table[code] for code in codes if code in table), None)


def _told(codes: list[str], message: str, status: int | None) -> Kind | None:
    """By a telling code; one that asks to come back later yields to words that say it is in vain."""
    kind = _first(codes, TELLING_CODES)
    if kind is not None and issubclass(kind, ServerError | RateLimitedError):
        by_text = kind_of(message, status, WORDINGS)
        return ContextLengthError if by_text is ContextLengthError else kind
    return kind


def _by_status(vague: Kind | None, status: int | None) -> Kind:
    if status is None or status < 400:
        return vague or ServerError
    kind = from_status(status)
    says_more = vague in (AuthError, RateLimitedError) and (kind in (InvalidRequestError, ServerError) or status == 403)
    return vague if vague is not None and says_more else kind


def to_error(envelope: Envelope, own: Words = NO_WORDS, kind: Kind | None = None) -> LLMError:
    """The typed error, with the facts of the envelope. kind: its class, where a dialect knows better."""
    kind = kind or error_class(envelope, own)
    verdict = envelope.headers.get("x-should-retry", "").strip().lower()  # the server's own
    if verdict == "true" and kind is InvalidRequestError:
        kind = ServerError
    error = kind(
        envelope.message or f"the server answered {envelope.status or 'with an error'} and gave no reason",
        status=envelope.status,
        code=next((c for c in envelope.codes if c), ""),
        retry_after=_wait(envelope, kind),
        request_id=envelope.request_id,
        body=envelope.body[:BODY_EXCERPT],
    )
    error.permanent = verdict == "false"
    return error


def _wait(envelope: Envelope, kind: Kind) -> float | None:
    """Seconds: the envelope's own field, a header, the wording, and last when a used-up limit is reset."""
    said = waits.of_text(envelope.message) if issubclass(kind, RateLimitedError | ServerError) else None
    if envelope.retry_after is not None:  # it may be cut to whole seconds, the sentence not
        return max(envelope.retry_after, said or 0.0)
    header = waits.of_headers(envelope.headers)
    if header is not None:
        return header
    return waits.until_reset(envelope.headers) if said is None and kind is RateLimitedError else said


def reply_text(reply: ErrorReply) -> str:
    """The body of an error as text, whatever its bytes."""
    return reply.body.decode("utf-8", "replace").strip()


def page_text(text: str) -> str:
    """What an HTML or plain-text error page says, in one line: its title or its beginning."""
    text = text[:_PAGE_HEAD]
    begin = _TITLE.search(text)
    end = _TITLE_END.search(text, begin.end()) if begin else None
    words = text[begin.end() : end.start()] if begin and end else _TAG.sub(" ", _without(text, "script", "style"))
    return " ".join(words.split())[:300]


def no_answer(what: str, lacks: str, body: bytes) -> MalformedStream:
    """A body of JSON that is no answer, and tells no error by any mark we know: its beginning may tell a reader."""
    text = page_text(body[: 2 * _SHOWN].decode("utf-8", "replace"))[:_SHOWN]
    return MalformedStream(f"the body is JSON, but no {what}: it has no {lacks}, only {text}", permanent=True)


def _without(text: str, *names: str) -> str:
    """The text without the elements of these names; one that is not closed is left."""
    for name in names:
        begin, *others = re.split(rf"<{name}\b", text, flags=re.IGNORECASE)
        closed = [re.split(rf"</{name}>", other, maxsplit=1, flags=re.IGNORECASE) for other in others]
        text = begin + "".join(parts[1] if len(parts) == 2 else f"<{name}{parts[0]}" for parts in closed)
    return text


_TITLE = re.compile(r"<title\b[^<>]*>", re.IGNORECASE)
_TITLE_END = re.compile(r"</title>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]+>")
_PAGE_HEAD = 8_000  # characters of a page worth reading
