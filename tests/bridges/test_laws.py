"""What holds of any run, however its events interleave: what begins ends, once, and the end is the last."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.codecs import json
from aikido_llm.types.accumulate import Accumulator

from .scenarios import PNG, ROWS, Row, result

_LOOSE: tuple[llm.Event, ...] = (
    llm.TextDelta("a "),
    llm.TextDelta(""),
    llm.ThinkingDelta("b"),
    llm.ImageEvent(llm.ImagePart(data=PNG)),
    llm.AudioEvent(llm.AudioPart(data=b"ID3", content_type="audio/mpeg", transcript="c")),
    llm.CitationEvent(llm.Citation("https://host")),
    llm.UsageEvent(llm.Usage(1, 1)),
)


def answers(chance: random.Random, turn: int) -> list[llm.RunEvent]:
    """One answer: loose events, with the events of some calls strewn among them, and the results of these calls."""
    events: list[llm.Event] = [chance.choice(_LOOSE) for _ in range(chance.randrange(9))]
    made: list[llm.ToolCall] = []
    reason = llm.FinishReason(chance.choice(["stop", "tool_calls", "length", "paused", "other"]))
    for index in range(chance.randrange(4)):
        if chance.random() < 0.5:
            ran = llm.ServerToolCall(f"run_{turn}_{index}", "search", "search", "{}", output="d")
            parts: list[llm.Event] = [llm.ServerToolStart(index, ran.id, ran.name), llm.ServerToolEvent(index, ran)]
        else:
            call = llm.ToolCall(f"call_{turn}_{index}", "add", chance.choice(["{}", '{"a":1}', "no json"]))
            pieces = [llm.ToolCallDelta(index, piece) for piece in call.arguments]
            parts = [llm.ToolCallStart(index, call.id, call.name), *pieces, llm.ToolCallEvent(index, call)]
            if reason == "length" and chance.random() < 0.5:
                parts.pop()  # the answer is cut off in it
            else:
                made.append(call)
        for number, place in enumerate(sorted(chance.randint(0, len(events)) for _ in parts)):
            events.insert(place + number, parts[number])
    folded = Accumulator()
    folded.extend(events)
    end = llm.EndEvent(reason, folded.response(finish_reason=reason))
    return [*events, end, *(result(call, "one") for call in made)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_what_begins_ends_and_the_end_is_last(row: Row) -> None:
    check = {"vercel_ui": _vercel, "ag_ui": _ag_ui, "openai_sse": _openai, "sse": _own}[row.name]
    for seed in range(120):
        chance = random.Random(seed)
        events = [event for turn in range(chance.randint(1, 3)) for event in answers(chance, turn)]
        for run in (events, events[: chance.randint(0, len(events))]):
            frames = (await row.bytes(run)).decode().removesuffix("\n\n").split("\n\n")
            said = [frame.split("data: ", 1)[1] for frame in frames]
            check([json.loads(text) for text in said if text != "[DONE]"], said)


def _vercel(parts: list[dict[str, Any]], said: list[str]) -> None:
    assert said.index("[DONE]") == len(said) - 1
    assert [part["type"] for part in parts].count("start") == 1
    assert parts[-1]["type"] in ("finish", "error")
    assert sum(part["type"] in ("finish", "error", "abort") for part in parts) == 1
    _blocks(_named(parts, "text", "reasoning"))
    calls: dict[str, str] = {}
    for part in parts:
        if part["type"].startswith("tool-"):
            was = calls.get(part["toolCallId"], "")
            assert part["type"] in _NEXT[was], (was, part)
            calls[part["toolCallId"]] = part["type"]


_GIVEN = ("tool-input-delta", "tool-input-available", "tool-input-error")
_NEXT = {
    "": ("tool-input-start",),
    "tool-input-start": _GIVEN,
    "tool-input-delta": _GIVEN,
    "tool-input-available": ("tool-output-available", "tool-output-error"),
    "tool-input-error": ("tool-output-available", "tool-output-error"),
}


def _named(parts: list[dict[str, Any]], *kinds: str) -> Iterator[tuple[str, str]]:
    for part in parts:
        kind, _, step = part["type"].partition("-")
        if kind in kinds:
            yield part["id"], step


def _blocks(steps: Iterator[tuple[str, str]]) -> None:
    """Each id begins once, goes on, ends once; none is left open."""
    begun: set[str] = set()
    open_now: set[str] = set()
    for id, step in steps:
        if step == "start":
            assert id not in begun
            begun.add(id)
            open_now.add(id)
        else:
            assert id in open_now, f"{step} of {id}, which is not open"
            open_now -= {id} if step == "end" else set()
    assert not open_now


def _ag_ui(parts: list[dict[str, Any]], said: list[str]) -> None:
    types = [part["type"] for part in parts]
    assert (types[0], types.count("RUN_STARTED")) == ("RUN_STARTED", 1)
    assert types[-1] in ("RUN_FINISHED", "RUN_ERROR")
    assert sum(kind in ("RUN_FINISHED", "RUN_ERROR") for kind in types) == 1
    for kind, key in (("TEXT_MESSAGE", "messageId"), ("REASONING_MESSAGE", "messageId"), ("TOOL_CALL", "toolCallId")):
        steps = [
            (part[key], part["type"].removeprefix(f"{kind}_").lower())
            for part in parts
            if part["type"].startswith(f"{kind}_") and not part["type"].endswith("RESULT")
        ]
        if types[-1] == "RUN_ERROR" and kind == "TOOL_CALL":  # a call that was cut off has no end
            ended = {id for id, step in steps if step == "end"}
            steps = [(id, step) for id, step in steps if id in ended]
        _blocks(iter(steps))


def _openai(parts: list[dict[str, Any]], said: list[str]) -> None:
    ends = [part for part in parts if any(choice["finish_reason"] for choice in part.get("choices", ()))]
    failed = [part for part in parts if "error" in part]
    assert len(ends) + len(failed) == 1
    assert (said[-1] == "[DONE]") == bool(ends)
    assert parts[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}


def _own(parts: list[dict[str, Any]], said: list[str]) -> None:
    assert said.index("[DONE]") == len(said) - 1
