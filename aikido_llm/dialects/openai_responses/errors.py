"""Error envelopes, over HTTP and inside a 200, to typed errors.

Beside OpenAI's `{"error": {"message", "type", "param", "code"}}` this reads what other servers of the wire send: the
error as a plain string with a `code` beside it, FastAPI's `detail`, a bare `message`, nested messages, HTML pages.
source: OpenAI API reference, "Error codes" and the `response.error` object, read 2026-11.
"""

from typing import Any

from ...codecs import json
from ...errors import ContentFilteredError, InvalidRequestError, LLMError, OverloadedError, TimedOutError
from .. import status
from ..base import ErrorReply
from ..status import COMMON_CODES, Envelope
from ..values import as_error_status, as_text, is_object

CODES: dict[str, type[LLMError]] = {
    **COMMON_CODES,
    "invalid_prompt": ContentFilteredError,  # OpenAI's word for a prompt that its usage policy flagged
    "bio_policy": ContentFilteredError,
    "cyber_policy": ContentFilteredError,
    "image_content_policy_violation": ContentFilteredError,
    "vector_store_timeout": TimedOutError,
    "The service is currently unavailable": OverloadedError,  # xAI, in a 200 that was to be a stream
}

_MOST_NESTED = 8  # envelopes within envelopes; gateways make two or three

# Inside a 200 there is no status that tells a wrong request from a failing server: the word has to.
_IN_BAND: dict[str, type[LLMError]] = CODES | dict.fromkeys(
    (
        "invalid_request_error", "not_found_error", "unsupported_parameter", "unsupported_value", "invalid_value",
        "data_residency_mismatch", "invalid_image", "invalid_image_format", "invalid_base64_image", "invalid_image_url",
        "image_too_large", "image_too_small", "image_parse_error", "invalid_image_mode", "image_file_too_large",
        "unsupported_image_media_type", "empty_image_file", "failed_to_download_image", "image_file_not_found",
    ),
    InvalidRequestError,
)  # fmt: skip


def decode_error(reply: ErrorReply) -> LLMError:
    """An HTTP error status -> the typed error."""
    text = status.reply_text(reply)
    try:
        value = json.loads(text) if text else None
    except ValueError:
        value = None
    message, codes, _ = _read(value)
    message = message or status.page_text(text)
    envelope = Envelope(message, codes, status=reply.status, body=text, headers=reply.headers)
    return status.to_error(envelope, CODES)


def in_band(value: Any) -> LLMError:
    """An error object, or an object that holds one, that came inside a 200."""
    message, codes, number = _read(value)
    envelope = Envelope(message, codes, status=number, body=_shown(value))
    return status.to_error(envelope, CODES if number else _IN_BAND)


def says_error(value: dict[str, Any]) -> bool:
    """Whether an object that is no answer is an error envelope."""
    if value.get("error") or value.get("type") == "error" or value.get("object") == "error":
        return True
    if "type" in value or "output" in value:
        return False
    return bool(value.get("detail")) or isinstance(value.get("message"), str)


def _read(value: Any, depth: int = 0) -> tuple[str, tuple[str, ...], int | None]:
    """Message, codes (the most telling first) and the HTTP status that the object itself gives.

    Gateways put the error of their upstream inside their own, so the innermost one speaks first."""
    if isinstance(value, str):
        return value, (), None
    if not is_object(value) or depth > _MOST_NESTED:
        return (status.page_text(_shown(value)) if value else ""), (), None
    inner = value.get("error") or value.get("detail") or value.get("message")
    message, codes, number = _read(inner, depth + 1) if inner else ("", (), None)
    message = message or as_text(value.get("message"))
    own = [value.get(key) for key in ("code", "type", "error_type", "status")]
    codes += tuple(code for code in own if isinstance(code, str) and code not in ("error", *codes))
    numbers = [value.get(key) for key in ("status_code", "code", "status")]
    number = number or next((n for said in numbers if (n := as_error_status(said))), None)
    return message, codes, number


def _shown(value: Any) -> str:
    try:
        return json.text(value)[: status.BODY_EXCERPT]
    except (ValueError, RecursionError):  # a lone surrogate, which only the lenient reader lets in
        return repr(value)[: status.BODY_EXCERPT]
