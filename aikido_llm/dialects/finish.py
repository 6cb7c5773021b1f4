"""How each wire's table of finish reasons is read: `FINISH` in the dialect's own `finish.py`, word -> FinishReason."""

from collections.abc import Mapping
from typing import Any

from ..types.response import FinishReason

OVERRIDING = (FinishReason.content_filter, FinishReason.error)
"""Once more is said after an answer's reason, these count, and no other does."""


def word_of(value: Any) -> str:
    """A server's word for why an answer ended, "" when it said none: some write their null as text with
    every event. A number is a word."""
    if type(value) is int:
        value = str(value)
    return value if isinstance(value, str) and value.lower() not in _NO_WORDS else ""


def reason_of(word: str, table: Mapping[str, FinishReason]) -> FinishReason:
    """What a word means; a word that no provider documents is `other`. Gateways write the same words in capitals, or
    without them, and those of the wire behind them."""
    said = word.lower()
    known = table.get(word) or table.get(said) or table.get(word.upper()) or _ANYWHERE.get(said)
    if known is None and ":" in word:  # `function_call_filter: MALFORMED_FUNCTION_CALL`
        first, _, rest = word.partition(":")
        known = reason_of(rest.strip(), table)
        return known if known is not FinishReason.other else reason_of(first.strip(), table)
    return known or FinishReason.other


_NO_WORDS = frozenset(("null", "none", "nil", "undefined", "unspecified"))
_ANYWHERE = {
    word: reason
    for reason, words in (
        (FinishReason.stop, "stop end_turn stop_sequence eos eos_token complete completed"),
        (FinishReason.length, "length max_tokens max_output_tokens model_context_window_exceeded"),
        (FinishReason.tool_calls, "tool_calls tool_call tool_use function_call"),
        (FinishReason.content_filter, "content_filter content_filtered refusal guardrail_intervened safety"),
        (FinishReason.content_filter, "prohibited_content recitation blocklist spii"),
    )
    for word in words.split()
}
"""The words of all wires that mean one thing on each of them, in lower case."""
