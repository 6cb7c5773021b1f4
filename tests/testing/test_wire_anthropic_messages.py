"""The Anthropic wire of the test server: what it writes, what it refuses, and that both agree with the recordings."""

import json
from typing import Any

import pytest
from attrs import evolve

from aikido_llm.testing.answer import Answer
from aikido_llm.testing.wires.anthropic_messages import AnthropicMessages
from aikido_llm.testing.wires.base import Received
from aikido_llm.types.response import FinishReason
from aikido_llm.types.tools import ToolCall
from aikido_llm.types.usage import Usage
from tests.corpus import load

from .shapes import ANSWERS, FULL, IMAGES, Shapes, damaged, good, lacking, sse, strange

WIRE = AnthropicMessages()
VERSION = {"anthropic-version": "2023-06-01"}
HOSTS = ("anthropic", "azure")
TOOL: dict[str, Any] = {"name": "geo", "description": "", "input_schema": {"type": "object", "properties": {}}}
CALLED: list[Any] = [
    {"role": "user", "content": "Where is Oslo?"},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Look it up.", "signature": "c2ln"},
            {"type": "text", "text": "One moment."},
            {"type": "tool_use", "id": "toolu_1", "name": "geo", "input": {"q": "Oslo"}},
            {"type": "tool_use", "id": "toolu_2", "name": "geo", "input": {}},
        ],
    },
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "in Norway"},
            {"type": "tool_result", "tool_use_id": "toolu_2", "content": [{"type": "text", "text": "?"}]},
            {"type": "text", "text": "And?"},
        ],
    },
]
CHAT: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 3000,
    "system": [{"type": "text", "text": "Be short.", "cache_control": {"type": "ephemeral"}}],
    "messages": CALLED,
    "tools": [TOOL],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "stop_sequences": ["###"],
    "metadata": {"user_id": "u"},
}


def request(body: Any = CHAT, **fields: Any) -> Received:
    raw = json.dumps(body).encode()
    return Received("POST", "/v1/messages", {}, VERSION, body, raw, **fields)


def refused(**changes: Any) -> str:
    """What is said about the request with these keys changed; a key set to ... is left out."""
    body = {key: value for key, value in (CHAT | changes).items() if value is not ...}
    return WIRE.check(request(body)) or ""


def turn(role: str, *blocks: Any) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


def test_the_events_of_a_stream() -> None:
    answer = Answer(
        text="Hi you", thinking="Hm.", signature="c2ln", tool_calls=(ToolCall("toolu_1", "geo", '{"a":1}'),)
    )
    events = [json.loads(data) for _, data in sse(b"".join(WIRE.stream(answer, request())))]
    assert [name for name, _ in sse(b"".join(WIRE.stream(answer, request())))] == [event["type"] for event in events]
    assert [event["delta"] for event in events if event["type"] == "content_block_delta"] == [
        {"type": "thinking_delta", "thinking": "Hm."},
        {"type": "signature_delta", "signature": "c2ln"},
        {"type": "text_delta", "text": "Hi"},
        {"type": "text_delta", "text": " you"},
        {"type": "input_json_delta", "partial_json": ""},
        {"type": "input_json_delta", "partial_json": '{"a":1}'},
    ]
    blocks = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    assert [block["type"] for block in blocks] == ["thinking", "text", "tool_use"]
    assert (blocks[2]["input"], blocks[2]["id"]) == ({}, "toolu_1")
    assert events[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None, "stop_details": None}
    assert events[-1] == {"type": "message_stop"}


def test_the_bytes_of_an_event() -> None:
    first, *_, last = WIRE.stream(Answer(text="Hi"), request())
    assert first.startswith(
        b'event: message_start\ndata: {"type":"message_start","message":{"model":"claude-haiku-4-5"'
    )
    assert first.endswith(b"}\n\n")
    assert last.startswith(b'event: message_stop\ndata: {"type":"message_stop"')
    assert b'event: ping\ndata: {"type": "ping"}\n\n' in WIRE.stream(Answer(text="Hi"), request())


def test_input_tokens_are_what_the_cache_neither_gave_nor_took() -> None:
    usage = json.loads(WIRE.body(Answer(text="Hi", usage=FULL), request()))["usage"]
    assert usage | {"service_tier": "", "inference_geo": ""} == {
        "input_tokens": 50,
        "cache_creation_input_tokens": 20,
        "cache_read_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 40,
        "output_tokens_details": {"thinking_tokens": 10},
        "service_tier": "",
        "inference_geo": "",
    }


def test_the_first_event_counts_only_the_beginning_of_the_output() -> None:
    first, *_, delta, _ = WIRE.stream(Answer(text="Hi", usage=Usage(11, 7)), request())
    assert json.loads(sse(first)[0][1])["message"]["usage"]["output_tokens"] == 2
    assert json.loads(sse(delta)[0][1])["usage"] == {"input_tokens": 11, "output_tokens": 7}


@pytest.mark.parametrize(
    ("finish", "word"),
    [
        (FinishReason.stop, "end_turn"),
        (FinishReason.tool_calls, "tool_use"),
        (FinishReason.length, "max_tokens"),
        (FinishReason.content_filter, "refusal"),
        (FinishReason.other, "compaction"),
    ],
)
def test_finish_reasons(finish: FinishReason, word: str) -> None:
    assert json.loads(WIRE.body(Answer(text="x", finish_reason=finish), request()))["stop_reason"] == word


def test_a_refusal_says_its_category_and_has_no_block_without_text() -> None:
    answer = Answer(finish_reason=FinishReason.content_filter, code="cyber", message="Not this.")
    body = json.loads(WIRE.body(answer, request()))
    assert body["content"] == []
    assert body["stop_details"] == {"type": "refusal", "category": "cyber", "explanation": "Not this."}


def test_an_error_ends_a_stream_in_an_error_event() -> None:
    answer = Answer(text="Hi", finish_reason=FinishReason.error, message="It broke.", code="overloaded_error")
    name, data = sse(WIRE.stream(answer, request())[-1])[0]
    assert name == "error"
    assert json.loads(data)["error"] == {"details": None, "type": "overloaded_error", "message": "It broke."}


def test_it_cannot_answer_with_images_or_bad_arguments() -> None:
    with pytest.raises(ValueError, match="images"):
        WIRE.stream(Answer(images=IMAGES), request())
    with pytest.raises(ValueError, match="JSON object"):
        WIRE.body(Answer(tool_calls=(ToolCall("c", "geo", "[1]"),)), request())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (429, "rate_limit_error"),
        (529, "overloaded_error"),
    ],
)
def test_error_envelopes(status: int, kind: str) -> None:
    body = json.loads(WIRE.error(status, "No."))
    assert body["type"] == "error"
    assert body["error"] == {"type": kind, "message": "No."}


def test_model_lists_come_in_pages() -> None:
    names = tuple(f"claude-{number}" for number in range(45))
    query: dict[str, str] = {}
    got: list[str] = []
    while True:
        page = json.loads(WIRE.models(names, Received("GET", "/v1/models", query, VERSION)))
        got += [model["id"] for model in page["data"]]
        if not page["has_more"]:
            break
        query = {"after_id": page["last_id"]}
    assert tuple(got) == names
    assert len(page["data"]) == 5
    assert (page["first_id"], page["last_id"]) == ("claude-40", "claude-44")


def test_the_key_is_in_one_header_only() -> None:
    assert WIRE.key(Received("POST", "/", {}, {"x-api-key": "k"})) == "k"
    assert WIRE.key(Received("POST", "/", {}, {"authorization": "Bearer t"})) == "t"
    assert WIRE.key(Received("POST", "/", {}, {"x-api-key": "k", "authorization": "Bearer t"})) is None
    assert WIRE.key(Received("POST", "/", {}, {})) is None


def test_a_good_request_is_accepted() -> None:
    assert WIRE.check(request()) is None
    assert "anthropic-version" in (WIRE.check(evolve(request(), headers={})) or "")


TEXT = {"type": "text", "text": "hi"}
USER = turn("user", TEXT)
BITMAP = {"type": "base64", "media_type": "image/bmp", "data": "x"}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "x"}
CALL: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "geo", "input": {}}


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"max_tokens": ...}, "max_tokens: Field required"),
    ({"messages": []}, "at least one message"),
    ({"seed": 1}, "seed: Extra inputs are not permitted"),
    ({"temperature": 1.5, "thinking": ...}, "temperature: range"),
    ({"temperature": 0.5}, "may only be set to 1 when thinking"),
    ({"temperature": 0.5, "model": "claude-opus-5", "thinking": ...}, "deprecated for this model"),
    ({"thinking": {"type": "enabled", "budget_tokens": 1000}}, "greater than or equal to 1024"),
    ({"thinking": {"type": "enabled", "budget_tokens": 3000}}, "must be greater than"),
    ({"tool_choice": {"type": "any"}}, "when tool_choice forces"),
    ({"tool_choice": "auto"}, "tool_choice"),
    ({"tools": ..., "thinking": ...}, "while providing `tools`"),
    ({"tools": [TOOL, TOOL]}, "unique"),
    ({"tools": [TOOL | {"name": "a b"}]}, "pattern"),
    ({"tools": [{"name": "geo", "parameters": {}}]}, "parameters: Extra inputs"),
    ({"tools": [TOOL | {"input_schema": {"properties": {}}}]}, "input_schema.type"),
    ({"tools": [TOOL | {"strict": True}]}, "additionalProperties"),
    ({"messages": [turn("assistant", CALL)]}, "first message must use"),
    ({"messages": [{"role": "system", "content": "x"}]}, "Unexpected role"),
    ({"messages": [USER, turn("system", TEXT), USER]}, "directly after a `user` message"),
    (
        {"messages": [USER, turn("assistant", TEXT), turn("system", TEXT)]},
        "directly after a `user` message",
    ),
    ({"messages": [USER, turn("system", {"type": "image"})]}, "text blocks only"),
    ({"messages": [{"role": "user", "content": ""}]}, "non-empty content"),
    ({"messages": [turn("user", {"type": "text", "text": ""})]}, "must be non-empty"),
    ({"messages": [turn("user", {"type": "text", "text": " \n"})]}, "non-whitespace"),
    ({"messages": [turn("user", {"type": "text", "text": "x", "index": 0})]}, "text.index: Extra inputs"),
    ({"messages": [turn("user", {"type": "input_audio"})]}, "does not match any of the expected tags"),
    ({"messages": [USER, turn("assistant", CALL), USER]}, "without `tool_result` blocks immediately after"),
    ({"messages": [USER, turn("assistant", CALL)]}, "without `tool_result` blocks immediately after"),
    (
        {"messages": [USER, turn("assistant", CALL), turn("user", {"type": "text", "text": "x"}, RESULT)]},
        "immediately after",
    ),
    ({"messages": [turn("user", RESULT)]}, "unexpected `tool_use_id`"),
    ({"messages": [USER, turn("assistant", CALL), turn("user", RESULT, RESULT)]}, "single result"),
    (
        {"messages": [USER, *2 * [turn("assistant", CALL), turn("user", RESULT)]]},
        "ids must be unique",
    ),
    ({"messages": [USER, turn("assistant", CALL | {"id": "a.b"}), turn("user", RESULT)]}, "id: String should match"),
    ({"messages": [USER, turn("assistant", CALL | {"input": "{}"}), turn("user", RESULT)]}, "valid dictionary"),
    ({"messages": [USER, turn("assistant", CALL), turn("user", RESULT | {"content": ""})]}, "cannot be empty"),
    ({"messages": [USER, turn("assistant", {"type": "thinking", "thinking": "x"}), USER]}, "signature: Field required"),
    ({"messages": [turn("user", CALL)]}, "can only be in `assistant` messages"),
    ({"messages": [USER, turn("assistant", {"type": "text", "text": "so "})]}, "trailing whitespace"),
    ({"messages": [USER, turn("assistant", {"type": "text", "text": "so"})], "model": "claude-sonnet-5"}, "prefill"),
    (
        {"messages": [turn("user", {"type": "image", "source": BITMAP})]},
        "media_type",
    ),
    (
        {"system": [{"type": "text", "text": str(n), "cache_control": {"type": "ephemeral"}} for n in range(5)]},
        "maximum of 4",
    ),
    ({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}, "additionalProperties"),
    (
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "integer", "minimum": 1}}}},
        "'minimum' is not supported",
    ),
]


@pytest.mark.parametrize(("changes", "said"), BROKEN)
def test_a_request_that_breaks_a_rule_is_refused(changes: dict[str, Any], said: str) -> None:
    assert said in refused(**changes)


def test_no_request_makes_the_check_fail() -> None:
    for body in damaged(CHAT):
        reason = WIRE.check(request(body))
        assert reason is None or reason


recorded_only = pytest.mark.skipif(not load.available(), reason=load.MISSING)
OPAQUE = (".input",)
# The details of a refusal: only the reference has them.
NOT_RECORDED = {
    f"{at}.{key}" for at in (".delta.stop_details", ".stop_details") for key in ("type", "category", "explanation")
}


def ours() -> Shapes:
    shapes = Shapes(OPAQUE)
    for name, answer in ANSWERS.items():
        if name != "error":  # no recording breaks off in an error event
            shapes.add_stream(b"".join(WIRE.stream(answer, request())))
            shapes.add("body", json.loads(WIRE.body(answer, request())))
    return shapes


def theirs() -> Shapes:
    shapes = Shapes(OPAQUE)
    for exchange in good("anthropic-messages", HOSTS, stream=True):
        shapes.add_stream(exchange.body)
    for exchange in good("anthropic-messages", HOSTS, stream=False):
        shapes.add("body", json.loads(exchange.body))
    return shapes


@recorded_only
def test_keys_and_order_stand_in_the_recordings() -> None:
    made, recorded = ours(), theirs()
    extra = {kind: left for kind, found in strange(made, recorded).items() if (left := found - NOT_RECORDED)}
    assert not extra
    assert made.steps <= recorded.steps
    assert lacking(made, recorded, but="token") == {}


@recorded_only
def test_recorded_requests_get_what_they_got() -> None:
    for exchange in load.exchanges("anthropic-messages"):
        if exchange.provider not in HOSTS or exchange.request_json is None:
            continue
        reason = WIRE.check(request(exchange.request_json))
        said = json.loads(exchange.body)["error"]["message"] if exchange.status == 400 else None
        if exchange.status == 200:
            assert reason is None, exchange.id
        elif said and not said.startswith("prompt is too long"):
            assert reason == said, exchange.id
