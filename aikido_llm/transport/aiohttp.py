"""HTTP by aiohttp, over TCP and Unix sockets: it keeps every promise of `base`.

What aiohttp does under faults was found by experiment; tests/transport holds a test for each fact that this file,
`pool`, which holds the connections, and `failures`, which names what broke, rely on. No other file imports aiohttp.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Mapping
from functools import lru_cache
from typing import cast

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_writer import StreamWriter
from attrs import field, frozen
from yarl import URL

from ..errors import ConfigError, LLMError
from ..secret import Secret, without_frames
from . import addresses
from .base import Body, Headers, HTTPRequest, HTTPResponse, Limits, Timeouts, pieces
from .cut import cut
from .direct import Answered, stands_alone
from .failures import failure_before_answer, failure_in_body, never_again
from .pool import CONNECTED, HELD, Held, Live, Pool
from .proxies import place, proxy_for, secrets_of
from .slots import Slots
from .tickets import resuming

_UPLOAD_FROM = 64 * 1024  # bytes; larger bodies go out in pieces, which do not stall the loop
_ROUTES = 256  # that are remembered
_UNIX = f"{addresses.UNIX}://"


class AiohttpTransport:
    """HTTP/1.1 over aiohttp. ssl_context None: the system's trust, always verified; proxy None: the proxy variables.

    One event loop at a time uses it; each gets connections of its own.
    """

    def __init__(
        self,
        timeouts: Timeouts,
        limits: Limits,
        *,
        ssl_context: ssl.SSLContext | None = None,
        proxy: Secret | None = None,
    ) -> None:
        self._timeouts = timeouts
        self._limits = limits
        self._ssl = ssl_context
        self._trust: ssl.SSLContext | None = None
        self._proxy = proxy
        self._routes: dict[str, _Route] = {}
        self._pools: dict[asyncio.AbstractEventLoop, Pool] = {}
        self._last: Pool | None = None
        self._closed = False

    async def send(self, request: HTTPRequest) -> HTTPResponse:
        pool = self._pool()
        left = self._timeouts.connect
        if not pool.slots.take_at_once():
            left = await pool.slots.take(left)
        body: bytes | _Upload | None = None
        try:
            route = self._route(request.url)
            body = None if request.body is None else _payload(request.body)
            response = await _asked(pool, request, route, body, left)
            return AiohttpResponse(response, pool.live, pool.slots, route.secrets)
        except BaseException as error:
            failure = self._failure(error, request, body)
        pool.slots.give()
        raise failure  # outside of the except block: aiohttp's own exception holds the headers and is not chained

    async def warm(self, url: str, connections: int) -> None:
        pool = self._pool()
        async with pool.warming:  # two at once would each wait for the slots that the other one holds
            failure = await self._warm(pool, url, connections)
        if failure is not None:
            raise failure

    async def _warm(self, pool: Pool, url: str, connections: int) -> LLMError | None:
        """All are held until the last one is there: the next would else be the one before."""
        held: list[Connection] = []
        failure: LLMError | None = None
        try:
            async with asyncio.TaskGroup() as opening:
                for _ in range(connections):
                    opening.create_task(self._hold(pool, url, held))
        except* LLMError as errors:
            failure = next(error for error in errors.exceptions if isinstance(error, LLMError))
        finally:
            unused = HELD.set(held)
            for connection in held:
                connection.release()
                pool.slots.give()
            HELD.reset(unused)
        return failure

    async def _hold(self, pool: Pool, url: str, held: list[Connection]) -> None:
        """One connection more, and its slot."""
        left = await pool.slots.take(self._timeouts.connect)
        HELD.set(held)
        request = HTTPRequest("GET", url, Headers({}))
        failure: BaseException | None = None
        try:
            await _asked(pool, request, self._route(url), None, left)
        except Held:
            return
        except BaseException as error:
            failure = self._failure(error, request, None)
        pool.slots.give()
        if failure is not None:
            raise failure

    def _failure(self, error: BaseException, request: HTTPRequest, body: "bytes | _Upload | None") -> BaseException:
        """What is raised in place of this: before the headers, with nothing that aiohttp holds."""
        if isinstance(body, _Upload):
            body.abort()
        if not isinstance(error, _BROKEN):  # a cancellation, above all: it goes on, without aiohttp's frames
            return without_frames(error)
        route = self._routes.get(request.url, _NO_ROUTE)
        told = failure_before_answer(error, route.through)
        return (never_again(told) if request.once and CONNECTED.get() else told).scrubbed(*route.secrets)

    async def aclose(self) -> None:
        self._closed = True
        pools, self._pools, self._last = self._pools, {}, None
        for pool in pools.values():
            await pool.aclose()

    def _pool(self) -> Pool:
        """That of the running loop."""
        if self._closed:
            raise ConfigError("this client is closed; open a new one")
        loop = asyncio.get_running_loop()
        if self._last is None or self._last.loop is not loop:
            if any(other.is_running() for other in self._pools if other is not loop):
                raise ConfigError("this client is in use by another event loop; open one client per loop")
            # what a loop held was closed with it
            self._pools = {other: pool for other, pool in self._pools.items() if not other.is_closed()}
            self._last = self._pools.get(loop) or self._pools.setdefault(loop, self._new_pool())
        return self._last

    def _new_pool(self) -> Pool:
        return Pool(self._limits.connections, self._limits.keepalive)

    def _route(self, url: str) -> "_Route":
        """Found once per URL: to go through the environment for a proxy costs more than to send a small request."""
        known = self._routes.get(url)
        if known is None:
            if len(self._routes) >= _ROUTES:
                self._routes.clear()
            known = self._routes[url] = _to_socket(url) if url.startswith(_UNIX) else self._over_tcp(url)
        return known

    def _over_tcp(self, url: str) -> "_Route":
        proxy = proxy_for(url) if self._proxy is None else self._proxy
        trust = self._trusted() if self._ssl is not None or url.startswith("https:") else True
        return _Route(URL(url, encoded=True), trust, proxy, through=place(proxy), secrets=secrets_of(proxy))

    def _trusted(self) -> ssl.SSLContext:
        """What certificates are checked against; the sessions that it knows are of this client alone."""
        if self._trust is None:
            self._trust = resuming(self._ssl or _system_trust())
        return self._trust


@frozen
class _Route:
    """How to get to a URL. trust: what its certificate is checked against, True where it has none. through: the
    proxy's host and port. secrets: what it is told, and may repeat. socket: the path of the Unix socket that is
    connected to, "" for TCP."""

    url: URL
    trust: ssl.SSLContext | bool = True
    proxy: Secret = field(factory=lambda: Secret(""))
    through: str = ""
    secrets: tuple[Secret, ...] = ()
    socket: str = ""


_NO_ROUTE = _Route(URL())
_BROKEN = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError, RuntimeError)
"""What aiohttp raises, and what it does not catch."""


def _asked(
    pool: Pool, request: HTTPRequest, route: _Route, body: "bytes | _Upload | None", connect: float | None
) -> Awaitable[aiohttp.ClientResponse | Answered]:
    """The request goes out when this is awaited; connect: seconds for its connection."""
    CONNECTED.set(0.0)
    session = pool.session(route.socket)
    timeout = _connect_within(connect)
    if isinstance(body, bytes) and not route.through and stands_alone(session):
        return pool.heads(route.socket).send(request, body, route.url, route.trust, timeout)
    return session.request(
        request.method,
        route.url,
        data=body,
        headers=request.headers.reveal(),
        allow_redirects=False,
        timeout=timeout,
        ssl=route.trust,
        proxy=route.proxy.reveal() or None,
    )


def _to_socket(url: str) -> _Route:
    """HTTP needs a host: it is named `localhost`, as curl and others do. No proxy stands before a socket."""
    if not hasattr(socket, "AF_UNIX"):
        raise ConfigError("the base URL is a Unix socket, and this system has none")
    address = addresses.read(url)
    query = f"?{address.query}" if address.query else ""
    return _Route(URL(f"http://localhost{address.path}{query}", encoded=True), socket=address.host)


class _Upload(aiohttp.Payload):
    """A large body, made and sent in pieces. Between two of them the event loop has its turn, even where the socket
    takes all at once. It notes the connection that it goes over."""

    _autoclose = True

    def __init__(self, body: bytes | Body) -> None:
        super().__init__(body, content_type="application/json")
        self._body = body
        self._size = len(body)
        self._transport: asyncio.WriteTransport | None = None

    async def write(self, writer: AbstractStreamWriter) -> None:
        if isinstance(writer, StreamWriter):
            self._transport = writer.transport
        try:
            for piece in pieces(self._body):
                await writer.write(piece)
                await asyncio.sleep(0)
        except BaseException:  # also when the answer is there before all is sent: aiohttp cancels the rest
            self.abort()
            raise

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return b"".join(pieces(self._body)).decode(encoding, errors)

    def abort(self) -> None:
        """End the connection that it goes over, now: aiohttp would wait until the server has read what it holds."""
        if self._transport is not None:
            cut(self._transport)


class AiohttpResponse:
    """A response whose headers have arrived. It holds a slot until it is closed or released."""

    def __init__(
        self, response: aiohttp.ClientResponse | Answered, live: set[Live], slots: Slots, secrets: tuple[Secret, ...]
    ) -> None:
        self._response = response
        self._read = response.content.readany
        self._begun = False
        self._live = live
        self._slots = slots
        self.sent = CONNECTED.get()
        self.secrets = secrets
        live.add(self)

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    @property
    def ended(self) -> bool:
        return self._response.content.at_eof() and self._response.content.exception() is None

    async def read(self) -> bytes:
        failure: BaseException
        try:
            data = await self._read()
            self._begun = True
            return data
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
            without_frames(error)  # aiohttp keeps it with the body, and its frames would keep us
            data = self._left(error)
            failure = failure_in_body(error, begun=self._begun)
        except BaseException as error:
            failure = without_frames(error)
            data = b""
        if data:
            self._begun = True
            return data
        raise failure

    def _left(self, error: Exception) -> bytes:
        """What came before the line broke and nobody had read yet: aiohttp hands out the exception in its place."""
        content = self._response.content
        if content.exception() is not error:
            return b""
        content.set_exception(cast("Exception", None))
        left = content.read_nowait()
        content.set_exception(error)
        return left

    def close(self) -> None:
        self._response.close()
        self._give()

    def release(self) -> None:
        self._response.release()
        self._give()

    def _give(self) -> None:
        if self in self._live:
            self._live.remove(self)
            self._slots.give()


def _payload(body: bytes | Body) -> bytes | _Upload:
    """A fresh one per attempt."""
    return body if isinstance(body, bytes) and len(body) < _UPLOAD_FROM else _Upload(body)


@lru_cache(maxsize=1)  # nearly always the same
def _connect_within(seconds: float | None) -> aiohttp.ClientTimeout:
    """The one clock that is aiohttp's; the others are ours."""
    return aiohttp.ClientTimeout(total=None, connect=seconds, sock_connect=seconds, sock_read=None)


@lru_cache(maxsize=1)
def _system_trust() -> ssl.SSLContext:
    """Shared: making one takes about 20 ms."""
    return ssl.create_default_context()
