"""OpenRouter: one key for the models of many hosts."""

from ..dialects.openai_chat import OpenAIChat
from ..dialects.verbs import Embedding, Reranking
from . import rate_headers
from .base import DsnOption, Provider

PROVIDER = Provider(
    name="openrouter",
    title="OpenRouter",
    base_url="https://openrouter.ai/api/v1",
    base_env_older=("OPENROUTER_API_BASE",),  # litellm, read 2026-11
    dialect=OpenAIChat(
        # OpenRouter docs, "Parameters" (no n among them) and "Server tools", read 2026-11
        top_k_field="top_k",
        several_answers=False,
        server_tools={"web_search": "openrouter:web_search"},
        citations=True,
        metadata=True,
        thinking="reasoning",
        reasoning_replay="details",
        file_urls=True,
        tool_result_images=True,
        assistant_images=True,
        cache_marks=True,
        embedding=Embedding(),  # OpenRouter API reference, "Embeddings" and "Rerank"; recorded exchanges of 2026
        reranking=Reranking(),
        output_modalities=("text", "image", "audio"),
        models_path="/models?output_modalities=all",  # else models that only draw are missing
    ),
    key_env=("OPENROUTER_API_KEY",),
    key_url="https://openrouter.ai/settings/keys",
    list_headers=("x-anthropic-beta",),  # OpenRouter docs, "Claude features", read 2026-11
    rate_headers=rate_headers.UNNAMED,
    request_id_headers=("x-generation-id", "cf-ray"),
    strip_base=("/chat/completions", "/models", "/embeddings", "/rerank"),
    options=(
        DsnOption("referer", header="HTTP-Referer", about="your site, for OpenRouter's rankings"),
        DsnOption("title", header="X-Title", about="your app's name, for OpenRouter's rankings"),
        DsnOption("provider_order", body=("provider", "order"), split=True, about="hosts to try, comma-separated"),
    ),
    default_model="openrouter/free",
    docs="docs/providers/openrouter.md",
)
