"""How each wire's table of finish reasons is read: `FINISH` in the dialect's own `finish.py`, word -> FinishReason."""

from collections.abc import Mapping

from ..types.response import FinishReason

OVERRIDING = (FinishReason.content_filter, FinishReason.error)
"""Once more is said after an answer's reason, these count, and no other does."""


def reason_of(word: str, table: Mapping[str, FinishReason]) -> FinishReason:
    """What a word means; a word that no provider documents is `other`. Gateways write the same words in capitals, or
    without them, and those of the wire behind them."""
    said = word.lower()
    return table.get(word) or table.get(said) or table.get(word.upper()) or _ANYWHERE.get(said, FinishReason.other)


_ANYWHERE = {
    word: reason
    for reason, words in (
        (FinishReason.stop, "stop end_turn stop_sequence eos complete"),
        (FinishReason.length, "length max_tokens max_output_tokens model_context_window_exceeded"),
        (FinishReason.tool_calls, "tool_calls tool_call tool_use function_call"),
        (FinishReason.content_filter, "content_filter content_filtered refusal guardrail_intervened safety"),
        (FinishReason.content_filter, "prohibited_content"),
    )
    for word in words.split()
}
"""The words of all wires that mean one thing on each of them, in lower case."""
