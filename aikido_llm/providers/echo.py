"""The provider that needs no key and no network."""

from typing import TYPE_CHECKING

from ..dialects.openai_chat import OpenAIChat
from .base import Provider

if TYPE_CHECKING:
    from ..transport.base import Transport


def _transport() -> "Transport":
    from ..echo import EchoTransport

    return EchoTransport()


PROVIDER = Provider(
    name="echo",
    title="Echo",
    base_url="http://localhost/echo",
    dialect=OpenAIChat(),
    key_needed=False,
    default_model="echo",
    transport=_transport,
    docs="docs/providers/echo.md",
)
