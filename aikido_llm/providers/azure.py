"""Azure OpenAI. Each customer has a host of its own: the base is `https://NAME.openai.azure.com` (`/openai/v1` is put
behind it), or for the older routes `.../openai/deployments/DEPLOYMENT` together with the option api_version."""

from ..dialects.openai_chat import OpenAIChat
from .base import DsnOption, Provider

PROVIDER = Provider(
    name="azure",
    title="Azure OpenAI",
    base_url="",
    dialect=OpenAIChat(
        max_tokens_field="max_completion_tokens",
        output_modalities=("text", "audio"),
        call_id_pattern=r".{1,40}",
        strict_needs_required=True,
    ),
    key_env=("AZURE_OPENAI_API_KEY",),
    key_url="https://portal.azure.com",
    key_header="api-key",
    key_prefix="",
    request_id_headers=("apim-request-id", "x-request-id"),
    base_path="/openai/v1",
    base_env="AZURE_OPENAI_ENDPOINT",  # openai 3.57.0, lib/azure.py, read 2026-11
    strip_base=("/chat/completions", "/models"),
    model_behind="/deployments/",
    options=(DsnOption("api_version", query="api-version", about="the API's version, for routes that want one"),),
    docs="docs/providers/azure.md",
)
