"""The pure road, driven through a wire so small that each promise stands alone.

A frame is JSON: {"t": text}, {"n": usage}, {"end": reason}, {"error": message}, {"refuse": true}. "[DONE]" ends it.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.call.answer import AnswerParser
from aikido_llm.call.reply import Reply
from aikido_llm.codecs import json as _json
from aikido_llm.dialects.base import Decoder, ErrorReply, ModelPage, WireRequest, filtered, truncated
from aikido_llm.errors import (
    ConnectError,
    ContentFilteredError,
    LLMError,
    MalformedStream,
    OverloadedError,
    StreamTruncated,
    TooLargeError,
)
from aikido_llm.framing import WHOLE, Frame, Framer
from aikido_llm.framing.choose import sse_or_whole
from aikido_llm.types.events import EndEvent, ErrorEvent, Event, TextDelta, UsageEvent
from aikido_llm.types.extra import NO_LISTS
from aikido_llm.types.logprobs import TokenLogprob
from aikido_llm.types.request import Request
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.usage import Usage
from tests.wire import ANY_REQUEST, Road, check_grammar, comparable, error_of, lengths, response_of


class TinyDecoder(Decoder):
    def __init__(self) -> None:
        super().__init__()
        self._usage: Usage | None = None
        self._refused = False
        self._others: list[str] = []

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        for name, data in frames:
            if self.done:
                return
            if data == b"[DONE]":
                self.done = True
                return
            try:
                value = _json.loads_object(data)
            except ValueError as error:
                raise MalformedStream(str(error)) from None
            if name == WHOLE:
                self.done = True
                self.raw = value
            self._take(value, out)

    def _take(self, value: dict[str, Any], out: list[Event]) -> None:
        self.id = value.get("id", self.id)
        self.model = value.get("model", self.model)
        if "n" in value:
            self._usage = Usage(output_tokens=value["n"])
        if "t" in value:
            out.append(TextDelta(value["t"]))
        if "error" in value:
            raise OverloadedError(value["error"], model=value.get("by", ""))
        self._refused = self._refused or "refuse" in value
        if "end" in value:
            self.raw_finish_reason = value["end"]
            self.finish_reason = FinishReason(value["end"])
        self.complete = value.get("complete", True)
        self.logprobs += [TokenLogprob(token, -0.5) for token in value.get("tokens", ())]
        self._others += value.get("others", ())

    def close(self, out: list[Event]) -> None:
        if self._refused:
            raise filtered("refusal")
        if not self.done or self.finish_reason is None:
            raise truncated("its end mark")
        out.append(TextDelta("."))  # something held back until the end

    def usage(self) -> Usage | None:
        return self._usage

    def replay(self) -> tuple[Any, ...]:
        return ({"block": 1},)

    def choices(self) -> tuple[Response, ...]:
        return tuple(Response(text) for text in self._others)


class TinyDialect:
    name = "tiny"
    features: Mapping[str, bool] = {}
    extra_lists = NO_LISTS

    def framer(self, content_type: str, *, stream: bool, event_bytes: int, body_bytes: int) -> Framer:
        return sse_or_whole(content_type, stream=stream, event_bytes=event_bytes, body_bytes=body_bytes)

    def decoder(self, request: Request) -> Decoder:
        return TinyDecoder()

    def encode(self, request: Request, *, stream: bool, provider: str) -> WireRequest:
        return WireRequest("/")

    def decode_error(self, reply: ErrorReply) -> LLMError:
        return LLMError()

    def encode_models(self, cursor: str | None) -> WireRequest:
        return WireRequest("/")

    def decode_models(self, body: bytes) -> ModelPage:
        return ModelPage(())


ROAD = Road(TinyDialect())
WHOLE_ROAD = Road(TinyDialect(), stream=False, content_type="application/json")


def sse(*values: object) -> bytes:
    lines = (value if isinstance(value, str) else json.dumps(value) for value in values)
    return b"".join(f"data: {line}\n\n".encode() for line in lines)


def answer(**changes: Any) -> AnswerParser:
    facts: dict[str, Any] = {"stream": True, "content_type": "text/event-stream", "provider": "acme"}
    facts |= {"reply": Reply("r"), "attempts": 2}
    return AnswerParser(TinyDialect(), ANY_REQUEST, **(facts | changes))


GOOD = sse({"id": "1", "model": "m", "t": "Hel"}, {"t": "lo"}, {"end": "stop", "n": 3}, "[DONE]")
GOOD_EVENTS = [TextDelta("Hel"), TextDelta("lo"), TextDelta("."), UsageEvent(Usage(output_tokens=3))]
GOOD_RESPONSE = Response(
    "Hello.",
    usage=Usage(output_tokens=3),
    finish_reason=FinishReason.stop,
    raw_finish_reason="stop",
    id="1",
    model="m",
    provider="acme",
    request_id="r",
    attempts=2,
    replay=({"block": 1},),
    wire="tiny",
)

# ---------------------------------------------------------------- an answer that is whole


def test_content_then_usage_then_the_end() -> None:
    events = answer().feed(GOOD)
    check_grammar(events)
    assert events == [*GOOD_EVENTS, EndEvent(FinishReason.stop, GOOD_RESPONSE)]


def test_each_feed_returns_what_it_completed() -> None:
    reading = answer()
    assert reading.feed(GOOD[:30]) == []
    assert reading.feed(sse({"t": "never"})[:0]) == []
    rest = reading.feed(GOOD[30:])
    assert rest[0] == TextDelta("Hel")
    assert reading.ended


def test_nothing_follows_the_end() -> None:
    reading = answer()
    reading.feed(GOOD)
    assert reading.feed(sse({"t": "more"})) == reading.eof() == reading.fail(ConnectError("x")) == []


def test_what_follows_the_end_mark_in_the_same_bytes_is_not_read() -> None:
    for behind in (sse({"t": "more"}, {"error": "late"}), b"data: not json\n\n", b"junk"):
        assert answer().feed(GOOD + behind) == answer().feed(GOOD)


def test_a_cap_that_is_passed_behind_the_end_mark_is_no_failure() -> None:
    assert error_of(answer(event_bytes=200).feed(GOOD + b"data: " + b"x" * 300)) is None


def test_the_end_mark_without_a_blank_line_counts_at_the_end_of_the_bytes() -> None:
    assert comparable(ROAD.read(GOOD.rstrip())) == comparable(ROAD.read(GOOD))


def test_any_cut_gives_the_same_events() -> None:
    ROAD.read_every_way(GOOD)
    ROAD.read_every_way(sse({"t": "a"}, {"error": "busy"}))
    ROAD.read_every_way(sse({"t": "a"}) + b"data: {oops}\n\n" + sse({"t": "b"}))


def test_a_whole_body_takes_the_same_road_to_an_equal_response() -> None:
    body = b'{"id": "1", "model": "m", "t": "Hello", "end": "stop", "n": 3}'
    whole = WHOLE_ROAD.read_every_way(body)
    assert response_of(whole) == response_of(ROAD.read(GOOD))
    assert response_of(whole).raw == json.loads(body)
    assert response_of(ROAD.read(GOOD)).raw is None


def test_the_asked_model_stands_in_where_the_wire_names_none() -> None:
    assert response_of(ROAD.read(sse({"end": "stop"}, "[DONE]"))).model == "asked-model"


def test_no_usage_gives_no_usage_event() -> None:
    events = ROAD.read(sse({"end": "stop"}, "[DONE]"))
    assert not any(isinstance(event, UsageEvent) for event in events)
    assert response_of(events).usage == Usage()


def test_partial_is_what_has_arrived() -> None:
    reading = answer()
    reading.feed(sse({"t": "Hel"}))
    assert (reading.partial().text, reading.partial().finish_reason) == ("Hel", FinishReason.error)
    assert reading.feed(sse({"t": "lo"})) == [TextDelta("lo")], "looking changes nothing"


# ---------------------------------------------------------------- an answer that fails


def failed(events: list[Event], kind: type[LLMError], text: str) -> LLMError:
    """Text, usage, the error, the end: in this order, and the error says everything."""
    check_grammar(events)
    error = error_of(events)
    assert isinstance(error, kind), repr(error)
    assert error.partial == response_of(events)
    assert response_of(events).text == text
    assert (error.provider, error.request_id, error.attempts) == ("acme", "r", 2)
    return error


def test_an_error_in_band_comes_after_what_was_before_it_and_after_the_usage() -> None:
    events = answer().feed(sse({"t": "a", "n": 1}, {"error": "busy"}, {"t": "b"}, "[DONE]"))
    error = failed(events, OverloadedError, "a")
    assert events[:2] == [TextDelta("a"), UsageEvent(Usage(output_tokens=1))]
    assert (events[2], type(events[3])) == (ErrorEvent(error, FinishReason.error), EndEvent)
    assert error.model == "asked-model"


def test_what_the_wire_says_of_an_error_is_not_overwritten() -> None:
    assert failed(answer().feed(sse({"error": "busy", "by": "m2"})), OverloadedError, "").model == "m2"


def test_a_policy_s_end_is_a_content_filter_end_with_the_text_and_the_usage() -> None:
    events = answer().feed(sse({"t": "I can", "n": 2}, {"refuse": True, "end": "stop"}, "[DONE]"))
    error = failed(events, ContentFilteredError, "I can")
    assert error.partial is not None
    assert (error.partial.finish_reason, error.partial.usage) == (FinishReason.content_filter, Usage(output_tokens=2))
    assert error.code == "refusal"


@pytest.mark.deep
def test_every_prefix_is_an_error() -> None:
    assert ROAD.check_prefixes(GOOD, GOOD.index(b"[DONE]") + len(b"[DONE]")) > 20


def test_the_end_of_the_bytes_is_not_the_end_of_the_answer() -> None:
    for size in (0, 10, GOOD.index(b"data: [DONE]")):
        reading = answer()
        events = reading.feed(GOOD[:size])
        failed(events + reading.eof(), StreamTruncated, "".join(e.text for e in events if isinstance(e, TextDelta)))


@pytest.mark.parametrize("last", [b'data: {"t": "wor', b'data: {"t": "wor\n\n', b'data: {"t": tr', b"data: {"])
def test_a_last_frame_that_is_cut_is_truncation(last: bytes) -> None:
    reading = answer()
    events = reading.feed(sse({"t": "a"}) + last.rstrip(b"\n"))
    failed(events + reading.eof(), StreamTruncated, "a")


def test_a_last_frame_that_is_something_else_is_malformed() -> None:
    reading = answer()
    events = reading.feed(sse({"t": "a"}) + b"data: <html>Bad gateway</html>")
    failed(events + reading.eof(), MalformedStream, "a")


def test_a_broken_frame_in_the_middle_is_malformed_even_if_it_looks_cut() -> None:
    failed(answer().feed(sse({"t": "a"}) + b'data: {"t": "wor\n\n' + sse({"t": "b"})), MalformedStream, "a")


def test_a_whole_body_that_is_cut_is_truncation() -> None:
    for body in (b"", b"{", b'{"t": "Hel', b'{"t": "Hello", "end": "st'):
        assert isinstance(error_of(WHOLE_ROAD.read(body)), StreamTruncated)
    assert isinstance(error_of(WHOLE_ROAD.read(b"<html>")), MalformedStream)


def test_frames_before_a_passed_cap_are_delivered() -> None:
    events = answer(event_bytes=200).feed(sse({"t": "a", "n": 1}) + b"data: " + b"x" * 300)
    error = failed(events, TooLargeError, "a")
    assert vars(error)["cap"] == "event_bytes"
    assert isinstance(events[1], UsageEvent)


def test_an_error_in_band_beats_a_cap_that_is_passed_behind_it() -> None:
    failed(answer(event_bytes=200).feed(sse({"error": "busy"}) + b"data: " + b"x" * 300), OverloadedError, "")


def test_a_body_over_the_cap_fails() -> None:
    reading = answer(stream=False, content_type="application/json", body_bytes=10)
    events = reading.feed(b'{"t": "Hello"}')
    assert vars(failed(events, TooLargeError, ""))["cap"] == "body_bytes"


def test_bytes_that_will_not_come_end_the_answer_with_all_there_is() -> None:
    reading = answer()
    reading.feed(sse({"t": "a", "n": 1}))
    events = reading.fail(ConnectError("reset"))
    assert isinstance(events[0], UsageEvent)
    assert error_of(events) is not None
    assert response_of(events).text == "a"
    assert reading.ended
    assert reading.fail(ConnectError("again")) == reading.feed(GOOD) == reading.eof() == []


def test_logprobs_and_further_choices_come_with_the_end() -> None:
    body = sse({"id": "1", "model": "m", "t": "a", "tokens": ["a"], "others": ["b"]}, {"end": "stop"}, "[DONE]")
    reading = answer()
    response = response_of([*reading.feed(body), *reading.eof()])
    assert response.logprobs == (TokenLogprob("a", -0.5),)
    assert response.choices == (Response("b", id="1", model="m", provider="acme", wire="tiny"),)


@pytest.mark.parametrize(
    ("last", "whole"),
    [({"end": "stop"}, True), ({"end": "other", "complete": False}, False), ({"end": "paused"}, False)],
)
def test_complete_is_what_the_provider_has_called_the_end(last: dict[str, Any], whole: bool) -> None:
    reading = answer()
    assert response_of([*reading.feed(sse({"t": "a"}, last, "[DONE]")), *reading.eof()]).complete is whole


def test_a_part_of_an_answer_is_not_complete() -> None:
    reading = answer()
    reading.feed(sse({"t": "a"}))
    assert reading.partial().complete is False
    assert response_of(reading.eof()).complete is False


@pytest.mark.parametrize(("said", "permanent"), [({"t": "a"}, False), ({"t": "a", "end": "stop"}, True)])
def test_an_answer_that_had_its_finish_reason_is_not_worth_another_attempt(
    said: dict[str, Any], permanent: bool
) -> None:
    reading = answer()
    error = error_of([*reading.feed(sse(said)), *reading.eof()])
    assert isinstance(error, StreamTruncated)
    assert error.permanent is permanent


# ---------------------------------------------------------------- whatever comes


values = st.sampled_from([{"t": "a"}, {"n": 1}, {"end": "stop"}, {"end": "length"}, {"error": "x"}, {"refuse": 1}])
others = st.sampled_from([sse("[DONE]"), sse("oops"), sse("{"), b": ping\n\n", b"{stray}\n\n", b"event: x\n", b"\n"])
chunks = values.map(sse) | others


@settings(max_examples=200, deadline=None)
@given(st.lists(chunks, max_size=8).map(b"".join), st.lists(st.integers(0, 30), max_size=20))
def test_the_grammar_holds_for_any_bytes_in_any_pieces(body: bytes, sizes: list[int]) -> None:
    whole = ROAD.read(body)
    if isinstance(error_of(whole), StreamTruncated | MalformedStream):
        return  # how a broken last frame is called depends on whether its end was seen; the grammar has been checked
    assert comparable(ROAD.read(list(lengths(body, sizes)))) == comparable(whole)
