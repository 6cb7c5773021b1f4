"""The iterator that a server reads: how it waits, ends, is left, and how much it keeps."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.bridges import openai_sse, sse, vercel_ui
from aikido_llm.bridges.base import HEARTBEAT
from aikido_llm.testing import Answer, StubClient, WireServer

from .scenarios import ROWS, SCENARIOS, Row, answer, played

each = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
SECOND = 5.0  # s, more than enough


class Script:
    """Events that come one at a time, when they are told to, and what became of them."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[llm.RunEvent | Exception | None] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.read = 0

    def __aiter__(self) -> "Script":
        return self

    async def __anext__(self) -> llm.RunEvent:
        event = await self.queue.get()
        if event is None:
            raise StopAsyncIteration
        if isinstance(event, Exception):
            raise event
        self.read += 1
        return event

    async def aclose(self) -> None:
        self.closed.set()


@each
async def test_headers_are_those_of_a_stream(row: Row) -> None:
    headers = row.make(played([])).HEADERS
    assert headers["content-type"].startswith("text/event-stream")
    assert ("x-vercel-ai-ui-message-stream" in headers) == (row.name == "vercel_ui")
    assert all(name == name.lower() for name in headers)


async def test_comments_while_nothing_comes() -> None:
    script = Script()
    async with vercel_ui(script, heartbeat=0.01) as bridge:
        assert (await anext(bridge)).startswith(b"data: ")  # the start of the message does not wait for the model
        assert [await anext(bridge) for _ in range(3)] == [HEARTBEAT] * 3
        script.queue.put_nowait(llm.TextDelta("late"))
        chunks = [await anext(bridge)]
        while chunks[-1] == HEARTBEAT:
            chunks.append(await anext(bridge))
        assert b"late" in chunks[-1]
    assert script.closed.is_set()


@pytest.mark.parametrize("wrong", [0, -1.0])
async def test_a_heartbeat_takes_time(wrong: float) -> None:
    with pytest.raises(llm.InvalidRequestError, match="seconds"):
        vercel_ui(played([]), heartbeat=wrong)


@pytest.mark.parametrize("wrong", [5, None, "text", [llm.TextDelta("a")], {}])
def test_what_is_no_stream_is_refused_when_it_is_given(wrong: Any) -> None:
    with pytest.raises(llm.InvalidRequestError, match="takes a stream of events"):
        sse(wrong)


@each
async def test_it_is_over_when_the_events_are(row: Row) -> None:
    """Their EndEvent is not the end: results of tools and another answer may follow it."""
    script = Script()
    bridge = row.make(script, heartbeat=None)
    for event in SCENARIOS["one_tool"]:
        script.queue.put_nowait(event)
    seen = b""
    while script.read < len(SCENARIOS["one_tool"]):
        seen += await anext(bridge)
    rest = asyncio.ensure_future(anext(bridge, b""))
    await asyncio.wait({rest}, timeout=0.01)
    assert b"[DONE]" not in seen
    script.queue.put_nowait(None)
    seen += await rest
    seen += b"".join([chunk async for chunk in bridge])
    assert seen == await row.bytes(SCENARIOS["one_tool"])
    assert [chunk async for chunk in bridge] == []
    assert script.closed.is_set()


@each
async def test_a_failure_of_the_iteration_is_the_protocols_error(row: Row) -> None:
    for errors in (False, True):
        script = Script()
        for event in (llm.TextDelta("It "), llm.OverloadedError("no capacity", status=529)):
            script.queue.put_nowait(event)
        text = b"".join([chunk async for chunk in row.make(script, errors=errors)])
        assert b"It " in text
        assert (b"no capacity" in text) == errors
        assert (b"The answer failed." in text) != errors
        assert script.closed.is_set()


@each
async def test_a_fault_of_the_program_is_told_without_its_words_and_raised(row: Row) -> None:
    script = Script()
    script.queue.put_nowait(KeyError("a password"))
    seen: list[bytes] = []
    with pytest.raises(KeyError):
        async for chunk in row.make(script, errors=True):
            seen.append(chunk)
    assert b"The answer failed." in b"".join(seen)
    assert b"password" not in b"".join(seen)


async def test_leaving_closes_the_events() -> None:
    script = Script()
    async with sse(script) as bridge:
        script.queue.put_nowait(llm.TextDelta("a"))
        await anext(bridge)
    assert script.closed.is_set()
    with pytest.raises(StopAsyncIteration):
        await anext(bridge)


async def test_one_that_is_never_read_closes_the_events() -> None:
    script = Script()
    await sse(script).aclose()
    assert script.closed.is_set()


async def test_cancelling_its_reader_closes_the_events() -> None:
    script = Script()
    bridge = sse(script, heartbeat=None)
    reader = asyncio.ensure_future(anext(bridge))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.wait_for(script.closed.wait(), SECOND)
    with pytest.raises(asyncio.CancelledError):
        await reader


async def test_it_has_one_reader() -> None:
    async with sse(Script(), heartbeat=None) as bridge:
        reader = asyncio.ensure_future(anext(bridge))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="one reader"):
            await anext(bridge)
        reader.cancel()
        await asyncio.wait({reader})


async def test_dropping_it_closes_the_events() -> None:
    """As servers do whose client left while it was written to."""
    script = Script()
    bridge = sse(script)
    script.queue.put_nowait(llm.TextDelta("a"))
    await anext(bridge)
    del bridge
    gc.collect()
    await asyncio.wait_for(script.closed.wait(), SECOND)


async def test_a_slow_reader_stops_the_events() -> None:
    piece = llm.TextDelta("x" * 1000)
    read = 0

    async def endless() -> AsyncIterator[llm.Event]:
        nonlocal read
        while True:
            read += 1
            yield piece

    async with sse(endless()) as bridge:
        await anext(bridge)
        for _ in range(100):
            await asyncio.sleep(0)
        first = read
        assert first < 200
        await anext(bridge)
        await anext(bridge)
        assert read > first


async def test_what_is_there_goes_out_at_once() -> None:
    chunks = [chunk async for chunk in openai_sse(played(answer(*["word "] * 50)))]
    assert len(chunks) < 10


async def test_a_run_of_tools() -> None:
    """From a client and its tools, as a service makes it."""

    def add(a: int) -> dict[str, Any]:
        return {"sum": a + 1}

    def run() -> llm.ToolStream:
        client = StubClient([llm.ToolCall("call_1", "add", '{"a":1}')], "One more is 2.")
        return llm.stream_tools(client, llm.Request("add"), [add])

    text = b"".join([chunk async for chunk in vercel_ui(run())])
    assert b'"type":"tool-output-available","toolCallId":"call_1","output":{"sum":2}' in text
    assert text.count(b'"type":"finish-step"') == 2
    assert text.endswith(b"data: [DONE]\n\n")
    text = b"".join([chunk async for chunk in openai_sse(run())])
    assert b'"tool_results":[{"tool_call_id":"call_1"' in text
    assert b'"tool_calls"' not in text  # they are answered


async def test_the_calls_of_a_run_that_nobody_answered_go_out_at_its_end() -> None:
    text = b"".join([chunk async for chunk in openai_sse(played(SCENARIOS["two_tools"]), run=True)])
    calls = text.index(b'"tool_calls":[{"index":0,"id":"call_1"')
    assert calls < text.index(b'{"index":1,"id":"call_2"') < text.index(b'"finish_reason":"tool_calls"')


async def test_the_connection_is_closed_with_it() -> None:
    async with WireServer() as server, llm.open("openai-chat", server.dsn("openai-chat")) as client:
        server.answer(Answer("one two three " * 50, pace=0.01))
        async with sse(client.chat_stream("count")) as bridge:
            while b"two" not in await anext(bridge):
                pass
        assert await server.closed_within(SECOND)
