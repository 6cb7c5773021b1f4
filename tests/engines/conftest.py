"""The engines' fixtures. Tests elsewhere get them by the same imports in their own conftest."""

from .aimock import aimock, aimock_process
from .llamacpp import llamacpp, llamacpp_with_key, scripted_gguf
from .llmock import llmock, llmock_process
from .ollama_transcripts import ollama_transcripts

__all__ = [
    "aimock",
    "aimock_process",
    "llamacpp",
    "llamacpp_with_key",
    "llmock",
    "llmock_process",
    "ollama_transcripts",
    "scripted_gguf",
]
