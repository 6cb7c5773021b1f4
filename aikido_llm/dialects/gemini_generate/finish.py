"""Why a candidate ended (source: Gemini API reference, FinishReason and BlockReason, v1beta, read 2026-11)."""

from ...types.response import FinishReason

FINISH: dict[str, FinishReason] = {
    "STOP": FinishReason.stop,
    "MAX_TOKENS": FinishReason.length,
    "CONTINUATION": FinishReason.paused,  # the limit of one request, not of the answer: guide "Long decode", 2026-10
    "SAFETY": FinishReason.content_filter,
    "RECITATION": FinishReason.content_filter,
    "BLOCKLIST": FinishReason.content_filter,
    "PROHIBITED_CONTENT": FinishReason.content_filter,
    "SPII": FinishReason.content_filter,
    "MODEL_ARMOR": FinishReason.content_filter,
    "IMAGE_SAFETY": FinishReason.content_filter,
    "IMAGE_PROHIBITED_CONTENT": FinishReason.content_filter,
    "IMAGE_RECITATION": FinishReason.content_filter,
    "LANGUAGE": FinishReason.error,
    "OTHER": FinishReason.error,
    "FINISH_REASON_UNSPECIFIED": FinishReason.error,
    "MALFORMED_FUNCTION_CALL": FinishReason.error,
    "MALFORMED_RESPONSE": FinishReason.error,
    "UNEXPECTED_TOOL_CALL": FinishReason.error,
    "TOO_MANY_TOOL_CALLS": FinishReason.error,
    "MISSING_THOUGHT_SIGNATURE": FinishReason.error,
    "NO_IMAGE": FinishReason.error,
    "IMAGE_OTHER": FinishReason.error,
    # The numbers that the public and the enterprise enum share: a proxy that asks for `enum-encoding=int` gets those.
    "0": FinishReason.error,
    "1": FinishReason.stop,
    "2": FinishReason.length,
    "3": FinishReason.content_filter,
    "4": FinishReason.content_filter,
    "5": FinishReason.error,
}
