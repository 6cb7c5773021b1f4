"""google.rpc.Status -> the typed error (source: Gemini API troubleshooting and google.rpc, read 2026-11)."""

import re
from collections.abc import Mapping
from typing import Any

from attrs import evolve

from ...codecs import json
from ...errors import (
    LONGEST_TEXT,
    AuthError,
    InsufficientCreditsError,
    InvalidRequestError,
    LLMError,
    ModelNotFoundError,
    OverloadedError,
    RateLimitedError,
    ServerError,
    TimedOutError,
)
from ..base import ErrorReply
from ..status import (
    COMMON_CODES,
    Envelope,
    page_text,
    reply_text,
    retry_after_text,
    to_error,
)
from ..values import as_error_status, as_objects, as_text, is_list, is_object

CODES: Mapping[str, type[LLMError]] = {
    **COMMON_CODES,
    "API_KEY_INVALID": AuthError,  # comes with HTTP 400
    "UNAUTHENTICATED": AuthError,
    "PERMISSION_DENIED": AuthError,
    "INVALID_ARGUMENT": InvalidRequestError,
    "FAILED_PRECONDITION": InvalidRequestError,
    "NOT_FOUND": InvalidRequestError,  # a model's absence is told by the wording
    "RESOURCE_EXHAUSTED": RateLimitedError,
    "CANCELLED": ServerError,  # we never cancel, so the service did
    "INTERNAL": ServerError,
    "UNKNOWN": ServerError,
    "UNAVAILABLE": OverloadedError,
    "DEADLINE_EXCEEDED": TimedOutError,
}

# Quotas of a day come back when the day is over, and "limit: 0" means that the plan has none at all: trying again
# within a request's life is in vain, so both are out of quota and no rate limit.
_NO_QUOTA = re.compile(r"\blimit: 0\b")
_NO_MODEL = re.compile(r"unexpected model name", re.IGNORECASE)


def decode_error(reply: ErrorReply) -> LLMError:
    """An HTTP error status. The body may be the envelope, a list that holds it, a page of a front end, or nothing."""
    text = reply_text(reply)
    try:
        error = _error_object(json.loads(reply.body))
    except ValueError:
        error = None
    if error is None:
        return _typed(Envelope(page_text(text), (), reply.status, body=text, headers=reply.headers), {})
    envelope = _envelope(error, reply.status)
    return _typed(evolve(envelope, body=text, headers=reply.headers), error)


def in_band(error: Any) -> LLMError:
    """The value of `error` inside a 200."""
    found = error if is_object(error) else {"message": str(error)[:500]}
    return _typed(evolve(_envelope(found, None), body=json.text(found)), found)


def _error_object(body: Any) -> dict[str, Any] | None:
    for item in body if is_list(body) else [body]:
        error = item.get("error") if is_object(item) else None
        if is_object(error):
            return error
        if isinstance(error, str) and is_object(item):  # relays
            return {**item, "message": error}
    return None


def _envelope(error: dict[str, Any], status: int | None) -> Envelope:
    words = [d.get("reason") for d in _details(error)] + [error.get("status"), error.get("type"), error.get("code")]
    waits = [w for d in _details(error) if (w := _seconds(d.get("retryDelay"))) is not None]
    text = as_text(error.get("message"))[:LONGEST_TEXT]
    said = retry_after_text(text)  # to the fraction, where retryDelay is cut to whole seconds
    waits += [said] if said is not None else []
    return Envelope(
        text,
        tuple(w for w in words if isinstance(w, str) and w),
        status if status is not None else as_error_status(error.get("code")),
        retry_after=max(waits, default=None),
    )


def _typed(envelope: Envelope, error: dict[str, Any]) -> LLMError:
    kind: type[LLMError] | None = None
    if envelope.status == 429 or "RESOURCE_EXHAUSTED" in envelope.codes:
        # Not by wording: "check your plan and billing" stands in plain per-minute limits too.
        kind = InsufficientCreditsError if _out_of_quota(error) else RateLimitedError
    elif _NO_MODEL.search(envelope.message) and envelope.status == 400:
        kind = ModelNotFoundError
    return to_error(envelope, CODES, kind)


def _out_of_quota(error: dict[str, Any]) -> bool:
    violations = [v for d in _details(error) for v in as_objects(d.get("violations"))]
    if any("perday" in str(v.get("quotaId") or "").lower() for v in violations):
        return True
    return _NO_QUOTA.search(str(error.get("message") or "")[:LONGEST_TEXT]) is not None


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    return as_objects(error.get("details"))


def _seconds(duration: Any) -> float | None:
    """A protobuf duration, "34.4s"."""
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)s", duration) if isinstance(duration, str) else None
    return float(found.group(1)) if found else None
