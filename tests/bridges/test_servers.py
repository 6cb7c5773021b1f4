"""Over real servers: what the page gets, and that the provider's connection is closed when the page is."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

import aiohttp
import pytest

import aikido_llm as llm
from aikido_llm import bridges
from aikido_llm.testing import Answer, Fault, Received, WireServer

from .servers import SERVERS, Make

SOON = 5.0  # s, on a machine that does other things too; measured: under 10 ms
Serve = Callable[[Make], AbstractAsyncContextManager[str]]
each = pytest.mark.parametrize("serve", SERVERS, ids=lambda serve: serve.__name__)


@each
async def test_a_page_reads_it(serve: Serve) -> None:
    async with WireServer() as server, llm.open("openai-chat", server.dsn("openai-chat")) as client:
        server.answer("Hello there")
        async with serve(lambda: bridges.vercel_ui(client.chat_stream("hi"))) as url, aiohttp.ClientSession() as page:
            async with page.get(url) as reply:
                text = await reply.text()
            assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert reply.headers["x-accel-buffering"] == "no"
    assert '"delta":"Hello"' in text
    assert text.endswith("data: [DONE]\n\n")


@each
@pytest.mark.parametrize("before", [0, 3], ids=["before the first event", "in the middle"])
async def test_a_page_that_is_closed_closes_the_stream(serve: Serve, before: int) -> None:
    """While the model says nothing, so that no write could tell the server."""
    async with WireServer() as server, llm.open("openai-chat", server.dsn("openai-chat")) as client:
        asked = asyncio.Event()

        def answer(_: Received) -> Answer:
            asked.set()
            return Answer("one two three", fault=Fault.stall(after_events=before))

        server.respond(answer)
        async with serve(lambda: bridges.sse(client.chat_stream("hi"), heartbeat=0.05)) as url:
            async with aiohttp.ClientSession() as page:
                reply = await page.get(url)
                await reply.content.readuntil(b"one" if before else b": keep-alive")
                await asked.wait()
                reply.close()
            assert await server.closed_within(SOON)


@each
async def test_a_page_that_stops_reading_and_is_closed(serve: Serve) -> None:
    """The server waits for the page to take what was written, and not for the bridge."""
    async with WireServer() as server, llm.open("openai-chat", server.dsn("openai-chat")) as client:
        server.answer(Answer(f"{'x' * 50_000} " * 200))
        async with serve(lambda: bridges.sse(client.chat_stream("hi"))) as url:
            page = socket.create_connection((urlsplit(url).hostname, urlsplit(url).port))
            page.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(page, b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
            assert await loop.sock_recv(page, 1000)
            for _ in range(100):  # until every buffer on the way is full
                await asyncio.sleep(0.002)
            page.close()
            assert await server.closed_within(SOON)
