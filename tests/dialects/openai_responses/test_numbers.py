"""The server counts its events: what is missing by that count is told, or mended by what it says again."""

from typing import Any

import pytest

from aikido_llm.codecs import json
from aikido_llm.dialects.openai_responses import OpenAIResponses
from aikido_llm.errors import MalformedStream
from aikido_llm.types.events import Event
from aikido_llm.types.exchange import ResumeToken
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request
from tests.wire import Road, error_of, response_of

ROAD = Road(OpenAIResponses())
WORDS = ("one ", "two ", "three")


def events(kind: str, *, again: bool = True, first: int = 0) -> list[dict[str, Any]]:
    """An answer whose text (or reasoning) comes in pieces. again: its item says it once more at the end."""
    lane = "output_text" if kind == "message" else "reasoning_summary_text"
    text = "".join(WORDS)
    whole: dict[str, Any] = {"id": "i", "type": kind, "status": "completed"}
    part = {"type": "output_text" if kind == "message" else "summary_text", "text": text}
    whole["content" if kind == "message" else "summary"] = [part]
    place = {"item_id": "i", "output_index": 0, "content_index": 0, "summary_index": 0}
    said: list[dict[str, Any]] = [
        {"type": "response.created", "response": {"id": "r", "model": "m", "status": "in_progress"}},
        {"type": "response.output_item.added", "output_index": 0, "item": {"id": "i", "type": kind}},
        *({"type": f"response.{lane}.delta", **place, "delta": word} for word in WORDS),
        *([{"type": "response.output_item.done", "output_index": 0, "item": whole}] if again else []),
        {"type": "response.completed", "response": {"id": "r", "model": "m", "status": "completed", "output": []}},
    ]
    return [{**event, "sequence_number": first + number} for number, event in enumerate(said)]


def read(said: list[dict[str, Any]]) -> list[Event]:
    return ROAD.read_every_way(b"".join(b"data: " + json.dumps(event) + b"\n\n" for event in said))


@pytest.mark.parametrize("kind", ["message", "reasoning"])
def test_a_piece_out_of_the_middle_is_missed_in_text_and_in_reasoning(kind: str) -> None:
    said = events(kind)
    assert error_of(read(said)) is None
    for lost in (2, 3):
        error = error_of(read(said[:lost] + said[lost + 1 :]))
        assert type(error) is MalformedStream, lost
    blank = [{**event, "delta": " "} if event.get("delta") == "two " else event for event in said]
    done = json.loads(json.dumps(blank).replace(b"one two three", b"one  three"))
    assert error_of(read(done)) is None
    assert type(error_of(read(done[:3] + done[4:]))) is MalformedStream, "a blank is a piece too"


def test_a_long_piece_is_missed_and_counted_as_a_short_one_is() -> None:
    """Its number is read at once, for the piece is not kept."""
    long = "two " * 50_000
    said = json.loads(json.dumps(events("message")).replace(b"two ", long.encode()))
    assert response_of(read(said)).text == f"one {long}three"
    for lost in (2, 3):
        assert type(error_of(read(said[:lost] + said[lost + 1 :]))) is MalformedStream, lost
    background = Road(OpenAIResponses(), request=Request(messages=(user("hi"),), background=True))
    for last in (3, 4):
        error = error_of(background.read([b"data: " + json.dumps(event) + b"\n\n" for event in said[: last + 1]]))
        assert error is not None
        assert error.resume == ResumeToken("r", after=last)


@pytest.mark.parametrize("kind", ["message", "reasoning"])
def test_the_last_piece_is_filled_in(kind: str) -> None:
    said = events(kind)
    response = response_of(read(said[:4] + said[5:]))
    assert response.text + response.thinking == "one two three"


def test_what_is_lost_and_not_said_again_is_an_error() -> None:
    said = events("message", again=False)
    assert error_of(read(said)) is None
    for lost in (2, 3, 4):
        assert type(error_of(read(said[:lost] + said[lost + 1 :]))) is MalformedStream


def test_an_event_that_held_nothing_may_be_missing() -> None:
    said = events("message")
    assert error_of(read([said[0], *said[2:]])) is None
    assert error_of(read([*said[:5], said[6]])) is not None, "then nothing says the text again"


@pytest.mark.parametrize("first", [1, 40])
def test_the_count_may_begin_anywhere(first: int) -> None:
    assert error_of(read(events("message", first=first))) is None


def test_without_numbers_the_old_rules_hold() -> None:
    bare = [
        {name: value for name, value in event.items() if name != "sequence_number"} for event in events("reasoning")
    ]
    assert error_of(read(bare[:3] + bare[4:])) is None, "of a summary a piece may be missing"
