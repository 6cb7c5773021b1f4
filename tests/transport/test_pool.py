"""Which connections are used again, and when they end: with the client, with the loop, when they are dropped."""

import asyncio
import contextlib
import gc
import json
import ssl
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
import uvloop
from anyio.from_thread import start_blocking_portal

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, WireServer, certificate
from tests.testing.threaded import closed, wire_server

REQUEST = llm.Request(messages=[llm.user("hi")])
LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop, uvloop.new_event_loop]


def reply(text: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    body = json.dumps({"id": "a", "model": "m", "choices": [choice]}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


class Raw:
    """A server that answers each request with its number, and lets a test write on its connections at any time.

    It lives in a thread and an asyncio loop of its own: what a test writes is with the client when `write` returns,
    and no turn of the client's loop has gone by. A transport of uvloop's writes only when its loop's turn is over.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, socket: Path | None = None) -> None:
        self._tls = tls
        self._socket = socket
        self._thread = start_blocking_portal()
        self.asked = 0
        self._broken: bytes | None = None
        self.writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> "Raw":
        self._portal = self._thread.__enter__()
        self.url = self._portal.call(self._listen)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._portal.call(self._close)
        self._thread.__exit__(None, None, None)

    def write(self, data: bytes) -> None:
        """On the connection that came first."""
        self._portal.call(self.writers[0].write, data)

    def break_off(self, *, behind: bytes) -> None:
        """The next request is read and answered with this much; then its connection is closed."""
        self._broken = behind

    async def _listen(self) -> str:
        if self._socket is not None:
            self._server = await asyncio.start_unix_server(self._serve, self._socket)
            return f"http+unix://{quote(str(self._socket), safe='')}/v1"
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        port = self._server.sockets[0].getsockname()[1]
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{port}/v1"

    async def _close(self) -> None:
        self._server.close()
        for writer in self.writers:
            writer.close()
        for writer in self.writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):  # the client has gone
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
                await reader.readexactly(int(length.partition(b":")[2]))
                self.asked += 1
                broken, self._broken = self._broken, None
                writer.write(reply(f"answer {self.asked}") if broken is None else broken)
                if broken is not None:
                    writer.close()


LATE = {
    "a whole answer": reply("another caller's"),
    "the beginning of one": reply("another caller's")[:20],
    "a farewell": b"HTTP/1.1 408 Request Time-out\r\nConnection: close\r\n\r\n",
    "a byte": b"\n",
}


async def late(what: str, *, seen: bool, over: str, socket: Path) -> None:
    """seen: the client's loop has had its turn before the next request, so that aiohttp has what came."""
    trust = WireServer(tls=True).ssl_context() if over == "tls" else None
    async with (
        Raw(certificate.serving() if trust else None, socket if over == "unix" else None) as raw,
        llm.open("openai", base_url=raw.url, api_key="k", model="m", retry=None, ssl=trust) as client,
    ):
        assert (await client.chat("hi")).text == "answer 1"
        raw.write(LATE[what])
        if seen:
            await asyncio.sleep(0.02)
        assert (await client.chat("hi")).text == "answer 2"
        assert (await client.chat("hi")).text == "answer 3"
        assert (raw.asked, len(raw.writers)) == (3, 2), "what came late has cost its connection, and nothing else"


@pytest.mark.parametrize("over", ["tcp", "tls", "unix"])
@pytest.mark.parametrize("seen", [True, False], ids=["read", "unread"])
@pytest.mark.parametrize("what", LATE)
@pytest.mark.parametrize("loop", LOOPS)
def test_what_comes_on_an_idle_connection_is_nobody_s_answer(
    what: str, seen: bool, over: str, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    with asyncio.Runner(loop_factory=loop) as runner, tempfile.TemporaryDirectory(prefix="s") as folder:
        runner.run(late(what, seen=seen, over=over, socket=Path(folder) / "llm.sock"))


async def test_ten_requests_use_one_connection() -> None:
    async with WireServer() as server, llm.open("openai", server.dsn("openai")) as client:
        for _ in range(5):
            await client.chat("hi")
            await llm.collect(client.stream(REQUEST))
        assert server.connections == 1


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("behind", [b"", b"H", b"HTTP/1.1 200 OK\r\nContent-Ty", b"\r\n"])
@pytest.mark.parametrize("over", ["tcp", "tls"])
async def test_a_request_that_was_read_is_not_sent_again_unasked(over: str, behind: bytes, stream: bool) -> None:
    trust = WireServer(tls=True).ssl_context() if over == "tls" else None
    async with (
        Raw(certificate.serving() if trust else None) as raw,
        llm.open("openai", base_url=raw.url, api_key="k", model="m", retry=None, ssl=trust) as client,
    ):
        assert (await client.chat("hi")).text == "answer 1"
        raw.break_off(behind=behind)
        with pytest.raises(llm.ConnectError):
            await (anext(client.stream(REQUEST)) if stream else client.complete(REQUEST))
        assert (raw.asked, len(raw.writers)) == (2, 1), "the connection was a kept one, and asked once more"
        assert (await client.chat("hi")).text == "answer 3"


async def test_an_end_that_comes_while_idle_is_noticed() -> None:
    async with WireServer() as server, llm.open("openai", server.dsn("openai"), retry=None) as client:
        server.answer(Answer("one", fault=Fault.stale()))
        await client.chat("hi")
        await asyncio.sleep(0.02)
        assert await server.closed_within(0.1), "the client has closed its side too"


# ---------------------------------------------------------------- when they end


async def ask(client: llm.HTTPClient) -> str:
    return (await client.chat("hi")).text


@pytest.mark.parametrize("loop", LOOPS)
def test_a_client_serves_one_loop_after_another_and_leaves_nothing_open(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    with wire_server() as (server, elsewhere):
        client = llm.open("openai", server.dsn("openai"))
        for count in (1, 2, 3):
            with asyncio.Runner(loop_factory=loop) as runner:
                runner.run(ask(client))
                runner.run(ask(client))
            assert closed(server, elsewhere)
            assert server.connections == count
        del client
        gc.collect()  # a warning is an error here


def test_a_stream_that_its_loop_left_behind_is_closed_and_belongs_to_it() -> None:
    with wire_server() as (server, elsewhere):
        server.answer(Answer("one two three", pace=0.2), "whole")
        client = llm.open("openai", server.dsn("openai"))
        stream = client.stream(REQUEST)
        with asyncio.Runner() as first:
            first.run(anext_of(stream))
        assert closed(server, elsewhere)

        with pytest.raises(llm.ConfigError, match="another event loop"):
            asyncio.run(anext_of(stream))
        assert asyncio.run(ask(client)) == "whole"
        with pytest.warns(ResourceWarning, match="EventStream was dropped"):
            del stream
            gc.collect()
        asyncio.run(client.aclose())


async def anext_of(stream: llm.EventStream) -> llm.Event:
    return await anext(stream)


async def test_a_client_that_was_dropped_says_so_once_and_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    async with WireServer() as server:
        client = llm.open("openai", server.dsn("openai"))
        await client.chat("hi")
        with pytest.warns(ResourceWarning, match="a client was dropped") as warned:
            del client
            gc.collect()
        assert len(warned) == 1
        assert await server.closed_within(0.2)
    assert not [record for record in caplog.records if record.name == "asyncio"], "aiohttp has nothing to complain of"


async def test_a_client_that_was_dropped_in_a_circle_is_told_of_once_too(caplog: pytest.LogCaptureFixture) -> None:
    """The collector ends all of a circle in an order of its own: aiohttp's session too."""
    async with WireServer() as server:
        client = llm.open("openai", server.dsn("openai"))
        await client.chat("hi")
        circle: list[object] = [client]
        circle.append(circle)
        with pytest.warns(ResourceWarning) as warned:
            del client, circle
            gc.collect()
        assert [str(one.message).partition(" was ")[0] for one in warned] == ["a client"]
        assert await server.closed_within(0.2)
    assert not [record for record in caplog.records if record.name == "asyncio"]


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_a_stream_whose_loop_was_just_closed_is_dropped_without_a_word_of_aiohttp(tls: bool) -> None:
    with wire_server(tls=tls) as (server, _):
        server.answer(Answer("one two three", pace=0.2))
        client = llm.open("openai", server.dsn("openai"), ssl=certificate.trusting() if tls else None)
        stream = client.stream(REQUEST)
        loop = asyncio.new_event_loop()
        loop.run_until_complete(anext_of(stream))
        loop.close()  # as people do who know no asyncio.run: nothing is told that it ends
        with pytest.warns(ResourceWarning) as warned:
            del stream, client
            gc.collect()  # what a finaliser raises is an error here
        assert "EventStream was dropped" in str(warned[0].message)


async def test_a_client_that_was_dropped_is_gone_at_once() -> None:
    async with WireServer() as server, llm.open("openai", server.dsn("openai")) as client:
        makers: list[Callable[[], llm.HTTPClient]] = [lambda: client.single_attempt, lambda: llm.open("echo")]
        for make in makers:
            view = make()
            await view.chat("hi")
            seen = weakref.ref(view)
            gc.disable()  # no cycle has to be found for that
            try:
                del view
                assert seen() is None
            finally:
                gc.enable()


def test_a_client_can_be_closed_from_another_loop() -> None:
    with wire_server() as (server, elsewhere):
        client = llm.open("openai", server.dsn("openai"))
        with asyncio.Runner() as first:
            first.run(ask(client))
            asyncio.run_coroutine_threadsafe(client.aclose(), elsewhere).result()
            first.run(asyncio.sleep(0.01))
            assert closed(server, elsewhere)


FORK = """
import asyncio, gc, os, sys
import aikido_llm as llm

async def main():
    client = llm.open("openai", sys.argv[1])
    stream = client.stream(llm.Request(messages=[llm.user("hi")]))
    await anext(stream)
    child = os.fork()
    if child == 0:
        stream._core.close()
        del stream, client
        gc.collect()
        os._exit(0)
    os.waitpid(child, 0)
    async with asyncio.timeout(5):
        print(len([event async for event in stream]), (await client.chat("hi")).text)
    await client.aclose()

asyncio.run(main())
"""


def test_what_a_forked_child_drops_goes_on_in_its_parent() -> None:
    with wire_server() as (server, _):
        server.answer(Answer("one two three", pace=0.1), "four")
        command = [sys.executable, "-W", "ignore", "-c", FORK, server.dsn("openai")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert (done.stdout.split()[1:], done.stderr) == (["four"], "")
