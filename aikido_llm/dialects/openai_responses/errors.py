"""Errors of this wire, over HTTP and inside a 200: the shared envelopes, with the words of the row.

source: OpenAI API reference, "Error codes" and the `response.error` object, read 2026-11.
"""

from typing import Any

from ...errors import LLMError
from .. import envelope
from ..base import ErrorReply
from ..words import NO_WORDS, Words


def decode_error(reply: ErrorReply, words: Words = NO_WORDS) -> LLMError:
    """An HTTP error status -> the typed error."""
    return envelope.decode_error(reply, words)


def in_band(value: Any, words: Words = NO_WORDS) -> LLMError:
    """An error object, or an object that holds one, that came inside a 200."""
    return envelope.in_band(value, words)


def says_error(value: dict[str, Any]) -> bool:
    """Whether an object that is neither a response nor an event of this wire is an error envelope."""
    return "output" not in value and envelope.is_error(value)
