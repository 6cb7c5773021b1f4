"""The engine that speaks this wire."""

from tests.engines.llamacpp import llamacpp, llamacpp_with_key, scripted_gguf

__all__ = ["llamacpp", "llamacpp_with_key", "scripted_gguf"]
