"""Every event is known wherever events are listed, folded, played, written down or shown. A new one fails here by its
name, once for each place that leaves it out (and the type check where it is told apart)."""

import re
import tempfile
from pathlib import Path
from typing import get_args

import pytest

import aikido_llm as llm
from aikido_llm.cli.terminal.screen import Screen
from aikido_llm.testing import Answer, Fault, StubClient, WireServer, check_grammar
from aikido_llm.types import events
from aikido_llm.types.accumulate import FOLDED, Accumulator
from tests.bridges.scenarios import ROWS as BRIDGES
from tests.bridges.scenarios import Row as Bridge

GUIDE = Path(__file__).parent.parent / "docs" / "guides" / "streaming.md"
EVENTS: tuple[type, ...] = get_args(llm.Event)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
CALL = llm.ToolCall("call_1", "look", '{"at":"it"}')
BROKEN = llm.StreamTruncated("cut off")

# Event -> one of it that has content.
SAMPLES: dict[type, llm.Event] = {
    llm.TextDelta: llm.TextDelta("Hello"),
    llm.ThinkingDelta: llm.ThinkingDelta("hm"),
    llm.ToolCallStart: llm.ToolCallStart(0, CALL.id, CALL.name),
    llm.ToolCallDelta: llm.ToolCallDelta(0, CALL.arguments),
    llm.ToolCallEvent: llm.ToolCallEvent(0, CALL),
    llm.ImageEvent: llm.ImageEvent(llm.ImagePart(data=PNG)),
    llm.AudioEvent: llm.AudioEvent(llm.AudioPart(data=b"ID3x", content_type="audio/mpeg")),
    llm.CitationEvent: llm.CitationEvent(llm.Citation("https://host/a", "A page", "the words", end=5)),
    llm.ServerToolStart: llm.ServerToolStart(1, "run_1", "web_search"),
    llm.ServerToolEvent: llm.ServerToolEvent(1, llm.ServerToolCall("run_1", "web_search", "web_search", "{}")),
    llm.UsageEvent: llm.UsageEvent(llm.Usage(input_tokens=3, output_tokens=5)),
    llm.ErrorEvent: llm.ErrorEvent(BROKEN),
    llm.EndEvent: llm.EndEvent(llm.FinishReason.stop, llm.Response(finish_reason=llm.FinishReason.stop)),
}
CALLS = (llm.ToolCallStart, llm.ToolCallDelta, llm.ToolCallEvent)  # none of them stands alone
RUNS = (llm.ServerToolStart, llm.ServerToolEvent)  # nor of them
LAST = (llm.ErrorEvent, llm.EndEvent)  # nothing stands behind them

# Event -> why the fold makes no field of it.
NOT_FOLDED: dict[type, str] = {
    llm.ToolCallStart: "the ToolCallEvent has it all",
    llm.ToolCallDelta: "the ToolCallEvent has it all",
    llm.ServerToolStart: "the ServerToolEvent has it all",
    llm.ErrorEvent: "it has the Response in its `partial`",
    llm.EndEvent: "it has the Response",
}
# Event -> why the test server's answers do not make it come.
NOT_SERVED: dict[type, str] = {
    llm.AudioEvent: "no wire of the kit writes sound",
    llm.CitationEvent: "no wire of the kit writes sources",
    llm.ServerToolStart: "no wire of the kit runs tools",
    llm.ServerToolEvent: "no wire of the kit runs tools",
}
# (bridge, event) -> why nothing goes out for it alone.
NOT_BRIDGED: dict[tuple[str, type], str] = {
    ("openai_sse", llm.ServerToolStart): "no word for what the provider ran",
    ("openai_sse", llm.ServerToolEvent): "no word for what the provider ran",
    ("openai_sse", llm.ToolCallEvent): "its start and its pieces have it all",
    **{(name, llm.ToolCallDelta): "the ToolCallEvent tells what no piece has told" for name in ("openai_sse", "ag_ui")},
    ("vercel_ui", llm.AudioEvent): "the answer's end has the sound as a whole",
}

each = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)


def sample(event: type) -> llm.Event:
    assert event in SAMPLES, f"give {event.__name__} a sample in tests/test_every_event.py"
    return SAMPLES[event]


def around(event: type) -> list[llm.Event]:
    """What a stream has of this event before its end."""
    wanted = next((group for group in (CALLS, RUNS) if event in group), () if event in LAST else (event,))
    return [sample(one) for one in wanted]


def test_every_event_has_its_kind() -> None:
    assert {vars(event)["kind"] for event in EVENTS} == set(llm.EventKind), "EventKind of aikido_llm/types/events.py"
    assert set(NOT_FOLDED) | set(NOT_SERVED) <= set(EVENTS)


@each
def test_the_front_door_has(event: type) -> None:
    assert event.__name__ in dir(llm), "aikido_llm/__init__.py leaves it out"


@each
def test_the_grammar_and_the_guide_name(event: type) -> None:
    for where, text in (
        ("docs/guides/streaming.md", GUIDE.read_text("utf-8")),
        (events.__name__, events.__doc__ or ""),
    ):
        assert re.search(rf"\b{event.__name__}\b", text), f"{where} leaves {event.__name__} out of its grammar"


def test_the_guide_has_the_grammar_as_it_is() -> None:
    block = next(iter(re.findall(r"```text\n(stream := .*?)```", GUIDE.read_text("utf-8"), re.DOTALL)), "")
    rules = [rule.strip() for rule in (events.__doc__ or "").splitlines() if ":=" in rule]
    assert rules == block.splitlines(), (
        "the grammar of docs/guides/streaming.md and of aikido_llm/types/events.py differ"
    )


@each
def test_the_fold_takes(event: type) -> None:
    fields = [name for name, folded in FOLDED.items() if folded is event]
    assert bool(fields) != (event in NOT_FOLDED), (
        f"name the field of Response that {event.__name__} fills in FOLDED of aikido_llm/types/accumulate.py, or in"
        " NOT_FOLDED of this test why it fills none"
    )
    folded = Accumulator()
    folded.add(sample(event))
    for name in fields:
        assert getattr(folded.response(), name) != getattr(llm.Response(), name)


@each
async def test_the_stub_plays(event: type) -> None:
    script: list[llm.Event | Exception] = [*around(event)] or [llm.TextDelta("a")]
    if event is llm.ErrorEvent:
        script.append(BROKEN)
    got = [one async for one in StubClient(script).stream(llm.Request([llm.user("hi")]))]
    check_grammar(got)
    assert event in [type(one) for one in got]
    for one in around(event):
        assert one in got


@each
def test_it_is_written_down_and_read_again(event: type[llm.Event]) -> None:
    given = sample(event)
    read = llm.serialize.from_dict(llm.serialize.to_dict(given), event)
    assert repr(read) == repr(given)  # errors have no `==`


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "plain"])
@each
def test_the_command_line_takes(
    event: type, as_json: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    Screen(plain=True, as_json=as_json).event(sample(event))
    assert not as_json or f'"kind":"{vars(event)["kind"]}"' in capsys.readouterr().out.replace(" ", "")


@pytest.mark.parametrize("bridge", BRIDGES, ids=lambda row: row.name)
@each
async def test_each_bridge_has_a_place_for(event: type, bridge: Bridge) -> None:
    end = SAMPLES[llm.EndEvent]
    events = [*around(event)] or [sample(event)]
    others = [one for one in events if type(one) is not event]
    if event is not llm.EndEvent:
        events, others = [*events, end], [*others, end]
    if event in (llm.ToolCallStart, llm.ServerToolStart):  # without which the others cannot be
        others = [end]
    differ = await bridge.bytes(events) != await bridge.bytes(others)
    assert differ != ((bridge.name, event) in NOT_BRIDGED), (
        f"say in aikido_llm/bridges what becomes of {event.__name__} in {bridge.name}, or why nothing in NOT_BRIDGED"
    )


async def test_the_test_server_makes_all_of_them_come() -> None:
    image = llm.ImagePart(data=PNG)
    seen: set[type] = set()
    async with WireServer() as server, llm.open("gemini", server.dsn("gemini"), retry=None) as client:
        server.answer(
            Answer("Hello there", thinking="hm", tool_calls=[CALL], images=[image]),
            Answer("one two three", fault=Fault.close(after_events=2)),
        )
        for _ in range(server.waiting):
            seen |= {type(one) async for one in client.chat_stream("hi")}
    missing = {event.__name__ for event in EVENTS if event not in seen and event not in NOT_SERVED}
    assert not missing, (
        "the wires of aikido_llm/testing cannot say these: a field of Answer, or NOT_SERVED with a reason"
    )
    assert not seen & set(NOT_SERVED), "these come: they need no place in NOT_SERVED"
