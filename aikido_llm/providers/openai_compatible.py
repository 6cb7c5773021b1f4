"""Any server that speaks one of OpenAI's wires and has no row of its own: Chat Completions, unless the base URL or the
option `wire` says otherwise. Its quirks are the common ones."""

from ..dialects.openai_chat import OpenAIChat
from ..dialects.openai_responses import OpenAIResponses
from ..dialects.verbs import Embedding, Reranking
from .base import WIRE, Provider, Wire

_EMBEDDING, _RERANKING = Embedding(), Reranking()
_CHAT = OpenAIChat(embedding=_EMBEDDING, reranking=_RERANKING)
RESPONSES = OpenAIResponses(
    store=None,
    encrypted_reasoning="never",
    replays_open_reasoning=True,
    reasoning_summary="",
    min_output_tokens=1,
    strict_needs_required=False,
    draws_images=False,
    embedding=_EMBEDDING,
    reranking=_RERANKING,
)
"""Responses as others than OpenAI speak it: nothing is stored or encrypted, no pictures are drawn."""

PROVIDER = Provider(
    name="openai-compatible",
    title="OpenAI-compatible",
    base_url="",
    dialect=_CHAT,
    wires={
        "chat": Wire(_CHAT, endings=("/chat/completions",)),
        "responses": Wire(RESPONSES, endings=("/responses",)),
    },
    key_env=("OPENAI_COMPATIBLE_API_KEY",),
    key_needed_nearby=False,
    base_path="/v1",
    strip_base=("/chat/completions", "/responses", "/models", "/embeddings", "/rerank"),
    options=(WIRE,),
    docs="docs/providers/openai-compatible.md",
)
