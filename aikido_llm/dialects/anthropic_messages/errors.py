"""Error envelopes -> typed errors, from an HTTP status and from inside a 200.

source: Anthropic API reference, "Errors", read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from ...codecs import json
from ...errors import (
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
from ..status import COMMON_CODES, Envelope, page_text, reply_text, to_error
from ..values import as_error_status, as_text, is_object

_CODES: Mapping[str, type[LLMError]] = {
    **COMMON_CODES,  # of other hosts that speak this wire
    "authentication_error": AuthError,
    "billing_error": InsufficientCreditsError,
    "permission_error": AuthError,
    "not_found_error": InvalidRequestError,  # a model, but also a file or a path
    "request_too_large": InvalidRequestError,
    "rate_limit_error": RateLimitedError,
    "api_error": ServerError,
    "timeout_error": TimedOutError,
    "overloaded_error": OverloadedError,
}
# With an HTTP status this type says less than the status (it comes with a 409 too); without one it says all there is.
_IN_STREAM = {**_CODES, "invalid_request_error": InvalidRequestError}


def decode_error(reply: ErrorReply) -> LLMError:
    """An HTTP error. Its body may be JSON, or a page of whatever stands in between (413 comes from the edge)."""
    text = reply_text(reply)
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    request_id = as_text(reply.headers.get("request-id"))
    if body is None:
        return to_error(
            Envelope(page_text(text), status=reply.status, request_id=request_id, body=text, headers=reply.headers)
        )
    envelope = _envelope(body, reply.status, request_id, text, reply.headers)
    return to_error(envelope, _with_model(envelope, _CODES))


def from_body(body: Any) -> LLMError:
    """An error event, or an error where a message was due, inside a 200."""
    envelope = _envelope(body, None, "", json.text(body), {})
    return to_error(envelope, _with_model(envelope, _IN_STREAM))


def _envelope(body: Any, status: int | None, request_id: str, text: str, headers: Mapping[str, str]) -> Envelope:
    outer = body if is_object(body) else {}
    error = outer.get("error", body)
    inner = error if is_object(error) else {}
    message = as_text(inner.get("message")) or as_text(error) or as_text(outer.get("message"))
    return Envelope(
        message or page_text(text),
        codes=(as_text(inner.get("type")), as_text(inner.get("code"))),
        status=status or as_error_status(inner.get("code")),
        request_id=as_text(outer.get("request_id")) or request_id,
        body=text,
        headers=headers,
    )


def _with_model(envelope: Envelope, codes: Mapping[str, type[LLMError]]) -> Mapping[str, type[LLMError]]:
    """All that this wire says about an unknown model is `model: <id>`."""
    if envelope.message.startswith("model: "):
        return {**codes, "not_found_error": ModelNotFoundError}
    return codes
