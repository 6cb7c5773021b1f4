"""DeepSeek. In thinking mode, its default, a user's turn in which tools were called must carry its reasoning back in
every later request, else it is a 400; what other turns carry back is ignored.

source: DeepSeek API docs, "Thinking Mode", read 2026-11.
"""

from ..dialects.openai_chat import OpenAIChat
from .base import Provider

PROVIDER = Provider(
    name="deepseek",
    title="DeepSeek",
    base_url="https://api.deepseek.com",
    base_env_older=("DEEPSEEK_API_BASE",),  # litellm, read 2026-11
    dialect=OpenAIChat(
        seed_field=None,
        # no `n`, no `top_k`; `logprobs` as a flag: DeepSeek API docs, "Create chat completion", a copy of 2026-02
        # and requests of its users; the page itself could not be opened. Read 2026-11
        several_answers=False,
        thinking="thinking",
        reasoning_replay="turn",
        image_input=False,
        audio_input=None,
        file_input=None,
        json_schema=False,
    ),
    key_env=("DEEPSEEK_API_KEY",),
    key_url="https://platform.deepseek.com/api_keys",
    request_id_headers=("x-ds-trace-id",),
    strip_base=("/chat/completions", "/models"),
    docs="docs/providers/deepseek.md",
)
