"""Cohere: the Command models, on its v2 wire."""

from ..dialects.cohere_chat import CohereChat
from .base import Provider

PROVIDER = Provider(
    name="cohere",
    title="Cohere",
    base_url="https://api.cohere.com",
    base_env="CO_API_URL",  # cohere 7.3.1, client_v2.py, read 2026-11
    base_env_older=("COHERE_API_BASE",),  # litellm, read 2026-11
    strip_base=("/v2/chat", "/v1/chat", "/v1/models", "/v2/embed", "/v2/rerank", "/chat", "/v1", "/v2"),
    dialect=CohereChat(),
    key_env=("COHERE_API_KEY", "CO_API_KEY"),
    key_url="https://dashboard.cohere.com/api-keys",
    request_id_headers=("x-debug-trace-id",),
    docs="docs/providers/cohere.md",
)
