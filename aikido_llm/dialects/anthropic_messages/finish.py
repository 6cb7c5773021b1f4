"""Why a message ended (source: Anthropic API reference, "Handling stop reasons", read 2026-11)."""

from ...types.response import FinishReason

FINISH: dict[str, FinishReason] = {
    "end_turn": FinishReason.stop,
    "stop_sequence": FinishReason.stop,
    "pause_turn": FinishReason.paused,  # the server's own tools want another round: send the turn back as it is
    "tool_use": FinishReason.tool_calls,
    "max_tokens": FinishReason.length,
    "model_context_window_exceeded": FinishReason.length,
    "refusal": FinishReason.content_filter,
    "compaction": FinishReason.other,  # asked for: the caller may change the conversation before it goes on
}
UNFINISHED = ("compaction",)
"""Words beside `pause_turn` behind which more would come, if it was asked for."""
