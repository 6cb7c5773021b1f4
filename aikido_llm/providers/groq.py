"""Groq: open models on its own chips."""

from ..dialects.openai_chat import OpenAIChat
from .base import Batches, Provider

PROVIDER = Provider(
    name="groq",
    title="Groq",
    base_url="https://api.groq.com/openai/v1",
    dialect=OpenAIChat(
        max_tokens_field="max_completion_tokens",
        # GroqDocs, API reference and "Built-in tools" (those of compound systems go into extra), read 2026-11
        several_answers=False,
        logprobs=None,
        server_tools={"web_search": "browser_search", "code_execution": "code_interpreter"},
        told_tools=True,
        audio_input=None,
        file_input=None,
    ),
    key_env=("GROQ_API_KEY",),
    key_url="https://console.groq.com/keys",
    base_env="GROQ_BASE_URL",  # groq 1.7.0, _client.py, read 2026-11; its paths begin with /openai/v1
    base_env_older=("GROQ_API_BASE",),  # litellm, read 2026-11
    base_env_short=True,
    strip_base=("/chat/completions", "/models"),
    batches=Batches("openai_chat.batch", {"max_bytes": 100_000_000}),  # GroqDocs, "Batch API", read 2026-11
    docs="docs/providers/groq.md",
)
