"""Why an answer ended (source: Cohere API reference, "Chat", ChatFinishReason, read 2026-11)."""

from ...types.response import FinishReason

FINISH: dict[str, FinishReason] = {
    "COMPLETE": FinishReason.stop,
    "STOP_SEQUENCE": FinishReason.stop,
    "MAX_TOKENS": FinishReason.length,
    "TOOL_CALL": FinishReason.tool_calls,
    "ERROR": FinishReason.error,
    "TIMEOUT": FinishReason.error,
    "ERROR_TOXIC": FinishReason.content_filter,  # a word of the older API that this one no longer lists
}
