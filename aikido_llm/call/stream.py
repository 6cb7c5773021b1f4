"""EventStream: bytes -> events under the clocks. The thin shell of I/O around `AnswerParser`, which knows no waiting.

Two objects: the handle that a user holds, and a core that owns the response. The core never refers to the handle, so a
handle that is dropped is collected, and its finalizer has the loop close the core. Closing is synchronous below
(`response.close()`), so it works under cancellation and in a finalizer.
"""

import asyncio
import warnings
from collections.abc import Awaitable, Callable, Iterator
from types import TracebackType
from typing import Protocol, TypeAlias

from ..errors import ConfigError, LLMError, StreamTruncated
from ..transport.base import HTTPResponse, Timeouts
from ..types.events import EndEvent, ErrorEvent, Event, TextDelta
from ..types.response import Response
from .answer import AnswerParser
from .clocks import Clocks, running_loop

_DRAIN = 0.05  # s to wait behind the end mark for the end of the body, which lets the connection be used again
_PIECE = 32 * 1024  # bytes to make events of at a time: with more of them the processor's cache is too small
_GROWTH = 256 * 1024  # bytes of one unfinished event that count as content: a large image takes longer than `idle`


class Reader:
    """Reads one 200 to its end. received: a byte of its body has come. over: the EndEvent has been returned.

    A clock that runs out, and another task that ends the call, close the response, which wakes the read.
    """

    __slots__ = ("_answer", "_at", "_clocks", "_flowing", "_grown", "_read", "_response", "over", "received")

    def __init__(self, clocks: Clocks, response: HTTPResponse, answer: AnswerParser) -> None:
        self._clocks = clocks
        self._response = response
        self._answer = answer
        self._read = b""  # a long read, while it is taken piece by piece
        self._at = 0  # from here on it has not been looked at
        self._flowing = True  # events come, and no large one is under way
        self._grown = 0  # bytes of the unfinished event that have counted as content
        self.received = False
        self.over = False
        clocks.watch(response.close)

    @property
    def calls_begun(self) -> int:
        """How many indexes of calls and server tools the answer has used so far."""
        return self._answer.calls_begun

    async def events(self) -> list[Event]:
        """The next events, at least one; the connection is free before the last ones are returned."""
        clocks, answer = self._clocks, self._answer
        events: list[Event] = []
        eof = False
        clocks.begin_wait()
        while not events:
            try:
                data = self._piece() if self._read else await self._response.read()
            except LLMError as error:
                events = answer.fail(clocks.failure() or error)
                break
            if len(data) > _PIECE and self._flowing:
                self._read = data
                data = self._piece()
            if data:
                self.received = True
                events = answer.feed(data)
                if events:
                    self._flowing = True
                else:
                    self._grow(data)
                    if self._read:
                        await asyncio.sleep(0)  # whatever this piece has cost, a clock may fire
            else:
                eof = True
                failure = clocks.failure()
                events = answer.eof() if failure is None else answer.fail(failure)
        clocks.end_wait()
        if answer.ended:
            self.over = True
            await self._finish(events, eof)
        return events

    def close(self) -> None:
        """Drop the connection at once; never waits, may be called at any time and more than once."""
        self._clocks.stop()
        self._response.close()

    def _piece(self) -> bytes:
        """The next bytes of a long read: all that is left of it while a large event is under way."""
        read, at = self._read, self._at
        if self._flowing and len(read) - at > _PIECE:
            self._at = at + _PIECE
            return read[at : self._at]
        self._read = b""
        self._at = 0
        return read[at:]

    def _grow(self, data: bytes) -> None:
        """No event yet. What counts as content is the growth of the one that is under way: of a document any, of an
        event of a stream when it has become large. An event that then comes to nothing was none."""
        answer = self._answer
        self._flowing = False
        if answer.framed:
            self._grown = 0
            self._clocks.was_nothing()
        grown = answer.unfinished
        if grown - self._grown >= (1 if answer.whole else _GROWTH) and not data.isspace():
            self._grown = grown
            self._clocks.grows()

    async def _finish(self, events: list[Event], eof: bool) -> None:
        """Give the connection back if the body ends soon behind the end mark, else close it."""
        self._clocks.stop()
        failed = len(events) > 1 and isinstance(events[-2], ErrorEvent)
        if not failed and not eof:
            eof = await self._drain()
        if eof:
            self._response.release()
        else:
            self._response.close()

    async def _drain(self) -> bool:
        timer = asyncio.get_running_loop().call_later(_DRAIN, self._response.close)
        try:
            while await self._response.read():
                pass
        except LLMError:
            return False  # the answer is whole; only the connection is lost
        finally:
            timer.cancel()
        return True


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
    """Owns the clocks and the reader of one stream. open: a connection may be in use. over: no event will follow."""

    def __init__(self, begin: Begin, timeouts: Timeouts, live: "set[StreamCore]") -> None:
        self._begin = begin
        self._timeouts = timeouts
        self._live = live
        self._clocks: Clocks | None = None
        self._reader: Source | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.open = False
        self.over = False
        self.reading = False

    async def events(self) -> list[Event]:
        """The next events; [] when the stream is over. The connection is free before the last ones are returned."""
        if self.over:
            return []
        if self._reader is None:
            self.loop = running_loop()
            self._clocks = clocks = Clocks(self._timeouts)
            self._live.add(self)
            self.open = True
            self._reader, events = await self._begin(clocks)
        else:
            events = await self._reader.events()
        if self._reader.over:  # it has freed its connection
            self.over = True
            self.open = False
            self._live.discard(self)
        return events

    def check_reader(self) -> None:
        """Raises RuntimeError for a second reader, ConfigError for one in another loop than the first (or process)."""
        if self.reading:
            raise RuntimeError("this stream is already being read by another task; a stream has one reader")
        if self.loop is not None and self.loop is not running_loop() and not self.over:
            raise ConfigError("this stream was begun in another event loop and can only be read there")

    async def response(self) -> Response:
        """The whole answer. Raises the error that the events tell of."""
        try:
            while events := await self.events():
                for event in events:
                    if isinstance(event, ErrorEvent):
                        raise event.error
                    if isinstance(event, EndEvent):
                        return event.response
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


class EventStream:
    """The events of one answer: an async iterator and async context manager.

    Nothing is sent before the first `__anext__`. Failures before the answer began are raised; later ones are an
    ErrorEvent, then the EndEvent. Leaving early (`break` inside `async with`, `aclose()`, cancellation) closes the
    connection at once; a stream that was simply dropped closes when it is collected, with a ResourceWarning.
    One reader at a time: a second one gets a RuntimeError.
    """

    def __init__(self, begin: Begin, timeouts: Timeouts, live: "set[StreamCore]") -> None:
        self._core = StreamCore(begin, timeouts, live)
        self._ready: Iterator[Event] = iter(())

    def __aiter__(self) -> "EventStream":
        return self

    async def __anext__(self) -> Event:
        for event in self._ready:
            return event
        self._ready = ready = iter(await self._read())
        for event in ready:
            return event
        raise StopAsyncIteration

    async def _read(self) -> list[Event]:
        """The events that are there, else those of the next read; [] behind the last."""
        ready = list(self._ready)
        if ready:
            return ready
        core = self._core
        core.check_reader()
        core.reading = True
        try:
            return await core.events()
        except BaseException:
            core.close()
            raise
        finally:
            core.reading = False

    async def aclose(self) -> None:
        """Close the connection at once and end the stream; further reading ends without an event."""
        self._ready = iter(())
        if self._core.reading:  # another task reads: it gets an error and its EndEvent
            self._core.end()
        else:
            self._core.close()

    async def __aenter__(self) -> "EventStream":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def batches(self) -> "Batches":
        """The lists of events that a read gives, for code that looks at all of them at once."""
        return Batches(self)

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
    """The events of a stream, read by read. One reader at a time, as of the stream itself."""

    def __init__(self, events: EventStream) -> None:
        self._events = events

    def __aiter__(self) -> "Batches":
        return self

    async def __anext__(self) -> list[Event]:
        events = await self._events._read()
        if not events:
            raise StopAsyncIteration
        return events

    async def aclose(self) -> None:
        """Close the stream."""
        await self._events.aclose()


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
