"""The Cohere wire of the test server: what it writes, what it refuses, and that both agree with the recordings."""

import json
from typing import Any

import pytest

from aikido_llm.testing.answer import Answer
from aikido_llm.testing.wires.base import Received
from aikido_llm.testing.wires.cohere_chat import CohereChat
from aikido_llm.types.response import FinishReason
from aikido_llm.types.tools import ToolCall
from tests.corpus import load

from .shapes import ANSWERS, CALLS, FULL, IMAGES, Shapes, damaged, good, lacking, sse, strange

WIRE = CohereChat()
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "geo", "description": "", "parameters": {}}}
CALL: dict[str, Any] = {"id": "geo_1", "type": "function", "function": {"name": "geo", "arguments": "{}"}}
USER: dict[str, Any] = {"role": "user", "content": "Where is Oslo?"}
RESULT: dict[str, Any] = {"role": "tool", "tool_call_id": "geo_1", "content": "in Norway"}
CHAT: dict[str, Any] = {
    "model": "command-a-03-2025",
    "stream": True,
    "messages": [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": [{"type": "text", "text": "Where is Oslo?"}]},
        {"role": "assistant", "tool_plan": "Look it up.", "tool_calls": [CALL]},
        RESULT,
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "There."}]},
        {"role": "user", "content": "And?"},
    ],
    "tools": [TOOL],
    "tool_choice": "REQUIRED",
    "max_tokens": 300,
    "temperature": 0,
    "p": 0.9,
    "k": 5,
    "stop_sequences": ["###"],
    "thinking": {"type": "enabled", "token_budget": 100},
}
REASONS: dict[str, Any] = {"model": "command-a-reasoning-08-2025"}


def request(body: Any = CHAT) -> Received:
    return Received("POST", "/v2/chat", {}, {}, body, json.dumps(body).encode())


def events(answer: Answer, body: Any = CHAT) -> list[Any]:
    found = sse(b"".join(WIRE.stream(answer, request(body))))
    assert found[-1] == ("", "[DONE]")
    parsed = [json.loads(data) for _, data in found[:-1]]
    assert [name for name, _ in found[:-1]] == [event["type"] for event in parsed]
    return parsed


def refused(**changes: Any) -> str:
    """What is said about the request with these keys changed; a key set to ... is left out."""
    return WIRE.check(request({key: value for key, value in (CHAT | changes).items() if value is not ...})) or ""


def test_the_bytes_of_a_stream() -> None:
    assert b"".join(WIRE.stream(Answer(text="Hi you", id="a-b"), request())).decode() == (
        "event: message-start\n"
        'data: {"id":"a-b","type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_plan":"",'
        '"tool_calls":[],"citations":[]}}}\n\n'
        "event: content-start\n"
        'data: {"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}\n\n'
        "event: content-delta\n"
        'data: {"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hi"}}}}\n\n'
        "event: content-delta\n"
        'data: {"type":"content-delta","index":0,"delta":{"message":{"content":{"text":" you"}}}}\n\n'
        "event: content-end\n"
        'data: {"type":"content-end","index":0}\n\n'
        "event: message-end\n"
        'data: {"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":11,'
        '"output_tokens":7},"tokens":{"input_tokens":11,"output_tokens":7}}}}\n\n'
        "data: [DONE]\n\n"
    )


def test_thinking_is_a_block_before_the_text() -> None:
    found = events(Answer(text="Hi", thinking="Hm."))
    starts = [event for event in found if event["type"] == "content-start"]
    assert [event["delta"]["message"]["content"]["type"] for event in starts] == ["thinking", "text"]
    assert [event["index"] for event in starts] == [0, 1]


def test_thinking_before_calls_is_a_plan_unless_the_model_reasons() -> None:
    planned = Answer(thinking="I will look.", tool_calls=CALLS)
    assert "tool-plan-delta" in {event["type"] for event in events(planned)}
    assert "tool-plan-delta" not in {event["type"] for event in events(planned, CHAT | REASONS)}
    assert json.loads(WIRE.body(planned, request()))["message"]["tool_plan"] == "I will look."


def test_calls_count_from_zero_beside_the_text_and_are_objects() -> None:
    found = events(Answer(text="One moment.", tool_calls=CALLS))
    starts = [event for event in found if event["type"] == "tool-call-start"]
    assert [event["index"] for event in starts] == [0, 1]
    assert starts[0]["delta"]["message"]["tool_calls"] == {
        "id": "call_1",
        "type": "function",
        "function": {"name": "geo", "arguments": ""},
    }
    deltas = [event for event in found if event["type"] == "tool-call-delta"]
    said = "".join(event["delta"]["message"]["tool_calls"]["function"]["arguments"] for event in deltas)
    assert said == CALLS[0].arguments  # the second call has no arguments and so no delta


def test_usage_has_two_counts_and_the_cache_beside_them() -> None:
    assert json.loads(WIRE.body(Answer(text="Hi", usage=FULL), request()))["usage"] == {
        "billed_units": {"input_tokens": 100, "output_tokens": 40},
        "tokens": {"input_tokens": 100, "output_tokens": 40, "reasoning_tokens": 10},
        "cached_tokens": 30,
    }


@pytest.mark.parametrize(
    ("finish", "word"),
    [
        (FinishReason.stop, "COMPLETE"),
        (FinishReason.tool_calls, "TOOL_CALL"),
        (FinishReason.length, "MAX_TOKENS"),
        (FinishReason.content_filter, "ERROR_TOXIC"),
        (FinishReason.error, "ERROR"),
    ],
)
def test_finish_reasons(finish: FinishReason, word: str) -> None:
    assert json.loads(WIRE.body(Answer(text="x", finish_reason=finish), request()))["finish_reason"] == word


def test_an_error_in_a_stream_is_said_by_its_last_event() -> None:
    answer = Answer(text="Hi", finish_reason=FinishReason.error, code="TIMEOUT", message="Too slow.")
    assert events(answer)[-1]["delta"] | {"usage": 0} == {"finish_reason": "TIMEOUT", "error": "Too slow.", "usage": 0}
    assert json.loads(sse(WIRE.error_event("It broke."))[0][1])["delta"] == {
        "finish_reason": "ERROR",
        "usage": {},
        "error": "It broke.",
    }


def test_what_it_cannot_answer_with() -> None:
    with pytest.raises(ValueError, match="images"):
        WIRE.body(Answer(images=IMAGES), request())
    with pytest.raises(ValueError, match="no word"):
        WIRE.stream(Answer(finish_reason=FinishReason.other), request())


def test_error_envelopes_are_flat() -> None:
    assert set(json.loads(WIRE.error(404, "No."))) == {"id", "message"}
    assert json.loads(WIRE.error(400, "too many tokens", "TOO_MANY_TOKENS"))["error_type"] == "TOO_MANY_TOKENS"


def test_model_lists_come_in_pages() -> None:
    names = tuple(f"command-{number}" for number in range(45))
    query: dict[str, str] = {"endpoint": "chat"}
    got: list[str] = []
    while True:
        page = json.loads(WIRE.models(names, Received("GET", "/v1/models", query, {})))
        got += [model["name"] for model in page["models"]]
        if not page.get("next_page_token"):
            break
        query = {"page_token": page["next_page_token"]}
    assert tuple(got) == names
    assert len(json.loads(WIRE.models(names, Received("GET", "/v1/models", {"page_size": "1000"}, {})))["models"]) == 45


def test_a_good_request_is_accepted() -> None:
    assert WIRE.check(request()) is None


def calling(*calls: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "tool_calls": list(calls), **more}


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"model": ...}, "model must be set"),
    ({"messages": []}, "must not be empty"),
    ({"n": 2}, "unknown field n"),
    ({"temperature": 1.5}, "temperature must be between 0 and 1"),
    ({"p": 1.0}, "p must be between 0.01 and 0.99"),
    ({"k": 501}, "k must be between"),
    ({"frequency_penalty": -1}, "frequency_penalty"),
    ({"stop_sequences": list("abcdef")}, "at most 5"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"tool_choice": "auto"}, "REQUIRED or NONE"),
    ({"tool_choice": {"type": "function"}}, "REQUIRED or NONE"),
    ({"tools": ...}, "only be set with tools"),
    ({"tools": [{"type": "function", "function": {"name": "a-b", "parameters": {}}}]}, "letters, digits"),
    ({"tools": [{"type": "function", "function": {"name": "1a", "parameters": {}}}]}, "start with a digit"),
    ({"tools": [{"type": "function", "function": {"name": "geo"}}]}, "parameters must be set"),
    ({"tools": [TOOL, TOOL]}, "unique"),
    ({"response_format": {"type": "json_object"}}, "not supported with tools"),
    ({"response_format": {"type": "json"}}, "response_format.type"),
    (
        {
            "tools": ...,
            "tool_choice": ...,
            "response_format": {"type": "json_object", "json_schema": {"type": "array"}},
        },
        "object at its top",
    ),
    (
        {
            "tools": ...,
            "tool_choice": ...,
            "response_format": {"type": "json_object", "json_schema": {"type": "object"}},
        },
        "at least one field",
    ),
    (
        {
            "tools": ...,
            "tool_choice": ...,
            "response_format": {
                "type": "json_object",
                "json_schema": {"type": "object", "required": ["a"], "properties": {"a": {"anyOf": []}}},
            },
        },
        "anyOf is not supported",
    ),
    ({"thinking": {"type": "adaptive"}}, "thinking.type"),
    ({"thinking": {"type": "enabled", "token_budget": 0}}, "token_budget"),
    ({"messages": [USER, calling(CALL, content="Hm."), RESULT]}, "text content is not allowed when tool_calls"),
    ({"messages": [USER, calling(CALL)]}, "tool calls without results"),
    ({"messages": [USER, calling(CALL), USER]}, "tool calls without results"),
    ({"messages": [USER, calling(CALL), RESULT, RESULT]}, "not found in previous tool calls"),
    ({"messages": [USER, RESULT]}, "not found in previous tool calls"),
    ({"messages": [USER, {"role": "tool", "content": "x"}]}, "tool call id must be provided"),
    ({"messages": [USER, calling(CALL, CALL), RESULT]}, "duplicate tool ids"),
    ({"messages": [USER, calling(CALL | {"type": "x"}), RESULT]}, "must be of type function"),
    ({"messages": [USER, calling(CALL), RESULT | {"name": "geo"}]}, "unknown field messages[2].name"),
    ({"messages": [USER, {"role": "assistant", "content": ""}]}, "must not be empty in a turn"),
    ({"messages": [{"role": "developer", "content": "x"}]}, "role 'developer'"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}, "image content"),
    ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "not valid for role user"),
]


@pytest.mark.parametrize(("changes", "said"), BROKEN)
def test_a_request_that_breaks_a_rule_is_refused(changes: dict[str, Any], said: str) -> None:
    assert said in refused(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": [USER, {"role": "system", "content": "x"}, USER]},
        {"tool_choice": "required"},
        {"messages": [USER, calling(CALL, content=[{"type": "text", "text": ""}]), RESULT]},
    ],
)
def test_what_the_service_accepts_against_its_reference(changes: dict[str, Any]) -> None:
    assert refused(**changes) == ""


def test_no_request_makes_the_check_fail() -> None:
    for body in damaged(CHAT):
        reason = WIRE.check(request(body))
        assert reason is None or reason


recorded_only = pytest.mark.skipif(not load.available(), reason=load.MISSING)
HOSTS = ("cohere",)


def ours() -> Shapes:
    shapes = Shapes()
    for answer in ANSWERS.values():
        for body in (CHAT, CHAT | REASONS):
            shapes.add_stream(b"".join(WIRE.stream(answer, request(body))))
            shapes.add("body", json.loads(WIRE.body(answer, request(body))))
    return shapes


def theirs() -> Shapes:
    shapes = Shapes()
    for exchange in good("cohere-v2", HOSTS, stream=True):
        shapes.add_stream(exchange.body)
    for exchange in good("cohere-v2", HOSTS, stream=False):
        shapes.add("body", json.loads(exchange.body))
    return shapes


@recorded_only
def test_keys_and_order_stand_in_the_recordings() -> None:
    made, recorded = ours(), theirs()
    # no whole body with an error is recorded, and none of an answer without any content
    assert strange(made, recorded) == {"body": {".error"}}
    assert made.steps - recorded.steps == {("message-start", "message-end")}
    assert lacking(made, recorded, but=".usage") == {}


@recorded_only
def test_recorded_requests_get_what_they_got() -> None:
    for exchange in load.exchanges("cohere-v2"):
        if exchange.request_json is None:
            continue
        reason = WIRE.check(request(exchange.request_json))
        if exchange.status == 200:
            assert reason is None, exchange.id
        elif exchange.status == 400:
            assert reason == json.loads(exchange.body)["message"], exchange.id


def test_a_call_that_was_cut_keeps_its_text() -> None:
    cut = Answer(tool_calls=(ToolCall("c", "geo", '{"q": "Os'),), finish_reason=FinishReason.length)
    assert json.loads(WIRE.body(cut, request()))["message"]["tool_calls"][0]["function"]["arguments"] == '{"q": "Os'
