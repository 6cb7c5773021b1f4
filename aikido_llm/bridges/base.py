"""Bridge: what a server iterates. A stream of events in, the bytes of a protocol out.

    async with bridge:                             # leaving closes the stream that the events come from
        async for chunk in bridge:                 # whole frames, as they come; a comment line when nothing does
            await response.write(chunk)

The events are read by one task, which ends with the bridge, however that is left: a timeout around one read would
otherwise have to cancel it, and with it the answer.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import ClassVar, Self, cast

from ..codecs.text import kind_name
from ..errors import InvalidRequestError, LLMError
from ..types.events import RunEvent
from .encoder import Encoder

HEADERS: Mapping[str, str] = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",  # a proxy that compresses holds back what has not filled its block
    "x-accel-buffering": "no",  # nginx
}
HEARTBEAT = b": keep-alive\n\n"

_FULL = 64 * 1024  # bytes that wait for a slow reader, before no further event is read


class Bridge:
    """The bytes of one answer, or run of answers: an async iterator of whole frames and async context manager.

    events:    an EventStream, what `stream_tools` gives, or any async iterable of their events; closed with the bridge.
    heartbeat: seconds without an event after which a comment line goes out; None for never.

    It finishes when the events do, and nothing follows. What fails on the way is the protocol's own error, behind which
    the iteration ends; an exception that is no LLMError is raised then too: it is a fault of the program.
    Leaving it early (`aclose`, cancellation, dropping it) closes the events at once. One reader at a time.
    """

    HEADERS: ClassVar[Mapping[str, str]] = HEADERS

    def __init__(
        self, events: AsyncIterable[RunEvent], encoder: Encoder, heartbeat: float | None, *, numbered: bool = False
    ) -> None:
        if not isinstance(cast("object", events), AsyncIterable):
            raise InvalidRequestError(f"a bridge takes a stream of events, not {kind_name(events)}")
        if heartbeat is not None and not heartbeat > 0:
            raise InvalidRequestError("heartbeat takes seconds, more than 0, or None for never")
        self.encoder = encoder
        self._pump = _Pump(events, encoder)
        self._heartbeat = heartbeat
        self._count = 0 if numbered else None
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._reading = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        frames = await self.frames(self._heartbeat)
        if frames is None:
            return HEARTBEAT
        if not frames:
            raise StopAsyncIteration
        if self._count is not None:
            frames = [b"id: %d\n%b" % (self._count + at, frame) for at, frame in enumerate(frames, 1)]
            self._count += len(frames)
        return b"".join(frames)

    async def frames(self, seconds: float | None) -> list[bytes] | None:
        """The frames that are there, else the next ones; [] behind the last; None when none came in so many seconds."""
        pump = self._pump
        if self._closed:
            return []
        if self._reading:
            raise RuntimeError("this bridge is already being read by another task; it has one reader")
        if self._task is None:
            self._task = asyncio.create_task(pump.run())
        self._reading = True
        try:
            if not pump.ready.is_set():
                async with asyncio.timeout(seconds):
                    await pump.ready.wait()
        except TimeoutError:
            return None
        except BaseException:
            self._task.cancel()
            raise
        finally:
            self._reading = False
        frames = pump.take()
        if not frames and pump.error is not None:
            error, pump.error = pump.error, None
            raise error
        return frames

    async def end(self, error: LLMError | None) -> list[bytes]:
        """Close the events before their time. What was not handed out yet, and the end: as stopped, or by the error."""
        await self.aclose()
        frames = self._pump.take()
        if self.encoder.over:
            return frames
        return frames + (self.encoder.stop() if error is None else self.encoder.fail(error))

    async def aclose(self) -> None:
        """Close the stream of events; nothing follows."""
        self._closed = True
        if self._task is None:
            await _close(self._pump.events)
        else:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        task: asyncio.Task[None] | None = getattr(self, "_task", None)
        if task is not None and not task.done():  # a server whose client left while it was written to just drops it
            with suppress(RuntimeError):  # the loop is gone
                task.get_loop().call_soon_threadsafe(task.cancel)


class _Pump:
    """Reads the events and keeps their frames. It knows no Bridge, so that one which is dropped is collected."""

    def __init__(self, events: AsyncIterable[RunEvent], encoder: Encoder) -> None:
        self.events = events
        self.error: Exception | None = None
        self.ready = asyncio.Event()  # there are frames, or there will be none any more
        self._encoder = encoder
        self._frames: list[bytes] = []
        self._size = 0
        self._over = False
        self._taken = asyncio.Event()

    async def run(self) -> None:
        try:
            await self._read()
        except Exception as error:  # of closing the events
            self.error = error
        finally:
            self._over = True
            self.ready.set()

    async def _read(self) -> None:
        self._put(self._encoder.begin())
        events: AsyncIterator[RunEvent] = aiter(self.events)
        try:
            async for event in events:
                self._put(self._encoder.feed(event))
                while self._size >= _FULL:
                    self._taken.clear()
                    await self._taken.wait()
            self._put(self._encoder.finish())
        except LLMError as error:
            self._put(self._encoder.fail(error))
        except Exception as error:
            self._put(self._encoder.fail(None))
            self.error = error
        finally:
            await _close(events)

    def _put(self, frames: list[bytes]) -> None:
        if frames:
            self._frames += frames
            self._size += sum(map(len, frames))
            self.ready.set()

    def take(self) -> list[bytes]:
        frames, self._frames, self._size = self._frames, [], 0
        self._taken.set()
        if not self._over:
            self.ready.clear()
        return frames


async def _close(events: object) -> None:
    close = getattr(events, "aclose", None)
    if close is not None:
        await close()
