"""OpenAI over its Responses wire wherever it is: the same account as `openai`."""

from attrs import evolve

from . import openai
from .base import Wire

PROVIDER = evolve(
    openai.PROVIDER,
    name="openai-responses",
    title="OpenAI (Responses)",
    dialect=openai.RESPONSES,
    wires={"chat": Wire(openai.CHAT), "responses": Wire(openai.RESPONSES, unnamed=True)},
    docs="docs/providers/openai-responses.md",
)
