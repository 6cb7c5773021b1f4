"""How each wire's table of finish reasons is read: `FINISH` in the dialect's own `finish.py`, word -> FinishReason."""

from collections.abc import Mapping

from ..types.response import FinishReason

OVERRIDING = (FinishReason.content_filter, FinishReason.error)
"""Once more is said after an answer's reason, these count, and no other does."""


def reason_of(word: str, table: Mapping[str, FinishReason]) -> FinishReason:
    """What a word means; a word that no provider documents is `other`. Gateways write the same words in capitals, or
    without them."""
    return table.get(word) or table.get(word.lower()) or table.get(word.upper(), FinishReason.other)
