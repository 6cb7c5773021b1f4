"""Hand-written answers, one per quirk of the wire: how they end, how they fail, what they cost."""

import json
import random
from typing import Any, cast

import pytest

from aikido_llm.dialects.anthropic_messages import AnthropicMessages
from aikido_llm.errors import (
    ContentFilteredError,
    InvalidRequestError,
    MalformedStream,
    OverloadedError,
    StreamTruncated,
)
from aikido_llm.types.events import UsageEvent
from aikido_llm.types.response import FinishReason
from aikido_llm.types.usage import Usage
from tests.dialects.anthropic_messages.transcript import (
    PING,
    ROAD,
    STOP,
    WHOLE,
    answer,
    begin,
    block,
    delta,
    end,
    failure,
    read,
    sse,
    stop,
    text,
    tool,
)
from tests.wire import Road, error_of

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

# ---------------------------------------------------------------- how it ends


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", FinishReason.stop),
        ("stop_sequence", FinishReason.stop),
        ("max_tokens", FinishReason.length),
        ("model_context_window_exceeded", FinishReason.length),
        ("pause_turn", FinishReason.paused),
        ("compaction", FinishReason.other),
        ("something_new", FinishReason.other),
    ],
)
def test_finish_reasons(word: str, reason: FinishReason) -> None:
    response = answer(sse(begin(), text(0, "x"), end(word), STOP))
    assert (response.finish_reason, response.raw_finish_reason) == (reason, word)
    assert response.complete is (word not in ("pause_turn", "compaction"))


def test_an_end_in_tool_calls_has_calls() -> None:
    assert answer(sse(begin(), tool(0, "t", "{}"), end("tool_use"), STOP)).finish_reason is FinishReason.tool_calls
    nameless = block(0, "tool_use", id="t", name="", input={"a": 1})
    for content in (text(0, "x"), sse(nameless, stop(0))):
        assert isinstance(failure(sse(begin(), content, end("tool_use"), STOP)), MalformedStream)
    assert isinstance(failure(sse(begin(), nameless, stop(0), end("end_turn"), STOP)), MalformedStream)


def test_the_stop_sequence_is_told() -> None:
    response = answer(sse(begin(), end("stop_sequence", stop_sequence="END", container={"id": "c"}), STOP))
    assert response.provider_data == {"stop_sequence": "END", "container": {"id": "c"}}


def test_quirk_4_a_refusal_may_have_no_block_at_all() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "No exploits."}
    body = sse(begin(input_tokens=9, output_tokens=1), PING, end("refusal", {"output_tokens": 0}, stop_details=details))
    events = read(body + sse(STOP))
    error = error_of(events)
    assert isinstance(error, ContentFilteredError)
    assert "No exploits." in str(error)
    assert error.code == "refusal"
    assert error.partial is not None
    assert error.partial.finish_reason is FinishReason.content_filter
    assert error.partial.usage.input_tokens == 9
    assert error.partial.provider_data == {"stop_details": details}


def test_a_refusal_after_text_keeps_the_text_and_runs_no_call() -> None:
    error = failure(sse(begin(), text(0, "First,"), tool(1, "t", "{}"), end("refusal"), STOP))
    assert isinstance(error, ContentFilteredError)
    assert error.partial is not None
    assert error.partial.text == "First,"
    assert error.partial.tool_calls == ()


def test_a_refusal_as_a_whole_body() -> None:
    error = failure(b'{"id":"m","content":[],"stop_reason":"refusal","usage":{"input_tokens":1}}', WHOLE)
    assert isinstance(error, ContentFilteredError)


def test_quirk_5_the_end_of_bytes_is_not_the_end_of_the_answer() -> None:
    for body in (
        b"",
        sse(begin(), text(0, "x")),
        sse(begin(), text(0, "x"), end("end_turn")),
        sse(begin(), tool(0, "t", "{}"), end("tool_use")),
    ):
        error = failure(body)
        assert isinstance(error, StreamTruncated)
        assert error.partial is not None
        assert error.partial.tool_calls == ()


def test_an_end_without_a_reason_is_an_error() -> None:
    assert isinstance(failure(sse(begin(), text(0, "x"), end(None), STOP)), StreamTruncated)
    assert isinstance(failure(b'{"id":"m","content":[],"stop_reason":null}', WHOLE), StreamTruncated)
    assert isinstance(failure(b'{"id":"m","content":[{"type":"te', WHOLE), StreamTruncated)


def test_nothing_after_the_end_is_read() -> None:
    body = sse(begin(), text(0, "x"), end("end_turn"), STOP, text(1, "y"), b"data: junk\n\n")
    assert answer(body).text == "x"


def test_a_later_refusal_overrides_the_first_reason_and_nothing_else_does() -> None:
    assert isinstance(failure(sse(begin(), end("end_turn"), end("refusal"), STOP)), ContentFilteredError)
    assert answer(sse(begin(), end("max_tokens"), end("end_turn"), STOP)).raw_finish_reason == "max_tokens"


# ---------------------------------------------------------------- errors inside of a 200

OVERLOADED = (
    b'event: error\ndata: {"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"},'
    b'"request_id":"req_5aB"}\n\n'
)


def test_quirk_5_an_error_as_the_first_event() -> None:
    error = failure(OVERLOADED)
    assert isinstance(error, OverloadedError)
    assert (error.message, error.code, error.request_id) == ("Overloaded", "overloaded_error", "req_5aB")


def test_quirk_5_an_error_after_text_and_an_open_call() -> None:
    body = sse(begin(output_tokens=3), text(0, "Half"), block(1, "tool_use", id="t", name="f", input={}), OVERLOADED)
    events = ROAD.read_every_way(body)
    error = error_of(events)
    assert isinstance(error, OverloadedError)
    assert error.partial is not None
    assert (error.partial.text, error.partial.tool_calls) == ("Half", ())
    assert UsageEvent(Usage(output_tokens=3, raw={"output_tokens": 3})) in events


def test_content_filter_as_an_error_after_partial_text() -> None:
    body = sse(begin(), delta(0, "text_delta", text="All "))
    blocked = (
        b'{"type":"error","error":{"type":"invalid_request_error",'
        b'"message":"Output blocked by content filtering policy"}}'
    )
    error = failure(body + b"event: error\ndata: " + blocked + b"\n\n")
    assert isinstance(error, ContentFilteredError)
    assert error.partial is not None
    assert error.partial.text == "All "


@pytest.mark.parametrize(
    "data", [b'{"type":"error","error":"upstream gave up"}', b'{"error":{"message":"upstream gave up"}}']
)
def test_errors_of_gateways(data: bytes) -> None:
    assert failure(b"data: " + data + b"\n\n").message == "upstream gave up"
    assert failure(data, WHOLE).message == "upstream gave up"
    stray = sse(begin(), text(0, "x")) + data + b"\n"
    assert failure(stray).message == "upstream gave up"


def test_other_stray_bytes_are_ignored() -> None:
    assert answer(b"hello there\n\n" + sse(begin(), text(0, "x"), end("end_turn"), STOP)).text == "x"


@pytest.mark.parametrize(
    "data", [b"oops", b"[1]", b'{"type":"content_block_delta","delta":{"type":"text_delta","text":5}}']
)
def test_what_is_not_this_wire_is_malformed(data: bytes) -> None:
    error = failure(sse(begin(), text(0, "x")) + b"data: " + data + b"\n\n" + sse(end("end_turn"), STOP))
    assert isinstance(error, MalformedStream)
    assert error.partial is not None
    assert error.partial.text == "x"


def test_a_page_instead_of_an_answer() -> None:
    html = b"<html><title>502 Bad Gateway</title></html>"
    error = failure(html, Road(AnthropicMessages(), content_type="text/html"))
    assert isinstance(error, MalformedStream)
    assert "502 Bad Gateway" in error.message


def test_quirk_7_the_same_start_twice_is_tolerated_another_is_not() -> None:
    assert answer(sse(begin(), text(0, "a"), begin(), text(1, "b"), end("end_turn"), STOP)).text == "ab"
    assert answer(sse(begin("msg_0"), begin(), text(0, "a"), end("end_turn"), STOP)).id == "msg_1"
    error = failure(sse(begin(), text(0, "a"), begin("msg_2"), text(0, "b"), end("end_turn"), STOP))
    assert isinstance(error, MalformedStream)
    assert "msg_2" in error.message


def test_an_error_of_the_request_inside_of_a_200() -> None:
    error = failure(b'data: {"type":"error","error":{"type":"invalid_request_error","message":"no"}}\n\n')
    assert type(error) is InvalidRequestError


# ---------------------------------------------------------------- usage


def usage_of(*events: dict[str, Any]) -> Usage:
    return answer(sse(*events, STOP)).usage


def test_quirk_3_later_counts_replace_earlier_ones() -> None:
    usage = usage_of(
        begin(input_tokens=10, cache_read_input_tokens=5, cache_creation_input_tokens=3, output_tokens=1),
        end("end_turn", {"input_tokens": 20, "cache_read_input_tokens": None, "output_tokens": 7}),
        end(None, {"output_tokens": 9}),
    )
    assert (usage.input_tokens, usage.output_tokens) == (28, 9)
    assert (usage.cache_read_tokens, usage.cache_write_tokens) == (5, 3)


def test_quirk_10_relays_send_the_counts_at_the_end() -> None:
    usage = usage_of(begin(input_tokens=0, output_tokens=0), end("end_turn", {"input_tokens": 12, "output_tokens": 3}))
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (12, 3, None)


def test_quirk_11_the_seed_of_the_first_event_is_not_added() -> None:
    assert usage_of(begin(output_tokens=4), end("end_turn", {"output_tokens": 4})).output_tokens == 4


def test_counts_that_were_not_sent_are_none() -> None:
    usage = usage_of(begin(), end("end_turn", {"output_tokens": 4, "server_tool_use": {"web_search_requests": 1}}))
    assert usage.input_tokens is None
    assert usage.total_tokens == 4
    assert usage.raw == {"output_tokens": 4, "server_tool_use": {"web_search_requests": 1}}
    assert usage_of(begin(service_tier="standard"), end("end_turn")) == Usage()


def test_reasoning_is_never_more_than_the_output() -> None:
    usage = usage_of(
        begin(),
        end("end_turn", {"output_tokens": 4, "output_tokens_details": {"thinking_tokens": 6}, "input_tokens": "x"}),
    )
    assert (usage.reasoning_tokens, usage.output_tokens, usage.input_tokens) == (4, 4, None)


# ---------------------------------------------------------------- any JSON at all


def test_values_of_any_type_give_events_or_a_typed_error() -> None:
    junk: list[Any] = [None, True, -1, 1.5, 2**70, "", "\ud800", [], {}, [{}], {"type": "text"}, [[1]], "{}"]
    events = [
        begin(input_tokens=1, output_tokens_details={"thinking_tokens": 1}),
        block(0, "tool_use", id="t", name="f", input={"a": 1}),
        delta(0, "input_json_delta", partial_json="{}"),
        delta(1, "citations_delta", citation={}),
        delta(1, "thinking_delta", thinking="x"),
        stop(0),
        end("tool_use", {"output_tokens": 1}, stop_details={}),
    ]
    rng = random.Random(5)
    for _ in range(1500):
        changed = json.loads(json.dumps(events))
        _spoil(rng.choice(changed), rng, junk)
        lines = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in (*changed, STOP)]
        ROAD.read(b"".join(lines))


def _spoil(target: dict[str, Any], rng: random.Random, junk: list[Any]) -> None:
    """Put a value of any type at a random place in target."""
    name = rng.choice(sorted(target))
    inner: Any = target[name]
    if isinstance(inner, dict) and inner and rng.random() < 0.5:
        _spoil(cast("dict[str, Any]", inner), rng, junk)
    else:
        target[name] = rng.choice(junk)
