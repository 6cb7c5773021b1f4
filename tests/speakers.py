"""The rows of tables that are played on every wire: a provider's name, or `bedrock:invoke` for one of its wires."""

from typing import Any

import aikido_llm as llm
from aikido_llm.providers import find
from aikido_llm.providers.base import Provider
from aikido_llm.testing import WireServer


def row_of(name: str) -> Provider:
    """The row, on that wire of it."""
    provider, _, wire = name.partition(":")
    return find(provider).speaking(wire) if wire else find(provider)


def dsn_of(server: WireServer, name: str) -> str:
    provider, _, wire = name.partition(":")
    return server.dsn(provider, wire)


def open_at(server: WireServer, name: str, **overrides: Any) -> llm.HTTPClient:
    """A client of the server."""
    return llm.open(name.partition(":")[0], dsn_of(server, name), **overrides)
