"""Every cap, over a real socket: the error names it, what arrived is kept, and the connection is closed at once."""

import json
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, WireServer
from aikido_llm.testing.wires import NAMES
from tests.faults import flood
from tests.speakers import open_at
from tests.wire import check_grammar, error_of, response_of

PROVIDERS = {
    "openai_chat": "vllm",
    "openai_responses": "openai-responses",
    "anthropic_messages": "anthropic",
    "gemini_generate": "gemini",
    "cohere_chat": "cohere",
    "ollama_chat": "ollama",
    "bedrock_converse": "bedrock-converse",
    "bedrock_invoke": "bedrock:invoke",
}
REQUEST = llm.Request([llm.user("hi")], max_tokens=50)
MIB = 2**20
CAP = 2 * MIB
LIMITS = llm.Limits(event_bytes=CAP, body_bytes=CAP, error_body_bytes=10_000)
WITHIN = 0.5  # s in which the server must see the connection closed; far less than sending on for ever takes


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer(check=False) as server:
        yield server


def open_client(server: WireServer, name: str, limits: llm.Limits = LIMITS) -> llm.HTTPClient:
    return open_at(server, PROVIDERS[name], retry=None, limits=limits)


@contextmanager
def little_memory(most: int) -> Generator[None]:
    """No more than so many bytes of Python's memory at any time."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most, f"{peak / MIB:.1f} MiB"


def check(error: BaseException | None, cap: str, limit: int = CAP) -> llm.TooLargeError:
    assert isinstance(error, llm.TooLargeError), repr(error)
    assert (error.cap, error.limit) == (cap, limit)
    assert f"Limits.{cap}" in str(error)
    assert f"{limit:,} bytes" in str(error)
    assert not llm.is_retryable(error)
    return error


@pytest.mark.parametrize("fault", [Fault.endless_line(6), Fault.gzip_bomb(6)], ids=lambda fault: fault.kind)
@pytest.mark.parametrize("name", NAMES)
async def test_an_event_without_an_end(server: WireServer, name: str, fault: Fault) -> None:
    """A line that does not end, plain or inflated a thousandfold."""
    server.answer(Answer("one two three four five six seven", fault=fault))
    async with open_client(server, name) as client:
        with little_memory(8 * CAP):
            events = [event async for event in client.stream(REQUEST)]
        assert await server.closed_within(WITHIN)
    check_grammar(events)
    error = check(error_of(events), "event_bytes")
    assert response_of(events).text.startswith("one") or fault.kind == "gzip_bomb"
    assert error.partial == response_of(events)


@pytest.mark.parametrize("fault", [Fault.endless_line(), Fault.gzip_bomb()], ids=lambda fault: fault.kind)
@pytest.mark.parametrize("name", NAMES)
async def test_a_body_without_an_end(server: WireServer, name: str, fault: Fault) -> None:
    server.answer(Answer("hello", fault=fault))
    async with open_client(server, name) as client:
        with little_memory(8 * CAP), pytest.raises(llm.TooLargeError) as caught:
            await client.complete(REQUEST)
        check(caught.value, "body_bytes")
        assert await server.closed_within(WITHIN)
    assert caught.value.partial is not None


async def test_a_bomb_against_the_default_caps(server: WireServer) -> None:
    server.answer(Answer("hello", fault=Fault.gzip_bomb()))
    async with open_client(server, "openai_chat", llm.Limits()) as client:
        with pytest.raises(llm.TooLargeError) as caught:
            await llm.collect(client.stream(REQUEST))
        check(caught.value, "event_bytes", 64 * MIB)


@pytest.mark.parametrize("name", NAMES)
async def test_an_error_body_is_read_up_to_its_cap(server: WireServer, name: str) -> None:
    server.answer(Answer(status=500, message="x" * 5_000_000))
    async with open_client(server, name) as client:
        with pytest.raises(llm.ServerError) as caught:
            await client.complete(REQUEST)
        assert await server.closed_within(WITHIN), "the rest is not read"
    assert caught.value.status == 500
    assert len(caught.value.body) <= 2000
    assert len(str(caught.value)) <= 11_000


@pytest.mark.parametrize("name", [name for name in NAMES if "bedrock" not in name])  # these have none at their host
async def test_a_model_list_has_the_cap_of_a_body(server: WireServer, name: str) -> None:
    server.answer_models(Answer(fault=Fault.page("x" * (CAP + 1_000_000))))
    async with open_client(server, name) as client:
        with pytest.raises(llm.TooLargeError) as caught:
            await client.list_models()
        check(caught.value, "body_bytes")
        assert await server.closed_within(WITHIN)


@pytest.mark.parametrize("name", NAMES)
async def test_a_stream_may_be_longer_than_any_cap(server: WireServer, name: str) -> None:
    """Its bytes are not counted together: only what is unfinished is capped."""
    server.answer(Answer("word " * 3000, writes=65536))
    async with open_client(server, name, llm.Limits(event_bytes=30_000, body_bytes=1000)) as client:
        events = [event async for event in client.stream(REQUEST)]
    if name == "openai_responses":  # whose last events hold the whole text
        return
    assert error_of(events) is None, error_of(events)
    assert response_of(events).text == "word " * 3000


@pytest.mark.parametrize("name", NAMES)
async def test_an_event_just_under_the_cap_passes(server: WireServer, name: str) -> None:
    text = "y" * 180_000  # as base64 a third more
    server.answer(Answer(text, chunk=300_000), Answer(text))
    async with open_client(server, name, llm.Limits(event_bytes=250_000, body_bytes=250_000)) as client:
        assert (await llm.collect(client.stream(REQUEST))).text == text
        assert (await client.complete(REQUEST)).text == text


# ---------------------------------------------------------------- much of little


@pytest.mark.parametrize("name", NAMES)
def test_memory_is_what_is_kept(name: str) -> None:
    """Events that say nothing cost nothing; those that hold a letter cost a letter (and a little for each fold)."""
    flood.read(name, empty=1000)
    with little_memory(1_000_000):
        flood.read(name, empty=5000)
    with little_memory(1_500_000):
        last = flood.read(name, letters=5000)
    assert response_of(last).text == "a" * 5000


@pytest.mark.parametrize("name", NAMES)
def test_thousands_of_calls(name: str) -> None:
    last = flood.read(name, calls=5000)
    assert error_of(last) is None
    calls = response_of(last).tool_calls
    assert [call.id for call in calls] == [f"c{number}" for number in range(1, 5001)]


def test_a_flood_in_a_process_of_little_memory() -> None:
    """The same in a process that may take 512 MiB. Ten million events are read by hand: docs/reliability.md."""
    command = [sys.executable, "-m", "tests.faults.flood", "ollama_chat", "--memory", "512", "--events", "100000"]
    done = subprocess.run([*command, "--calls", "20000"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["events"]["text"] == 50_000
    assert report["events"]["peak_mib"] - report["start_mib"] < 30
    assert report["calls"]["calls"] == 20_000
