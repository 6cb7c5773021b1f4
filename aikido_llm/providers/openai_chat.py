"""OpenAI over Chat Completions wherever it is: the same account as `openai`, with stop strings, seeds and sound."""

from attrs import evolve

from . import openai
from .base import Wire

PROVIDER = evolve(
    openai.PROVIDER,
    name="openai-chat",
    title="OpenAI (Chat Completions)",
    dialect=openai.CHAT,
    wires={"chat": Wire(openai.CHAT), "responses": Wire(openai.RESPONSES)},
    docs="docs/providers/openai-chat.md",
)
