"""A server that follows a script: raw bytes over loopback, one script for all of its connections."""

import asyncio
import contextlib
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal, TypeAlias

from attrs import define, frozen

from tests import binary
from tests.faults.flood import AWS, WIRES, as_sent, framed

Road: TypeAlias = Literal["stream", "complete"]
_PIECE = 64 * 1024  # bytes that a flood writes at a time
_PAUSE = 0.015  # s between them: about 4 MB/s
_LARGE = 7 << 20  # bytes of a message, under the caps of `case`


@frozen
class Speech:
    """How one wire speaks: in lines of text, or in binary messages (of which `WIRES` has the lines too)."""

    media_type: str
    _head: str
    _nothing: str
    _letter: str
    _call: str
    _tail: str

    @classmethod
    def of(cls, dialect: str) -> "Speech":
        return cls(*WIRES[dialect][1:])

    @property
    def is_sse(self) -> bool:
        return self.media_type == "text/event-stream"

    @property
    def head(self) -> bytes:
        """What an answer begins with, before any content."""
        return self._sent(self._head)

    @property
    def tail(self) -> bytes:
        """What ends it."""
        return self._sent(self._tail)

    def nothing(self, fields: str = "") -> bytes:
        """An event without content; fields: members of its object that come first, each with its comma."""
        return self._sent(self._nothing.replace("{", "{" + fields, 1))

    def letter(self, fields: str = "") -> bytes:
        """An event with one letter."""
        return self._sent(self._letter.replace("{", "{" + fields, 1))

    def call(self, number: int, name: str = "f", id: str = "") -> bytes:
        said = self._call % (number, number)
        return self._sent(said.replace(f'"c{number}"', f'"{id or number}"').replace('"f"', f'"{name}"'))

    def open_letter(self) -> bytes:
        """The beginning of an event with text, up to the text. Where messages say their length, this one is large."""
        begun = self._letter.partition('"a"')[0] + '"'
        if self.media_type != AWS:
            return begun.encode()
        kind, _, payload = begun.partition(" ")
        opened = payload.encode()
        if kind == "chunk":  # up to a place where base64 may go on
            opened = b'{"bytes":"' + b64encode(opened[: len(opened) // 3 * 3])
        return binary.beginning(kind, opened, _LARGE)

    def event(self, payload: bytes) -> bytes:
        """An event with this payload, whatever it is."""
        if self.media_type == AWS:
            return framed(self._letter.partition(" ")[0], payload)
        return b"data: " + payload + b"\n\n" if self.is_sse else payload + b"\n"

    def failure(self, payload: bytes) -> bytes:
        """An error inside of a stream."""
        return binary.exception("internalServerException", payload) if self.media_type == AWS else self.event(payload)

    def _sent(self, written: str) -> bytes:
        return as_sent(self.media_type, written)


@define
class Talk:
    """One connection, behind the request. Writing fails once the client has closed it, which ends the script."""

    speech: Speech
    road: Road
    first_line: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()
        if self.writer.is_closing():
            raise ConnectionResetError

    async def head(self, status: int = 200, *lines: str, body: str = "until it closes") -> None:
        """The head of a reply: of the road's media type, without a length, unless the lines say otherwise."""
        media_type = self.speech.media_type if self.road == "stream" and status == 200 else "application/json"
        said = [f"HTTP/1.1 {status} X", *lines]
        if not any(line.lower().startswith("content-type") for line in lines):
            said.append(f"Content-Type: {media_type}")
        if body == "chunks":
            said.append("Transfer-Encoding: chunked")
        await self.send("\r\n".join((*said, "", "")).encode("latin-1"))

    async def flood(self, unit: bytes) -> None:
        """Send it for ever, as fast as a network might bring it."""
        piece = unit * max(1, _PIECE // len(unit))
        while True:
            for at in range(0, len(piece), _PIECE):
                await self.send(piece[at : at + _PIECE])
            await asyncio.sleep(_PAUSE)

    async def drip(self, unit: bytes, pause: float = 0.02) -> None:
        """Send it for ever, bit by bit."""
        while True:
            await self.send(unit)
            await asyncio.sleep(pause)

    async def silence(self) -> None:
        """Nothing more, and the connection stays open."""
        await self.reader.read()


Script: TypeAlias = Callable[[Talk], Awaitable[None]]


@asynccontextmanager
async def serving(script: Script, dialect: str, road: Road) -> AsyncGenerator[tuple[int, list[str]]]:
    """(the port, the first lines of the requests that came)."""
    requests: list[str] = []
    running: set[asyncio.Task[object]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = head.lower().partition("content-length:")[2].partition("\r\n")[0]
            await reader.readexactly(int(length or 0))
            requests.append(head.partition("\r\n")[0])
            await script(Talk(Speech.of(dialect), road, requests[-1], reader, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            running.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], requests
    finally:
        server.close()
        left = list(running)
        for task in left:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*left)
        await server.wait_closed()
