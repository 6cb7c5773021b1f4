"""EventStream: bytes -> events under the clocks. The thin shell of I/O around `AnswerParser`, which knows no waiting.

Two objects: the handle that a user holds, and a core that owns the response. The core never refers to the handle, so a
handle that is dropped is collected, and its finalizer has the loop close the core. Closing is synchronous below
(`response.close()`), so it works under cancellation and in a finalizer.
"""

import logging
import warnings
from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Awaitable, Callable, Iterator
from types import TracebackType
from typing import Protocol, TypeAlias

from ..errors import ConfigError, LLMError, StreamTruncated
from ..retry import log_failure
from ..transport.base import Timeouts
from ..types.events import EndEvent, ErrorEvent, Event, TextDelta
from ..types.exchange import ResumeToken
from ..types.response import Response
from .clocks import Clocks
from .reader import failure_in


class Source(Protocol):
    """Where the events of one answer come from: a Reader, or a script that is played."""

    @property
    def over(self) -> bool: ...
    async def events(self) -> list[Event]: ...
    def close(self) -> None: ...


Begin: TypeAlias = Callable[[Clocks], Awaitable[tuple[Source, list[Event]]]]
"""Sends the request (retrying its start as the client is set up) and returns the reader of the 200, with its first
events. Raises what failed before the first byte of an answer."""


class StreamCore:
    """Owns the clocks and the reader of one stream. open: a connection may be in use. over: no event will follow.
    level: at which a failure is logged; None: not at all, for whoever is asked below has done it."""

    def __init__(
        self, begin: Begin, timeouts: Timeouts, live: "set[StreamCore]", level: int | None = logging.INFO
    ) -> None:
        self._level = level
        self._begun = 0.0
        self._begin = begin
        self._timeouts = timeouts
        self._live = live
        self._clocks: Clocks | None = None
        self._reader: Source | None = None
        self.loop: AbstractEventLoop | None = None
        self.open = False
        self.over = False
        self.reading = False

    async def events(self) -> list[Event]:
        """The next events; [] when the stream is over. The connection is free before the last ones are returned, and
        when this raises.

        Raises RuntimeError for a second reader, ConfigError for one in another loop than the first (or process).
        """
        if self.reading:
            raise RuntimeError("this stream is already being read by another task; a stream has one reader")
        if self.over:
            return []
        reader = self._reader
        try:
            elsewhere = reader is not None and self.loop is not get_running_loop()
        except RuntimeError:  # asyncio does not run here
            elsewhere = True
        if elsewhere:
            raise ConfigError("this stream was begun in another event loop and can only be read there")
        self.reading = True
        try:
            if reader is None:
                reader, events = await self._first()
                self._reader = reader
            else:
                events = await reader.events()
        except BaseException as error:
            if reader is None:
                self._failed(error)
            self.close()
            raise
        finally:
            self.reading = False
        if reader.over:  # it has freed its connection
            self._ended(events)
        return events

    def _first(self) -> Awaitable[tuple[Source, list[Event]]]:
        self._clocks = clocks = Clocks(self._timeouts)
        self.loop = clocks.loop
        self._live.add(self)
        self.open = True
        self._begun = clocks.now()
        return self._begin(clocks)

    def _failed(self, error: BaseException) -> None:
        """The call failed before its answer began."""
        if isinstance(error, LLMError) and self._clocks is not None and self._level is not None:
            log_failure(error, self._clocks.now() - self._begun, self._level)

    def _ended(self, events: list[Event]) -> None:
        self.over = True
        self.open = False
        self._live.discard(self)
        failure = failure_in(events)
        if failure is not None and self._clocks is not None and self._level is not None:
            log_failure(failure, self._clocks.now() - self._begun, self._level)

    @property
    def resume_token(self) -> ResumeToken | None:
        """See `EventStream.resume_token`."""
        if self._clocks is not None and self._clocks.resume is not None:
            return self._clocks.resume()
        return getattr(self._reader, "resume_token", None)  # of a stream that stands below this one

    async def response(self) -> Response:
        """The whole answer, where nobody else reads. Raises the error that the events tell of."""
        reader: Source | None = None
        try:
            reader, events = await self._first()
            self._reader = reader
            if reader.over:
                self._ended(events)
            while events:
                for event in events:
                    if isinstance(event, ErrorEvent):
                        raise event.error
                    if isinstance(event, EndEvent):
                        return event.response
                events = await self.events()
        except BaseException as error:
            if reader is None:
                self._failed(error)
            raise
        finally:
            if not self.over:
                self.close()
        raise StreamTruncated("the client was closed before the answer was whole", permanent=True)

    def end(self) -> None:
        """Free the connection at once; the reader gets what has arrived, an error and the end."""
        self.open = False
        self._live.discard(self)
        if self._clocks is not None:
            self._clocks.end()
        if self._reader is not None:
            self._reader.close()

    def close(self) -> None:
        """Free everything at once; nothing follows. Never waits, may be called at any time and more than once."""
        self.over = True
        self.end()

    async def closed(self) -> None:
        """Wait for what `close` could only begin: a source that is no connection of ours may have to be waited for."""
        wait = getattr(self._reader, "closed", None)
        if wait is not None:
            await wait()


class EventStream:
    """The events of one answer: an async iterator and async context manager.

    Nothing is sent before the first `__anext__`. Failures before the answer began are raised; later ones are an
    ErrorEvent, then the EndEvent. Leaving early (`break` inside `async with`, `aclose()`, cancellation) closes the
    connection at once; a stream that was simply dropped closes when it is collected, with a ResourceWarning.
    One reader at a time: a second one gets a RuntimeError.
    """

    def __init__(
        self, begin: Begin, timeouts: Timeouts, live: "set[StreamCore]", level: int | None = logging.INFO
    ) -> None:
        self._core = StreamCore(begin, timeouts, live, level)
        self._ready: Iterator[Event] = iter(())

    def __aiter__(self) -> "EventStream":
        return self

    async def __anext__(self) -> Event:
        for event in self._ready:
            return event
        self._ready = ready = iter(await self._core.events())
        for event in ready:
            return event
        raise StopAsyncIteration

    async def _read(self) -> list[Event]:
        """The events that are there, else those of the next read; [] behind the last."""
        return list(self._ready) or await self._core.events()

    @property
    def resume_token(self) -> ResumeToken | None:
        """By which `client.resume` takes this answer up, and `client.cancel` ends it, should the stream be left. It is
        there as soon as the provider has told the id, also while the first event is waited for, and says behind which
        events: those of the latest read. None of an answer that is not made in the background, and of one that is over.
        """
        return self._core.resume_token

    async def aclose(self) -> None:
        """Close the connection at once and end the stream; further reading ends without an event."""
        self._ready = iter(())
        if self._core.reading:  # another task reads: it gets an error and its EndEvent
            self._core.end()
        else:
            self._core.close()
            await self._core.closed()

    async def __aenter__(self) -> "EventStream":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def batches(self) -> "Batches":
        """The lists of events that a read gives, for code that looks at all of them at once."""
        return Batches(self._core, self._read, self.aclose)

    def text(self) -> "TextStream":
        """The text alone: an async iterator of str that raises what an ErrorEvent carries."""
        return TextStream(self)

    def __del__(self) -> None:
        core = self._core
        loop = core.loop
        if loop is None or not core.open:
            return
        warnings.warn(f"{type(self).__name__} was dropped while it was open; leave it by `async with` or aclose()",
                      ResourceWarning, source=self, stacklevel=2)  # fmt: skip
        try:
            loop.call_soon_threadsafe(core.close)
        except RuntimeError:  # the loop is gone, and its sockets with it
            core.close()


class Batches:
    """The events of a stream, read by read. One reader at a time, as of the stream itself.

    core: for a stream that stands around this one and reads it without its handle, from the beginning.
    """

    def __init__(
        self,
        core: StreamCore,
        read: Callable[[], Awaitable[list[Event]]],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self.core = core
        self._read = read
        self._close = close

    def __aiter__(self) -> "Batches":
        return self

    async def __anext__(self) -> list[Event]:
        events = await self._read()
        if not events:
            raise StopAsyncIteration
        return events

    async def aclose(self) -> None:
        """Close the stream."""
        await self._close()


class TextStream:
    """The text of a stream, piece by piece; raises the error of a stream that failed."""

    def __init__(self, events: EventStream) -> None:
        self._events = events

    def __aiter__(self) -> "TextStream":
        return self

    async def __anext__(self) -> str:
        async for event in self._events:
            if isinstance(event, TextDelta):
                return event.text
            if isinstance(event, ErrorEvent):
                await self._events.aclose()
                raise event.error
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the stream."""
        await self._events.aclose()

    async def __aenter__(self) -> "TextStream":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
