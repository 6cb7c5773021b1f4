"""OpenAI over its Responses wire: the same account as `openai`, and reasoning that goes on from turn to turn."""

from ..dialects.openai_responses import OpenAIResponses
from .base import DsnOption, Provider

PROVIDER = Provider(
    name="openai-responses",
    title="OpenAI (Responses)",
    base_url="https://api.openai.com/v1",
    base_env="OPENAI_BASE_URL",  # openai 3.57.0, _client.py, read 2026-11
    dialect=OpenAIResponses(),
    key_env=("OPENAI_API_KEY",),
    key_url="https://platform.openai.com/api-keys",
    strip_base=("/responses", "/models"),
    options=(
        DsnOption(
            "organization", header="OpenAI-Organization", about="the organization that pays, for keys of several"
        ),
        DsnOption("project", header="OpenAI-Project", about="the project that pays, for keys of several"),
    ),
    docs="docs/providers/openai-responses.md",
)
