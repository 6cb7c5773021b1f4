"""How a connection ends whose other side does not play along.

aiohttp closes politely: asyncio keeps the connection until what it holds is sent, and the kernel after it. A server
that does not read, as one may that has refused a large body, would hold both for ever. Over TLS asyncio also waits for
the other side's farewell, for half a minute, and nobody could end that any more.
"""

import asyncio
import contextlib
import socket
import struct
import sys
from typing import Any

if sys.platform != "win32":
    import fcntl
    import termios

_NO_LINGERING = struct.pack("ii", 1, 0)


def cut(transport: asyncio.WriteTransport) -> None:
    """End it now, and forget what is not sent."""
    sock = _socket(transport)
    if sock is not None:
        with contextlib.suppress(OSError, ValueError):  # it is closed
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
    transport.abort()


def leave(transport: asyncio.WriteTransport) -> None:
    """End it behind our farewell; over TLS without waiting for the other side's (RFC 8446, 6.1: none needs to)."""
    with contextlib.suppress(RuntimeError):  # the loop is closed: the socket goes when its last holder does
        transport.close()
        if transport.get_extra_info("sslcontext") is not None:
            transport.abort()


def holds_bytes(transport: asyncio.WriteTransport) -> bool:
    """Whether asyncio or the kernel has bytes to send that the other side has not taken."""
    if transport.get_write_buffer_size():
        return True
    sock = _socket(transport)
    if sock is None or sys.platform == "win32":  # it does not tell
        return False
    try:
        waiting = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
    except (OSError, ValueError):  # it is closed, or its kind does not count
        return False
    return any(waiting)


def _socket(transport: asyncio.WriteTransport) -> Any:
    try:
        return transport.get_extra_info("socket")
    except AttributeError:  # asyncio's, of a TLS connection that was aborted and then closed
        return None
