"""The provider that needs no key and no network."""

from ..dialects.openai_chat import OpenAIChat
from ..dialects.verbs import Embedding, Reranking
from .base import Provider

PROVIDER = Provider(
    name="echo",
    title="Echo",
    base_url="http://localhost/echo",
    dialect=OpenAIChat(
        top_k_field="top_k",
        custom_tools=True,
        server_tools={},
        embedding=Embedding(most_texts=2048, input_type="input_type"),
        reranking=Reranking(),
        count_path="/count",
    ),  # it takes all
    key_needed=False,
    default_model="echo",
    transport="echo",
    docs="docs/providers/echo.md",
)
