"""Claude in Microsoft Foundry (Azure): Anthropic's wire whole, at a resource of the customer's own.

source: Microsoft Foundry docs, "Claude models", and anthropic 2.14.0, lib/foundry.py, read 2026-11.
"""

from attrs import evolve

from ..auth import azure as entra
from ..dialects.anthropic_messages import AnthropicMessages
from . import anthropic
from .azure import AUTH, SCOPE
from .base import DsnOption

RESOURCE = DsnOption(
    "resource", setting=True, env=("ANTHROPIC_FOUNDRY_RESOURCE",),
    about="the name of the Foundry resource, the first word of its host",
)  # fmt: skip

PROVIDER = evolve(
    anthropic.PROVIDER,
    name="azure-anthropic",
    aliases=(),
    title="Claude in Microsoft Foundry",
    base_url="https://{resource}.services.ai.azure.com/anthropic",
    base_path="/anthropic",
    base_env="ANTHROPIC_FOUNDRY_BASE_URL",
    base_env_older=(),
    dialect=AnthropicMessages(models_path=""),
    key_env=("ANTHROPIC_FOUNDRY_API_KEY",),
    key_url="https://ai.azure.com",
    auth=entra.SIGNING,
    request_id_headers=("request-id", "apim-request-id"),
    options=(RESOURCE, AUTH, SCOPE, *anthropic.PROVIDER.options),
    docs="docs/providers/azure-anthropic.md",
)
