"""The hosts' words for why an answer ended."""

from ...errors import LLMError
from ...types.response import FinishReason

FINISH: dict[str, FinishReason] = {
    "stop": FinishReason.stop,
    "eos": FinishReason.stop,  # Together
    "eos_token": FinishReason.stop,  # Hugging Face TGI
    "end_turn": FinishReason.stop,
    "stop_sequence": FinishReason.stop,
    "tool_calls": FinishReason.tool_calls,
    "tool_call": FinishReason.tool_calls,  # Mistral's models on Azure
    "tool_use": FinishReason.tool_calls,
    "function_call": FinishReason.tool_calls,
    "length": FinishReason.length,
    "model_length": FinishReason.length,  # Mistral: the context is full
    "model_context_window_exceeded": FinishReason.length,
    "max_tokens": FinishReason.length,
    "max_output_tokens": FinishReason.length,
    "max_len": FinishReason.length,  # xAI's other names
    "max_context": FinishReason.length,
    "time_limit": FinishReason.length,
    "repetition": FinishReason.length,  # vLLM: cut, for the same words came again and again
    "content_filter": FinishReason.content_filter,
    "sensitive": FinishReason.content_filter,  # Z.ai
    "error": FinishReason.error,
    "insufficient_system_resource": FinishReason.error,  # DeepSeek
    "network_error": FinishReason.error,  # GLM
    "malformed_function_call": FinishReason.error,  # Gemini's models, at gateways
    "malformed_response": FinishReason.error,
    "unexpected_tool_call": FinishReason.error,
    "abort": FinishReason.error,  # vLLM, SGLang: the engine gave the request up
}


def is_length_error(error: LLMError) -> bool:
    """OpenAI's audio and reasoning models report the token limit as an error, not as a finish reason."""
    return "max_tokens or model output limit was reached" in error.message
