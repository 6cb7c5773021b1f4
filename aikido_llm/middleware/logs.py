"""logged: every call in a CallStore, whichever way it ends."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Sequence

from ..client import Client
from ..errors import ConfigError, LLMError
from ..store import Asked, identify
from ..store import CallStore as CallStore
from ..types.accumulate import Accumulator
from ..types.events import Event
from ..types.request import Request
from ..types.response import FinishReason, Response
from .base import Middleware
from .call import Call
from .roads import Begun, Road, by_itself, finished, has_content

log = logging.getLogger("aikido_llm")


def logged(client: Client, store: CallStore) -> "LoggedClient":
    """The client, each call of which is kept in the store: what was asked, the answer or the error with what had come,
    usage, times; also of a stream that its reader left.

    The call is durable before its end is handed out. When the store cannot be written, the answer is handed out all the
    same, and an error is logged (`aikido_llm`). The store is not closed with the client.
    """
    return LoggedClient(client, store)


class LoggedClient(Middleware):
    """See `logged`."""

    made_by = "logged"

    def __init__(self, client: Client, store: CallStore) -> None:
        super().__init__(client)
        self.store = store
        self.asks_as = identify(client)

    def _begin(self, request: Request, road: Road) -> Awaitable[Begun]:
        return _LoggedCall(self, road).begin(self._clients[0], request)


class _LoggedCall(Call):
    def __init__(self, client: LoggedClient, road: Road) -> None:
        super().__init__(road)
        self._client = client
        self._at = time.time()
        self._began = time.monotonic()
        self._first: float | None = None
        self._folded = Accumulator()
        self._asked: Asked | None = None
        self._leaving: asyncio.Task[None] | None = None

    def ask(self, client: Client, request: Request) -> Awaitable[Begun]:
        self._asked = Asked.of(self._client.asks_as, request)
        return self.road.ask(client, request)

    async def came(self, events: list[Event]) -> list[Event]:
        if self.road.streams and self._first is None and has_content(events):
            self._first = time.monotonic() - self._began
        if self.end is None:
            self._folded.extend(events)
        else:
            await self._keep(self.failure or self.end.response)
        return events

    async def failed(self, error: Exception) -> None:
        if isinstance(error, LLMError):
            await self._keep(error)

    def left(self) -> None:
        come = self.failure or self._folded.response(
            finish_reason=FinishReason.other, provider=self._client.provider, model=self._client.model or "",
            complete=False,
        )  # fmt: skip
        self._leaving = by_itself(self._keep(come, left=self.failure is None))
        if self._leaving is None:
            log.error("a call that was left is not in its store: the event loop is closed")

    async def closed(self) -> None:
        await super().closed()
        await finished(self._leaving)

    async def _keep(self, outcome: Response | LLMError, left: bool = False) -> None:
        if self._asked is not None:
            seconds = time.monotonic() - self._began
            await keep(
                self._client.store, self._asked, outcome, at=self._at, seconds=seconds, first=self._first, left=left
            )


async def keep(
    store: CallStore, asked: Asked, outcome: Response | LLMError, *, at: float, seconds: float,
    first: float | None = None, left: bool = False, events: Sequence[Event] = (),
) -> None:  # fmt: skip
    """Put it into the store; a store that fails takes no answer from the caller."""
    try:
        await store.put(asked, outcome, at=at, seconds=seconds, first_event=first, left=left, events=events)
    except (OSError, ConfigError) as error:
        log.error("a call is not in its store: %s", error)
