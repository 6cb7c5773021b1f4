"""A cheap HTTP server with answers rendered beforehand: `python -m benchmarks.server` prints its port (`--tls`: https).

Paths are /DIALECT/ANSWER/SHAPE/..., see `answers`. SHAPE: bytes per write, 0 for one event per write, `pacedMS` for one
event each MS milliseconds on all open streams, for a count in ANSWER, each holding the time at which it was sent;
`lateMS` for an answer that begins after so many milliseconds and comes at once.
"""

import asyncio
import json
import sys
import time
from functools import cache
from typing import Any

from aikido_llm.testing import certificate

from . import answers

_END = b"0\r\n\r\n"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@cache
def _stream(dialect: str, answer: str, shape: int) -> tuple[bytes, ...]:
    """The writes of one streamed answer, headers first."""
    events = answers.events(dialect, answer)
    pieces = _cut(b"".join(events), shape) if shape else events
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {answers.stream_type(dialect)}\r\nTransfer-Encoding: chunked\r\n\r\n"
    return (head.encode(), *map(_chunk, pieces), _END)


@cache
def _whole(dialect: str, answer: str) -> tuple[bytes, ...]:
    body = answers.body(dialect, answer)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return (head + body,) if len(body) < answers.MIB else (head, *_cut(body, 64 * 1024))


def _wants_stream(path: str, body: bytes) -> bool:
    if "streamGenerateContent" in path or "converse-stream" in path:
        return True
    if len(body) > answers.MIB:
        return b'"stream":true' in body[:200] + body[-200:] or b'"stream": true' in body[:200] + body[-200:]
    asked: Any = json.loads(body) if body else {}
    return bool(asked.get("stream", "/api/chat" in path))


def _vectors(dimensions: int, body: bytes) -> bytes:
    asked: Any = json.loads(body)
    made = answers.vectors(dimensions, asked["input"], asked.get("encoding_format", "float"))
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(made)}\r\n\r\n"
    return head.encode() + made


class _Pacer:
    """Writes to all its streams in turn, an equal share of them each millisecond."""

    def __init__(self, period: float) -> None:
        self._period = period
        self._streams: list[tuple[asyncio.StreamWriter, list[int], asyncio.Event]] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, writer: asyncio.StreamWriter, head: bytes, event: bytes, tail: bytes, count: int) -> None:
        self._head, self._event = head, event
        left, over = [count], asyncio.Event()
        self._streams.append((writer, left, over))
        self._task = self._task or asyncio.create_task(self._run())
        await over.wait()
        self._streams.remove((writer, left, over))
        if not writer.is_closing():
            writer.write(_chunk(tail) + _END)

    async def _run(self) -> None:
        stamp = answers.STAMP.encode()
        before, after = self._event.split(stamp)
        size = b"%x\r\n" % len(self._event)
        step = 0.001
        slots = max(1, round(self._period / step))
        slot, due = 0, time.monotonic()
        while True:
            for writer, left, over in self._streams[slot::slots]:
                if not left[0] or writer.is_closing():
                    over.set()
                else:
                    left[0] -= 1
                    writer.write(b"%s%s%020d%s\r\n" % (size, before, time.monotonic_ns(), after))
            slot = (slot + 1) % slots
            due += step
            await asyncio.sleep(max(0.0, due - time.monotonic()))


class Server:
    def __init__(self) -> None:
        self._pacers: dict[str, _Pacer] = {}

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await self._answer(head, await _body(reader, head), writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        path = head.split(b" ", 2)[1].decode()
        if path.count("/") < 4:  # a client that asks what else the server has
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}")
            return
        _, dialect, answer, shape, rest = path.split("/", 4)
        if rest.endswith("/embeddings"):
            writer.write(_vectors(int(answer.removeprefix("vectors")), body))
            return
        if shape.startswith("paced"):
            await self._paced(dialect, int(answer.removeprefix("paced")), shape, writer)
            return
        if shape.startswith("late"):
            await asyncio.sleep(int(shape.removeprefix("late")) / 1000)
            shape = "65536"
        parts = _stream(dialect, answer, int(shape)) if _wants_stream("/" + rest, body) else _whole(dialect, answer)
        for part in parts:
            writer.write(part)
            await writer.drain()

    async def _paced(self, dialect: str, count: int, shape: str, writer: asyncio.StreamWriter) -> None:
        head, *events = _stream(dialect, "paced", 0)
        stamp = answers.STAMP.encode()
        sent = answers.events(dialect, "paced")
        at = next(number for number, event in enumerate(sent) if stamp in event and b"\n\n" in event[-4:])
        writer.write(head + b"".join(events[:at]))
        period = int(shape.removeprefix("paced")) / 1000
        pacer = self._pacers.setdefault(f"{dialect}{shape}", _Pacer(period))
        await pacer.add(writer, b"", sent[at], b"".join(sent[at + 1 :]), count)


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        pieces: list[bytes] = []
        while size := int(await reader.readline(), 16):
            pieces.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(pieces)
    return await reader.readexactly(int(fields.get(b"content-length", b"0")))


async def main() -> None:
    tls = certificate.serving() if "--tls" in sys.argv else None
    server = await asyncio.start_server(Server().connected, "127.0.0.1", 0, limit=1 << 20, backlog=4096, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
