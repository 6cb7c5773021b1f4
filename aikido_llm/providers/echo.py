"""The provider that needs no key and no network."""

from ..dialects.openai_chat import OpenAIChat
from .base import Provider

PROVIDER = Provider(
    name="echo",
    title="Echo",
    base_url="http://localhost/echo",
    dialect=OpenAIChat(),
    key_needed=False,
    default_model="echo",
    transport="echo",
    docs="docs/providers/echo.md",
)
