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

import aikido_llm as llm
from aikido_llm.testing import WireServer

MIB = 1024 * 1024
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * (8 * MIB // 256)
STALL = 0.1  # s; some milliseconds on a quiet machine (docs/decisions/0008-large-bodies.md), but machines are noisy


def reply(body: bytes, *, stream: bool = False, status: int = 200) -> list[bytes]:
    """The bytes of HTTP, in pieces as a socket would take them."""
    kind = "text/event-stream" if stream else "application/json"
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return [head, *(body[at : at + 64 * 1024] for at in range(0, len(body), 64 * 1024))]


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
    pieces = reply(body_of(shape, stream), stream=stream)
    async with WireServer() as server, llm.open(shape, server.dsn(shape)) as client:
        for _ in range(3):
            server.answer_raw(*pieces)
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
    seen = b'{"choices":[{"message":{"content":"seen"},"finish_reason":"stop"}]}'
    request = llm.Request(messages=(llm.user("look", images=[llm.ImagePart(data=PICTURE)]),), model="m")
    async with (
        WireServer() as server,
        llm.open("openai", server.dsn("openai"), retry=llm.RetryPolicy(base_delay=0.01)) as client,
        ticking() as ticker,
    ):
        server.answer_raw(*reply(b"{}", status=503))
        server.answer_raw(*reply(seen))
        response = await client.complete(request)
    assert response.text == "seen"
    assert response.attempts == 2
    first, second = (request.raw for request in server.received)
    assert first == second
    (_, image) = json.loads(second)["messages"][0]["content"]
    assert image["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(PICTURE).decode()
    print(f"sending: held {ticker.longest * 1000:.1f} ms")
    assert ticker.longest < STALL
