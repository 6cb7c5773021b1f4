"""Bytes -> events, a test per quirk of the hosts: read whole, in pieces, byte by byte, and cut at every offset."""

import base64
import json
from typing import Any

import pytest

from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.errors import ContentFilteredError, MalformedStream, ServerError, StreamTruncated
from aikido_llm.types.events import AudioEvent, ImageEvent, TextDelta, ThinkingDelta, ToolCallDelta
from aikido_llm.types.parts import AudioPart, ImagePart
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.tools import ToolCall, ToolDef
from aikido_llm.types.usage import Usage
from tests.dialects.openai_chat.roads import ROAD, WHOLE, answer_of, asked, events_of, whole
from tests.dialects.openai_chat.transcripts import (
    DONE,
    END,
    HEAD,
    STOP,
    body,
    call,
    calls,
    chunk,
    data,
    text,
    usage,
)
from tests.wire import Road, error_of, response_of

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

PNG = b"\x89PNG\r\n\x1a\n rest"
PNG_URI = "data:image/png;base64," + base64.b64encode(PNG).decode()


# ---------------------------------------------------------------- text, and where usage stands


def test_text_with_usage_in_a_chunk_of_its_own() -> None:
    answer = answer_of(text("", "Hi", " there") + STOP + data({**HEAD, "choices": [], "usage": usage()}) + DONE)
    assert (answer.text, answer.finish_reason, answer.id, answer.model) == ("Hi there", "stop", "chatcmpl-1", "m-1")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (9, 2)


def test_usage_on_the_finish_chunk() -> None:
    assert answer_of(text("Hi") + chunk(finish="stop", usage=usage()) + DONE).usage.output_tokens == 2


def test_usage_that_comes_twice_counts_once() -> None:
    twice = chunk(finish="stop", usage=usage(), x_groq={"usage": usage()}) + data(
        {**HEAD, "choices": [], "usage": usage()}
    )
    assert answer_of(text("Hi") + twice + DONE).usage.total_tokens == 11


def test_cumulative_usage_on_every_chunk_is_not_summed() -> None:
    pieces = b"".join(chunk({"content": piece}, usage=usage(9, n)) for n, piece in enumerate("abc", 1))
    answer = answer_of(pieces + END)
    assert (answer.text, answer.usage.output_tokens) == ("abc", 3)


def test_usage_in_x_groq() -> None:
    assert (
        answer_of(text("Hi") + chunk(finish="stop", x_groq={"id": "req", "usage": usage()}) + DONE).usage.input_tokens
        == 9
    )


def test_usage_inside_the_choice() -> None:
    choice: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": "stop", "usage": usage()}
    assert answer_of(text("Hi") + data({**HEAD, "choices": [choice]}) + DONE).usage.input_tokens == 9


def test_usage_null_does_not_overwrite_and_a_later_one_wins() -> None:
    answer = text("Hi") + chunk(finish="stop", usage=usage(9, 2)) + chunk({}, usage=None) + chunk({}, usage=usage(9, 3))
    assert answer_of(answer + DONE).usage.output_tokens == 3


def test_timings_stand_in_for_usage() -> None:
    last = chunk(finish="stop", timings={"cache_n": 20, "prompt_n": 11, "predicted_n": 7, "predicted_ms": 81.3})
    got = answer_of(text("Hi") + last + DONE).usage
    assert (got.input_tokens, got.output_tokens, got.cache_read_tokens) == (31, 7, 20)


def test_no_usage_is_unknown_not_zero() -> None:
    assert answer_of(text("Hi") + END).usage == Usage()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3}}, (9, 2, 4, 3, None)),
        ({"prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 5}, (9, 2, 4, None, None)),
        ({"cached_tokens": 4}, (9, 2, 4, None, None)),
        ({"num_cached_tokens": 4, "prompt_tokens_details": None}, (9, 2, 4, None, None)),
        ({"prompt_token_details": {"cached_tokens": 4}}, (9, 2, 4, None, None)),
        ({"prompt_tokens_details": {"cached_tokens": 40}}, (9, 2, 9, None, None)),
        ({"completion_tokens_details": {"reasoning_tokens": 1}}, (9, 2, None, None, 1)),
        ({"completion_tokens_details": {"reasoning_tokens": 21}}, (9, 2, None, None, 2)),
        ({"reasoning_tokens": 1}, (9, 2, None, None, 1)),
        ({"completion_tokens": None, "total_tokens": None}, (9, None, None, None, None)),
    ],
)
def test_usage_spellings(sent: dict[str, Any], expected: tuple[int | None, ...]) -> None:
    got = answer_of(text("Hi") + chunk(finish="stop", usage={**usage(), **sent}) + DONE).usage
    counts = (got.input_tokens, got.output_tokens, got.cache_read_tokens, got.cache_write_tokens, got.reasoning_tokens)
    assert counts == expected
    assert got.raw == {**usage(), **sent}


def test_reasoning_counted_beside_the_completion_is_added_to_the_output() -> None:
    sent = {
        "prompt_tokens": 432,
        "completion_tokens": 68,
        "total_tokens": 636,
        "completion_tokens_details": {"reasoning_tokens": 136},
    }
    got = answer_of(text("Hi") + chunk(finish="stop", usage=sent) + DONE).usage
    assert (got.output_tokens, got.reasoning_tokens, got.total_tokens) == (204, 136, 636)


@pytest.mark.parametrize(
    ("sent", "dollars"),
    [
        ({"cost": 0.001}, 0.001),
        ({"cost": {"total_cost": 0.005}}, 0.005),
        ({"cost_in_usd_ticks": 1654500}, 0.00016545),
        ({}, None),
    ],
)
def test_cost(sent: dict[str, Any], dollars: float | None) -> None:
    got = answer_of(text("Hi") + chunk(finish="stop", usage={**usage(), **sent}) + DONE).usage
    assert got.cost_usd == (None if dollars is None else pytest.approx(dollars))


# ---------------------------------------------------------------- the end


def test_finish_reason_twice_and_then_null() -> None:
    ends = chunk({"content": ""}, "length") + chunk({"content": ""}, "stop", usage=usage()) + chunk({}, None)
    answer = answer_of(text("Hi") + ends + DONE)
    assert (answer.finish_reason, answer.raw_finish_reason) == ("length", "length")


def test_finish_reason_may_be_empty_or_missing_between() -> None:
    between = chunk({"content": "a"}, "") + data({**HEAD, "choices": [{"index": 0, "delta": {"content": "b"}}]})
    assert answer_of(between + END).text == "ab"


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("end_turn", "stop"),
        ("STOP", "stop"),
        ("length", "length"),
        ("model_length", "length"),
        ("max_tokens", "length"),
        ("max_output_tokens", "length"),
        ("MAX_LEN", "length"),
        ("max_context", "length"),
        ("time_limit", "length"),
        ("banana", "other"),
    ],
)
def test_finish_words(word: str, reason: str) -> None:
    answer = answer_of(text("Hi") + chunk(finish=word) + DONE)
    assert (answer.finish_reason, answer.raw_finish_reason) == (reason, word)
    assert whole({"content": "Hi"}, word).finish_reason == reason


@pytest.mark.parametrize("word", ["error", "insufficient_system_resource", "network_error", "abort"])
def test_finish_words_of_failure(word: str) -> None:
    error = error_of(ROAD.read_every_way(text("Hi") + chunk(finish=word) + DONE))
    assert isinstance(error, ServerError)
    assert word in error.message
    assert error.partial is not None
    assert error.partial.text == "Hi"


def test_native_network_error_behind_a_benign_finish_reason() -> None:
    choice: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": "stop", "native_finish_reason": "network_error"}
    assert isinstance(error_of(ROAD.read(text("Hi") + data({**HEAD, "choices": [choice]}) + DONE)), ServerError)


@pytest.mark.parametrize("word", ["content_filter", "sensitive"])
def test_content_filter_delivers_text_and_usage_first(word: str) -> None:
    events = ROAD.read_every_way(text("Hi") + chunk(finish="stop") + chunk(finish=word, usage=usage()) + DONE)
    error = error_of(events)
    assert isinstance(error, ContentFilteredError)
    assert (response_of(events).text, response_of(events).usage.input_tokens) == ("Hi", 9)
    assert response_of(events).finish_reason == "content_filter"


def test_refusal_is_text_and_filtered() -> None:
    answer = chunk({"refusal": "I ca"}) + chunk({"refusal": "n't"}) + END
    events = ROAD.read_every_way(answer)
    assert isinstance(error_of(events), ContentFilteredError)
    assert response_of(events).text == "I can't"
    assert isinstance(error_of(WHOLE.read(body({"content": None, "refusal": "No"}))), ContentFilteredError)


@pytest.mark.parametrize("word", ["tool_calls", "tool_call", "function_call", "tool_use"])
def test_finish_words_of_calls(word: str) -> None:
    answer = answer_of(calls(call(0, "a", "f", "{}"), finish=word) + DONE)
    assert (answer.finish_reason, answer.raw_finish_reason) == ("tool_calls", word)
    for said in (ROAD.read(text("Hi") + chunk(finish=word) + DONE), WHOLE.read(body({"content": "Hi"}, word))):
        assert isinstance(error_of(said), MalformedStream), "a finish word that promises calls, and none"
        assert response_of(said).text == "Hi"


@pytest.mark.parametrize("said", [text("Hi"), chunk({"role": "assistant", "content": ""}), b""])
def test_done_without_finish_reason_is_an_end_that_nobody_vouches_for(said: bytes) -> None:
    answer = answer_of(said + DONE)
    assert (answer.finish_reason, answer.raw_finish_reason, answer.complete) == ("other", None, False)


def test_done_without_finish_reason_hands_out_whole_calls_alone() -> None:
    answer = answer_of(calls(call(0, "a", "f", "{}"), call(1, "b", "g", '{"x":')) + DONE)
    assert ([done.name for done in answer.tool_calls], answer.finish_reason) == (["f"], "other")
    assert not answer.complete
    free = call(0, "a")
    free |= {"type": "custom", "custom": {"name": "sql", "input": "select"}}
    assert answer_of(calls(free) + DONE).tool_calls == ()


def test_an_end_that_never_comes_is_truncated() -> None:
    assert isinstance(error_of(ROAD.read(b": ping\n\n")), StreamTruncated)
    assert isinstance(error_of(ROAD.read(b"")), StreamTruncated)


@pytest.mark.parametrize(
    "behind",
    [b"", data({**HEAD, "choices": [], "usage": usage()}), b'data: {"choi', b"data: {]\n\n", b"<html>", DONE,
     b": x\n\n", data("oops"), DONE + DONE, b"data: [DO"],
)  # fmt: skip
def test_the_finish_reason_is_the_end_whatever_comes_behind_it(behind: bytes) -> None:
    answer = answer_of(text("Hi") + STOP + behind)
    assert (answer.text, answer.finish_reason, answer.complete) == ("Hi", "stop", True)
    assert answer.usage.input_tokens == (9 if b"usage" in behind else None)


# Some hosts send the finish reason with each call.
SECOND = (call(1, "b", "g"), call(1, arguments='{"x":'), call(1, arguments='"y'), call(1, arguments='z"}'))


@pytest.mark.parametrize("word", ["tool_calls", "stop"])
@pytest.mark.parametrize("lost", range(len(SECOND)))
def test_a_call_behind_an_early_finish_reason_is_whole_or_an_error(lost: int, word: str) -> None:
    first = calls(call(0, "a", "f", "{}"), finish=word)
    frames = [calls(piece) for piece in SECOND]
    finish = chunk(finish=word)
    assert len(answer_of(first + b"".join(frames) + finish + DONE).tool_calls) == 2
    frames[lost] = frames[lost][: len(frames[lost]) * 3 // 4] + b"\n\n"
    for end in (DONE, finish + DONE, finish, b""):
        error = error_of(ROAD.read_every_way(first + b"".join(frames) + end))
        assert isinstance(error, MalformedStream | StreamTruncated)
        assert error.partial is not None
        assert [done.name for done in error.partial.tool_calls] in ([], ["f"])


def test_an_answer_that_goes_on_behind_a_broken_frame_is_none() -> None:
    broken = data({**HEAD, "choices": [], "usage": usage()})[:60] + b"\n\n"
    assert answer_of(text("Hi") + STOP + broken + STOP + DONE).text == "Hi"
    assert isinstance(error_of(ROAD.read_every_way(text("Hi") + STOP + broken + text("more") + DONE)), MalformedStream)


def test_an_error_behind_the_finish_reason_is_told_and_not_worth_another_attempt() -> None:
    error = error_of(ROAD.read(text("Hi") + STOP + data({"error": {"message": "late", "code": 500}})))
    assert isinstance(error, ServerError)
    assert error.permanent
    assert error.partial is not None
    assert error.partial.raw_finish_reason == "stop"


def test_nothing_behind_done_is_read() -> None:
    assert answer_of(text("Hi") + END + text(" more") + data({"error": {"message": "late"}})).text == "Hi"


def test_done_without_a_space_and_without_a_line_end() -> None:
    assert answer_of(text("Hi") + STOP + b"data:[DONE]").text == "Hi"


# ---------------------------------------------------------------- chunks of odd shape


@pytest.mark.parametrize(
    "odd",
    [
        data({**HEAD}),
        data({**HEAD, "choices": []}),
        data({**HEAD, "choices": None}),
        data({**HEAD, "choices": "what"}),
        data({**HEAD, "choices": [None, 3]}),
        data({**HEAD, "choices": [{"index": 0, "delta": None}]}),
        data({**HEAD, "choices": [{"index": 0}]}),
        data({**HEAD, "choices": [{"index": 0, "delta": 7, "finish_reason": None}]}),
        data({"id": "", "model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}),
        data({**HEAD, "choices": [{"index": 0, "delta": {"tool_calls": "", "images": {}, "audio": []}}]}),
        data("null"),
        data({}),
        data(""),
        b": OPENROUTER PROCESSING\n\n",
        b":\n\n: keep-alive\n\n",
        b"event: ping\n\n",
        b"id: 7\n\n",
        b"something stray\n\n",
    ],
)
def test_odd_chunks_cost_nothing(odd: bytes) -> None:
    answer = answer_of(odd + text("Hi") + odd + text(" you") + STOP + odd + DONE)
    assert (answer.text, answer.finish_reason) == ("Hi you", "stop")


@pytest.mark.parametrize("broken", [data("{'a': 1}"), data("[1]"), data("7"), data('"x"'), data("oops")])
def test_what_is_no_chunk_is_malformed(broken: bytes) -> None:
    error = error_of(ROAD.read(text("Hi") + broken + END))
    assert isinstance(error, MalformedStream)
    assert error.partial is not None
    assert error.partial.text == "Hi"


def test_line_ends_and_lines_joined() -> None:
    assert answer_of((text("Hi") + END).replace(b"\n", b"\r\n")).text == "Hi"
    assert answer_of(b"\xef\xbb\xbf" + (text("Hi") + END).replace(b"data: {", b"data:\ndata: {")).text == "Hi"


def test_characters_cut_anywhere() -> None:
    assert answer_of(text("h\N{GRINNING FACE}\u2028", "ø") + END).text == "h\N{GRINNING FACE}\u2028ø"


def test_a_message_and_a_delta_the_delta_wins() -> None:
    choices = [
        {"index": 0, "delta": {"content": piece}, "message": {"content": so_far}}
        for piece, so_far in (("a", "a"), ("b", "ab"))
    ]
    answer = b"".join(data({**HEAD, "choices": [choice]}) for choice in choices)
    assert answer_of(answer + END).text == "ab"


def test_a_stream_of_one_whole_message() -> None:
    choice = {"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}
    assert answer_of(data({**HEAD, "choices": [choice]}) + DONE).text == "Hi"


# ---------------------------------------------------------------- reasoning


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "Hm"},
        {"reasoning": "Hm"},
        {"reasoning": "Hm", "reasoning_content": "Hm"},
        {"reasoning": "Hm", "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "index": 0}]},
        {"reasoning": None, "reasoning_details": [{"type": "reasoning.summary", "summary": "Hm", "index": 0}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}], "closed": True}]},
        {"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]}]},
        {"content": "", "reasoning": "Hm"},
    ],
)
def test_reasoning_spellings_are_never_doubled(delta: dict[str, Any]) -> None:
    answer = answer_of(chunk(delta) + text("so") + END)
    assert (answer.thinking, answer.text) == ("Hm", "so")
    both = whole({**delta, "content": delta.get("content") or "so"})
    assert both.thinking == "Hm"


def test_content_may_switch_between_list_and_string() -> None:
    def part(piece: str) -> dict[str, Any]:
        return {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": piece}], "closed": True}]}

    answer = (
        chunk(part("The"))
        + chunk(part(" cat"))
        + text("Me", "ow")
        + chunk({"content": [{"type": "text", "text": "!"}]})
    )
    events = events_of(answer + END)
    assert events[:5] == [ThinkingDelta("The"), ThinkingDelta(" cat"), TextDelta("Me"), TextDelta("ow"), TextDelta("!")]


def test_reasoning_may_resume_behind_text() -> None:
    answer = (
        chunk({"reasoning": "a"}) + text("b") + chunk({"reasoning": "c"}) + chunk({"reasoning": "d", "content": "e"})
    )
    events = events_of(answer + END)
    assert events[:5] == [ThinkingDelta("a"), TextDelta("b"), ThinkingDelta("c"), ThinkingDelta("d"), TextDelta("e")]


def test_repeated_reasoning_is_dropped_only_where_the_row_says_so() -> None:
    answer = chunk({"reasoning_content": "ha"}) * 2 + text("so") + END
    assert answer_of(answer).thinking == "haha"
    assert answer_of(answer, Road(OpenAIChat(drop_repeated_reasoning=True))).thinking == "ha"


def test_reasoning_details_are_merged_for_the_next_turn() -> None:
    def details(*items: dict[str, Any]) -> bytes:
        return chunk({"content": "", "reasoning_details": list(items)})

    claude = {"type": "reasoning.text", "format": "anthropic-claude-v1", "index": 0}
    answer = (
        details({**claude, "text": "Let "})
        + details({**claude, "text": "me"})
        + details({"type": "reasoning.encrypted", "data": "AA", "id": "x", "index": 0})
        + details({"type": "reasoning.encrypted", "data": "BB", "id": "y", "index": 0})
        + text("so")
        + details({**claude, "signature": "Ev"})
    )
    got = answer_of(answer + END, Road(OpenAIChat(reasoning_replay="details")))
    assert got.thinking == "Let me"
    assert got.replay == (
        {
            "reasoning_details": [
                {**claude, "text": "Let me", "signature": "Ev"},
                {"type": "reasoning.encrypted", "data": "AA", "id": "x", "index": 0},
                {"type": "reasoning.encrypted", "data": "BB", "id": "y", "index": 0},
            ]
        },
    )
    assert answer_of(answer + END).replay == ()


def test_unsigned_thoughts_are_not_sent_back_to_those_who_sign() -> None:
    thought = {"type": "reasoning.text", "text": "Hm", "index": 0}
    road = Road(OpenAIChat(reasoning_replay="details"))
    unsigned = answer_of(
        chunk({"reasoning_details": [{**thought, "format": "google-gemini-v1"}]}) + text("a") + END, road
    )
    assert unsigned.replay == ({"reasoning_details": []},)
    unknown = answer_of(chunk({"reasoning_details": [{**thought, "format": "unknown"}]}) + text("a") + END, road)
    assert unknown.replay == ({"reasoning_details": [{**thought, "format": "unknown"}]},)


def test_an_empty_list_of_details_is_sent_back() -> None:
    road = Road(OpenAIChat(reasoning_replay="details"))
    assert answer_of(chunk({"content": "a", "reasoning_details": []}) + END, road).replay == (
        {"reasoning_details": []},
    )


# ---------------------------------------------------------------- tool calls


def named(answer: Response) -> list[tuple[str, str, str]]:
    return [(done.id, done.name, done.arguments) for done in answer.tool_calls]


FINISH = chunk(finish="tool_calls") + DONE


def test_whole_call_on_the_finish_chunk_with_usage() -> None:
    answer = answer_of(calls(call(0, "Ab3dE6gH9", "add", '{"a": 1}'), finish="tool_calls", usage=usage()) + DONE)
    assert named(answer) == [("Ab3dE6gH9", "add", '{"a": 1}')]
    assert answer.usage.input_tokens == 9


@pytest.mark.parametrize("rest", [{}, {"id": "", "name": ""}, {"id": "a"}, {"id": "a", "name": "add"}])
def test_fragments_with_absent_empty_and_repeated_keys(rest: dict[str, Any]) -> None:
    answer = (
        calls(call(0, "a", "add", ""))
        + calls(call(0, arguments='{"a"', **rest))
        + calls(call(0, arguments=":1}", **rest))
    )
    assert named(answer_of(answer + FINISH)) == [("a", "add", '{"a":1}')]


def test_fragments_with_null_id_and_name() -> None:
    rest = {"index": 0, "id": None, "type": "function", "function": {"name": None, "arguments": '{"a":1}'}}
    assert named(answer_of(calls(call(0, "a", "add")) + calls(rest) + FINISH)) == [("a", "add", '{"a":1}')]


def test_calls_without_index() -> None:
    answer = (
        calls(call(None, "a", "f", '{"x"')) + calls(call(None, arguments=":1}")) + calls(call(None, "b", "g", "{}"))
    )
    assert named(answer_of(answer + FINISH)) == [("a", "f", '{"x":1}'), ("b", "g", "{}")]


def test_index_from_one_gaps_and_interleaved_calls() -> None:
    answer = (
        calls(call(1, "a", "f", ""), call(5, "b", "g", ""))
        + calls(call(5, arguments='{"y":2'), call(1, arguments='{"x":1'))
        + calls(call(1, arguments="}"), call(5, arguments="}"))
    )
    events = events_of(answer + FINISH)
    assert named(response_of(events)) == [("a", "f", '{"x":1}'), ("b", "g", '{"y":2}')]
    assert [e.index for e in events if isinstance(e, ToolCallDelta)] == [1, 0, 0, 1]


def test_the_same_index_with_another_id_is_another_call() -> None:
    answer = calls(call(0, "a", "f", '{"x":1}')) + calls(call(0, "b", "f", '{"x":2}'))
    assert named(answer_of(answer + FINISH)) == [("a", "f", '{"x":1}'), ("b", "f", '{"x":2}')]


@pytest.mark.parametrize("id", [None, "", "null"])
def test_ids_that_are_missing_are_made(id: str | None) -> None:
    first = answer_of(calls(call(0, id, "f", "{}"), call(1, id, "f", "{}")) + FINISH)
    again = answer_of(calls(call(0, id, "f", "{}"), call(1, id, "f", "{}")) + FINISH)
    ids = [made for made, _, _ in named(first)]
    assert all(ids)
    assert len(set(ids)) == 2
    assert named(first) == named(again)


def test_a_name_that_comes_late() -> None:
    answer = calls(call(0, "a", arguments='{"x"')) + calls(call(0, name="f", arguments=":1}"))
    assert named(answer_of(answer + FINISH)) == [("a", "f", '{"x":1}')]


def test_arguments_as_an_object_null_or_nothing() -> None:
    pieces = [
        call(0, "a", "f", {"x": 1}),
        {"index": 1, "id": "b", "function": {"name": "g", "arguments": None}},
        call(2, "c", "h"),
    ]
    assert named(answer_of(calls(*pieces) + FINISH)) == [("a", "f", '{"x":1}'), ("b", "g", "{}"), ("c", "h", "{}")]


def test_an_empty_object_before_the_arguments() -> None:
    answer = calls(call(0, "a", "f", "{}")) + calls(call(0, arguments='{"x":1}'))
    assert named(answer_of(answer + FINISH)) == [("a", "f", '{"x":1}')]


def test_blanks_behind_whole_arguments_do_not_make_two_calls() -> None:
    answer = calls(call(0, "a", "f", '{"x":1}')) + calls(call(0, arguments=" "))
    assert named(answer_of(answer + FINISH)) == [("a", "f", '{"x":1} ')]


def test_stop_with_calls_is_tool_calls() -> None:
    answer = answer_of(calls(call(0, "a", "f", "{}")) + END)
    assert (answer.finish_reason, answer.raw_finish_reason) == (FinishReason.tool_calls, "stop")


def test_calls_that_the_token_limit_cut_are_left_out() -> None:
    answer = (
        calls(call(0, "a", "f", '{"x":1}'), call(1, "b", "g", '{"y'), call(2, "c", "h", ""))
        + chunk(finish="length")
        + DONE
    )
    got = answer_of(answer)
    assert (named(got), got.finish_reason) == ([("a", "f", '{"x":1}')], "length")


def test_calls_of_a_failed_answer_are_left_out() -> None:
    events = ROAD.read(calls(call(0, "a", "f", "{}")) + data({"error": {"message": "boom", "code": 500}}))
    assert response_of(events).tool_calls == ()


def test_the_old_function_call() -> None:
    answer = chunk({"function_call": {"name": "f", "arguments": ""}}) + chunk(
        {"function_call": {"arguments": '{"x":1}'}}
    )
    got = answer_of(answer + chunk(finish="function_call") + DONE)
    assert [(done.name, done.arguments) for done in got.tool_calls] == [("f", '{"x":1}')]
    assert got.finish_reason == "tool_calls"
    stub = whole({"content": "Hi", "function_call": {"name": "", "arguments": ""}})
    assert (stub.tool_calls, stub.finish_reason) == ((), "stop")


def test_the_leaked_wrapper_of_parallel_calls_is_taken_off() -> None:
    uses: dict[str, Any] = {
        "tool_uses": [
            {"recipient_name": "functions.f", "parameters": {"x": 1}},
            {"recipient_name": "functions.g", "parameters": {}},
        ]
    }
    arguments = json.dumps(uses)
    answer = (
        calls(call(0, "a", "multi_tool_use.parallel", arguments[:9])) + calls(call(0, arguments=arguments[9:])) + FINISH
    )
    got = answer_of(answer)
    assert [(done.name, done.arguments) for done in got.tool_calls] == [("f", '{"x":1}'), ("g", "{}")]
    declared = answer_of(calls(call(0, "a", "parallel", "{}")) + FINISH, asked(tools=[ToolDef("parallel")]))
    assert [done.name for done in declared.tool_calls] == ["parallel"]
    unreadable = answer_of(calls(call(0, "a", "multi_tool_use.parallel", "[1]")) + FINISH)
    assert [done.name for done in unreadable.tool_calls] == ["multi_tool_use.parallel"]


def test_calls_with_free_text() -> None:
    def piece(**custom: str) -> dict[str, Any]:
        return {"index": 0, **({"id": "a", "type": "custom"} if "name" in custom else {}), "custom": custom}

    pieces = (piece(name="sql", input=""), piece(input="select "), piece(input="{1"))
    got = answer_of(b"".join(calls(one) for one in pieces) + FINISH)
    assert got.tool_calls == (ToolCall("a", "sql", "select {1", kind="custom"),)
    told = {"id": "a", "type": "custom", "custom": {"name": "sql", "input": "select {1"}}
    assert whole({"content": None, "tool_calls": [told]}, "stop").tool_calls == got.tool_calls
    stub = {**call(None, "a", "f", "{}"), "custom": {"name": "", "input": ""}}
    assert whole({"content": None, "tool_calls": [stub]}).tool_calls[0].kind == "function"


def test_a_call_of_a_kind_of_the_host_s_own_is_a_call() -> None:
    told = {"id": "a", "type": "shell", "shell": {"command": ["ls"]}}
    for got in (whole({"content": None, "tool_calls": [told]}), answer_of(calls(told) + END)):
        assert got.tool_calls == (ToolCall("a", "shell", '{"command":["ls"]}', kind="shell"),)
        assert got.finish_reason == "tool_calls"


def test_a_call_without_a_name_is_no_answer() -> None:
    for said in (
        ROAD.read(calls(call(0, "a", arguments='{"x":1}')) + FINISH),
        WHOLE.read(body({"content": None, "tool_calls": [call(None, "a", arguments='{"x":1}')]}, "tool_calls")),
        WHOLE.read(body({"content": None, "tool_calls": [call(None, "a", arguments='{"x":1}')]}, "stop")),
    ):
        error = error_of(said)
        assert isinstance(error, MalformedStream)
        assert error.permanent


@pytest.mark.parametrize(
    "pieces",
    [
        [call(0, "a", "f", '{"x":'), call(0, arguments='"yz"}'), call(0, arguments='{"x":"yz"}')],
        [call(0, "a", "f", {"x": "y"}), call(0, "a", "f", {"x": "yz"})],
        [call(0, "a", "f", ""), call(0, arguments='{"x":"yz"}{"x":"yz"}')],
        [call(0, "a", "f", ""), call(1, arguments='{"x":"yz"}')],
        [call(0, "a", "f", ""), call(3, "b", arguments='{"x":"yz"}')],
    ],
)
def test_arguments_said_again_and_pieces_that_name_no_call(pieces: list[dict[str, Any]]) -> None:
    got = answer_of(b"".join(calls(piece) for piece in pieces) + FINISH)
    assert [(done.id, done.name, done.parsed()) for done in got.tool_calls] == [("a", "f", {"x": "yz"})]


def test_each_entry_of_a_whole_message_is_a_call_of_its_own() -> None:
    twice = [call(0, None, "f", '{"x":1}'), call(0, None, "f", '{"x":1}')]
    assert [done.name for done in whole({"tool_calls": twice}, "tool_calls").tool_calls] == ["f", "f"]


def test_thought_signatures_of_calls_are_sent_back() -> None:
    extra = {"google": {"thought_signature": "Cg"}}
    got = answer_of(calls(call(0, "a", "f", "{}", extra_content=extra)) + FINISH)
    assert got.replay == ({"extra_content": {"a": extra}},)


# ---------------------------------------------------------------- pictures and sound


@pytest.mark.parametrize(
    "delta",
    [
        {"images": [{"type": "image_url", "index": 0, "image_url": {"url": PNG_URI}}]},
        {"images": [{"type": "image_url", "image_url": PNG_URI}]},
        {"images": [PNG_URI]},
        {"images": [{"b64_json": base64.b64encode(PNG).decode()}]},
        {"content": [{"type": "image_url", "image_url": {"url": PNG_URI}}]},
        {"content": [{"type": "image", "b64_json": base64.b64encode(PNG).decode(), "media_type": "image/png"}]},
    ],
)
def test_pictures(delta: dict[str, Any]) -> None:
    events = events_of(chunk(delta, "stop") + DONE)
    assert events[0] == ImageEvent(ImagePart(data=PNG, content_type="image/png"))
    assert whole({"content": None, **delta}).images == response_of(events).images


def test_a_picture_by_url_and_text_around_it() -> None:
    parts = [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
        {"type": "text", "text": "b"},
    ]
    events = events_of(chunk({"content": parts}) + END)
    assert events[:3] == [TextDelta("a"), ImageEvent(ImagePart(url="https://x/y.png")), TextDelta("b")]


def test_a_picture_of_megabytes_in_one_line() -> None:
    picture = PNG + bytes(3_000_000)
    uri = "data:image/png;base64," + base64.b64encode(picture).decode()
    events = ROAD.read_every_way(chunk({"images": [{"image_url": {"url": uri}}]}) + END)
    assert response_of(events).images[0].data == picture


def test_a_picture_that_is_no_base64_is_malformed() -> None:
    assert isinstance(error_of(ROAD.read(chunk({"images": ["data:image/png;base64,%%%"]}) + END)), MalformedStream)


def test_unknown_parts_are_kept() -> None:
    part = {"type": "hologram", "cube": 1}
    got = answer_of(chunk({"content": [part, {"type": "text", "text": "Hi"}]}) + END)
    assert (got.text, got.provider_data) == ("Hi", {"parts": [part]})


def test_sound_in_pieces_behind_the_usage_chunk_and_without_finish_reason() -> None:
    def heard(**audio: Any) -> bytes:
        return data({**HEAD, "choices": [{"index": 0, "delta": {"audio": audio}}]})

    answer = (
        data({**HEAD, "usage": None})
        + heard(id="audio_1", transcript="He")
        + heard(data=base64.b64encode(b"\1\2").decode())
        + heard(data=base64.b64encode(b"\3").decode(), transcript="y")
        + data({**HEAD, "choices": [], "usage": usage()})
        + heard(expires_at=1)
        + DONE
    )
    got = answer_of(answer, asked(extra={"audio": {"voice": "alloy", "format": "pcm16"}}))
    assert got.audio == (AudioPart(data=b"\1\2\3", content_type="audio/pcm16", transcript="Hey"),)
    assert (got.finish_reason, got.usage.input_tokens, got.replay) == ("stop", 9, ({"audio": {"id": "audio_1"}},))


def test_sound_in_a_whole_body() -> None:
    wav = b"RIFF\0\0\0\0WAVEfmt "
    audio = {"id": "audio_1", "data": base64.b64encode(wav).decode(), "expires_at": 1, "transcript": "Hey"}
    events = events_of(body({"content": None, "audio": audio}), WHOLE)
    assert events[0] == AudioEvent(AudioPart(data=wav, content_type="audio/wav", transcript="Hey"))


# ---------------------------------------------------------------- whole bodies


def test_whole_body() -> None:
    got = whole({"content": "Hi", "refusal": None, "tool_calls": None}, usage=usage())
    assert (got.text, got.finish_reason, got.usage.total_tokens) == ("Hi", "stop", 11)
    assert got.raw["choices"][0]["message"]["content"] == "Hi"


def test_whole_body_equals_its_stream() -> None:
    message = {"reasoning": "Hm", "content": "Hi", "tool_calls": [call(0, "a", "f", '{"x":1}')]}
    assert whole(message, "tool_calls", usage=usage()) == answer_of(chunk(message, "tool_calls", usage=usage()) + DONE)


def test_whole_body_behind_keep_alive_blanks() -> None:
    assert answer_of(b"\n         \n\n   \n" + body({"content": "Hi"}), WHOLE).text == "Hi"


def test_whole_body_instead_of_the_stream_that_was_asked_for() -> None:
    road = Road(OpenAIChat(), stream=True, content_type="application/json")
    assert response_of(road.read_every_way(body({"content": "Hi"}))).text == "Hi"


def test_stream_that_is_labelled_json() -> None:
    road = Road(OpenAIChat(), stream=True, content_type="application/json")
    assert response_of(road.read_every_way(b": hi\n\n" + text("Hi") + END)).text == "Hi"
    assert isinstance(error_of(road.read(text("Hi"))), StreamTruncated)


def test_whole_body_nested_under_provider() -> None:
    real = json.loads(body({"content": "Hi"}))
    nested = json.dumps({"id": None, "choices": None, "provider": real}).encode()
    assert response_of(WHOLE.read(nested)).text == "Hi"


def test_whole_body_without_finish_reason() -> None:
    for message in ({"content": "Hi"}, {"content": None, "tool_calls": [call(0, "a", "f", "{}")]}, {"content": None}):
        answer = whole(message, None)
        assert (answer.finish_reason, answer.complete) == ("other", False)
        assert len(answer.tool_calls) == ("tool_calls" in message)
    assert isinstance(error_of(WHOLE.read(b'{"choices": null}')), StreamTruncated)


@pytest.mark.parametrize("junk", [b"<html><title>Bad gateway</title></html>", b"upstream died", b"[]", b'"text"', b"7"])
def test_a_body_that_is_no_completion_is_malformed(junk: bytes) -> None:
    error = error_of(WHOLE.read(junk))
    assert isinstance(error, MalformedStream)


@pytest.mark.parametrize("behind", [b"garbage", b"\0", b"{}", b"\n\n<html>"])
def test_a_whole_body_with_something_behind_it_is_whole(behind: bytes) -> None:
    assert response_of(WHOLE.read(body({"content": "Hi"}) + behind)).text == "Hi"


def test_every_prefix_of_a_whole_body_is_an_error() -> None:
    answer = body({"content": "Hi", "tool_calls": [call(0, "a", "f", '{"x":1}')]}, "tool_calls", usage=usage())
    assert WHOLE.check_prefixes(answer, len(answer)) >= len(answer) // 8


# ---------------------------------------------------------------- whatever a server may send


VALUES: list[Any] = [None, True, 0, -1, 1.5, 1e300, "", "x", "\ud800", [], [1], [None], [[]], {}, {"a": 1}, [{"a": {}}]]
PATHS = [
    ("choices",),
    ("choices", 0),
    *(("choices", 0, key) for key in ("delta", "message", "index", "finish_reason", "logprobs", "error", "usage")),
    *(
        ("choices", 0, "delta", key)
        for key in ("content", "reasoning", "reasoning_content", "reasoning_details", "tool_calls", "refusal", "images")
    ),
    *(("choices", 0, "delta", key) for key in ("audio", "annotations", "function_call", "role")),
    *(("choices", 0, "delta", "tool_calls", 0, key) for key in ("index", "id", "function", "custom", "extra_content")),
    *(("choices", 0, "delta", "tool_calls", 0, "function", key) for key in ("name", "arguments")),
    *(("choices", 0, "delta", "images", 0, key) for key in ("image_url", "url", "b64_json", "media_type")),
    *(("choices", 0, "delta", "audio", key) for key in ("data", "transcript", "id")),
    *((key,) for key in ("id", "model", "created", "usage", "error", "x_groq", "timings", "citations", "detail")),
    *(("usage", key) for key in ("prompt_tokens", "completion_tokens_details", "cost", "total_tokens")),
    *(("error", key) for key in ("message", "code", "type", "metadata", "param")),
]


def planted(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    root: dict[str, Any] = {**HEAD}
    place: Any = root
    for key, following in zip(path, [*path[1:], None], strict=True):
        child: Any = value if following is None else [] if isinstance(following, int) else {}
        if isinstance(key, int):
            place.append(child)
        else:
            place[key] = child
        place = child
    return root


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_any_value_anywhere_gives_events_or_a_typed_error(path: tuple[Any, ...]) -> None:
    for value in VALUES:
        strange = planted(path, value)
        ROAD.read(data(strange) + text("Hi") + data(strange) + END)  # the road checks the grammar
        WHOLE.read(json.dumps(strange).replace('"delta"', '"message"').encode())
