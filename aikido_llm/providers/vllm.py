"""A vLLM server, on this machine unless told otherwise."""

from ..dialects.openai_chat import OpenAIChat
from ..dialects.verbs import Embedding, Reranking
from .base import Provider

PROVIDER = Provider(
    name="vllm",
    title="vLLM",
    base_url="http://127.0.0.1:8000/v1",
    dialect=OpenAIChat(
        top_k_field="top_k",  # vLLM docs, "OpenAI-compatible server", extra parameters, read 2026-11
        late_system="user",  # many chat templates raise on one that is not the first
        thinking="chat_template_kwargs",
        reasoning_replay="content",
        file_input=None,
        embedding=Embedding(),  # vLLM docs, "Pooling models": encoding_format, dimensions, /v1/rerank, read 2026-11
        reranking=Reranking(),
    ),
    key_env=("VLLM_API_KEY",),
    key_needed=False,
    strip_base=("/chat/completions", "/models", "/embeddings", "/rerank"),
    docs="docs/providers/vllm.md",
)
