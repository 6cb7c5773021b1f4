"""DeepSeek. In thinking mode a turn with tool calls must carry its reasoning back."""

from ..dialects.openai_chat import OpenAIChat
from .base import Provider

PROVIDER = Provider(
    name="deepseek",
    title="DeepSeek",
    base_url="https://api.deepseek.com",
    dialect=OpenAIChat(
        seed_field=None,
        thinking="thinking",
        reasoning_replay="content",
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
