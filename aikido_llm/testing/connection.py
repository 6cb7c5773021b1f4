"""One connection of the server: reading requests, writing under back-pressure, and every way of ending."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias, cast

from .http import HEAD_BYTES, BadRequest, Head, chunk_size, parse_head

_AHEAD = 256 * 1024  # bytes that may wait unread before the client is held back
_WRITE = 256 * 1024  # bytes per write, so that a slow reader holds us back within a large body
_TLS_END = 0.5  # s for a client to answer the end of a TLS connection
_POLL = 0.02  # s between two looks at a connection that is not read
_CLOSED_BY_PEER = (7, 8)  # TCP_CLOSE, TCP_CLOSE_WAIT of Linux's tcp_info


class Gone(Exception):
    """The client has closed the connection, or broken it."""


Serve: TypeAlias = "Callable[[Connection], Coroutine[Any, Any, None]]"


class Connection(asyncio.Protocol):
    """One connection, served by one task. Only that task may read and write."""

    def __init__(self, serve: "Serve", lost: "Callable[[Connection], None]", tls: ssl.SSLContext | None = None) -> None:
        self._serve = serve
        self._lost = lost
        self._tls = tls
        self._buffer = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._full = False  # what we wrote has not left yet
        self._reading = True
        self._transport: asyncio.Transport | None = None
        self._socket: asyncio.Transport | None = None  # under TLS, the transport below it
        self.task: asyncio.Task[None] | None = None
        self.gone = False
        self.sent = 0  # bytes
        self.idle = False  # nothing of a request has been read
        self.last = False  # no further request shall be read

    # ---------------------------------------------------------------- what the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self.gone:  # the server stopped in this very moment
            self._transport.abort()
            return
        # Each write is waited for: back-pressure, faults in order. Not 0, at which asyncio's TLS never resumes.
        self._transport.set_write_buffer_limits(high=1)
        if self.task is None:  # else the same connection again, now under TLS
            if self._tls is not None:
                self._hold()  # the handshake is not ours to read
            self.task = asyncio.get_running_loop().create_task(self._serve(self))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > _AHEAD:
            self._hold()
        self._wake()

    def eof_received(self) -> None:
        self.gone = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self._wake()
        self._lost(self)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()

    # ---------------------------------------------------------------- reading

    async def read_head(self) -> Head | None:
        """The next request's head; None when the client has closed. Raises BadRequest."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if self.gone:
                return None
            if len(self._buffer) > HEAD_BYTES:
                raise BadRequest(f"the head is longer than {HEAD_BYTES} bytes")
            if self._buffer.startswith(b"\x16"):
                raise BadRequest("a TLS handshake where plain HTTP is spoken")
            await self._more()
        head = parse_head(bytes(self._buffer[:end]))
        del self._buffer[: end + 4]
        return head

    async def read_body(self, head: Head) -> bytes:
        """Raises Gone, BadRequest."""
        if head.headers.get("expect", "").lower() == "100-continue":
            await self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if head.length is not None:
            return await self.read_exactly(head.length)
        pieces: list[bytes] = []
        while size := chunk_size(await self._line()):
            pieces.append(await self.read_exactly(size))
            await self._line()
        while await self._line():  # trailers
            pass
        return b"".join(pieces)

    async def read_exactly(self, size: int) -> bytes:
        """Raises Gone when the client leaves before."""
        pieces: list[bytes] = []
        missing = size
        while missing:
            if not self._buffer:
                if self.gone:
                    raise Gone
                await self._more()
            piece = bytes(self._buffer[:missing])
            del self._buffer[: len(piece)]
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    async def wait_readable(self) -> bool:
        """Wait for the first byte of the next request; False when the client has closed instead."""
        while not self._buffer and not self.gone:
            await self._more()
        return bool(self._buffer)

    # ---------------------------------------------------------------- writing

    async def send(self, data: bytes) -> None:
        """Write, and wait until it has left. Raises Gone."""
        view = memoryview(data)
        for start in range(0, len(data), _WRITE):
            if self.gone or self._transport is None:
                raise Gone
            self._transport.write(view[start : start + _WRITE])
            self.sent += len(view[start : start + _WRITE])
            while self._full and not self.gone:
                await self._wait()

    async def stall(self, seconds: float | None = None, *, reading: bool = True) -> None:
        """Do nothing for so long; None: until the client leaves. reading: take in what it sends meanwhile, else not
        even that. Raises Gone when it leaves."""
        loop = asyncio.get_running_loop()
        due = None if seconds is None else loop.time() + seconds
        if not reading:
            self._hold()
        while due is None or loop.time() < due:
            if self.gone or (not reading and self._is_abandoned()):
                raise Gone
            left = None if due is None else due - loop.time()
            if reading:
                self._resume()
                await self._wait(left)
            else:
                await self._wait(_POLL if left is None else min(left, _POLL))
        self._resume()

    async def drain_upload(self) -> None:
        """Half-close, then take in and forget what the client still sends, so that no RST overtakes our answer."""
        assert self._transport is not None
        if self._transport.can_write_eof():
            self._transport.write_eof()
        while not self.gone:
            self._buffer.clear()
            await self._more()

    # ---------------------------------------------------------------- ends

    def close(self) -> None:
        """FIN, behind what was written."""
        self.gone = True
        if self._transport is not None and not self._transport.is_closing():  # TLS forgets its socket on a second one
            self._transport.close()

    def close_when_idle(self) -> None:
        """FIN now, or behind the answer that is being given."""
        self.last = True
        if self.idle and not self._buffer:
            self.close()

    def reset(self) -> None:
        """RST."""
        self.gone = True
        if self._transport is None:
            return
        sock: socket.socket | None = self._transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        (self._socket or self._transport).abort()

    async def handshake(self) -> bool:
        """Become a TLS connection, if this server speaks TLS. False when the client broke off, or trusts us not."""
        if self._tls is None or self._transport is None:
            return True
        self._socket, transport = self._transport, None
        try:
            loop = asyncio.get_running_loop()
            transport = await loop.start_tls(
                self._transport, self, self._tls, server_side=True, ssl_shutdown_timeout=_TLS_END
            )
        except OSError:  # ssl.SSLError is one
            pass
        finally:
            if transport is None:
                self.connection_lost(None)  # the loop does not tell of an end in the handshake
        if transport is None:
            return False
        self._reading = True  # which the handshake has resumed
        self.connection_made(transport)
        return True

    # ---------------------------------------------------------------- waiting

    async def _more(self) -> None:
        self._resume()
        await self._wait()

    async def _wait(self, seconds: float | None = None) -> None:
        """Until the loop calls one of the methods above, or for so long."""
        loop = asyncio.get_running_loop()
        self._waiter = waiter = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, self._wake)
        try:
            await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _hold(self) -> None:
        if self._reading and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()

    def _resume(self) -> None:
        if not self._reading and not self.gone and self._transport is not None:
            self._reading = True
            self._transport.resume_reading()

    def _is_abandoned(self) -> bool:
        """Whether the client has closed a connection that we do not read (only Linux tells)."""
        sock = None if self._transport is None else self._transport.get_extra_info("socket")
        if sock is None or not hasattr(socket, "TCP_INFO"):
            return False
        with contextlib.suppress(OSError):
            return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in _CLOSED_BY_PEER
        return True

    async def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if self.gone:
                raise Gone
            if len(self._buffer) > HEAD_BYTES:
                raise BadRequest("a line of the chunked body does not end")
            await self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line
