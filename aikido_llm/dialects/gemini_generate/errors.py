"""google.rpc.Status -> the typed error (source: Gemini API troubleshooting and google.rpc, read 2026-11)."""

from typing import Any

from ...errors import LLMError
from .. import envelope
from ..base import ErrorReply
from ..words import NO_WORDS, Words


def decode_error(reply: ErrorReply, words: Words = NO_WORDS) -> LLMError:
    """An HTTP error status. The body may be the envelope, a list that holds it, a page of a front end, or nothing."""
    return envelope.decode_error(reply, words)


def in_band(error: Any, words: Words = NO_WORDS) -> LLMError:
    """An error inside a 200: the envelope, or the value of its `error`."""
    return envelope.in_band(error, words)
