"""Resumable: an answer that is made whether or not someone reads it, and read from where one stopped."""

import asyncio
import copy
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from inspect import isawaitable
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar, cast

from ..codecs.text import kind_name
from ..errors import AuthError, ConfigError, ConnectError, InvalidRequestError, LLMError, StreamTruncated, TimedOutError
from ..middleware.limits.redis import Gone, RedisStore
from .base import HEARTBEAT, Bridge
from .shelf import Shelf, State

T = TypeVar("T")
Allow: TypeAlias = Callable[[str, Any], bool | Awaitable[bool]]
"""(id of an answer, the request of who wants to read or stop it) -> whether it may; sync or async."""

_TICK = 0.25  # s between two times that a maker says that it lives, and hears whether it shall stop
_PAUSE = 0.02  # s between two times that a maker writes: what comes meanwhile is written together
_WAIT = 0.5  # s that a reader waits for frames before it looks whether any will come
_LEASE = 3.0  # s that a maker is taken to live without a word of it
_LOOK = 1.0  # s between two times that a reader says that it reads
_AGAIN = 0.25  # s before Redis is asked again
_GRACE = 2.0  # s that a maker has, when Redis was gone, to be heard of again
_LAST_WORDS = 1.0  # s that the end of a service waits for Redis

logger = logging.getLogger("aikido_llm")


class Resumable:
    """Answers that outlive their readers: made in a task of this process, read from Redis by any process.

    store:       RedisStore(url), which limits may share; nothing here closes it. Extra `redis`.
    max_seconds: that an answer goes on without a reader, and that it can be read again after its end.
    allow:       who may read an answer, and who may stop it for a request; without it whoever knows the id, 128 random
                 bits.
    patience:    seconds that Redis may be gone before makers and readers give up. max_frames: kept of one answer; who
                 comes too late for the first of them gets the protocol's error.
    heartbeat:   see `Bridge`.

        id = await answers.start(bridges.vercel_ui(client.stream(request)))
        return StreamingResponse(await answers.read(id, request), headers=bridges.vercel_ui.HEADERS)

    A maker that dies is missed within seconds, by its readers too: they get the protocol's error and an end. So do they
    when Redis dies, and so does who made it, whose stream is closed. `aclose` ends what this process makes.
    raises: ConfigError for numbers that are none, and for another store.
    """

    def __init__(
        self,
        store: RedisStore,
        max_seconds: float = 600,
        *,
        allow: Allow | None = None,
        patience: float = 5.0,
        max_frames: int = 100_000,
        heartbeat: float | None = 15.0,
    ) -> None:
        if not isinstance(store, RedisStore):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError("Resumable takes a RedisStore: Resumable(RedisStore('redis://host:6379/0'))")
        if not max_seconds > 0 or not patience >= 0 or max_frames < 1:
            raise ConfigError("Resumable: max_seconds is more than 0, patience 0 or more, max_frames 1 or more")
        self._shelf = Shelf(store, _LEASE, max_seconds, max_frames)
        self._allow = allow
        self._patience = patience
        self._heartbeat = heartbeat
        self._makers: set[asyncio.Task[None]] = set()

    async def start(self, bridge: Bridge) -> str:
        """Begin to make an answer. The id by which it is read and stopped.

        raises: ConnectError when Redis gives no answer; the bridge is closed then. InvalidRequestError for no bridge.
        """
        if not isinstance(cast("object", bridge), Bridge):
            raise InvalidRequestError(f"start takes a bridge, as bridges.sse(events), not {kind_name(bridge)}")
        id = secrets.token_hex(16)
        lost = b"".join(copy.deepcopy(bridge.encoder).fail(None))
        try:
            await _twice(lambda: self._shelf.begin(id, lost))
        except BaseException:
            await bridge.aclose()
            raise
        maker = asyncio.create_task(_Maker(self._shelf, self._patience, id, bridge).run())
        self._makers.add(maker)
        maker.add_done_callback(self._makers.discard)
        return id

    async def read(self, id: str, request: Any = None, *, after: str | int | None = None) -> "Reader":
        """The answer's frames from the first, or behind the one with that number, as they come.

        request: what `allow` gets; its header `Last-Event-ID` (of `request.headers`) says after which frame, unless
                 `after` does.
        raises:  AuthError (403) for who may not; InvalidRequestError, status 404 for an answer that is not there (any
                 more) and 400 for what is no number of a frame; ConnectError when Redis gives no answer.
        """
        await self._check(id, request)
        number = _number(after if after is not None else _last_event_id(request))
        state = await _twice(lambda: self._shelf.look(id))
        if state is None:
            raise _unknown()
        if number > state.last:
            raise InvalidRequestError("Last-Event-ID is none of this answer's", status=400)
        return Reader(self._shelf, id, state, number, self._patience, self._heartbeat)

    async def stop(self, id: str, request: Any = None) -> bool:
        """End the making of an answer, in whatever process; its readers get the protocol's end within a second.

        request: asks `allow` when there is one. Whether there was anything to stop.
        raises:  as `read`.
        """
        if request is not None or not _is_id(id):
            await self._check(id, request)
        return await _twice(lambda: self._shelf.stop(id))

    async def aclose(self) -> None:
        """End what this process makes; the readers get the protocol's error."""
        makers = list(self._makers)
        for maker in makers:
            maker.cancel()
        await asyncio.gather(*makers, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _check(self, id: str, request: Any) -> None:
        if self._allow is not None:
            allowed = self._allow(id, request)
            if isawaitable(allowed):
                allowed = await allowed
            if not allowed:
                raise AuthError("this answer is not for whoever asks", status=403)
        if not _is_id(id):
            raise _unknown()


class _Maker:
    """Makes one answer and writes its frames down."""

    def __init__(self, shelf: Shelf, patience: float, id: str, bridge: Bridge) -> None:
        self._shelf = shelf
        self._patience = patience
        self._id = id
        self._bridge = bridge
        self._next = 1  # number of the next frame
        self._taken: list[bytes] = []  # from there on, and maybe not written yet

    async def run(self) -> None:
        try:
            await self._run()
        except asyncio.CancelledError:
            end = await self._bridge.end(StreamTruncated("the service that made this answer was stopped"))
            with suppress(Gone, TimeoutError):
                async with asyncio.timeout(_LAST_WORDS):
                    await self._shelf.write(self._id, self._next, self._taken + end, over=True)
            raise
        except Gone as error:
            logger.warning("an answer that was kept for its readers is given up: %s", error)
        except Exception as error:  # a fault of the program, which its readers have been told of
            logger.error("an answer that was kept for its readers failed", exc_info=error)
        finally:
            await self._bridge.aclose()

    async def _run(self) -> None:
        bridge, over = self._bridge, False
        while not over:
            self._taken = await bridge.frames(_TICK) or []
            over = bridge.encoder.over  # whose end is put among the frames in the same step
            told = await self._write(over)
            if told == "gone":
                raise Gone("it is no longer there")
            if told != "on" and not over:
                error = None if told == "stop" else TimedOutError("nobody has read this answer for too long")
                over = True
                self._taken = await bridge.end(error)
                await self._write(over)
            if not over:
                await asyncio.sleep(_PAUSE)
        await bridge.frames(None)  # raises what ended it

    async def _write(self, over: bool) -> str:
        clock = asyncio.get_running_loop().time
        until = clock() + self._patience
        while True:
            try:
                told = await self._shelf.write(self._id, self._next, self._taken, over=over)
            except Gone:  # it may have taken them all the same: those that are there are not written again
                if clock() >= until:
                    raise
                await asyncio.sleep(_AGAIN)
            else:
                self._next += len(self._taken)
                self._taken = []
                return told


class Reader:
    """An answer as one reader gets it: an async iterator of whole frames, each with its number as its `id`.

    number: of the last frame that was handed out.
    """

    def __init__(
        self, shelf: Shelf, id: str, state: State, number: int, patience: float, heartbeat: float | None
    ) -> None:
        self.number = number
        self._shelf = shelf
        self._id = id
        self._lost = state.lost
        self._over = state.over and number >= state.last
        self._patience = patience
        self._heartbeat = heartbeat
        self._clock = asyncio.get_running_loop().time
        self._said = self._looked = self._heard = self._trusts = self._clock()
        self._look = min(_LOOK, shelf.keep / 3)
        self._wait = min(_WAIT, self._look, heartbeat or _WAIT)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self._over:
            chunk = await self._frames()
            if not chunk and self._heartbeat is not None and self._clock() >= self._said + self._heartbeat:
                chunk = HEARTBEAT
            if chunk:
                self._said = self._clock()
                return chunk
        raise StopAsyncIteration

    async def _frames(self) -> bytes:
        """The next frames, what there is instead of those that are lost, or nothing yet."""
        try:
            entries = await self._shelf.read(self._id, self.number, self._wait)
            if not entries or self._clock() >= self._looked + self._look:
                lost = self._judge(await self._shelf.look(self._id), waits=not entries)
                self._looked = self._clock()
                if lost:
                    return self._give_up()
        except Gone:
            if self._clock() >= self._heard + self._patience:
                return self._give_up()
            self._trusts = self._clock() + _GRACE
            await asyncio.sleep(_AGAIN)
            return b""
        self._heard = self._clock()
        if entries and entries[0][0] != self.number + 1:  # the first of them are no longer kept
            return self._give_up()
        for number, _, over in entries:
            self.number, self._over = number, over
        return b"".join(b"id: %d\n%b" % (number, frame) for number, frame, _ in entries)

    def _judge(self, state: State | None, *, waits: bool) -> bool:
        """Whether nothing will come any more although the end has not."""
        if state is None:
            return True
        if not waits or state.last > self.number:
            return False
        self._over = state.over
        return not state.over and not state.alive and self._clock() >= self._trusts

    def _give_up(self) -> bytes:
        self._over = True
        return self._lost

    async def aclose(self) -> None:
        """Read no more; the answer goes on."""
        self._over = True


_ID = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"[0-9]{1,15}")


def _is_id(id: object) -> bool:
    return isinstance(id, str) and _ID.fullmatch(id) is not None


def _number(after: str | int) -> int:
    if not _NUMBER.fullmatch(str(after)):
        raise InvalidRequestError("Last-Event-ID takes the id of a frame, a number", status=400)
    return int(after)


def _last_event_id(request: Any) -> str:
    headers: Mapping[str, str] = getattr(request, "headers", None) or {}
    return next((value for name, value in headers.items() if name.lower() == "last-event-id" and value), "0")


def _unknown() -> LLMError:
    return InvalidRequestError("there is no such answer, or it is no longer kept", status=404)


async def _twice(step: Callable[[], Awaitable[T]]) -> T:
    """What Redis says to a step that may be taken again. Raises ConnectError."""
    try:
        return await step()
    except Gone:
        await asyncio.sleep(_AGAIN)
    try:
        return await step()
    except Gone as error:
        raise ConnectError(f"Redis, which keeps the answers, cannot be asked: {error}") from None
