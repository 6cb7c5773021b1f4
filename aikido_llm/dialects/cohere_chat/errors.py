"""Error bodies: `{"id", "message", "error_type"}`, flat; often only `message`.

source: Cohere API reference, "Errors", read 2026-11; wordings as the service sent them in 2026-08.
"""

from typing import Any

from attrs import evolve

from ...codecs import json
from ...errors import ContentFilteredError, LLMError
from .. import envelope
from ..base import ErrorReply
from ..status import to_error
from ..values import as_text
from ..words import NO_WORDS, Words


def decode_error(reply: ErrorReply, words: Words = NO_WORDS) -> LLMError:
    said = envelope.of_reply(reply)
    said = evolve(said, request_id=reply.headers.get("x-debug-trace-id") or said.request_id or _id(reply.body))
    # 498 is the service's own use of this number: the text holds deny-listed tokens
    return to_error(said, words, ContentFilteredError if reply.status == 498 else None)


def in_band(body: Any, words: Words = NO_WORDS, finish_reason: str = "") -> LLMError:
    """An error inside a 200: an envelope where an event or an answer was due, or the `error` of a failed end."""
    said = envelope.of_value(body)
    if finish_reason:
        said = evolve(said, codes=(*said.codes, finish_reason))
    return to_error(said, words)


def _id(body: bytes) -> str:
    try:
        found = json.loads_object(body).get("id")
    except (ValueError, RecursionError):
        return ""
    return as_text(found)
