"""The client without await: the same answers, from threads, under a running loop, and closed when left."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

import aikido_llm as llm
from aikido_llm import sync
from aikido_llm.testing import Answer, Fault, WireServer
from tests.wire import check_grammar

REQUEST = llm.Request(messages=[llm.user("a b c")])
LONG = Answer(text="word " * 1000, pace=0.005)


@contextmanager
def wire_server() -> Generator[tuple[WireServer, asyncio.AbstractEventLoop]]:
    """A server on an event loop of its own, in another thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = WireServer()
    asyncio.run_coroutine_threadsafe(server.listen(), loop).result()
    try:
        yield server, loop
    finally:
        asyncio.run_coroutine_threadsafe(server.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def closed(server: WireServer, loop: asyncio.AbstractEventLoop) -> bool:
    return asyncio.run_coroutine_threadsafe(server.closed_within(0.3), loop).result()


def test_everything_without_await() -> None:
    with sync.open("echo") as client:
        events = list(client.stream(REQUEST))
        check_grammar(events)
        assert client.complete(REQUEST).text == client.chat("a b c").text == "".join(client.chat_stream("a b c").text())
        assert [model.id for model in client.list_models()] == ["echo"]
        assert (client.provider, client.model) == ("echo", "echo")
        assert "echo" in repr(client)


def test_thread_ends_with_the_last_client() -> None:
    before = threading.active_count()
    first, second = sync.open("echo"), sync.open("echo")
    assert threading.active_count() == before + 1
    first.close()
    first.close()
    assert second.chat("x").text == "x"
    second.close()
    assert threading.active_count() == before


def test_many_threads_share_one_client() -> None:
    with sync.open("echo") as client, ThreadPoolExecutor(8) as pool:
        asked = [f"n {n}" for n in range(50)]
        assert [answer.text for answer in pool.map(client.chat, asked)] == asked


async def test_works_where_a_loop_already_runs() -> None:
    with sync.open("echo") as client:
        assert client.chat("here").text == "here"


def test_leaving_closes_the_connection() -> None:
    with wire_server() as (server, loop), sync.open("vllm", server.dsn("vllm")) as client:
        server.answer(LONG, LONG, LONG)
        with client.stream(REQUEST) as events:
            next(events)
        assert closed(server, loop)
        pieces = client.stream(REQUEST).text()
        next(pieces)
        pieces.close()
        assert closed(server, loop)
        assert list(pieces) == []
        dropped = client.stream(REQUEST)
        next(dropped)
        with pytest.warns(ResourceWarning):
            del dropped
            gc.collect()
        assert closed(server, loop)


def test_errors_come_through() -> None:
    with wire_server() as (server, _), sync.open("vllm", server.dsn("vllm"), retry=None) as client:
        server.answer(Answer(text="a b c", fault=Fault.reset(after_events=3)), Answer(status=401))
        with pytest.raises(llm.StreamTruncated) as caught:
            list(client.stream(REQUEST).text())
        assert caught.value.partial is not None
        with pytest.raises(llm.AuthError):
            client.complete(REQUEST)


def test_a_dropped_client_warns() -> None:
    client = sync.open("echo")
    with pytest.warns(ResourceWarning, match="dropped while it was open"):
        vars(client)["_portal"], portal = None, vars(client)["_portal"]
        del client
        gc.collect()
    assert portal is not None
    vars(sync)["_portals"].__exit__(None, None, None)


def test_a_program_that_forgets_to_close_still_ends() -> None:
    code = "import aikido_llm.sync as s; c = s.open('echo'); print(c.chat('bye').text)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (0, "bye\n")


def test_ctrl_c_ends_the_wait_and_the_request() -> None:
    with wire_server() as (server, loop), sync.open("vllm", server.dsn("vllm")) as client:
        server.answer(Answer(text="x", fault=Fault.stall("after_headers")))
        threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
        with pytest.raises(KeyboardInterrupt):
            list(client.stream(REQUEST))
        assert closed(server, loop)
