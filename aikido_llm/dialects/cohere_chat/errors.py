"""Error bodies: `{"id", "message", "error_type"}`, flat; often only `message`.

source: Cohere API reference, "Errors", read 2026-11; wordings as the service sent them in 2026-08.
"""

import re
from typing import Any

from ...codecs import json
from ...errors import (
    ContentFilteredError,
    ContextLengthError,
    InsufficientCreditsError,
    InvalidRequestError,
    LLMError,
    ServerError,
    TimedOutError,
)
from .. import status
from ..base import ErrorReply
from ..values import as_text, is_object

CODES: dict[str, type[LLMError]] = {
    **status.COMMON_CODES,
    "TOO_MANY_TOKENS": ContextLengthError,
    "ERROR": ServerError,  # these two are finish reasons
    "TIMEOUT": TimedOutError,
}


def decode_error(reply: ErrorReply) -> LLMError:
    text = status.reply_text(reply)
    try:
        body = json.loads_object(text)
    except ValueError:
        body = {"message": status.page_text(text)}
    envelope = status.Envelope(
        _message(body),
        (as_text(body.get("error_type")),),
        reply.status,
        request_id=reply.headers.get("x-debug-trace-id") or as_text(body.get("id")),
        body=text,
        headers=reply.headers,
    )
    return status.to_error(envelope, CODES, _special(envelope))


def in_band(body: dict[str, Any], finish_reason: str = "") -> LLMError:
    """An error inside a 200: an envelope where an event or an answer was due, or the `error` of a failed end."""
    envelope = status.Envelope(
        _message(body), tuple(word for word in (as_text(body.get("error_type")), finish_reason) if word)
    )
    return status.to_error(envelope, CODES, _special(envelope))


def _special(envelope: status.Envelope) -> type[LLMError] | None:
    """What the shared tables cannot know."""
    message = envelope.message
    if envelope.status == 498:  # the service's own use of this number: the text holds deny-listed tokens
        return ContentFilteredError
    if envelope.status == 429 and _MONTHLY_CAP.search(message):  # no use in trying again before the month is over
        return InsufficientCreditsError
    if _MAX_TOKENS_TOO_HIGH.search(message):  # begins like an overlong prompt, but it is the parameter
        return InvalidRequestError
    if message.lower().startswith("too many tokens:"):
        return ContextLengthError
    return None


_MONTHLY_CAP = re.compile(r"(calls?|requests?) ?(/|per|a) ?month", re.IGNORECASE)
_MAX_TOKENS_TOO_HIGH = re.compile(r"max tokens must be less than", re.IGNORECASE)


def _message(body: dict[str, Any]) -> str:
    """`message`, or what gateways write instead: `error` as text or as an object with a message."""
    for value in (body.get("message"), body.get("error")):
        message = as_text(value.get("message") if is_object(value) else value)
        if message:
            return message
    return ""
