"""EventStream: bytes -> events under the clocks. The thin shell of I/O around `Answer`, which knows no waiting.

Two objects: the handle that a user holds, and a core that owns the response. The core never refers to the handle, so a
handle that is dropped is collected, and its finalizer has the loop close the core. Closing is synchronous below
(`response.close()`), so it works under cancellation and in a finalizer.
"""

import asyncio
import contextlib
import warnings
from collections.abc import Awaitable, Callable, Iterator
from types import TracebackType

from .answer import Answer
from .errors import LLMError, Phase, StreamTruncated
from .transport.base import HTTPResponse, Timeouts, timed_out
from .types.events import ErrorEvent, Event, TextDelta

_DRAIN = 0.05  # s to wait behind the end mark for the end of the body, which lets the connection be used again


class Clocks:
    """The four clocks of one call: three deadlines and an idle time, on one timer of the loop.

    Before the headers are there, `deadline` bounds the wait (`first_event` and `total`; `connect` is the transport's).
    From then on one timer watches: it costs nothing per event, moves itself forward when it fires early, cancels no
    task, and stands still for `idle` while nobody reads.
    """

    __slots__ = (
        "_content_due",
        "_loop",
        "_on_due",
        "_seen_event",
        "_timeouts",
        "_timer",
        "_total_due",
        "expired",
        "waiting",
    )

    def __init__(self, timeouts: Timeouts) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeouts = timeouts
        self._total_due = self._in(timeouts.total)
        self._content_due = self._in(timeouts.first_event)
        self._seen_event = False
        self._timer: asyncio.TimerHandle | None = None
        self._on_due: Callable[[], None] | None = None
        self.waiting = False
        self.expired: Phase | None = None

    def attempt(self) -> float | None:
        """A new attempt begins, and with it its wait for the first event. Returns the loop time that bounds it."""
        self._content_due = self._in(self._timeouts.first_event)
        due = min(self._content_due, self._total_due)
        return None if due == _NEVER else due

    def phase_before_answer(self) -> Phase:
        """Which clock it was that ended the wait for the headers."""
        return "total" if self._total_due <= self._content_due else "first_event"

    def remaining(self) -> float | None:
        """Seconds until `total` runs out; None for never."""
        return None if self._total_due == _NEVER else max(0.0, self._total_due - self._loop.time())

    def watch(self, on_due: Callable[[], None]) -> None:
        """The headers are there: call on_due, once, when a clock runs out; `expired` then says which."""
        self._on_due = on_due
        self._tick()

    def begin_wait(self) -> None:
        """A reader waits for the next event."""
        self.waiting = True
        if self._seen_event:
            self._content_due = self._in(self._timeouts.idle)

    def end_wait(self) -> None:
        """The reader has its events."""
        self.waiting = False
        self._seen_event = True

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._on_due = None

    def _in(self, seconds: float | None) -> float:
        return _NEVER if seconds is None else self._loop.time() + seconds

    def _tick(self) -> None:
        now = self._loop.time()
        if now >= self._total_due:
            self.expired = "total"
        elif self.waiting and now >= self._content_due:
            self.expired = "idle" if self._seen_event else "first_event"
        on_due = self._on_due
        if self.expired is not None and on_due is not None:
            self.stop()
            on_due()
            return
        due = self._content_due if now < self._content_due else now + (self._timeouts.idle or 1.0)
        due = min(due, self._total_due)
        if due != _NEVER:
            self._timer = self._loop.call_at(due, self._tick)
        elif self._timeouts.idle is not None:  # no first_event clock: idle begins with the first event
            self._timer = self._loop.call_later(self._timeouts.idle, self._tick)


_NEVER = float("inf")

Begin = Callable[[Clocks], Awaitable[tuple[HTTPResponse, Answer]]]
"""Sends the request (retrying its start as the client is set up) and returns the 200 with the machine that reads it."""


class StreamCore:
    """Owns the response, the clocks and the answer of one stream."""

    def __init__(self, begin: Begin, timeouts: Timeouts, live: "set[StreamCore]") -> None:
        self._begin: Begin | None = begin
        self._timeouts = timeouts
        self._live = live
        self._clocks: Clocks | None = None
        self._response: HTTPResponse | None = None
        self._answer: Answer | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.closed = False
        self.reading = False

    async def events(self) -> list[Event]:
        """The next events; [] when the stream is over. The connection is free before the last ones are returned."""
        if self.closed:
            return []
        if self._answer is None:
            await self._open()
        clocks, response, answer = self._clocks, self._response, self._answer
        if clocks is None or response is None or answer is None:
            return []  # closed while it was being opened
        clocks.begin_wait()
        while True:
            try:
                data = await response.read()
                events = (
                    answer.feed(data) if data else answer.eof() if not self._broken else answer.fail(self._failure())
                )
            except LLMError as error:
                events = answer.fail(self._failure() if self._broken else error)
            if events:
                break
        clocks.end_wait()
        if answer.ended:
            await self._finish(response)
        return events

    async def _open(self) -> None:
        begin, self._begin = self._begin, None
        if begin is None:
            return
        self.loop = asyncio.get_running_loop()
        self._clocks = clocks = Clocks(self._timeouts)
        self._live.add(self)
        response, answer = await begin(clocks)
        if self.closed:  # by another task, while we waited for the headers
            response.close()
            raise StreamTruncated("the stream was closed while it was being opened")
        self._response, self._answer = response, answer
        clocks.watch(response.close)

    @property
    def _broken(self) -> bool:
        """We ourselves ended the reading: a clock ran out, or somebody closed the stream."""
        return self.closed or (self._clocks is not None and self._clocks.expired is not None)

    def _failure(self) -> LLMError:
        phase = self._clocks.expired if self._clocks is not None else None
        if phase is not None:
            return timed_out(phase)
        return StreamTruncated("the stream was closed while the answer was being read; what arrived is in .partial")

    async def _finish(self, response: HTTPResponse) -> None:
        """Give the connection back if the body ends soon behind the end mark, else close it."""
        if not self.closed and self.loop is not None:
            timer = self.loop.call_later(_DRAIN, response.close)
            try:
                while await response.read():
                    pass
                response.release()
            except LLMError:
                pass  # the answer is whole; only the connection is lost
            finally:
                timer.cancel()
        self.close()

    def close(self) -> None:
        """Free everything at once; never waits, may be called at any time and more than once."""
        self.closed = True
        self._live.discard(self)
        if self._clocks is not None:
            self._clocks.stop()
        response, self._response = self._response, None
        if response is not None:
            response.close()


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
        core = self._core
        if core.reading:
            raise RuntimeError("this stream is already being read by another task; a stream has one reader")
        core.reading = True
        try:
            events = await core.events()
        except BaseException:
            core.close()
            raise
        finally:
            core.reading = False
        self._ready = ready = iter(events)
        for event in ready:
            return event
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the connection at once and end the stream; further reading ends without an event."""
        self._ready = iter(())
        self._core.close()

    async def __aenter__(self) -> "EventStream":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def text(self) -> "TextStream":
        """The text alone: an async iterator of str that raises what an ErrorEvent carries."""
        return TextStream(self)

    def __del__(self) -> None:
        core = self._core
        loop = core.loop
        if core.closed or loop is None:
            return
        warnings.warn(f"{type(self).__name__} was dropped while it was open; leave it by `async with` or aclose()",
                      ResourceWarning, source=self, stacklevel=2)  # fmt: skip
        with contextlib.suppress(RuntimeError):  # the loop is gone, and its sockets with it
            loop.call_soon_threadsafe(core.close)


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
