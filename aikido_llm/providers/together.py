"""Together AI."""

from ..dialects.openai_chat import OpenAIChat
from ..dialects.verbs import Embedding, Reranking
from . import rate_headers
from .base import Provider

PROVIDER = Provider(
    name="together",
    title="Together AI",
    base_url="https://api.together.xyz/v1",
    dialect=OpenAIChat(
        # together 3.1.1, types/chat/completion_create_params.py, read 2026-11
        top_k_field="top_k",
        logprobs="count",
        late_system="user",  # it serves open models, many of whose templates raise on one that is not the first
        audio_input=None,
        file_input=None,
        embedding=Embedding(numbers="", dimensions=""),  # Together docs, "Embeddings" and "Rerank", read 2026-11
        reranking=Reranking(),
        price_scale=1.0,  # listed per million tokens
    ),
    key_env=("TOGETHER_API_KEY",),
    key_url="https://api.together.ai/settings/api-keys",
    rate_headers=rate_headers.TOGETHER,
    request_id_headers=("x-request-id", "x-amzn-trace-id"),
    base_env="TOGETHER_BASE_URL",  # together 3.1.1, _client.py, read 2026-11; its paths begin with /v1
    base_env_older=("TOGETHERAI_API_BASE",),  # litellm, read 2026-11
    base_env_short=True,
    strip_base=("/chat/completions", "/models", "/embeddings", "/rerank"),
    docs="docs/providers/together.md",
)
