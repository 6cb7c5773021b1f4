"""Lines of a large document as they come: a download that breaks off is taken up where it broke."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from attrs import evolve

from ..codecs import json
from ..dialects.base import WireRequest
from ..errors import LLMError, MalformedStream, StreamError, StreamTruncated, TimedOutError, TooLargeError
from ..framing.lines import too_large
from ..transport.base import HTTPResponse
from .clocks import Clocks
from .exchange import Accepted

Send: TypeAlias = Callable[[Clocks, WireRequest], Awaitable[Accepted]]
"""Sends a request, retrying its start, and returns the 200 or 206."""

_GROWTH = 256 * 1024  # bytes of an unfinished line that count as content
_ENOUGH = 5  # times in a row that a download may bring nothing new


class Download:
    """`next()` gives whole lines without their ends, blank ones left out, at least one; None behind the last. `got()`
    says that there was something in them: until then the clocks of the wait go on, and so does the count of failures.

    wire: the request for the document. most: bytes of a line. wait: seconds before the second
    request, doubling. Where the host knows ranges, the rest alone is asked for
    again; elsewhere all of it, and what is known is passed over. Leave it by `close()`.
    """

    def __init__(self, send: Send, clocks: Callable[[], Clocks], wire: WireRequest, most: int, wait: float) -> None:
        self._send = send
        self._new_clocks = clocks
        self._wire = wire
        self._most = most
        self._wait = wait
        self._known = 0  # bytes of lines that were handed out
        self._passed = 0  # of them, that come again
        self._clocks: Clocks | None = None
        self._response: HTTPResponse | None = None
        self._pieces: list[bytes] = []  # of the unfinished line
        self._size = 0  # bytes of these
        self._grown = 0  # of them, when they last counted as content
        self._waits = False  # the clocks of a wait are running
        self._failures = 0
        self._over = False

    async def next(self) -> list[bytes] | None:
        """Raises what breaks the download for good."""
        while not self._over:
            try:
                lines = await self._read()
            except (StreamError, TimedOutError) as error:
                self.close()
                self._failures += 1
                if error.permanent or isinstance(error, TooLargeError) or self._failures >= _ENOUGH:
                    raise
                await asyncio.sleep(self._wait * 2 ** (self._failures - 1))
                continue
            except BaseException:
                self.close()
                raise
            if lines:
                return lines
        return None

    def got(self) -> None:
        """The latest lines held something."""
        self._failures = 0
        self._came()

    def close(self) -> None:
        """Drop the connection at once; never waits."""
        if self._clocks is not None:
            self._clocks.stop()
        if self._response is not None:
            self._response.close()
        self._response = self._clocks = None

    async def _read(self) -> list[bytes]:
        """The lines that the next bytes complete; the last one, which may have no end, when they are over."""
        if self._response is None or self._clocks is None:
            clocks, response = await self._begin()
        else:
            clocks, response = self._clocks, self._response
        if not self._waits:
            clocks.begin_wait()
            self._waits = True
        data = await _piece(clocks, response)
        if data:
            if self._passed:  # there is no more of it than has come before
                self._came()
            again = data[self._passed :]
            self._passed = max(self._passed - len(data), 0)
            return self._completed(again)
        rest = b"".join(self._pieces)
        if not json.is_valid(rest.decode("utf-8", "replace")) and rest.strip():
            raise StreamTruncated("the answers of the batch broke off in the middle of a line")
        self._over = True
        clocks.stop()
        response.release()
        self._response = self._clocks = None
        return [rest] if rest.strip() else []

    async def _begin(self) -> tuple[Clocks, HTTPResponse]:
        """Ask for it, or for the rest of it."""
        clocks, wire = self._new_clocks(), self._wire
        if self._known:  # of what is compressed nobody could tell where it goes on
            ranged = {"Range": f"bytes={self._known}-", "Accept-Encoding": "identity"}
            wire = evolve(wire, headers={**wire.headers, **ranged}, accepts=(200, 206))
        response = (await self._send(clocks, wire)).response
        self._clocks, self._response = clocks, response
        clocks.watch(response.close)
        self._pieces, self._size, self._grown, self._passed = [], 0, 0, self._known
        self._waits = False
        if response.status == 206:
            if not response.headers.get("content-range", "").startswith(f"bytes {self._known}-"):
                raise MalformedStream("the server sent another part of the answers than was asked for", permanent=True)
            self._passed = 0
        return clocks, response

    def _came(self) -> None:
        """Content has come: the clocks stand still until more is asked for."""
        if self._clocks is not None:
            self._clocks.end_wait()
        self._waits = False

    def _completed(self, data: bytes) -> list[bytes]:
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0] = b"".join((*self._pieces, lines[0]))
            self._pieces, self._size, self._grown = [], 0, 0
            self._known += sum(map(len, lines)) + len(lines)
        if rest:
            self._pieces.append(rest)
            self._size += len(rest)
            if self._size > self._most:
                raise too_large("body_bytes", self._most)
            if self._size - self._grown >= _GROWTH and not rest.isspace():
                self._grown = self._size
                self._came()
        return [line for line in lines if line.strip()]


async def _piece(clocks: Clocks, response: HTTPResponse) -> bytes:
    """The next bytes, under the clocks."""
    broken: LLMError | None = None
    data = b""
    try:
        data = await response.read()
    except LLMError as error:
        broken = error
    failure = clocks.failure() or broken
    if failure is not None:
        raise failure
    return data
