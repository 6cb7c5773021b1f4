"""The Client protocol: what every client promises, ours and a caller's own."""

from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from .types.events import Event
from .types.request import Request
from .types.response import Response


@runtime_checkable
class Client(Protocol):
    """Two methods; what takes a Client and gives a Client (retrying, recording, falling back) is just another."""

    def stream(self, request: Request) -> AsyncIterator[Event]:
        """Ask, and yield the answer as it comes, in the grammar of `types.events`: exactly one EndEvent, last.

        Nothing is sent before the first `__anext__`. A failure before the answer began raises an LLMError from it; one
        after that is an ErrorEvent (with `partial`), then the EndEvent. Leaving early closes the connection.
        """
        ...

    async def complete(self, request: Request) -> Response:
        """Ask, and return the whole answer. Raises the LLMError that a stream would have carried, with `partial`."""
        ...
