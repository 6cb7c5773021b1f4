"""OpenAI's Chat Completions. Its newer Responses wire is a row of its own."""

from ..dialects.openai_chat import OpenAIChat
from .base import DsnOption, Provider

PROVIDER = Provider(
    name="openai",
    title="OpenAI",
    base_url="https://api.openai.com/v1",
    dialect=OpenAIChat(
        max_tokens_field="max_completion_tokens",
        # Each chunk carries random padding unless it is turned off.
        stream_options={"include_usage": True, "include_obfuscation": False},
        output_modalities=("text", "audio"),
        call_id_pattern=r".{1,40}",
        strict_needs_required=True,
    ),
    key_env=("OPENAI_API_KEY",),
    key_url="https://platform.openai.com/api-keys",
    base_env="OPENAI_BASE_URL",  # openai 3.57.0, _client.py, read 2026-11
    strip_base=("/chat/completions", "/models"),
    options=(
        DsnOption(
            "organization", header="OpenAI-Organization", about="the organization that pays, for keys of several"
        ),
        DsnOption("project", header="OpenAI-Project", about="the project that pays, for keys of several"),
    ),
    docs="docs/providers/openai.md",
)
