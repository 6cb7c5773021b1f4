"""Hand-written transcripts, one for each oddity of the wire; each read in every way and cut at every offset."""

import base64
import json
from typing import Any

import pytest

from aikido_llm.dialects.ollama_chat import OllamaChat
from aikido_llm.errors import ContextLengthError, LLMError, MalformedStream, ServerError, StreamTruncated
from aikido_llm.types.events import (
    Event,
    ImageEvent,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEvent,
    ToolCallStart,
    UsageEvent,
)
from aikido_llm.types.logprobs import TokenLogprob
from aikido_llm.types.messages import tool, user
from aikido_llm.types.parts import ImagePart
from aikido_llm.types.request import Request
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.tools import ToolCall
from tests.wire import Road, error_of, response_of

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

ROAD = Road(OllamaChat(), content_type="application/x-ndjson")
WHOLE = Road(OllamaChat(), stream=False, content_type="application/json")
PNG = b"\x89PNG\r\n\x1a\n"


def line(content: str = "", done: bool = False, **fields: Any) -> bytes:
    said: dict[str, Any] = {key: fields.pop(key) for key in ("thinking", "tool_calls", "images") if key in fields}
    message: dict[str, Any] = {"role": "assistant", "content": content, **said}
    whole = {"model": "qwen3:8b", "created_at": "2026-11-20T09:00:01Z", "message": message, "done": done, **fields}
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def call(name: str, arguments: object, **fields: Any) -> dict[str, Any]:
    return {"function": {"index": 0, "name": name, "arguments": arguments}, **fields}


COUNTS = {"prompt_eval_count": 31, "eval_count": 6, "total_duration": 912000111}


def end(content: str = "", reason: str | None = "stop", **fields: Any) -> bytes:
    word: dict[str, Any] = {} if reason is None else {"done_reason": reason}
    return line(content, done=True, **word, **COUNTS, **fields)


def read(*pieces: bytes, road: Road = ROAD) -> tuple[list[Event], Response, LLMError | None]:
    """What the answer says, however it is cut; every shorter one is StreamTruncated."""
    body = b"".join(pieces)
    events = road.read_every_way(body)
    road.check_prefixes(body, len(body.rstrip()), error=StreamTruncated)
    return events, response_of(events), error_of(events)


def test_text_thinking_and_usage() -> None:
    both = line("A fox", thinking="Red", logprobs=[{"token": "A", "logprob": -0.5}])
    events, response, error = read(line(), both, line(" 🦊 é\u2028."), end())
    assert error is None
    assert events[:3] == [ThinkingDelta("Red"), TextDelta("A fox"), TextDelta(" 🦊 é\u2028.")]
    assert isinstance(events[3], UsageEvent)
    assert (response.model, response.id) == ("qwen3:8b", "")
    assert (response.finish_reason, response.raw_finish_reason) == (FinishReason.stop, "stop")
    assert (response.usage.input_tokens, response.usage.output_tokens, response.usage.raw) == (31, 6, COUNTS)
    assert response.logprobs == (TokenLogprob("A", -0.5),)
    assert response.provider_data == {}


def test_last_line_may_lack_its_line_end_and_hold_content() -> None:
    _, response, error = read(line("a"), end("b", thinking="t").rstrip())
    assert (response.text, response.thinking, error) == ("ab", "t", None)


def test_nothing_after_done_is_read() -> None:
    body = line("a") + end() + line("b") + b"garbage\n"
    assert (response_of(ROAD.read_every_way(body)).text, error_of(ROAD.read(body))) == ("a", None)


def test_media_type_does_not_matter() -> None:
    for content_type in ("", "text/plain", "application/json"):
        road = Road(OllamaChat(), content_type=content_type)
        assert response_of(road.read_every_way(line("a") + end())).text == "a"


def test_lines_in_answer_to_a_request_without_stream() -> None:
    road = Road(OllamaChat(), stream=False, content_type="application/x-ndjson")
    assert response_of(road.read_every_way(line("a") + end())).text == "a"


def test_calls_on_an_earlier_line_on_the_last_and_all_with_index_0() -> None:
    first = line("I look", tool_calls=[call("zoom", {"level": 2, "x": 1.5}, id="call_1")])
    second = line(tool_calls=[call("zoom", {}, id="call_2")])
    events, response, error = read(first, second, end(tool_calls=[call("pan", None, id="call_3")]))
    assert error is None
    assert events[:3] == [
        TextDelta("I look"),
        ToolCallStart(0, "call_1", "zoom"),
        ToolCallDelta(0, '{"level":2,"x":1.5}'),
    ]
    assert [event for event in events if isinstance(event, ToolCallEvent)] == [
        ToolCallEvent(0, ToolCall("call_1", "zoom", '{"level":2,"x":1.5}')),
        ToolCallEvent(1, ToolCall("call_2", "zoom", "{}")),
        ToolCallEvent(2, ToolCall("call_3", "pan", "{}")),
    ]
    assert (response.finish_reason, response.raw_finish_reason) == (FinishReason.tool_calls, "stop")


def test_missing_empty_and_repeated_call_ids() -> None:
    calls = [call("f", {}), call("f", {}, id=""), call("f", {}, id="same"), call("f", {}, id="same")]
    _, one, _ = read(end(tool_calls=calls))
    _, again, _ = read(end(tool_calls=calls))
    assert one == again
    assert len({call.id for call in one.tool_calls}) == 4
    later = end(tool_calls=calls).replace(b"09:00:01Z", b"09:00:02Z")
    assert response_of(ROAD.read(later)).tool_calls[0].id != one.tool_calls[0].id


def test_arguments_as_text_and_nameless_calls() -> None:
    _, response, _ = read(end(tool_calls=[call("f", '{"a": 1}'), None, {"id": "x"}, {"function": {"name": ""}}]))
    assert [call.arguments for call in response.tool_calls] == ['{"a": 1}']


def test_answer_goes_back_as_it_came() -> None:
    _, response, _ = read(line("I look", thinking="Hm"), end(tool_calls=[call("zoom", {"level": 2}, id="c")]))
    conversation = Request((user("hi"), response.message, tool("c", "near")), model="m")
    wire = OllamaChat().encode(conversation, stream=True, provider="test")
    assert wire.body is not None
    assert wire.body["messages"][1] == {
        "role": "assistant",
        "content": "I look",
        "thinking": "Hm",
        "tool_calls": [{"id": "c", "function": {"name": "zoom", "arguments": {"level": 2}}}],
    }


def test_images_are_pictures_and_null_is_none() -> None:
    encoded = base64.b64encode(PNG).decode()
    events, response, _ = read(line("a", images=None), end(images=[encoded]))
    assert ImageEvent(ImagePart(data=PNG, content_type="image/png")) in events
    assert response.images[0].data == PNG


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", FinishReason.stop),
        ("length", FinishReason.length),
        ("load", FinishReason.stop),
        ("unload", FinishReason.stop),
        ("new_word", FinishReason.other),
    ],
)
def test_done_reasons(word: str, reason: FinishReason) -> None:
    _, response, error = read(line("a"), end(reason=word))
    assert error is None
    assert (response.finish_reason, response.raw_finish_reason) == (reason, word)


@pytest.mark.parametrize("word", [None, ""])
def test_missing_done_reason_is_a_stop_after_text_or_calls(word: str | None) -> None:
    _, response, error = read(line("a"), end(reason=word))
    assert error is None
    assert (response.finish_reason, response.raw_finish_reason) == (FinishReason.stop, None)
    assert read(end(reason=word, tool_calls=[call("f", {})]))[1].finish_reason is FinishReason.tool_calls


def test_missing_done_reason_is_an_error_after_nothing() -> None:
    assert type(read(end(reason=None))[2]) is StreamTruncated


def test_missing_done_reason_at_the_token_limit_is_length() -> None:
    road = Road(OllamaChat(), content_type="", request=Request((user("hi"),), model="m", max_tokens=6))
    assert read(line("a"), end(reason=None), road=road)[1].finish_reason is FinishReason.length


def test_missing_counts_are_not_known() -> None:
    _, response, _ = read(line("a", done=True, done_reason="stop", eval_count=6))
    assert (response.usage.input_tokens, response.usage.output_tokens) == (None, 6)
    events, response, _ = read(line("a", done=True, done_reason="stop"))
    assert not any(isinstance(event, UsageEvent) for event in events)
    assert response.usage.total_tokens is None


def test_error_line_first_or_later_is_an_error() -> None:
    broken = b'{"error":"an error was encountered while running the model: CUDA error"}\n'
    for before, said in ((b"", ""), (line("The"), "The")):
        _, response, error = read(before, broken)
        assert type(error) is ServerError
        assert "CUDA error" in error.message
        assert error.partial == response
        assert response.text == said


def test_calls_before_an_error_line_are_not_run() -> None:
    _, response, error = read(line(tool_calls=[call("f", {})]), b'{"error":"model runner has unexpectedly stopped"}\n')
    assert type(error) is ServerError
    assert response.tool_calls == ()


@pytest.mark.parametrize(
    "error",
    [
        {"message": "request (9 tokens) exceeds the available context size (8 tokens)", "code": 400},
        '{"error":{"code":400,"message":"too long","type":"exceed_context_size_error"}}',
    ],
)
def test_error_as_an_object_or_as_json_in_text(error: object) -> None:
    found = read(line("a"), json.dumps({"error": error}).encode() + b"\n")[2]
    assert type(found) is ContextLengthError
    assert not found.message.startswith("{")


def test_line_that_is_not_json_is_said_in_the_error() -> None:
    error = error_of(ROAD.read_every_way(line("a") + b"error: upstream broke\n" + end()))
    assert type(error) is MalformedStream
    assert "upstream broke" in error.message


def test_broken_json_in_the_middle_is_malformed() -> None:
    assert type(error_of(ROAD.read_every_way(line("a") + b'{"model":\n' + end()))) is MalformedStream


@pytest.mark.parametrize("odd", [b"[1]", b"3", b'"x"', b'{"message":[]}', b'{"message":{"content":[1]}}'])
def test_lines_of_another_shape_are_malformed(odd: bytes) -> None:
    assert type(error_of(ROAD.read_every_way(line("a") + odd + b"\n" + end()))) is MalformedStream


def test_html_page_is_no_answer() -> None:
    road = Road(OllamaChat(), content_type="text/html")
    error = error_of(road.read_every_way(b"<html>\n<title>Login</title>\n</html>"))
    assert type(error) is MalformedStream
    assert "Login" in error.message


# ---------------------------------------------------------------- whole bodies


def whole(data: bytes) -> tuple[Response, LLMError | None]:
    events = WHOLE.read_every_way(data)
    WHOLE.check_prefixes(data, len(data.rstrip()))
    return response_of(events), error_of(events)


def test_whole_body_equals_the_stream_of_the_same_answer() -> None:
    calls = [call("f", {"a": 1}, id="c")]
    _, streamed, _ = read(line("A", thinking="Hm"), line("B"), end(tool_calls=calls))
    complete, error = whole(end("AB", thinking="Hm", tool_calls=calls))
    assert error is None
    assert complete == streamed
    assert complete.raw["done"] is True


def test_whole_body_that_loads_a_model() -> None:
    response, error = whole(line(done=True, done_reason="load"))
    assert error is None
    assert (response.text, response.finish_reason, response.raw_finish_reason) == ("", FinishReason.stop, "load")
    streamed = Road(OllamaChat(), content_type="application/json").read(line(done=True, done_reason="load"))
    assert response_of(streamed).finish_reason is FinishReason.stop


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'{"error":"boom"}', ServerError),
        (b"", StreamTruncated),
        (b"Ollama is running", MalformedStream),
        (b"{}", MalformedStream),
        (b"[]", MalformedStream),
        (line("a"), StreamTruncated),
        (end(reason=None), StreamTruncated),
    ],
)
def test_whole_body_that_is_no_answer(data: bytes, kind: type[LLMError]) -> None:
    assert type(whole(data)[1]) is kind


# ---------------------------------------------------------------- what an answer holds besides


def test_log_probabilities_with_their_alternatives() -> None:
    half = {"token": "\ufffd", "logprob": -1, "bytes": [240, 159]}
    top = [{"token": "A", "logprob": -0.5, "bytes": [65]}, {"token": "a", "logprob": -2.0}]
    first = {"token": "A", "logprob": -0.5, "bytes": [65], "top_logprobs": top}
    got = read(line("A", logprobs=[first]), line("", logprobs=[half]), end())[1]
    assert got.logprobs == (
        TokenLogprob("A", -0.5, (TokenLogprob("A", -0.5), TokenLogprob("a", -2.0))), TokenLogprob("\ufffd", -1.0),
    )  # fmt: skip
    assert got.provider_data == {"logprobs": [{"bytes": [240, 159]}]}


def test_fields_without_a_place_are_kept_on_both_roads() -> None:
    odd: dict[str, Any] = {"remote_model": "m", "news": {"x": 1}, "nothing": None, "empty": {}}
    streamed = read(line("A", **odd), line("", news={"x": 2}), end("b"))[1]
    assert streamed.provider_data == {"remote_model": "m", "news": {"x": 2}}
    message = {"role": "assistant", "content": "Ab", "mood": "calm"}
    body = {"model": "qwen3:8b", "message": message, "done": True, "done_reason": "stop", **COUNTS, **odd}
    whole = response_of(WHOLE.read_every_way(json.dumps(body).encode()))
    assert whole.provider_data == {"remote_model": "m", "news": {"x": 1}, "mood": "calm"}


def test_what_is_new_in_a_call_is_kept() -> None:
    got = read(line(tool_calls=[call("f", {"a": 1}, surprise=2)]), end())[1]
    assert [each.arguments for each in got.tool_calls] == ['{"a":1}']
    assert got.provider_data == {"tool_calls": [{"surprise": 2}]}


def test_a_call_without_a_name_is_an_error() -> None:
    for function in ({"arguments": {"a": 1}}, {"name": "", "arguments": {"a": 1}}):
        error = error_of(ROAD.read_every_way(line(tool_calls=[{"function": function}]) + end()))
        assert type(error) is MalformedStream, error
