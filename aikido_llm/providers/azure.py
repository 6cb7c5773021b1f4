"""Azure OpenAI. Each customer has a host of its own: the base is `https://NAME.openai.azure.com` or
`https://NAME.services.ai.azure.com` (`/openai/v1` is put behind it), or for the older routes
`.../openai/deployments/DEPLOYMENT` together with the option api_version."""

from ..auth import azure as entra
from ..dialects.openai_chat import OpenAIChat
from ..dialects.openai_responses import OpenAIResponses
from ..dialects.verbs import Embedding
from .base import WIRE, Batches, DsnOption, Provider, Wire

# Microsoft Foundry REST reference, "Create an embedding", read 2026-11; its Responses wire counts no tokens (a 404).
_EMBEDDING = Embedding(most_texts=2048, most_tokens=300_000)
_CHAT = OpenAIChat(
    embedding=_EMBEDDING,
    max_tokens_field="max_completion_tokens",
    custom_tools=True,
    citations=True,
    output_modalities=("text", "audio"),
    call_id_pattern=r".{1,40}",
    strict_needs_required=True,
)

SCOPE = DsnOption("scope", setting=True, default=entra.SCOPE, about="what an Entra token is for, where no key is given")
AUTH = DsnOption(
    "auth",
    fields={
        "key": {},
        "entra": {"key_env": (), "key_header": "Authorization", "key_prefix": "Bearer "},
    },
    about="`entra`: an Entra ID token signs even where a key is set; `api_key` then is that token, or gives it",
)

PROVIDER = Provider(
    name="azure",
    title="Azure OpenAI",
    base_url="",
    dialect=_CHAT,
    wires={
        "chat": Wire(_CHAT, endings=("/chat/completions",), within=("/deployments/",), unnamed=True),
        "responses": Wire(
            OpenAIResponses(embedding=_EMBEDDING),
            hosts=("openai.azure.com", "services.ai.azure.com"),
            endings=("/responses",),
        ),
    },
    key_env=("AZURE_OPENAI_API_KEY",),
    key_url="https://portal.azure.com",
    key_header="api-key",
    key_prefix="",
    request_id_headers=("apim-request-id", "x-request-id"),
    base_path="/openai/v1",
    base_env="AZURE_OPENAI_ENDPOINT",  # openai 3.57.0, lib/azure.py, read 2026-11
    base_env_older=("AZURE_API_BASE",),  # litellm, read 2026-11
    strip_base=("/chat/completions", "/responses", "/models", "/embeddings"),
    model_behind="/deployments/",
    auth=entra.SIGNING,
    options=(
        DsnOption("api_version", query="api-version", about="the API's version, for routes that want one"),
        WIRE,
        AUTH,
        SCOPE,
    ),
    # 50,000 requests, 200 MB: Microsoft Foundry REST reference, "Create a batch", read 2026-11
    batches=Batches("openai_chat.batch"),
    docs="docs/providers/azure.md",
)
