"""What each bridge writes, held to the letter; read by our own client; and what must never stand in it."""

import re
from typing import Any

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.call.answer import AnswerParser
from aikido_llm.codecs import json
from aikido_llm.providers import find
from aikido_llm.serialize import from_dict
from aikido_llm.types.events import RunEvent
from aikido_llm.types.messages import Replay
from tests.test_every_event import EVENTS

from .scenarios import ADD, ROWS, SCENARIOS, SEARCH, Row, answer, call, result

each = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
scenarios = pytest.mark.parametrize("name", SCENARIOS)


@each
async def test_each_scenario_is_written_as_it_was(row: Row) -> None:
    assert (await row.written()).split("=== ") == row.golden.read_text("utf-8").split("=== "), (
        "changed on purpose? python -m tests.bridges"
    )


def test_the_scenarios_have_every_event() -> None:
    seen = {type(event) for events in SCENARIOS.values() for event in events}
    assert seen == {*EVENTS, llm.ToolResultEvent}


@scenarios
def test_sse_is_our_events(name: str) -> None:
    frames = _row("sse").read()[name].removesuffix("\n\n").split("\n\n")
    assert [frame.split("\n")[0] for frame in frames] == [f"id: {n}" for n in range(1, len(frames) + 1)]
    assert frames.pop().endswith("\ndata: [DONE]")
    read: list[Any] = [from_dict(json.loads(frame.split("data: ", 1)[1]), RunEvent) for frame in frames]
    for got, given in zip(read, SCENARIOS[name], strict=True):
        if isinstance(given, llm.EndEvent):
            assert (got.finish_reason, got.response.usage) == (given.finish_reason, given.response.usage)
            assert got.response.text == ""
            assert [one.text for one in got.response.choices] == [one.text for one in given.response.choices]
        elif isinstance(given, llm.ErrorEvent):
            assert (str(got.error), got.finish_reason) == ("The answer failed.", given.finish_reason)
        elif isinstance(given, llm.ToolResultEvent) and given.message.is_error:
            assert got.message.content == "The tool failed."
        else:
            assert got == given


@scenarios
def test_openai_sse_is_read_by_our_own_client(name: str) -> None:
    """But for what that wire has no word for."""
    reading = AnswerParser(
        find("openrouter").dialect,
        llm.Request("hi", model="a-model", modalities=("audio",) if name == "sound" else ()),
        stream=True,
        content_type="text/event-stream",
        provider="openrouter",
    )
    events = reading.feed(_row("openai_sse").read()[name].encode()) + reading.eof()
    (got,) = [event for event in events if isinstance(event, llm.EndEvent)]
    ends = [event for event in SCENARIOS[name] if isinstance(event, llm.EndEvent)]
    assert got.finish_reason == ends[-1].finish_reason
    assert got.response.text == "".join(end.response.text for end in ends)
    assert got.response.thinking == ends[0].response.thinking
    assert got.response.images == ends[0].response.images
    assert [one.transcript for one in got.response.audio] == [one.transcript for one in ends[0].response.audio]
    assert [one.text for one in got.response.choices] == [one.text for one in ends[0].response.choices]
    assert [one.url for one in got.response.citations] == [c.url for c in ends[0].response.citations if c.url]
    assert got.response.tool_calls == ends[-1].response.tool_calls  # those that are answered are not asked again


@each
@pytest.mark.parametrize("errors", [True, False])
async def test_nothing_private_goes_out(row: Row, errors: bool) -> None:
    mark = "SECRET"
    secret = {"signature": mark}
    replay: dict[str, Any] = {"replay": ({"thinking": mark},), "replay_state": secret, "provider_data": secret}
    facts: dict[str, Any] = {"raw": secret, "headers": {"x": mark}, "request_id": mark, **replay}
    made = evolve(ADD, provider_data=secret)
    other = llm.Response("b", tool_calls=(made,), usage=llm.Usage(1, raw=secret), **facts)
    run: list[llm.RunEvent] = [
        *answer(
            *call(0, made),
            llm.ServerToolStart(1, "r", "s"),
            llm.ServerToolEvent(1, evolve(SEARCH, provider_data=secret)),
            llm.CitationEvent(llm.Citation("https://host", provider_data=secret)),
            llm.UsageEvent(llm.Usage(1, raw=secret)),
            reason="tool_calls",
            choices=(other,),
            **facts,
        ),
        llm.ToolResultEvent(made, evolve(llm.tool(made, "one"), replay=Replay("a-host", (secret,)))),
    ]
    failed: dict[str, Any] = {"body": mark, "headers": {"x": mark}, "request_id": "", "partial": other}
    error = llm.ServerError("it broke" if errors else mark, **failed)
    broken: list[llm.RunEvent] = [
        llm.TextDelta("a"),
        llm.ErrorEvent(error),
        llm.EndEvent(llm.FinishReason.error, other),
    ]
    for events in (run, broken):
        assert mark.encode() not in await row.bytes(events, errors=errors)
    assert (b"it broke" in await row.bytes(broken, errors=errors)) == errors


@each
async def test_thinking_goes_out_only_when_asked_for(row: Row) -> None:
    thought = llm.Response("b", thinking="DEEP")
    events = answer(llm.ThinkingDelta("DEEP"), "So.", choices=(thought,))
    assert (await row.bytes(events, thinking=True)).count(b"DEEP") == 2
    assert b"DEEP" not in await row.bytes(events, thinking=False)


@each
async def test_the_words_of_a_failed_tool_go_out_only_when_asked_for(row: Row) -> None:
    events = SCENARIOS["tool_results"]
    assert b"no such number" in await row.bytes(events, errors=True)
    assert b"no such number" not in await row.bytes(events, errors=False)


@each
async def test_what_a_model_writes_is_not_too_deep_to_be_told(row: Row) -> None:
    """Around the depth at which JSON can be read and, a level deeper, not be written."""
    for depth in range(970, 1000):
        made = evolve(ADD, arguments="[" * depth + "]" * depth)
        text = await row.bytes(
            [*answer(*call(0, made), reason="tool_calls"), result(made, made.arguments), *answer("so")]
        )
        assert b"The answer failed" not in text


@each
async def test_a_run_without_an_end_is_an_error(row: Row) -> None:
    """Nothing that stops half way passes for a whole answer."""
    for events in ([], [llm.TextDelta("It")], [*SCENARIOS["one_tool"], llm.TextDelta("It")]):
        text = (await row.bytes(events)).decode()
        assert re.search(r"The answer failed\.", text)
        assert '"finish_reason":"stop"' not in text
        assert "RUN_FINISHED" not in text
        assert '"type":"finish"' not in text


def _row(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)
