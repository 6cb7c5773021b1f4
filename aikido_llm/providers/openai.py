"""OpenAI, over Responses at its own hosts, and over Chat Completions at any other base URL, which is what most servers
mean that call themselves compatible. The rows `openai-chat` and `openai-responses` are it on one of the two.

Today's models refuse tools beside reasoning on Chat Completions. Source: OpenAI API guides, "Migrate to the Responses
API", and its errors, read 2026-11.
"""

from ..dialects.openai_chat import OpenAIChat
from ..dialects.openai_responses import OpenAIResponses
from ..dialects.verbs import Embedding
from .base import WIRE, Batches, DsnOption, Provider, Wire

# 2,048 texts and 300,000 tokens a request: OpenAI API reference, "Create embeddings", read 2026-11.
EMBEDDING = Embedding(most_texts=2048, most_tokens=300_000)
CHAT = OpenAIChat(
    embedding=EMBEDDING,
    max_tokens_field="max_completion_tokens",
    custom_tools=True,
    citations=True,
    # Each chunk carries random padding unless it is turned off.
    stream_options={"include_usage": True, "include_obfuscation": False},
    output_modalities=("text", "audio"),
    call_id_pattern=r".{1,40}",
    strict_needs_required=True,
)
RESPONSES = OpenAIResponses(embedding=EMBEDDING, count_path="/responses/input_tokens")

PROVIDER = Provider(
    name="openai",
    title="OpenAI",
    base_url="https://api.openai.com/v1",
    dialect=CHAT,
    wires={
        "chat": Wire(CHAT, endings=("/chat/completions",), unnamed=True),
        "responses": Wire(RESPONSES, hosts=("api.openai.com",), endings=("/responses",)),
    },
    key_env=("OPENAI_API_KEY",),
    key_url="https://platform.openai.com/api-keys",
    base_env="OPENAI_BASE_URL",  # openai 3.57.0, _client.py, read 2026-11
    base_env_older=("OPENAI_API_BASE",),  # openai before 1.0, and litellm, read 2026-11
    strip_base=("/chat/completions", "/responses", "/models", "/embeddings"),
    options=(
        DsnOption(
            "organization", header="OpenAI-Organization", about="the organization that pays, for keys of several"
        ),
        DsnOption("project", header="OpenAI-Project", about="the project that pays, for keys of several"),
        WIRE,
    ),
    batches=Batches("openai_chat.batch"),  # 50,000 requests, 200 MB: OpenAI API reference, "Create batch", read 2026-11
    docs="docs/providers/openai.md",
)
