"""Who watches a call from outside: told of what happens inside it, and asked what else to say to a host.

Telemetry stands here. The one that watches is set while a call of its own is read, in the context of the task that
reads it. None, as nearly always, costs a look per attempt.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Protocol
from urllib.parse import urlsplit

from ..errors import LLMError
from ..transport.base import NO_HEADERS, Headers
from ..types.exchange import Hop


class Watcher(Protocol):
    def headers(self, host: str) -> Mapping[str, str]:
        """Headers to add to a request to this host (its name alone)."""
        ...

    def retrying(self, number: int, error: LLMError, wait: float) -> None:
        """Attempt `number` failed; another follows behind so many seconds."""
        ...

    def went_over(self, hop: Hop) -> None:
        """A client failed, and another one is asked."""
        ...


watcher: ContextVar[Watcher | None] = ContextVar("aikido_llm.watcher", default=None)


def with_watched_headers(headers: Mapping[str, str], base_url: str) -> Headers:
    """These headers, and under them what the one that watches adds for the host."""
    watching = watcher.get()
    if watching is None:
        return Headers(headers) if headers else NO_HEADERS
    return Headers({**watching.headers(urlsplit(base_url).hostname or ""), **headers})
