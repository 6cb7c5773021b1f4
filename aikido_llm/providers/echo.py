"""The provider that needs no key and no network."""

from ..dialects.openai_chat import OpenAIChat
from .base import Provider

PROVIDER = Provider(
    name="echo",
    title="Echo",
    base_url="http://localhost/echo",
    dialect=OpenAIChat(top_k_field="top_k", custom_tools=True, server_tools={}),  # it takes all
    key_needed=False,
    default_model="echo",
    transport="echo",
    docs="docs/providers/echo.md",
)
