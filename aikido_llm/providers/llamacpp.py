"""llama.cpp's own server, on this machine unless told otherwise."""

from ..dialects.openai_chat import OpenAIChat
from ..dialects.verbs import Embedding, Reranking
from .base import Provider

PROVIDER = Provider(
    name="llamacpp",
    title="llama.cpp",
    base_url="http://127.0.0.1:8080/v1",
    dialect=OpenAIChat(
        # `top_k`; `n` up to the server's slots; `logprobs` as a flag, which it refuses beside tools in a stream:
        # llama.cpp, tools/server/server-task.cpp and server-common.cpp (commit 006639c), read 2026-11
        top_k_field="top_k",
        late_system="user",  # many chat templates raise on one that is not the first
        thinking="chat_template_kwargs",
        thinking_budget_field="reasoning_budget_tokens",
        reasoning_replay="content",
        file_input=None,
        # tools/server/README.md: /v1/embeddings (no dimensions), /v1/rerank, /v1/chat/completions/input_tokens
        embedding=Embedding(dimensions=""),
        reranking=Reranking(),
        count_path="/chat/completions/input_tokens",
    ),
    key_env=("LLAMACPP_API_KEY",),
    key_needed=False,
    default_model="default",  # a server with one model ignores the name
    strip_base=("/chat/completions", "/models", "/embeddings", "/rerank"),
    docs="docs/providers/llamacpp.md",
)
