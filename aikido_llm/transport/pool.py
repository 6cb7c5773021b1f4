"""The connections that one event loop holds: aiohttp's sessions and connectors, and what it leaves open about ends.

- What arrives on a connection while nobody has asked is nobody's answer: that connection is not used again.
- They are closed with the client; when their loop ends (`asyncio.run`); and when the client is dropped, with a warning.
- In a forked child they are the parent's: to close one there would take it out of the parent's loop too.
"""

import asyncio
import contextlib
import os
import select
import sys
import warnings
from collections.abc import AsyncGenerator, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any, Protocol
from weakref import WeakSet

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ConnectionKey
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from .cut import cut, holds_bytes, leave
from .direct import HEADER_BYTES, Heads
from .slots import Slots
from .tickets import Resuming

_FOREVER = 365 * 24 * 3600.0  # s: what a loop can count to
_TURNS = 5  # of the loop; it reads in the second one


CONNECTED: ContextVar[float] = ContextVar("connected", default=0.0)
"""When the running task last got a connection, in the loop's time; 0: not yet. Its request goes out from then on."""


HELD: ContextVar[list[Connection] | None] = ContextVar("held", default=None)
"""Where the running task collects connections alone: `Held` is then raised in place of sending anything."""


class Held(Exception):
    """A connection was got, and that was all."""


class Live(Protocol):
    """A response that holds a connection."""

    def close(self) -> None: ...


class Pool:
    """The sessions, the slots and the live responses of the running event loop."""

    def __init__(self, connections: int, keepalive: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.slots = Slots(connections)
        self.live: set[Live] = set()
        self.warming = asyncio.Lock()
        self._keepalive = keepalive
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._heads: dict[str, Heads] = {}
        self._end: AsyncGenerator[None] | None = _closed_with_the_loop(self._sessions, self.live)
        with contextlib.suppress(StopIteration):
            self._end.__anext__().send(None)

    def session(self, socket: str) -> aiohttp.ClientSession:
        """That whose connections all go to the Unix socket of this path; "": over TCP, to any host."""
        return self._sessions.get(socket) or self._sessions.setdefault(socket, _session(socket, self._keepalive))

    def heads(self, socket: str) -> Heads:
        """Of the small requests that go out over that session."""
        return self._heads.get(socket) or self._heads.setdefault(socket, Heads(self.session(socket)))

    async def aclose(self) -> None:
        """Close every connection, live responses first; those of another loop when that one runs again."""
        end, self._end = self._end, None
        if end is not None and asyncio.get_running_loop() is self.loop:
            await end.aclose()

    def __del__(self) -> None:
        if getattr(self, "_end", None) is None or all(session.closed for session in self._sessions.values()):
            return
        self._end = None  # and the loop closes them
        for session in self._sessions.values():
            _drop(session, dropped=True)
        warnings.warn("a client was dropped while its connections were open; leave it by `async with` or aclose()",
                      ResourceWarning, source=self, stacklevel=2)  # fmt: skip


def _session(socket: str, keepalive: float) -> aiohttp.ClientSession:
    kept: dict[str, Any] = {"keepalive_timeout": min(keepalive, _FOREVER)} if keepalive else {"force_close": True}
    connector = _Socket(socket, limit=0, **kept) if socket else _TCP(limit=0, **kept)  # admission is ours
    _connectors.add(connector)
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        max_field_size=HEADER_BYTES,
        max_line_size=HEADER_BYTES,
        trust_env=False,  # it would read netrc too, and add its passwords
    )
    vars(session)["_retry_connection"] = False  # it would send a GET twice, whatever the server has seen of it
    return session


async def _closed_with_the_loop(sessions: Mapping[str, aiohttp.ClientSession], live: set[Live]) -> AsyncGenerator[None]:
    """Begun and not finished: an event loop finishes such generators before it is closed (`shutdown_asyncgens`), and
    when nobody holds them any more. That is how a loop is told what shall end with it."""
    try:
        yield
    finally:
        for response in list(live):  # session.close() alone would not wake a task that reads a body
            response.close()
        for session in sessions.values():
            _drop(session, dropped=False)
            await session.close()


def _drop(session: aiohttp.ClientSession, *, dropped: bool) -> None:
    if isinstance(session.connector, _Watched):
        session.connector.dropped = dropped


class _Leaving(ResponseHandler):
    """A connection that ends at once when it is closed, by whomever."""

    def close(self) -> None:
        transport = self.transport
        if transport is not None and not transport.is_closing():
            leave(transport)
        super().close()


class _Watched(aiohttp.BaseConnector):
    """A pool of aiohttp's with an eye on idle connections. `connect` and `_release` are the ways out of it and in."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        vars(self)["_factory"] = partial(_Leaving, loop=self._loop)
        self.dropped = False  # with the client: it will be closed, and aiohttp has nothing to complain of

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout) -> Connection:
        while True:
            connection = await super().connect(req, traces, timeout)
            transport = connection.transport
            idle = None if transport is None else transport.get_protocol()
            if isinstance(idle, _Idle) and idle.encrypted:
                await self._settled(idle, connection)
            if not isinstance(idle, _Idle) or idle.wake():
                held = HELD.get()
                if held is not None:
                    held.append(connection)
                    raise Held
                CONNECTED.set(self._loop.time())
                return connection
            connection.close()

    async def _settled(self, idle: "_Idle", connection: Connection) -> None:
        try:
            await idle.settle()
        except BaseException:  # nobody else holds it yet
            connection.close()
            raise

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        transport = protocol.transport
        asked = HELD.get() is None  # a new one may hold the end of its handshake for a moment
        if asked and transport is not None and holds_bytes(transport):  # the answer came first: they may never be read
            cut(transport)
            should_close = True
        elif asked and transport is not None and isinstance(key.ssl, Resuming):
            key.ssl.keep(transport)
        super()._release(key, protocol, should_close=should_close)
        transport = protocol.transport
        if transport is not None and not self._closed:  # it has been kept
            transport.set_protocol(_Idle(protocol, transport))

    @property
    def closed(self) -> bool:
        """Also when nothing can be done with it any more; aiohttp would complain of what it cannot close."""
        return super().closed or self.dropped or self._loop.is_closed() or sys.is_finalizing()

    def __del__(self, _: object = None) -> None:
        """aiohttp would complain on the loop's log; whoever dropped the client is told by `Pool`."""

    def leave_to_parent(self) -> None:
        """In a forked child: nothing is closed, by whomever and whenever."""
        self._closed = True
        _inherited.append((self._conns, self._acquired))


class _TCP(_Watched, aiohttp.TCPConnector):
    """To any host."""


class _Socket(_Watched, aiohttp.UnixConnector):
    """To one Unix socket."""


class _Idle(asyncio.Protocol):
    """Stands in for aiohttp's protocol while a connection is kept. It costs nothing while one is used."""

    def __init__(self, handler: ResponseHandler, transport: asyncio.Transport) -> None:
        self._handler = handler
        self._transport = transport
        self._over = False

    @property
    def encrypted(self) -> bool:
        return self._transport.get_extra_info("sslcontext") is not None

    async def settle(self) -> None:
        """Bytes that wait on a TLS connection may be meant for TLS (a server sends session tickets when it likes to).
        Who reads them can tell: the loop gets its turn, and what it then hands to us is no ticket."""
        for _ in range(_TURNS):
            if self._over or not self._waits():
                break
            await asyncio.sleep(0)

    def wake(self) -> bool:
        """Give the connection back to aiohttp. False when it has ended, or what nobody asked for has arrived."""
        self._transport.set_protocol(self._handler)
        return not self._over and not self._waits()

    def _waits(self) -> bool:
        """Whether there is something, or an end, that the loop has not seen yet."""
        sock = self._transport.get_extra_info("socket")
        return sock is None or _readable(sock.fileno())

    def data_received(self, data: bytes) -> None:
        self._end()

    def eof_received(self) -> None:
        self._end()

    def _end(self) -> None:
        self._over = True
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over = True
        self._handler.connection_lost(exc)

    def pause_writing(self) -> None:
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        self._handler.resume_writing()


def _readable(descriptor: int) -> bool:
    """Whether there are bytes to read, or an end."""
    if descriptor < 0:
        return True
    if not hasattr(select, "poll"):  # Windows, where select() takes any descriptor
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


_connectors: "WeakSet[_Watched]" = WeakSet()
_inherited: list[object] = []  # kept, for a transport that is collected closes what it holds


def _leave_to_parent() -> None:
    for connector in list(_connectors):
        connector.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
