"""Why an answer ended (source: Amazon Bedrock API reference, "ConverseResponse", stopReason, read 2026-11)."""

from collections.abc import Mapping

from ...types.response import FinishReason

FINISH: Mapping[str, FinishReason] = {
    "end_turn": FinishReason.stop,
    "stop_sequence": FinishReason.stop,
    "tool_use": FinishReason.tool_calls,
    "max_tokens": FinishReason.length,
    "model_context_window_exceeded": FinishReason.length,
    "guardrail_intervened": FinishReason.content_filter,
    "content_filtered": FinishReason.content_filter,
    "malformed_model_output": FinishReason.error,
    "malformed_tool_use": FinishReason.error,
}
