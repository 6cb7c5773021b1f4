import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.errors import ServerError
from aikido_llm.types.accumulate import Accumulator
from aikido_llm.types.events import (
    AudioEvent,
    EndEvent,
    ErrorEvent,
    Event,
    ImageEvent,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEvent,
    ToolCallStart,
    UsageEvent,
)
from aikido_llm.types.parts import AudioPart, ImagePart
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.tools import ToolCall
from aikido_llm.types.usage import Usage


def folded(*events: Event) -> Response:
    accumulator = Accumulator()
    accumulator.extend(events)
    return accumulator.response()


def test_everything_has_its_place() -> None:
    first, second = ToolCall("1", "f"), ToolCall("2", "g", '{"a":1}')
    image = ImagePart(data=b"x")
    response = folded(
        ThinkingDelta("hm"),
        TextDelta("a"),
        ToolCallStart(1, "2", "g"),
        ToolCallStart(0, "1", "f"),
        ToolCallDelta(1, '{"a":1}'),
        ThinkingDelta("m"),
        ToolCallEvent(1, second),
        ImageEvent(image),
        TextDelta("b"),
        ToolCallEvent(0, first),
        UsageEvent(Usage(1)),
        UsageEvent(Usage(2)),
    )
    assert response == Response("ab", "hmm", (first, second), (image,), usage=Usage(2))


def test_a_call_that_never_ended_is_left_out() -> None:
    assert folded(ToolCallStart(0, "1", "f"), ToolCallDelta(0, "{}")).tool_calls == ()


def test_facts_are_what_no_event_carries() -> None:
    accumulator = Accumulator()
    accumulator.add(TextDelta("a"))
    assert accumulator.response(id="x", finish_reason=FinishReason.stop) == Response(
        "a", id="x", finish_reason=FinishReason.stop
    )


def test_the_response_of_an_end_is_returned_as_it_is() -> None:
    end = Response("whole", id="x", raw={"a": 1})
    assert folded(TextDelta("a"), EndEvent(FinishReason.stop, end)) is end


def test_the_error_is_kept() -> None:
    accumulator = Accumulator()
    error = ServerError("x")
    accumulator.add(ErrorEvent(error))
    assert accumulator.response() == Response()
    assert accumulator.error is error


def test_asking_in_between_changes_nothing() -> None:
    accumulator = Accumulator()
    for letter in "abc":
        accumulator.add(TextDelta(letter))
        accumulator.add(AudioEvent(AudioPart(data=letter.encode(), content_type="audio/pcm16")))
        accumulator.response()
    assert accumulator.response().text == "abc"
    assert accumulator.response().audio == (AudioPart(data=b"abc", content_type="audio/pcm16"),)


A, B = AudioPart(data=b"a", content_type="x/y"), AudioPart(data=b"b", content_type="x/y")
OTHER = AudioPart(data=b"c", content_type="x/z")
SAID = AudioPart(transcript="hi")
LINK = AudioPart(url="https://host")


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([A, B], [(b"ab", "x/y", "")]),
        ([SAID, A, SAID], [(b"a", "x/y", "hihi")]),
        ([SAID, SAID], [(None, "", "hihi")]),
        ([AudioPart(data=b"ID3"), AudioPart(data=b"rest")], [(b"ID3rest", "audio/mpeg", "")]),
        ([A, OTHER], [(b"a", "x/y", ""), (b"c", "x/z", "")]),
        ([A, LINK, B], [(b"a", "x/y", ""), (None, "", ""), (b"b", "x/y", "")]),
        ([LINK, LINK], [(None, "", ""), (None, "", "")]),
        ([AudioPart(data=b""), AudioPart(data=b"")], [(b"", "", "")]),
        ([], []),
    ],
)
def test_neighbouring_pieces_of_one_sound_become_one(
    pieces: list[AudioPart], expected: list[tuple[bytes | None, str, str]]
) -> None:
    sound = folded(*(AudioEvent(piece) for piece in pieces)).audio
    assert [(part.data, part.content_type, part.transcript) for part in sound] == expected


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abc"), max_size=5), max_size=20))
def test_any_batches_give_the_same_text(batches: list[list[str]]) -> None:
    accumulator = Accumulator()
    for batch in batches:
        accumulator.extend([TextDelta(letter) for letter in batch])
    assert accumulator.response().text == "".join(letter for batch in batches for letter in batch)


def test_a_long_answer_takes_linear_time() -> None:
    accumulator = Accumulator()
    began = time.process_time()
    for _ in range(300):
        accumulator.extend([TextDelta("x" * 50)] * 1000)
    assert len(accumulator.response().text) == 15_000_000
    pieces = [AudioEvent(AudioPart(data=b"x" * 10, content_type="audio/pcm16")) for _ in range(20_000)]
    assert len(folded(*pieces).audio[0].data or b"") == 200_000
    assert time.process_time() - began < 5
