"""What a recorded exchange says, read from its JSON by small code that shares nothing with the decoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import (
    anthropic_messages,
    bedrock_converse,
    bedrock_invoke,
    cohere_v2,
    gemini,
    ollama_chat,
    openai_chat,
    openai_responses,
)
from .base import Draft, Facts, settle
from .errors import http_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..load import Exchange

__all__ = ["Facts", "facts_of"]

READERS: dict[str, Callable[[bytes], Draft]] = {
    "openai-chat": openai_chat.read,
    "openai-responses": openai_responses.read,
    "anthropic-messages": anthropic_messages.read,
    "gemini": gemini.read,
    "cohere-v2": cohere_v2.read,
    "ollama-chat": ollama_chat.read,
    "bedrock-converse": bedrock_converse.read,
    "bedrock-invoke": bedrock_invoke.read,
}


def facts_of(exchange: Exchange) -> Facts:
    if exchange.status != 200:
        # Nothing is an answer before a 200: the call raises, so there is no finish reason and no text.
        return Facts(error=http_error(exchange.status, exchange.body))
    return settle(READERS[exchange.protocol](exchange.body))
