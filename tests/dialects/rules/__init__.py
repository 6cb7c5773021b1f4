"""One validator per wire, written from the providers' references: does this body keep the wire's own rules?"""

from typing import Any

from tests.dialects.rules import (
    anthropic_messages,
    cohere_chat,
    gemini_generate,
    ollama_chat,
    openai_chat,
    openai_responses,
)

_CHECKS = {
    "anthropic_messages": anthropic_messages.check,
    "cohere_chat": cohere_chat.check,
    "gemini_generate": gemini_generate.check,
    "ollama_chat": ollama_chat.check,
    "openai_responses": openai_responses.check,
}


def check(dialect: str, body: dict[str, Any], provider: str = "") -> None:
    """dialect, provider: names. Raises AssertionError for the rule that the body breaks, KeyError for no validator."""
    if dialect == "openai_chat":
        openai_chat.check(body, provider)
    else:
        _CHECKS[dialect](body)
