"""One call through a middleware, for makers that look on: told of each step, once, whatever way the call ends."""

from collections.abc import Awaitable
from typing import cast

from ..call.stream import Source
from ..client import Client
from ..errors import LLMError
from ..types.events import EndEvent, ErrorEvent, Event
from ..types.exchange import ResumeToken
from ..types.request import Request
from .roads import DONE, Begun, Road, closed

_LAST = (ErrorEvent, EndEvent)


class Call:
    """One call: the Source that its caller reads, around the one of the inner client.

    `ask` is first; then `came` for each read, with its events (on `complete` one read, of the EndEvent alone). The
    last thing is one of three: `came` with the EndEvent as the last of the list; `failed`, when something was raised;
    `left`, when the caller went away before the end. What a step raises ends the call and is the caller's to see.

    end: the EndEvent, once `came` has it. failure: what the answer's ErrorEvent told.
    each_read: False when `came` is of use only for the reads that end in one of these two.
    """

    def __init__(self, road: Road) -> None:
        self.road = road
        self.each_read = True
        self.over = False
        self.failure: LLMError | None = None
        self.end: EndEvent | None = None
        self.source: Source = DONE

    async def begin(self, client: Client, request: Request) -> Begun:
        """Ask the client, and see the call through: for a `_begin` to return."""
        try:
            self.source, events = await self.ask(client, request)
            if self.each_read or not events or isinstance(events[-1], _LAST):
                events = await self._taken(events)
            return self, events
        except Exception as error:
            await self._raised(error)
            raise
        except BaseException:
            self.close()
            raise

    async def events(self) -> list[Event]:
        """The next events; [] when there are no more."""
        try:
            events = await self.read()
            if not self.each_read and events and not isinstance(events[-1], _LAST):
                return events
            return await self._taken(events)
        except Exception as error:
            await self._raised(error)
            raise

    def close(self) -> None:
        """The caller leaves: the inner stream is closed at once."""
        self.source.close()
        if not self.over:
            self.over = True
            self.left()

    async def closed(self) -> None:
        """Wait for what `close` could only begin."""
        await closed(self.source)

    @property
    def resume_token(self) -> ResumeToken | None:
        """Of the inner stream (see `EventStream.resume_token`)."""
        return cast("ResumeToken | None", getattr(self.source, "resume_token", None))

    async def _taken(self, events: list[Event]) -> list[Event]:
        if self.over:  # left, and read on: what tells of it
            return events
        while events:
            last: Event | None = events[-1]
            if isinstance(last, EndEvent):
                self.end = last
                last = events[-2] if len(events) > 1 else None
            if isinstance(last, ErrorEvent):
                self.failure = last.error
            events = await self.came(events)
            self.over = self.end is not None
            if events:
                return events
            events = await self.read()
        self.over = True
        return events

    async def _raised(self, error: Exception) -> None:
        self.source.close()
        await closed(self.source)
        if not self.over:
            self.over = True
            await self.failed(error)

    # ---------------------------------------------------------------- the steps

    def ask(self, client: Client, request: Request) -> Awaitable[Begun]:
        """Send it."""
        return self.road.ask(client, request)

    def read(self) -> Awaitable[list[Event]]:
        """The inner stream's next events."""
        return self.source.events()

    async def came(self, events: list[Event]) -> list[Event]:
        """Events of one read, at least one: what the caller shall see of them."""
        return events

    async def failed(self, error: Exception) -> None:
        """Raised, and raised again behind this."""

    def left(self) -> None:
        """The caller went away, or was cancelled: nothing may wait here. Where `failure` is set, the end was near."""
