"""A whole answer whose server neither says more nor closes: what may follow has a moment, then the connection ends."""

import asyncio
import base64
import json
import time

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.call import reader
from aikido_llm.testing import Answer, Fault, WireServer
from tests.dialects.test_noise import pieces_of

MOMENT = 0.3  # s
SOON = 10.0  # s; without the moment they would take `idle`, or what the server takes
PATIENT = llm.Timeouts(connect=5, first_event=20, idle=20)
SAID = Answer("one two", usage=llm.Usage(3, 4), finish_reason=llm.FinishReason.stop)
CALLED = Answer("", tool_calls=(llm.ToolCall("call_1", "look", '{"at":"sea"}'),), usage=llm.Usage(3, 4))
LOOK = llm.ToolDef("look", "Looks.", {"type": "object", "properties": {}})
ROWS = ("vllm", "openai-responses", "anthropic", "gemini", "cohere", "ollama")
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
    assert MOMENT * 0.9 < took < SOON


@pytest.mark.parametrize("row", ENDS)
async def test_calls_have_longer_as_another_may_follow(row: str) -> None:
    response, took = await ended(row, CALLED, Fault.stall(after_events=end_of(row, CALLED)))
    assert [call.arguments for call in response.tool_calls] == ['{"at":"sea"}']
    assert response.finish_reason == "tool_calls"
    assert 2 * MOMENT * 0.9 < took < SOON


async def test_usage_that_comes_promptly_is_read_and_that_which_does_not_is_unknown() -> None:
    at = end_of("vllm", SAID)
    prompt, took = await ended("vllm", SAID, Fault.stall(after_events=at + 1))
    assert prompt.usage.total_tokens == 7
    assert took < SOON, "only the end mark is missing"
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


def body_of(row: str, answer: Answer) -> bytes:
    """A whole answer, laid out over lines: brackets stand at many ends of a piece."""
    return json.dumps(json.loads(pieces_of(row, answer, stream=False)[0]), indent=1).encode()


async def played(row: str, *pieces: bytes, pace: float, stream: bool) -> tuple[llm.Response, float]:
    """What is made of a body without a length in these pieces, and how long it took; it was asked for once."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    async with WireServer(check=False) as server:
        server.answer_raw(head + pieces[0], *pieces[1:], pace=pace)
        async with llm.open(row, server.dsn(row), model="m", timeouts=PATIENT) as client:
            asked = llm.Request("hi", tools=[LOOK])
            begun = time.monotonic()
            response = await (llm.collect(client.stream(asked)) if stream else client.complete(asked))
            took = time.monotonic() - begun
        assert len(server.received) == 1
        return response, took


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("blanks", [False, True])
@pytest.mark.parametrize("row", ROWS)
async def test_a_whole_document_is_waited_behind_only_a_moment(row: str, blanks: bool, stream: bool) -> None:
    behind = (b"\n",) * 200 if blanks else (b"\n",)
    response, took = await played(row, body_of(row, CALLED), *behind, pace=0.05 if blanks else 15, stream=stream)
    assert [call.arguments for call in response.tool_calls] == ['{"at":"sea"}']
    assert response.complete
    assert took < SOON


@pytest.mark.parametrize("row", ROWS)
async def test_a_pause_behind_a_bracket_in_the_middle_is_borne(row: str) -> None:
    body = body_of(row, SAID)
    at = body.index(b"}") + 1 if body.index(b"}") + 1 < len(body) else len(body) // 2
    response, took = await played(row, body[:at], body[at:] + b"\n", pace=2 * MOMENT, stream=False)
    assert (response.text, response.complete) == ("one two", True)
    assert took > 2 * MOMENT * 0.9


async def test_the_first_of_several_lines_is_no_whole_document() -> None:
    lines = pieces_of("ollama", SAID)
    response, _ = await played("ollama", *lines, pace=1.5 * MOMENT, stream=False)
    assert (response.text, response.complete) == ("one two", True)


async def test_an_error_that_is_a_whole_document_is_told_at_once() -> None:
    begun = time.monotonic()
    with pytest.raises(llm.InsufficientCreditsError):
        await played("vllm", b'{"error": {"message": "insufficient balance"}}', b"\n", pace=15, stream=True)
    assert time.monotonic() - begun < SOON


async def test_a_large_picture_in_a_document_is_whole_too() -> None:
    image = llm.ImagePart(data=bytes(range(256)) * 800, content_type="image/png")
    body = json.loads(pieces_of("gemini", SAID, stream=False)[0])
    encoded = base64.b64encode(image.data or b"").decode()
    body["candidates"][0]["content"]["parts"].append({"inlineData": {"mimeType": "image/png", "data": encoded}})
    response, took = await played("gemini", json.dumps(body).encode(), b"\n", pace=15, stream=False)
    assert [part.data for part in response.images] == [image.data]
    assert took < SOON
