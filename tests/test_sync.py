"""The client without await: the same answers, from threads, under a running loop, and closed when left."""

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

import aikido_llm as llm
from aikido_llm import middleware, sync
from aikido_llm.testing import Answer, Fault, StubClient
from tests.testing.threaded import closed, wait_until, wire_server
from tests.wire import check_grammar

REQUEST = llm.Request(messages=[llm.user("a b c")])
LONG = Answer(text="word " * 1000, pace=0.005)


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


def test_a_dropped_client_warns_and_is_closed() -> None:
    before = threading.active_count()
    with wire_server() as (server, loop):
        client = sync.open("vllm", server.dsn("vllm"))
        client.complete(REQUEST)
        with pytest.warns(ResourceWarning, match="dropped while it was open") as warned:
            del client
            gc.collect()
        assert len(warned) == 1, "nothing of the HTTP library's own"
        assert closed(server, loop)
    wait_until(lambda: threading.active_count() == before)


def test_a_closed_client_says_so() -> None:
    with sync.open("echo"):  # the loop goes on
        gone = sync.open("echo")
        gone.close()
        asked: list[Callable[[], object]] = [
            lambda: gone.chat("x"),
            lambda: gone.complete(REQUEST),
            lambda: list(gone.stream(REQUEST)),
            lambda: list(gone.chat_stream("x").text()),
            gone.list_models,
        ]
        for ask in asked:
            with pytest.raises(llm.ConfigError, match="this client is closed; open a new one"):
                ask()
    for ask in asked:
        with pytest.raises(llm.ConfigError, match="this client is closed; open a new one"):
            ask()


@pytest.mark.parametrize("text", [False, True])
def test_a_second_reader_is_refused_and_the_first_goes_on(text: bool) -> None:
    with wire_server() as (server, _), sync.open("vllm", server.dsn("vllm")) as client:
        server.answer(Answer(text="one two three", pace=0.1))
        stream, got = client.stream(REQUEST), list[llm.Event]()
        first = threading.Thread(target=lambda: got.extend(stream))
        first.start()
        wait_until(lambda: bool(got))
        with pytest.raises(RuntimeError, match="one reader"):
            next(stream.text() if text else stream)
        first.join()
        check_grammar(got)
        assert isinstance(got[-1], llm.EndEvent) and got[-1].response.text == "one two three"


def test_closing_from_another_thread_gives_the_reader_its_end() -> None:
    with wire_server() as (server, loop), sync.open("vllm", server.dsn("vllm")) as client:
        server.answer(Answer(text="one two", fault=Fault.stall(after_events=2)))
        stream, got = client.stream(REQUEST), list[llm.Event]()
        reader = threading.Thread(target=lambda: got.extend(stream))
        reader.start()
        wait_until(lambda: bool(got))
        stream.close()
        reader.join(2)
        assert closed(server, loop)
        assert [type(event) for event in got[-2:]] == [llm.ErrorEvent, llm.EndEvent]


NOWHERE = "http://127.0.0.1:1"


def test_what_would_wait_for_itself_is_refused() -> None:
    with sync.open("echo") as inner:
        outer = sync.open("vllm", base_url=NOWHERE, api_key=lambda: inner.chat("key").text, model="m")
        with outer, pytest.raises(llm.ConfigError, match="use an async client"):
            outer.chat("x")
        assert inner.chat("still here").text == "still here"


class _Stop(BaseException):
    """As test runners and gevent have them."""


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, _Stop])
def test_an_exit_in_a_function_of_the_callers_ends_the_caller_alone(kind: type[BaseException]) -> None:
    def leave() -> str:
        raise kind(3)

    with sync.open("echo") as other:
        client = sync.open("vllm", base_url=NOWHERE, api_key=leave, model="m")
        with client, pytest.raises(kind):
            client.chat("x")
        assert other.chat("still here").text == "still here"


ENDS = {
    "forgets to close": "print(client.chat('bye').text)",
    "closes when it is collected, at exit": """
class Holder:
    def __del__(self): client.close()
holder = Holder()
print(client.chat('bye').text)
""",
    "leaves a generator half way": """
def words():
    with client.chat_stream('bye bye').text() as pieces:
        yield from pieces
begun = words()
print(next(begun))
""",
    "asks when it is too late": """
class Late:
    def __del__(self):
        try: client.chat('late')
        except ConfigError: print('bye', flush=True)
late = Late()
""",
    "asks behind its end": "import atexit; atexit.register(lambda: print(client.chat('bye').text))",
}


@pytest.mark.parametrize("program", ENDS.values(), ids=ENDS)
def test_a_program_ends_by_itself_without_a_word(program: str) -> None:
    begin = "from aikido_llm import ConfigError, sync; client = sync.open('echo')\n"
    command = [sys.executable, "-c", begin + program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "bye\n", "")


def test_ctrl_c_ends_the_wait_and_the_request() -> None:
    with wire_server() as (server, loop), sync.open("vllm", server.dsn("vllm")) as client:
        server.answer(Answer(text="x", fault=Fault.stall("after_headers")))
        threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
        with pytest.raises(KeyboardInterrupt):
            list(client.stream(REQUEST))
        assert closed(server, loop)


def test_any_client_without_await() -> None:
    class Own:
        def __init__(self) -> None:
            self.closed = 0
            self.stub = StubClient("a b c", "a b c")

        async def stream(self, request: llm.Request) -> AsyncIterator[llm.Event]:
            async for event in self.stub.stream(request):
                yield event

        async def complete(self, request: llm.Request) -> llm.Response:
            return await self.stub.complete(request)

        async def aclose(self) -> None:
            self.closed += 1

    own = Own()
    with sync.wrap(own) as client:
        check_grammar(list(client.stream(REQUEST)))
        assert client.chat("a b c").text == "a b c"
        assert client.provider == ""
    assert own.closed == 1
    seen: list[middleware.Outcome] = []
    with sync.wrap(middleware.hooked(llm.open("echo"), after=seen.append)) as client:
        assert "".join(client.chat_stream("a b c").text()) == "a b c"
        assert [model.id for model in client.list_models()] == ["echo"]
        assert "hooked" in repr(client)
    assert len(seen) == 1
