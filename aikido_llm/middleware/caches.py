"""cached: what was answered once is answered from a CallStore."""

import asyncio
import logging
import time

from ..client import Client
from ..errors import ConfigError
from ..store import Asked, CallStore, identify
from ..types.events import EndEvent, Event
from ..types.request import Request
from ..types.response import Response
from ..types.unfold import unfolded
from .base import Middleware
from .call import Call
from .logs import keep
from .roads import DONE, Begun, Road, has_content, response_of

log = logging.getLogger("aikido_llm")


def cached(client: Client, store: CallStore) -> "CachedClient":
    """The client, whose whole answers are kept in the store and given again to the same request: the same events, with
    `Response.cached`; nothing is sent.

    The same request: all that decides an answer is equal (docs/store.md). Kept are whole answers alone (`complete`),
    never an error. What goes on from a state at the provider (`conversation`, `background`) is always asked.

    Callers that ask for the same at once: while a `complete` is under way, later ones wait for it and get its answer;
    when it fails, each asks for itself. A stream is not waited for: its reader may take any time, and may be the one
    who waits. Callers of other processes do not wait for each other. A store that fails is as one that knows nothing,
    and an error is logged (`aikido_llm`). It is not closed with the client.
    """
    return CachedClient(client, store)


class CachedClient(Middleware):
    """See `cached`."""

    made_by = "cached"

    def __init__(self, client: Client, store: CallStore) -> None:
        super().__init__(client)
        self.store = store
        self._asks_as = identify(client)
        self._under_way: dict[bytes, asyncio.Future[bool]] = {}

    async def _begin(self, request: Request, road: Road) -> Begun:
        if request.background or request.conversation is not None:
            return await road.ask(self._clients[0], request)
        asked = Asked.of(self._asks_as, request)
        answered = True
        while answered:
            events = await self._known(asked, road)
            if events:
                return DONE, events
            other = self._under_way.get(asked.key)
            if other is None:
                break
            answered = await asyncio.shield(other)
        if road.streams:
            return await _CachedCall(self.store, asked, road).begin(self._clients[0], request)
        return DONE, await self._complete(asked, request, road)

    async def _known(self, asked: Asked, road: Road) -> list[Event]:
        """The events of the answer, [] when there is none."""
        try:
            call = await self.store.get(asked.key)
        except (OSError, ConfigError) as error:
            log.error("the store is not asked: %s", error)
            return []
        if call is None or call.response is None:
            return []
        if not road.streams:
            return [EndEvent(call.response.finish_reason, call.response)]
        return [*call.events] or unfolded(call.response)

    async def _complete(self, asked: Asked, request: Request, road: Road) -> list[Event]:
        leads = asked.key not in self._under_way
        if leads:
            self._under_way[asked.key] = asyncio.get_running_loop().create_future()
        answered = False
        try:
            at, began = time.time(), time.monotonic()
            response = await response_of(*await road.ask(self._clients[0], request))
            await _keep(self.store, asked, response, at, began)
            answered = response.complete
        except asyncio.CancelledError:
            answered = True  # who waits looks again, and asks
            raise
        finally:
            if leads:
                self._under_way.pop(asked.key).set_result(answered)
        return [EndEvent(response.finish_reason, response)]


class _CachedCall(Call):
    """A stream, whose events are kept until its end is there."""

    def __init__(self, store: CallStore, asked: Asked, road: Road) -> None:
        super().__init__(road)
        self._store = store
        self._asked = asked
        self._at, self._began = time.time(), time.monotonic()
        self._first: float | None = None
        self._events: list[Event] = []

    async def came(self, events: list[Event]) -> list[Event]:
        self._events += events
        if self._first is None and has_content(events):
            self._first = time.monotonic() - self._began
        if self.end is not None and self.failure is None:
            await _keep(self._store, self._asked, self.end.response, self._at, self._began, self._first, self._events)
        return events


async def _keep(
    store: CallStore, asked: Asked, response: Response, at: float, began: float, first: float | None = None,
    events: "list[Event] | None" = None,
) -> None:  # fmt: skip
    if response.complete and not response.cached:
        seconds = time.monotonic() - began
        await keep(store, asked, response, at=at, seconds=seconds, first=first, events=events or ())
