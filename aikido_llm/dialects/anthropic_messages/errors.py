"""Error envelopes -> typed errors, from an HTTP status and from inside a 200.

source: Anthropic API reference, "Errors", read 2026-11.
"""

from typing import Any

from attrs import evolve

from ...errors import LLMError, ModelNotFoundError
from .. import envelope
from ..base import ErrorReply
from ..status import Envelope, to_error
from ..words import NO_WORDS, Words


def decode_error(reply: ErrorReply, words: Words = NO_WORDS) -> LLMError:
    """An HTTP error. Its body may be JSON, or a page of whatever stands in between (413 comes from the edge)."""
    said = envelope.of_reply(reply)
    return _typed(evolve(said, request_id=said.request_id or reply.headers.get("request-id", "")), words)


def from_body(body: Any, words: Words = NO_WORDS) -> LLMError:
    """An error event, or an error where a message was due, inside a 200."""
    return _typed(envelope.of_value(body), words)


def _typed(said: Envelope, words: Words) -> LLMError:
    """All that this wire says about an unknown model is `model: <id>`."""
    unknown = said.message.startswith("model: ") and "not_found_error" in said.codes
    return to_error(said, words, ModelNotFoundError if unknown else None)
