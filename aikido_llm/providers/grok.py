"""xAI's Grok models."""

from ..dialects.openai_chat import OpenAIChat
from .base import Provider

PROVIDER = Provider(
    name="grok",
    title="xAI Grok",
    aliases=("xai",),
    base_url="https://api.x.ai/v1",
    base_env_older=("XAI_API_BASE",),  # litellm, read 2026-11
    dialect=OpenAIChat(
        citations=True,
        audio_input=None,
        file_input=None,
        models_path="/language-models",  # /models says neither prices nor modalities
    ),
    key_env=("XAI_API_KEY",),
    key_url="https://console.x.ai",
    strip_base=("/chat/completions", "/models", "/language-models"),
    docs="docs/providers/grok.md",
)
