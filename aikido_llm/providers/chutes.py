"""Chutes: a gateway to engines (vLLM, SGLang) that others run."""

from ..dialects.openai_chat import OpenAIChat
from .base import Provider

PROVIDER = Provider(
    name="chutes",
    title="Chutes",
    base_url="https://llm.chutes.ai/v1",
    dialect=OpenAIChat(
        # behind it stand vLLM's and SGLang's own servers (chutesai/chutes 8c9c07c, chutes/chute/template), which take
        # `top_k`, `n` and `logprobs` (vLLM docs 0.15, chat protocol); read 2026-11
        top_k_field="top_k",
        late_system="user",  # many chat templates raise on one that is not the first
        thinking="chat_template_kwargs",
        reasoning_replay="content",
        file_input=None,
        price_scale=1.0,  # listed per million tokens
    ),
    key_env=("CHUTES_API_KEY", "CHUTES_API_TOKEN"),
    key_param="api_token",
    key_url="https://chutes.ai/app/api",
    request_id_headers=("x-chutes-invocationid",),
    strip_base=("/chat/completions", "/models"),
    docs="docs/providers/chutes.md",
)
