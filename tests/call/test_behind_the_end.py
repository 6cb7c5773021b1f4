"""A whole answer whose server neither says more nor closes: what may follow has a moment, then the connection ends."""

import asyncio
import time

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.call import reader
from aikido_llm.testing import Answer, Fault, WireServer
from tests.dialects.test_noise import pieces_of

MOMENT = 0.3  # s
PATIENT = llm.Timeouts(connect=5, first_event=20, idle=20)
SAID = Answer("one two", usage=llm.Usage(3, 4), finish_reason=llm.FinishReason.stop)
CALLED = Answer("", tool_calls=(llm.ToolCall("call_1", "look", '{"at":"sea"}'),), usage=llm.Usage(3, 4))
LOOK = llm.ToolDef("look", "Looks.", {"type": "object", "properties": {}})
ENDS = {"vllm": b'"finish_reason":"', "gemini": b'"finishReason"'}


@pytest.fixture(autouse=True)
def short_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_BEHIND_END", MOMENT)
    monkeypatch.setattr(reader, "_BEHIND_CALLS", 2 * MOMENT)


def end_of(row: str, answer: Answer) -> int:
    """How many pieces there are up to the finish reason, and with it."""
    pieces = [piece.replace(b'": "', b'":"') for piece in pieces_of(row, answer)]
    return 1 + max(at for at, piece in enumerate(pieces) if ENDS[row] in piece)


async def ended(row: str, answer: Answer, fault: Fault) -> tuple[llm.Response, float]:
    """The answer, and how long it took; its connection is closed, and it was asked for once."""
    async with WireServer(check=False) as server:
        server.answer(evolve(answer, fault=fault))
        async with llm.open(row, server.dsn(row), model="m", timeouts=PATIENT) as client:
            begun = time.monotonic()
            response = await llm.collect(client.stream(llm.Request("hi", tools=[LOOK])))
            took = time.monotonic() - begun
            assert await server.closed_within(1), "the connection would be used again"
        assert len(server.received) == 1
        return response, took


@pytest.mark.parametrize("comments", [False, True])
@pytest.mark.parametrize("row", ENDS)
async def test_silence_or_heartbeats_behind_the_end_are_not_waited_for(row: str, comments: bool) -> None:
    at = end_of(row, SAID)
    fault = Fault.endless_comments(at, 0.02) if comments else Fault.stall(after_events=at)
    response, took = await ended(row, SAID, fault)
    assert (response.text, response.finish_reason, response.complete) == ("one two", "stop", True)
    assert MOMENT * 0.9 < took < 6 * MOMENT


@pytest.mark.parametrize("row", ENDS)
async def test_calls_have_longer_as_another_may_follow(row: str) -> None:
    response, took = await ended(row, CALLED, Fault.stall(after_events=end_of(row, CALLED)))
    assert [call.arguments for call in response.tool_calls] == ['{"at":"sea"}']
    assert response.finish_reason == "tool_calls"
    assert 2 * MOMENT * 0.9 < took < 8 * MOMENT


async def test_usage_that_comes_promptly_is_read_and_that_which_does_not_is_unknown() -> None:
    at = end_of("vllm", SAID)
    prompt, took = await ended("vllm", SAID, Fault.stall(after_events=at + 1))
    assert prompt.usage.total_tokens == 7
    assert took < 6 * MOMENT, "only the end mark is missing"
    late, _ = await ended("vllm", SAID, Fault.stall(after_events=at))
    assert late.usage.total_tokens is None


async def test_a_pause_before_the_usage_is_borne_and_the_connection_kept() -> None:
    async with WireServer(check=False) as server:
        late = evolve(SAID, fault=Fault.stall(after_events=end_of("vllm", SAID), seconds=MOMENT / 3))
        server.answer(late, late)
        async with llm.open("vllm", server.dsn("vllm"), model="m", timeouts=PATIENT) as client:
            for _ in range(2):
                assert (await llm.collect(client.stream(llm.Request("hi")))).usage.total_tokens == 7
        assert server.connections == 1


async def test_a_slow_reader_loses_nothing_of_what_came_promptly() -> None:
    async with WireServer(check=False) as server:
        server.answer(SAID)
        async with llm.open("vllm", server.dsn("vllm"), model="m", timeouts=PATIENT) as client:
            seen: list[llm.Event] = []
            async with client.stream(llm.Request("hi")) as events:
                async for event in events:
                    seen.append(event)
                    if len(seen) == 1:
                        await asyncio.sleep(2 * MOMENT)
    assert [event.kind for event in seen][-2:] == ["usage", "end"]


async def test_before_the_end_the_clock_is_the_callers() -> None:
    async with WireServer(check=False) as server:
        server.answer(evolve(SAID, fault=Fault.stall(after_events=end_of("vllm", SAID) - 1)))
        timeouts = llm.Timeouts(connect=5, first_event=20, idle=3 * MOMENT)
        async with llm.open("vllm", server.dsn("vllm"), model="m", timeouts=timeouts, retry=None) as client:
            begun = time.monotonic()
            with pytest.raises(llm.TimedOutError) as caught:
                await llm.collect(client.stream(llm.Request("hi")))
    assert caught.value.phase == "idle"
    assert time.monotonic() - begun > 3 * MOMENT * 0.9
