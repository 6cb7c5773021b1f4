"""Hand-written transcripts, one for each oddity of the wire; each read in every way and cut at every offset."""

import json
from typing import Any

import pytest

from aikido_llm.dialects.cohere_chat import CohereChat
from aikido_llm.errors import (
    ContentFilteredError,
    LLMError,
    MalformedStream,
    OverloadedError,
    ServerError,
    StreamTruncated,
    TimedOutError,
)
from aikido_llm.types.citations import Citation
from aikido_llm.types.events import Event, TextDelta, ThinkingDelta, ToolCallDelta, ToolCallEvent, ToolCallStart
from aikido_llm.types.logprobs import TokenLogprob
from aikido_llm.types.messages import tool, user
from aikido_llm.types.request import Request
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.tools import ToolCall, ToolDef
from aikido_llm.types.usage import Usage
from tests.wire import Road, error_of, response_of

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

ROAD = Road(CohereChat())
WHOLE = Road(CohereChat(), stream=False, content_type="application/json")
DONE = b"data: [DONE]\n\n"


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields}, separators=(',', ':'))}\n\n".encode()


def message(kind: str, index: int | None = None, **fields: Any) -> bytes:
    numbered: dict[str, Any] = {} if index is None else {"index": index}
    return event(kind, **numbered, delta={"message": fields})


def start() -> bytes:
    empty: dict[str, Any] = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    return event("message-start", id="m-1", delta={"message": empty})


def text(*pieces: str, index: int = 0) -> bytes:
    begin = message("content-start", index, content={"type": "text", "text": ""})
    deltas = b"".join(message("content-delta", index, content={"text": piece}) for piece in pieces)
    return begin + deltas + event("content-end", index=index)


def thinking(*pieces: str) -> bytes:
    begin = message("content-start", 0, content={"type": "thinking", "thinking": ""})
    deltas = b"".join(message("content-delta", 0, content={"thinking": piece}) for piece in pieces)
    return begin + deltas + event("content-end", index=0)


def call(index: int, id: str, name: str, *arguments: str) -> bytes:
    function = {"name": name, "arguments": ""}
    begin = message("tool-call-start", index, tool_calls={"id": id, "type": "function", "function": function})
    pieces = b"".join(
        message("tool-call-delta", index, tool_calls={"function": {"arguments": piece}}) for piece in arguments
    )
    return begin + pieces + event("tool-call-end", index=index)


USAGE = {
    "billed_units": {"input_tokens": 11, "output_tokens": 6},
    "tokens": {"input_tokens": 505, "output_tokens": 9.0, "reasoning_tokens": 4},
    "cached_tokens": 448,
}


def end(reason: str | None = "COMPLETE", **fields: Any) -> bytes:
    return event("message-end", delta={"finish_reason": reason, "usage": USAGE, **fields})


def read(*pieces: bytes, road: Road = ROAD) -> tuple[list[Event], Response, LLMError | None]:
    """What the answer says, however it is cut; every prefix of it without the end mark is StreamTruncated."""
    body = b"".join(pieces)
    events = road.read_every_way(body)
    whole_from = body.index(b'"type":"message-end"') if b'"type":"message-end"' in body else len(body.rstrip())
    road.check_prefixes(body, whole_from, error=StreamTruncated)
    return events, response_of(events), error_of(events)


@pytest.mark.parametrize("said", [2, "x", [1], {"a": 1}], ids=repr)
def test_a_server_may_use_the_names_under_which_we_keep_what_is_left(said: Any) -> None:
    odd = event("content-delta", index=0, content=said)
    _, response, error = read(start(), odd, message("content-delta", 0, content={"text": "a", "mood": "calm"}), end())
    assert error is None
    assert response.text == "a"
    assert response.provider_data["content"]["mood"] == "calm"


def test_text_usage_and_the_unnamed_done_behind_the_end() -> None:
    events, response, error = read(start(), text("Rain", "", " again"), end(), DONE)
    assert error is None
    assert events[:2] == [TextDelta("Rain"), TextDelta(" again")]
    assert response.text == "Rain again"
    assert response.finish_reason is FinishReason.stop
    assert response.raw_finish_reason == "COMPLETE"
    assert response.id == "m-1"
    assert response.usage == Usage(505, 9, cache_read_tokens=448, reasoning_tokens=4, raw=USAGE)


def test_model_is_taken_from_the_request_because_the_wire_does_not_say_it() -> None:
    assert read(start(), text("a"), end())[1].model == "asked-model"


def test_nothing_after_message_end_is_read() -> None:
    _, response, error = read(start(), text("a"), end(), DONE, text("b"), b"data: {broken\n\n")
    assert (response.text, error) == ("a", None)


def test_done_without_message_end_is_an_error() -> None:
    body = start() + text("a") + DONE
    assert type(error_of(ROAD.read_every_way(body))) is StreamTruncated


def test_thinking_comes_before_text_in_its_own_block() -> None:
    events, response, _ = read(start(), thinking("Hm", "."), text("Yes", index=1), end())
    assert events[:3] == [ThinkingDelta("Hm"), ThinkingDelta("."), TextDelta("Yes")]
    assert (response.thinking, response.text) == ("Hm.", "Yes")


def test_text_in_content_start_is_not_lost() -> None:
    assert read(start(), message("content-start", 0, content={"type": "text", "text": "Oh"}), end())[1].text == "Oh"


def test_tool_calls_are_single_objects_in_deltas() -> None:
    plan = message("tool-plan-delta", tool_plan="I will check")
    events, response, error = read(
        start(),
        plan,
        call(0, "f_1", "forecast", '{"city": "Ber', 'gen"}'),
        call(1, "t_2", "time"),
        end("TOOL_CALL"),
        DONE,
    )
    assert error is None
    assert events[:6] == [
        ThinkingDelta("I will check"),
        ToolCallStart(0, "f_1", "forecast"),
        ToolCallDelta(0, '{"city": "Ber'),
        ToolCallDelta(0, 'gen"}'),
        ToolCallStart(1, "t_2", "time"),
        ToolCallEvent(0, ToolCall("f_1", "forecast", '{"city": "Bergen"}')),
    ]
    assert response.tool_calls[1] == ToolCall("t_2", "time", "{}"), "a call without deltas has no arguments"
    assert response.finish_reason is FinishReason.tool_calls
    assert response.replay == ({"tool_plan": "I will check", "thinking": "", "model": "asked-model"},)


def test_turn_of_calls_goes_back_as_it_came() -> None:
    body = start() + thinking("Hm") + message("tool-plan-delta", tool_plan="plan") + call(0, "f_1", "f", '{"a": 1}')
    _, response, _ = read(body, end("TOOL_CALL"))
    conversation = Request((user("hi"), response.message, tool("f_1", "sun")), model="asked-model")
    wire = CohereChat().encode(conversation, stream=True, provider="test")
    assert wire.body is not None
    assert wire.body["messages"][1] == {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "Hm"}],
        "tool_plan": "plan",
        "tool_calls": [{"id": "f_1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}],
    }
    other = CohereChat().encode(conversation, stream=True, provider="another")
    assert other.body is not None
    assert not {"tool_plan", "content"} & set(other.body["messages"][1])


def test_a_call_beside_complete_is_a_tool_calls_finish() -> None:
    assert read(start(), call(0, "a", "f", "{}"), end("COMPLETE"))[1].finish_reason is FinishReason.tool_calls


def test_missing_call_ids_are_made_the_same_way_every_time() -> None:
    _, first, _ = read(start(), call(0, "", "f", "{}"), call(1, "", "f", "{}"), end("TOOL_CALL"))
    _, second, _ = read(start(), call(0, "", "f", "{}"), call(1, "", "f", "{}"), end("TOOL_CALL"))
    assert first.tool_calls == second.tool_calls
    assert len({call.id for call in first.tool_calls}) == 2


def test_renamed_tools_get_their_names_back() -> None:
    road = Road(CohereChat(), request=Request((user("hi"),), model="m", tools=(ToolDef("get-weather"),)))
    _, response, _ = read(start(), call(0, "a", "get_weather", "{}"), end("TOOL_CALL"), road=road)
    assert response.tool_calls[0].name == "get-weather"


def test_tool_call_finish_without_a_call_is_an_error() -> None:
    error = read(start(), text("a"), end("TOOL_CALL"))[2]
    assert type(error) is MalformedStream


def test_call_that_the_token_limit_cut_off_is_left_out() -> None:
    _, response, error = read(start(), call(0, "a", "f", "{}"), call(1, "b", "f", '{"x'), end("MAX_TOKENS"))
    assert error is None
    assert [call.id for call in response.tool_calls] == ["a"]
    assert response.finish_reason is FinishReason.length


TOOL = {"type": "tool", "id": "x:0", "tool_output": {"content": "Rain at noon.", "rows": 3}}
FILE = {
    "type": "document",
    "id": "d1",
    "document": {"id": "d1", "title": "Tides", "text": "High.", "url": "https://e.x"},
}


def test_citations() -> None:
    cited = {"start": 0, "end": 4, "text": "Rain", "sources": [TOOL, FILE], "type": "TEXT_CONTENT", "content_index": 0}
    cite = message("citation-start", 0, citations=cited) + event("citation-end", index=0)
    events, response, _ = read(start(), text("Rain"), cite, end())
    told = {"content_index": 0}
    assert response.citations == (
        Citation("", "", "Rain at noon.", "x:0", 0, 4, {**told, "type": "tool", "tool_output": {"rows": 3}}),
        Citation("https://e.x", "Tides", "High.", "d1", 0, 4, {**told, "type": "document"}),
    )
    assert [each.kind for each in events[:3]] == ["text_delta", "citation", "citation"]
    assert response.provider_data == {}


def test_a_citation_of_a_plan_has_no_place_in_the_text() -> None:
    cited: dict[str, Any] = {"start": 2, "end": 4, "text": "xy", "type": "PLAN", "sources": []}
    response = read(start(), text("Rain"), message("citation-start", 0, citations=cited), end())[1]
    assert response.citations == (Citation(provider_data={"start": 2, "end": 4, "text": "xy", "type": "PLAN"}),)


def test_log_probabilities() -> None:
    one = {"text": "Rain", "token_ids": [1], "logprobs": [-0.5]}
    two = {"text": " at noon", "token_ids": [2, 3], "logprobs": [-1, -0.25]}
    pieces = [
        event("content-delta", index=0, delta={"message": {"content": {"text": item["text"]}}}, logprobs=item)
        for item in (one, two)
    ]
    response = read(start(), *pieces, end())[1]
    assert response.text == "Rain at noon"
    assert response.logprobs == (TokenLogprob("Rain", -0.5), TokenLogprob(" at noon", -1.25))
    left = [{"token_ids": [1]}, {"token_ids": [2, 3], "logprobs": [-1, -0.25]}]
    assert response.provider_data == {"logprobs": left}
    answer = {**json.loads(body(content="Rain at noon")), "logprobs": [one, two]}
    complete = whole(json.dumps(answer).encode())[0]
    assert (complete.logprobs, complete.provider_data) == (response.logprobs, response.provider_data)


def test_fields_without_a_place_are_kept_on_both_roads() -> None:
    function = {"name": "f", "arguments": "{}", "news": 2}
    called = message("tool-call-start", 0, tool_calls={"id": "1", "type": "function", "function": function})
    piece = event(
        "content-delta", index=0, delta={"message": {"content": {"text": "a", "mood": "calm"}, "m": 1}}, e=[2]
    )
    response = read(start(), piece, called, end("TOOL_CALL"))[1]
    assert (response.text, response.finish_reason) == ("a", FinishReason.tool_calls)
    assert response.provider_data == {"m": 1, "e": [2], "content": {"mood": "calm"}}
    assert response.tool_calls[0].provider_data == {"news": 2}


@pytest.mark.parametrize("content", [5, [5], {"foo": 1}, [{"foo": 1}], {"text": 5}])
def test_content_that_cannot_be_read_is_no_empty_answer(content: Any) -> None:
    assert isinstance(
        error_of(ROAD.read_every_way(start() + message("content-delta", 0, content=content) + end())), MalformedStream
    )
    assert isinstance(whole(body(content=content))[1], MalformedStream)


def test_content_in_another_shape_is_read() -> None:
    for content in ("noon", ["noon"], {"text": "noon"}, [{"type": "text", "text": "noon"}]):
        assert whole(body(content=content))[0].text == "noon"


def test_a_call_without_a_name_is_an_error() -> None:
    called = message("tool-call-start", 0, tool_calls={"id": "1", "function": {"arguments": '{"a":1}'}})
    assert type(error_of(ROAD.read_every_way(start() + called + end("TOOL_CALL")))) is MalformedStream


def test_unknown_events_and_blocks_are_never_fatal() -> None:
    block = {"type": "drawing", "shape": 3}
    odd = [
        event("debug", delta="x"),
        event("new-thing", delta={"message": {"content": 3}}),
        event("other-thing", delta=[1]),
        message("content-start", 0, content=block),
        b": a comment\n\n",
        b"data: \n\n",
    ]
    _, response, error = read(start(), *odd, text("a"), end())
    assert (response.text, error) == ("a", None)
    assert response.provider_data == {"unknown_blocks": [block]}


def test_type_is_enough_without_event_names() -> None:
    body = start() + text("a") + end()
    unnamed = b"\n".join(line for line in body.split(b"\n") if not line.startswith(b"event:"))
    assert ROAD.read_every_way(unnamed) == ROAD.read(body)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("COMPLETE", FinishReason.stop),
        ("STOP_SEQUENCE", FinishReason.stop),
        ("MAX_TOKENS", FinishReason.length),
        ("A_NEW_WORD", FinishReason.other),
    ],
)
def test_finish_reasons(word: str, reason: FinishReason) -> None:
    _, response, error = read(start(), text("a"), end(word))
    assert error is None
    assert (response.finish_reason, response.raw_finish_reason) == (reason, word)


def test_missing_finish_reason_is_not_invented() -> None:
    assert type(read(start(), text("a"), end(None))[2]) is StreamTruncated


@pytest.mark.parametrize(
    ("word", "said", "kind"),
    [
        ("ERROR", "internal model failure", ServerError),
        ("ERROR", "the model is overloaded", OverloadedError),
        ("ERROR", None, ServerError),
        ("TIMEOUT", "took too long", TimedOutError),
    ],
)
def test_error_finish_is_an_error_with_its_text(word: str, said: str | None, kind: type[LLMError]) -> None:
    _, response, error = read(start(), text("Par"), call(0, "a", "f", "{}"), end(word, error=said), DONE)
    assert error is not None
    assert type(error) is kind
    assert said is None or error.message == said
    assert error.code == word
    assert error.partial == response
    assert response.text == "Par"
    assert response.tool_calls == (), "a call of a failed answer must not be run"
    assert response.usage.input_tokens == 505


def test_toxic_is_a_content_filter_after_the_text_was_delivered() -> None:
    _, response, error = read(start(), text("Par"), end("ERROR_TOXIC"))
    assert type(error) is ContentFilteredError
    assert (response.text, response.finish_reason) == ("Par", FinishReason.content_filter)
    assert response.usage.output_tokens == 9


@pytest.mark.parametrize(
    "bare",
    [
        b'data: {"message":"upstream broke"}\n\n',
        b'data: {"error":{"message":"upstream broke"}}\n\n',
        b'event: error\ndata: {"message":"upstream broke"}\n\n',
        b'{"message":"upstream broke"}\n\n',
    ],
)
def test_bare_error_object_in_the_stream_is_that_error(bare: bytes) -> None:
    _, response, error = read(start(), text("a"), bare)
    assert type(error) is ServerError
    assert error.message == "upstream broke"
    assert response.text == "a"


def test_broken_json_in_the_middle_is_malformed() -> None:
    error = error_of(ROAD.read_every_way(start() + b'data: {"type": "content\n\n' + text("a") + end()))
    assert type(error) is MalformedStream


def test_text_that_is_not_json_is_said_in_the_error() -> None:
    error = error_of(ROAD.read_every_way(start() + b"data: upstream connect error\n\n"))
    assert type(error) is MalformedStream
    assert "upstream connect error" in error.message


def test_known_event_of_another_shape_is_malformed() -> None:
    error = error_of(ROAD.read(start() + message("content-delta", 0, content={"text": [1]}) + end()))
    assert type(error) is MalformedStream


# ---------------------------------------------------------------- whole bodies


def body(**message: Any) -> bytes:
    answer = {"id": "m-1", "finish_reason": "COMPLETE", "message": {"role": "assistant", **message}, "usage": USAGE}
    return json.dumps(answer).encode()


def whole(data: bytes) -> tuple[Response, LLMError | None]:
    events = WHOLE.read_every_way(data)
    WHOLE.check_prefixes(data, len(data))
    return response_of(events), error_of(events)


def test_whole_body_equals_the_stream_of_the_same_answer() -> None:
    cited = {"start": 0, "end": 1, "text": "A"}
    _, streamed, _ = read(
        start(), thinking("Hm"), text("A", "B", index=1), message("citation-start", 0, citations=cited), end()
    )
    blocks = [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "AB"}]
    complete, error = whole(body(content=blocks, citations=[cited]))
    assert error is None
    assert complete == streamed
    assert complete.raw["id"] == "m-1"


def test_whole_body_with_calls() -> None:
    calls = [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": "null"}},
        {"id": "c", "type": "function", "function": {"name": "h", "arguments": {"y": 2}}},
    ]
    response, _ = whole(body(tool_plan="plan", tool_calls=calls))
    assert [call.arguments for call in response.tool_calls] == ['{"x": 1}', "{}", '{"y":2}']
    assert response.thinking == "plan"
    assert response.finish_reason is FinishReason.tool_calls


def test_whole_body_with_text_as_a_string() -> None:
    assert whole(body(content="plain"))[0].text == "plain"


def test_a_stream_that_was_asked_for_may_be_answered_with_a_whole_body() -> None:
    road = Road(CohereChat(), content_type="application/json")
    assert response_of(road.read_every_way(body(content="plain"))).text == "plain"


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        (b'{"message": "internal"}', ServerError, "internal"),
        (b'{"error": {"message": "internal"}}', ServerError, "internal"),
        (b"<html><title>502 Bad Gateway</title></html>", MalformedStream, "502 Bad Gateway"),
        (b"[]", MalformedStream, "no chat answer"),
        (b"", StreamTruncated, "broke off"),
        (b'{"id": "x", "message": {"content": "a"}}', StreamTruncated, "finish reason"),
    ],
)
def test_whole_body_that_is_no_answer(data: bytes, kind: type[LLMError], said: str) -> None:
    _, error = whole(data)
    assert error is not None
    assert type(error) is kind
    assert said in error.message
