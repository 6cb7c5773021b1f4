"""Cerebras: open models on its own chips."""

from ..dialects.openai_chat import OpenAIChat
from . import rate_headers
from .base import Provider

PROVIDER = Provider(
    name="cerebras",
    title="Cerebras",
    base_url="https://api.cerebras.ai/v1",
    dialect=OpenAIChat(
        max_tokens_field="max_completion_tokens",
        audio_input=None,
        file_input=None,
    ),
    key_env=("CEREBRAS_API_KEY",),
    key_url="https://cloud.cerebras.ai",
    rate_headers=rate_headers.CEREBRAS,
    request_id_headers=("x-request-id", "cf-ray"),
    base_env="CEREBRAS_BASE_URL",  # cerebras-cloud-sdk 1.91.0, _client.py, read 2026-11; its paths begin with /v1
    base_env_older=("CEREBRAS_API_BASE",),  # litellm, read 2026-11
    base_env_short=True,
    strip_base=("/chat/completions", "/models"),
    docs="docs/providers/cerebras.md",
)
