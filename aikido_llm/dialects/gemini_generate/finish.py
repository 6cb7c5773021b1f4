"""Why a candidate ended (source: Gemini API reference, FinishReason and BlockReason, v1beta, read 2026-11)."""

from ...types.response import FinishReason

# By name, and by the numbers that the public and the enterprise enum share: a proxy that asks for
# `enum-encoding=int` gets those.
_FILTERED = (
    "SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION", "MODEL_ARMOR",
    "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "3", "4",
)  # fmt: skip
_FAILED = (
    "LANGUAGE", "OTHER", "FINISH_REASON_UNSPECIFIED", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE", "MISSING_THOUGHT_SIGNATURE", "NO_IMAGE", "IMAGE_OTHER", "5",
)  # fmt: skip

_MEANING: dict[str, FinishReason] = {
    "STOP": FinishReason.stop,
    "1": FinishReason.stop,
    "MAX_TOKENS": FinishReason.length,
    "2": FinishReason.length,
    **dict.fromkeys(_FILTERED, FinishReason.content_filter),
    **dict.fromkeys(_FAILED, FinishReason.error),
}

OVERRIDING = (FinishReason.content_filter, FinishReason.error)  # these count even when they come second


def meaning(word: str) -> FinishReason:
    """An unknown word is `other`."""
    return _MEANING.get(word, FinishReason.other)
