"""Large pictures over a socket: what arrives, how long the event loop is held, how much memory it takes."""

import asyncio
import base64
import json
import time
import tracemalloc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from attrs import define, field

import aikido_llm as llm

MIB = 1024 * 1024
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * (8 * MIB // 256)
STALL = 0.1  # s; some milliseconds on a quiet machine (docs/decisions/0008-large-bodies.md), but machines are noisy


def _strings() -> list[bytes]:
    return []


@define
class Server:
    """Answers each POST with the next status and the same body, and keeps what was sent."""

    body: bytes
    stream: bool
    statuses: list[int] = field(factory=lambda: [200])
    received: list[bytes] = field(factory=_strings)
    port: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        sent = bytearray()
        while len(sent) < size:
            sent += await reader.read(256 * 1024)
        self.received.append(bytes(sent))
        status = self.statuses.pop(0)
        kind = "text/event-stream" if self.stream else "application/json"
        body = memoryview(self.body if status == 200 else b"{}")
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        for at in range(0, len(body), 64 * 1024):
            writer.write(body[at : at + 64 * 1024])
            await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(server: Server) -> AsyncGenerator[str]:
    async with await asyncio.start_server(server.handle, "127.0.0.1", limit=MIB) as listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"


class Ticker:
    """longest: the longest time, in seconds, for which nothing else could run."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.perf_counter() - before - 0.001)


@asynccontextmanager
async def ticking() -> AsyncGenerator[Ticker]:
    ticker = Ticker()
    task = asyncio.create_task(ticker.run())
    await asyncio.sleep(0.005)
    yield ticker
    task.cancel()


def body_of(shape: str, stream: bool) -> bytes:
    text = base64.b64encode(PICTURE).decode()
    doc: dict[str, Any]
    if shape == "openai":
        message = {"images": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{text}"}}]}
        doc = {"choices": [{"index": 0, "delta" if stream else "message": message, "finish_reason": "stop"}]}
    else:
        parts = [{"inlineData": {"mimeType": "image/png", "data": text}}]
        doc = {"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]}
    whole = json.dumps(doc).encode()
    if not stream:
        return whole
    return b"data: " + whole + b"\n\n" + (b"data: [DONE]\n\n" if shape == "openai" else b"")


async def ask(client: llm.HTTPClient, stream: bool) -> llm.Response:
    request = llm.Request(messages=(llm.user("draw"),), model="m")
    if not stream:
        return await client.complete(request)
    return await llm.collect(client.stream(request))


@pytest.mark.parametrize("shape", ["openai", "gemini"])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_large_picture_arrives_without_holding_the_loop(shape: str, stream: bool) -> None:
    server = Server(body_of(shape, stream), stream, [200, 200, 200])
    async with serving(server) as url, llm.open(shape, base_url=url, api_key="k") as client:
        await ask(client, stream)  # imports
        async with ticking() as ticker:
            response = await ask(client, stream)
        assert response.images[0].data == PICTURE
        del response
        tracemalloc.start()
        try:
            response = await ask(client, stream)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert response.images[0].data == PICTURE
    print(f"{shape} stream={stream}: held {ticker.longest * 1000:.1f} ms, peak {peak / len(PICTURE):.2f} x decoded")
    assert ticker.longest < STALL
    assert peak <= 1.3 * len(PICTURE)


async def test_a_large_picture_is_sent_without_holding_the_loop_and_again_for_each_attempt() -> None:
    server = Server(b'{"choices":[{"message":{"content":"seen"},"finish_reason":"stop"}]}', False, [503, 200])
    request = llm.Request(messages=(llm.user("look", images=[llm.ImagePart(data=PICTURE)]),), model="m")
    async with (
        serving(server) as url,
        llm.open("openai", base_url=url, api_key="k", retry=llm.RetryPolicy(base_delay=0.01)) as client,
        ticking() as ticker,
    ):
        response = await client.complete(request)
    assert response.text == "seen"
    assert response.attempts == 2
    first, second = server.received
    assert first == second
    (_, image) = json.loads(second)["messages"][0]["content"]
    assert image["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(PICTURE).decode()
    print(f"sending: held {ticker.longest * 1000:.1f} ms")
    assert ticker.longest < STALL
