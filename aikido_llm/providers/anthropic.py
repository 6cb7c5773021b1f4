"""Anthropic: Claude, on the wire it defined."""

from ..dialects.anthropic_messages import AnthropicMessages
from . import rate_headers
from .base import Batches, DsnOption, Provider

VERSION = DsnOption(
    "version",
    header="anthropic-version",
    quirk="version",
    default="2023-06-01",
    about="the version of the API; every request must name one",
)
BETA = DsnOption(
    "beta",
    header="anthropic-beta",
    about="beta features to turn on, comma-separated; a retired one is refused, so none is on by default",
)

PROVIDER = Provider(
    name="anthropic",
    aliases=("claude",),
    title="Anthropic",
    base_url="https://api.anthropic.com",
    base_env="ANTHROPIC_BASE_URL",  # anthropic 2.14.0, _client.py, read 2026-11
    base_env_older=("ANTHROPIC_API_BASE",),  # litellm, read 2026-11
    strip_base=("/v1/messages", "/messages", "/v1/models", "/v1"),
    dialect=AnthropicMessages(),
    key_env=("ANTHROPIC_API_KEY",),
    key_url="https://console.anthropic.com/settings/keys",
    key_header="x-api-key",
    key_prefix="",
    list_headers=("anthropic-beta",),
    rate_headers=rate_headers.ANTHROPIC,
    request_id_headers=("request-id",),
    options=(VERSION, BETA),
    batches=Batches("anthropic_messages.batch"),
    docs="docs/providers/anthropic.md",
)
