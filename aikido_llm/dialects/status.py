"""HTTP status or error envelope -> error class: one table for all wires.

A dialect reads its envelope into an `Envelope` and gives its own codes; what those do not decide, the message's wording
does (context length, policy, quota: servers agree on hardly any code for these), then the HTTP status.
"""

import re
import time
from collections.abc import Mapping
from datetime import UTC

from attrs import field, frozen

from ..errors import (
    LONGEST_TEXT,
    LONGEST_WORD,
    AuthError,
    ContentFilteredError,
    ContextLengthError,
    InsufficientCreditsError,
    InvalidRequestError,
    LLMError,
    ModelNotFoundError,
    OverloadedError,
    RateLimitedError,
    ServerError,
    TimedOutError,
)
from .base import ErrorReply
from .values import as_number

BODY_EXCERPT = 2000  # characters of an error body that an error keeps


def _beginning(text: str) -> str:
    return text[: LONGEST_TEXT + 1]  # one more than an error shows, so that it says that there was more


@frozen
class Envelope:
    """What an error body says. codes: its code, type and status words, the most telling first. status: HTTP status, or
    the number that the envelope gives, None for neither. Of a long message it holds the beginning."""

    message: str = field(converter=_beginning)
    codes: tuple[str, ...] = ()
    status: int | None = None
    retry_after: float | None = None
    request_id: str = ""
    body: str = ""
    headers: Mapping[str, str] = field(factory=lambda: dict[str, str]())


_BY_STATUS: dict[int, type[LLMError]] = {
    401: AuthError,
    402: InsufficientCreditsError,
    403: AuthError,
    404: InvalidRequestError,
    408: TimedOutError,
    409: ServerError,  # a conflict passes
    429: RateLimitedError,
    498: OverloadedError,
    503: OverloadedError,
    504: TimedOutError,
    522: ServerError,
    524: TimedOutError,
    529: OverloadedError,
}

# Codes that mean the same wherever they are seen. A dialect's own table is asked first.
COMMON_CODES: dict[str, type[LLMError]] = {
    "context_length_exceeded": ContextLengthError,
    "exceed_context_size_error": ContextLengthError,
    "max_tokens_exceeded": ContextLengthError,
    "token_limit_exceeded": ContextLengthError,
    "string_too_long": ContextLengthError,
    "content_filter": ContentFilteredError,
    "content_policy_violation": ContentFilteredError,
    "moderation_blocked": ContentFilteredError,
    "insufficient_quota": InsufficientCreditsError,
    "credit_balance_exhausted": InsufficientCreditsError,
    "billing_error": InsufficientCreditsError,
    "payment_required": InsufficientCreditsError,
    "invalid_api_key": AuthError,
    "wrong_api_key": AuthError,
    "authentication_error": AuthError,
    "authentication": AuthError,
    "permission_error": AuthError,
    "permission_denied": AuthError,
    "model_not_found": ModelNotFoundError,
    "model_not_available": ModelNotFoundError,
    "invalid_model": ModelNotFoundError,
    "rate_limit_exceeded": RateLimitedError,
    "rate_limit_error": RateLimitedError,
    "rate_limited": RateLimitedError,
    "too_many_requests": RateLimitedError,
    "slow_down": RateLimitedError,
    "overloaded_error": OverloadedError,
    "server_is_overloaded": OverloadedError,
    "unavailable_error": OverloadedError,
    "provider_overloaded": OverloadedError,
    "service_unavailable_error": OverloadedError,
    "capacity_exceeded": OverloadedError,
    "timeout_error": TimedOutError,
    "timeout": TimedOutError,
    "server_error": ServerError,
    "internal_server_error": ServerError,
    "api_error": ServerError,
}

# Wording, tried in this order. A rate limit counted in tokens also says "too many tokens", so it comes first.
_BY_TEXT: tuple[tuple[re.Pattern[str], type[LLMError]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"request too large for", ContextLengthError),
        (r"tokens? per (minute|day)|requests? per (minute|day|hour)|\bTPM\b|\bRPM\b|rate.?limit", RateLimitedError),
        (
            r"context (length|window|size)|maximum context|max(imum)? (prompt|input) length|maximum prompt length"
            r"|prompt is too long|exceed context limit|reduce the length of|too large for model with"
            r"|input token count.{0,80}exceeds the maximum|too many tokens: size limit|exceeds the available context"
            r"|prompt is longer than the context|input is too large to process|range of input length should be"
            r"|input tokens exceed the configured limit",
            ContextLengthError,
        ),
        (
            r"content violates usage guidelines|SAFETY_CHECK_TYPE|content filtering policy|content management policy"
            r"|ResponsibleAIPolicyViolation|flagged as potentially violating|usage policies|content.?policy",
            ContentFilteredError,
        ),
        (
            r"insufficient (credits|balance|quota|funds)|exceeded your (current quota|monthly included credits)"
            r"|requires more credits|used all available credits|monthly spending limit"
            r"|quota exceeded and account balance|add or update your payment method|credit balance is too low",
            InsufficientCreditsError,
        ),
        (r"(incorrect|invalid|missing|wrong).{0,20}(api.?key|api.?token|authentication header|credentials)"
         r"|api key not valid|no api key supplied", AuthError),
        (
            r"\bmodels?\b.{0,80}(not found|does not exist|not exist\b|is not available|not a valid model)"
            r"|invalid model( id|:| name)|not a valid model id|supported api model names are|no such model",
            ModelNotFoundError,
        ),
        # A server that was not started for it says so with a 500; trying again cannot help.
        (r"is not supported - hint|requires --jinja", InvalidRequestError),
        (r"overloaded|at (maximum )?capacity|capacity exceeded|high demand|server busy|loading model", OverloadedError),
    )
)  # fmt: skip


def error_class(envelope: Envelope, codes: Mapping[str, type[LLMError]] = COMMON_CODES) -> type[LLMError]:
    """The class for an envelope. codes: the dialect's table, its own words over the common ones."""
    specific = [codes[c] for c in envelope.codes if c in codes]
    for kind in specific:
        if kind not in _VAGUE:
            return kind
    by_text = _from_text(envelope)
    if by_text is not None:
        return by_text
    if specific and not (specific[0] is ServerError and envelope.status in _BY_STATUS):
        return specific[0]
    return from_status(envelope.status)  # says more than "server_error" does: a 503 with it is an overload


# A code of these classes only repeats the status; the wording may say what it really is (a quota behind a 429, ...).
_VAGUE = (ServerError, InvalidRequestError, RateLimitedError, AuthError)


def _from_text(envelope: Envelope) -> type[LLMError] | None:
    for pattern, kind in _BY_TEXT:
        if pattern.search(envelope.message) and _fits(kind, envelope.status):
            return kind
    return None


def _fits(kind: type[LLMError], status: int | None) -> bool:
    """Wording may not overrule a status that says something else for certain."""
    if status is None or status < 400 or kind in (ContextLengthError, ContentFilteredError, InvalidRequestError):
        return True
    if kind is InsufficientCreditsError:
        return status in (400, 402, 403, 429)
    if kind is AuthError:
        return status in (400, 401, 403)
    if kind is ModelNotFoundError:
        return status in (400, 404, 422)
    if kind is OverloadedError:
        return status == 429 or status >= 500
    return status in (413, 429)


def from_status(status: int | None) -> type[LLMError]:
    """By the number alone. None (an error inside a 200 that says nothing) is the server's fault."""
    if status is None or status < 400:
        return ServerError
    return _BY_STATUS.get(status, ServerError if status >= 500 else InvalidRequestError)


def to_error(
    envelope: Envelope, codes: Mapping[str, type[LLMError]] = COMMON_CODES, kind: type[LLMError] | None = None
) -> LLMError:
    """The typed error, with the facts of the envelope. kind: its class, where a dialect knows better."""
    kind = kind or error_class(envelope, codes)
    after = envelope.retry_after
    if after is None:
        after = retry_after(envelope.headers)
    if after is None and kind in (RateLimitedError, OverloadedError):
        after = retry_after_text(envelope.message)
    return kind(
        envelope.message or f"the server answered {envelope.status or 'with an error'} and gave no reason",
        status=envelope.status,
        code=next((c for c in envelope.codes if c), ""),
        retry_after=after,
        request_id=envelope.request_id,
        body=envelope.body[:BODY_EXCERPT],
    )


def reply_text(reply: ErrorReply) -> str:
    """The body of an error as text, whatever its bytes."""
    return reply.body.decode("utf-8", "replace").strip()


def page_text(text: str) -> str:
    """What an HTML or plain-text error page says, in one line: its title or its beginning."""
    text = text[:_PAGE_HEAD]
    begin = _TITLE.search(text)
    end = _TITLE_END.search(text, begin.end()) if begin else None
    plain = text[begin.end() : end.start()] if begin and end else _TAG.sub(" ", _without(text, "script", "style"))
    return " ".join(plain.split())[:300]


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
_LONGEST_WAIT = 1e9  # seconds or milliseconds; more is no time to wait


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms`, or from `retry-after` in seconds or as an HTTP date; None when not said."""
    ms = as_number(headers.get("retry-after-ms"), _LONGEST_WAIT)
    if ms is not None:
        return ms / 1000
    value = headers.get("retry-after", "")[:LONGEST_WORD]
    seconds = as_number(value, _LONGEST_WAIT)
    if seconds is not None or not value:
        return seconds
    from email.utils import parsedate_to_datetime  # slow to load, and most servers send seconds

    try:
        date = parsedate_to_datetime(value)
        date = date if date.tzinfo else date.replace(tzinfo=UTC)  # HTTP dates are GMT, said or not
        return max(0.0, date.timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def retry_after_text(message: str) -> float | None:
    """Seconds from wording such as `try again in 1m7.66s` or `retry after 20 seconds`; None when there is none."""
    found = _WAIT.search(message)
    if not found or not any(found.groups()):
        return None
    wait = 0.0
    for group, seconds in zip(found.groups(), (3600.0, 60.0, 0.001, 1.0), strict=True):
        number = as_number(group or 0, _LONGEST_WAIT)
        if number is None:
            return None
        wait += number * seconds
    return wait


_WAIT = re.compile(
    r"(?:try again|retry) (?:in|after) "
    r"(?:([\d.]+) ?h(?:ours?)?(?![a-z]) ?)?"
    r"(?:([\d.]+) ?m(?:in(?:ute)?s?)?(?![a-z]) ?)?"
    r"(?:([\d.]+) ?(?:ms|milliseconds?)(?![a-z]))?"
    r"(?:([\d.]+) ?s(?:ec(?:ond)?s?)?(?![a-z]))?",
    re.IGNORECASE,
)
