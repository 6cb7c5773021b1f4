"""A small request, written on a connection of aiohttp's pool and read by its parser, without its session.

The session makes anew for each request what only the body changes: checks, headers, a writer and its task, a response
with cookies, history and traces. That is half of what a small request costs (docs/decisions/0010-small-requests.md).
Here it makes the head once; connections, their pool, TLS and the parser stay its own. Whoever stands in for
its session, a mock of a test or a tracer, is asked all the same: `stands_alone`.
"""

import asyncio
import ssl
from collections.abc import Coroutine, Mapping
from types import FunctionType
from typing import Any

import aiohttp
import aiohttp.client
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawResponseMessage
from aiohttp.http_writer import StreamWriter
from yarl import URL

from ..secret import Unpicklable
from .base import Headers, HTTPRequest

HEADER_BYTES = 64 * 1024  # of one header field: some gateways send long policy headers
_HEADS = 256  # that are remembered


def _own(method: Any) -> Any:
    """The method, if it is aiohttp's own: tests patch it, and so do tracers."""
    own = isinstance(method, FunctionType) and method.__code__.co_filename == aiohttp.client.__file__
    return method if own else None


_REQUEST = _own(aiohttp.ClientSession.__dict__["_request"])


def stands_alone(session: aiohttp.ClientSession) -> bool:
    """Whether nobody stands in for aiohttp's session, or looks on."""
    return aiohttp.ClientSession.__dict__["_request"] is _REQUEST and not session.trace_configs


class Heads:
    """The heads of one session: of each URL the last one, as a client sends the same headers nearly always."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._known: dict[str, _Head] = {}

    def send(
        self, request: HTTPRequest, body: bytes, url: URL, trust: ssl.SSLContext | bool, timeout: aiohttp.ClientTimeout
    ) -> "Coroutine[Any, Any, Answered]":
        """Send it, and return when the headers of its answer have arrived. Raises what aiohttp raises."""
        known = self._known.get(request.url)
        if known is None or known.of is not request.headers or known.method != request.method:
            return self._first(request, body, url, trust, timeout)
        return known.send(body, timeout)

    async def _first(
        self, request: HTTPRequest, body: bytes, url: URL, trust: ssl.SSLContext | bool, timeout: aiohttp.ClientTimeout
    ) -> "Answered":
        if len(self._known) >= _HEADS:
            self._known.clear()
        known = self._known[request.url] = await _head(request, url, trust, self._session)
        return await known.send(body, timeout)


class _Head(Unpicklable):
    """What all requests of one method, with the same headers, to one URL begin with. of: those headers."""

    __slots__ = ("_begin", "_request", "_session", "method", "of")

    def __init__(self, request: ClientRequest, session: aiohttp.ClientSession, begin: bytes, of: Headers) -> None:
        self._request = request
        self._session = session
        self._begin = begin
        self.method = request.method
        self.of = of

    async def send(self, body: bytes, timeout: aiohttp.ClientTimeout) -> "Answered":
        connector = self._session.connector
        if connector is None:
            raise RuntimeError("the session is closed")
        try:
            connection = await connector.connect(self._request, [], timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error
        try:
            protocol = connection.protocol
            assert protocol is not None
            protocol.set_response_params(read_until_eof=True, max_line_size=HEADER_BYTES, max_field_size=HEADER_BYTES)
            transport = protocol.transport
            if transport is None or transport.is_closing():
                raise aiohttp.ClientConnectionResetError("Cannot write to closing transport")
            transport.write(b"%b%d\r\n\r\n%b" % (self._begin, len(body), body))
            while True:
                message, content = await protocol.read()
                if not 100 <= message.code < 200 or message.code == 101:  # the others come before the answer
                    return Answered(message, content, connection)
        except HttpProcessingError as error:
            connection.close()
            info = self._request.request_info
            raise aiohttp.ClientResponseError(info, (), status=error.code, message=error.message) from error
        except BaseException:
            connection.close()
            raise


async def _head(request: HTTPRequest, url: URL, trust: ssl.SSLContext | bool, session: aiohttp.ClientSession) -> _Head:
    """As aiohttp writes it. Raises ValueError for what a header cannot hold, and what aiohttp raises for the URL."""
    if not url.raw_host or url.scheme not in ("http", "https"):
        raise aiohttp.InvalidURL(url)
    loop = asyncio.get_running_loop()
    asked = ClientRequest(request.method, url, headers=request.headers.reveal(), data=b"", loop=loop, ssl=trust)
    asked.headers.popall("Content-Length", None)
    if session.connector is not None and session.connector.force_close:
        asked.headers.setdefault("Connection", "close")
    connection, caught = BaseProtocol(loop), _Caught()
    connection.transport = caught
    writer = StreamWriter(connection, loop)
    await writer.write_headers(f"{request.method} {url.raw_path_qs} HTTP/1.1", asked.headers)
    writer.send_headers()
    return _Head(asked, session, caught.written.removesuffix(b"\r\n") + b"Content-Length: ", request.headers)


class _Caught(asyncio.Transport):
    """In place of a connection: what would be written on one."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data


class Answered:
    """A response as aiohttp's own is, as far as we use that: it gives its connection back at the body's end."""

    __slots__ = ("_connection", "content", "headers", "status")

    def __init__(self, message: RawResponseMessage, content: aiohttp.StreamReader, connection: Connection) -> None:
        self.status = message.code
        self.headers: Mapping[str, str] = message.headers
        self.content = content
        self._connection = connection
        content.on_eof(self._over)

    def _over(self) -> None:
        protocol = self._connection.protocol
        if protocol is not None and not protocol.upgraded:
            self._connection.release()

    def close(self) -> None:
        self._wake()
        self._connection.close()

    def release(self) -> None:
        self._wake()
        self._connection.release()

    def _wake(self) -> None:
        """Who reads gets an error, and who reads what is there already does not."""
        content = self.content
        if not content.is_eof() and content.exception() is None:
            content.set_exception(aiohttp.ClientConnectionError("Connection closed"))
