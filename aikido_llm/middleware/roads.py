"""How a middleware asks the clients that it wraps, ours and others: the lists of events that a read gives.

Over a stream of ours a read is the inner stream's own: nothing stands between, and nothing is done per event. The
stream of a client that is not ours gives one event a read. A `complete` is one read, of its EndEvent alone.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, TypeAlias

from attrs import evolve, frozen

from ..call.stream import EventStream, Source, StreamCore
from ..client import Client
from ..errors import LLMError, StreamTruncated
from ..types.accumulate import Accumulator
from ..types.events import EndEvent, ErrorEvent, Event, UsageEvent
from ..types.exchange import ResumeToken
from ..types.request import Request
from ..types.response import FinishReason, Response

Begun: TypeAlias = tuple[Source, list[Event]]
"""An answer under way: where its further events come from, and its first ones."""


@frozen
class Road:
    """One of the two ways of a request to its answer. ask: sends it; raises what fails before an answer begins."""

    streams: bool
    ask: Callable[[Client, Request], Awaitable[Begun]]


async def _streamed(client: Client, request: Request) -> Begun:
    source = _source(client, request)
    try:
        return source, await source.events()
    except BaseException:
        source.close()
        raise


def _source(client: Client, request: Request) -> Source:
    """The handle of a stream of ours is gone when this returns: it would warn that it was dropped while it was open."""
    stream = client.stream(request)
    return _Ours(stream.batches().core) if isinstance(stream, EventStream) else Foreign(stream)


async def _whole(client: Client, request: Request) -> Begun:
    response = await client.complete(request)
    return DONE, [EndEvent(response.finish_reason, response)]


STREAM = Road(True, _streamed)
COMPLETE = Road(False, _whole)


async def until_content(begun: Begun) -> Begun:
    """Read on to the first content event; to the end, where the answer has none (see `failure_in`)."""
    source, events = begun
    try:
        while not has_content(events) and not isinstance(events[-1], EndEvent):
            if not (more := await source.events()):
                break
            events = [*events, *more]
    except BaseException:
        source.close()
        raise
    return source, events


def failure_in(events: list[Event]) -> LLMError | None:
    """What an answer failed with before any of its content came."""
    if has_content(events):
        return None
    return next((event.error for event in events if isinstance(event, ErrorEvent)), None)


def for_others(request: Request) -> Request:
    """Without what is the first client's alone: each of the others uses its own model and defaults."""
    return evolve(request, model=None, extra={}, extra_headers={}, previous_response_id=None, conversation=None)


async def response_of(source: Source, events: list[Event]) -> Response:
    """The whole answer. Raises the error that its events tell of."""
    try:
        while events:
            for event in events:
                if isinstance(event, ErrorEvent):
                    raise event.error
                if isinstance(event, EndEvent):
                    return event.response
            events = await source.events()
    finally:
        if not source.over:
            source.close()
            await closed(source)
    raise StreamTruncated("the answer ended before it was whole", permanent=True)


def has_content(events: list[Event]) -> bool:
    """Whether a part of the answer itself is among them."""
    return any(not isinstance(event, _NO_CONTENT) for event in events)


_NO_CONTENT = (UsageEvent, ErrorEvent, EndEvent)


async def closed(source: Source) -> None:
    """Wait for what `close` could only begin, where there is such a thing."""
    wait = getattr(source, "closed", None)
    if wait is not None:
        await wait()


def by_itself(ending: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """What is left to do for a call whose caller is gone and waits for nothing, perhaps: it goes on in a task that the
    loop does not forget. None when there is no loop any more."""
    try:
        task = asyncio.get_running_loop().create_task(ending)
    except RuntimeError:
        ending.close()
        return None
    _endings.add(task)
    task.add_done_callback(_endings.discard)
    return task


async def finished(ending: asyncio.Task[None] | None) -> None:
    """Wait for it; being cancelled meanwhile does not end it."""
    if ending is not None:
        await asyncio.shield(ending)


_endings: set[asyncio.Task[None]] = set()


class _Done:
    """Behind the last event."""

    over = True

    async def events(self) -> list[Event]:
        return []

    def close(self) -> None:
        pass


DONE: Source = _Done()


class _Ours:
    """A stream of this library: its core, read without its handle."""

    __slots__ = ("_core", "events")

    def __init__(self, core: StreamCore) -> None:
        self._core = core
        self.events = core.events

    @property
    def over(self) -> bool:
        return self._core.over

    @property
    def resume_token(self) -> ResumeToken | None:
        """How its answer is taken up, where it outlives its connection."""
        return self._core.resume_token

    def close(self) -> None:
        """Drop the connection at once; who reads on gets an error and the end."""
        self._core.end()

    async def closed(self) -> None:
        await self._core.closed()


class Foreign:
    """The stream of a client that is not ours, an event a read. What it breaks of the grammar is mended: one that ends
    without its EndEvent, and an LLMError that it raises behind its first event, become an ErrorEvent and the EndEvent.

    It is closed in a task where nobody can wait for it, for an `aclose` of another's may take its time.
    """

    def __init__(self, stream: AsyncIterator[Event]) -> None:
        self._stream = stream
        self._folded = Accumulator()
        self._begun = False
        self._failed = False
        self._reader: asyncio.Task[Any] | None = None  # while it waits
        self._ended_by_us = False
        self._closing: asyncio.Task[None] | None = None
        self.over = False

    async def events(self) -> list[Event]:
        """The next event, alone; [] when the stream is over."""
        if self.over:
            return []
        if self._ended_by_us:
            return self._cut(StreamTruncated(_CLOSED, permanent=True))
        try:
            event = await self._next()
        except StopAsyncIteration:
            return self._cut(StreamTruncated("the stream ended without its EndEvent; what arrived is in .partial"))
        except LLMError as error:
            if not self._begun:
                raise
            return self._cut(error)
        if event is None:
            return self._cut(StreamTruncated(_CLOSED, permanent=True))
        self._begun = True
        self._failed = self._failed or isinstance(event, ErrorEvent)
        self._folded.add(event)
        if isinstance(event, EndEvent):
            self.over = True
            await self._close_stream()
        return [event]

    def close(self) -> None:
        """Drop it at once; who waits for an event, and who reads on, gets an error and the end."""
        if self.over or self._ended_by_us:
            return
        self._ended_by_us = True
        if self._reader is not None:
            self._reader.cancel()
            return
        self._closing = by_itself(self._close_stream())

    async def closed(self) -> None:
        """Wait until it is."""
        await finished(self._closing)

    async def _next(self) -> Event | None:
        """None: `close` has ended the wait."""
        task = asyncio.current_task()
        assert task is not None
        others = task.cancelling()
        self._reader = task
        try:
            return await anext(self._stream)
        except asyncio.CancelledError:
            if self._ended_by_us and task.uncancel() <= others:  # nobody else wants the task to end
                return None
            raise
        finally:
            self._reader = None

    async def _close_stream(self) -> None:
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()

    def _cut(self, error: LLMError) -> list[Event]:
        self.over = True
        partial = self._folded.response(finish_reason=FinishReason.error)
        end = EndEvent(FinishReason.error, partial)
        if self._failed:
            return [end]
        error.partial = error.partial or partial
        return [ErrorEvent(error), EndEvent(FinishReason.error, error.partial)]


_CLOSED = "the stream was closed before the answer was whole"
