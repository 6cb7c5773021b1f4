"""Errors of this wire: the shared envelopes, with the words of the row.

source: the hosts' API references and recorded replies, read 2026-11.
"""

from typing import Any

from ...errors import LLMError
from .. import envelope
from ..base import ErrorReply
from ..status import Envelope, to_error
from .quirks import Quirks


def decode_error(reply: ErrorReply, quirks: Quirks) -> LLMError:
    return envelope.decode_error(reply, quirks.error_words)


def error_inside(value: Any, quirks: Quirks) -> LLMError:
    """An envelope that came inside a 200: a chunk, a body, a choice with an error, or a list of models."""
    return envelope.in_band(value, quirks.error_words)


def ended_in_error(word: str, quirks: Quirks) -> LLMError:
    """A finish reason that says the answer failed."""
    return to_error(Envelope(f"the provider ended the answer with {word!r}", (word,)), quirks.error_words)
