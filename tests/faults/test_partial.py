"""All that had arrived when the line broke is in `partial`: text, thinking, whole calls, usage. And what a reader does
not take, the sender keeps."""

import asyncio

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, WireServer
from aikido_llm.testing.wires import wire
from tests.faults.table import DIALECTS
from tests.speakers import open_at, row_of
from tests.wire import Road, check_grammar, response_of

CALLS = (llm.ToolCall("call_1", "look", '{"x": 1}'), llm.ToolCall("call_2", "listen", '{"y": [2, 3]}'))
RICH = Answer("one two", thinking="let me see", tool_calls=CALLS, id="same", signature="c2lnbmVk")
TOOLS = tuple(llm.ToolDef(name, "", {"type": "object"}) for name in ("look", "listen"))
REQUEST = llm.Request(messages=[llm.user("hi")], tools=TOOLS, model="test-model")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_partial_holds_what_had_arrived(dialect: str) -> None:
    """Broken behind each event in turn; what is expected is what the same bytes give without a socket."""
    name = DIALECTS[dialect]
    async with WireServer() as server, open_at(server, name, retry=None) as client:
        await llm.collect(client.stream(REQUEST))
        pieces = wire(dialect).stream(RICH, server.received[0])
        assert len(pieces) >= 5
        for number in range(1, len(pieces)):
            server.answer(evolve(RICH, fault=Fault.close(after_events=number)))
            events = [event async for event in client.stream(REQUEST)]
            check_grammar(events)
            road = Road(row_of(name).dialect, request=REQUEST, content_type=wire(dialect).stream_type)
            expected = response_of(road.read(b"".join(pieces[:number])))
            got = response_of(events)
            for field in ("text", "thinking", "tool_calls", "usage", "finish_reason"):
                assert getattr(got, field) == getattr(expected, field), f"{field} behind {number} events"


async def test_a_reader_that_sleeps_holds_the_sender_back() -> None:
    """Measured at the server: what it could write while nobody read is what the buffers of both sides hold."""
    async with WireServer() as server, llm.open("openai", server.dsn("openai")) as client:
        server.answer(Answer("x" * 40_000_000, chunk=10_000))
        async with client.stream(REQUEST) as stream:
            await anext(stream)
            before = -1
            for _ in range(100):  # until the sender stands still
                if server.sending == before:
                    break
                before = server.sending
                await asyncio.sleep(0.05)
            assert server.sending == before, "the sender goes on though nobody reads"
            assert before < 24 * 1024 * 1024
            for _ in range(2_000):
                await anext(stream)
            assert server.sending > before, "it goes on when somebody reads"
