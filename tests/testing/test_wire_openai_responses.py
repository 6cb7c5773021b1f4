"""The Responses wire of the test server: what it writes, what it refuses, and that both agree with the recordings."""

import json
from base64 import b64decode
from typing import Any

import pytest

from aikido_llm.testing.answer import Answer
from aikido_llm.testing.wires.base import Received
from aikido_llm.testing.wires.openai_responses import OpenAIResponses
from aikido_llm.types.response import FinishReason
from aikido_llm.types.tools import ToolCall
from tests.corpus import load

from .shapes import ANSWERS, CALLS, FULL, IMAGES, PNG, Shapes, damaged, good, lacking, sse, strange

WIRE = OpenAIResponses()
TOOL: dict[str, Any] = {
    "type": "function",
    "name": "geo",
    "description": "",
    "parameters": {"type": "object", "properties": {"q": {}}, "required": ["q"], "additionalProperties": False},
    "strict": True,
}
USER: dict[str, Any] = {"role": "user", "content": "Where is Oslo?"}
THOUGHT: dict[str, Any] = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
CALL: dict[str, Any] = {"type": "function_call", "call_id": "call_1", "name": "geo", "arguments": "{}"}
RESULT: dict[str, Any] = {"type": "function_call_output", "call_id": "call_1", "output": "in Norway"}
CHAT: dict[str, Any] = {
    "model": "gpt-5-mini",
    "instructions": "Be short.",
    "input": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Where is Oslo?"}]},
        THOUGHT,
        CALL,
        RESULT,
        {"role": "assistant", "content": [{"type": "output_text", "text": "In Norway."}], "id": "msg_1"},
        {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]},
    ],
    "tools": [TOOL],
    "tool_choice": {"type": "function", "name": "geo"},
    "include": ["reasoning.encrypted_content"],
    "reasoning": {"effort": "low", "summary": "auto"},
    "text": {"format": {"type": "json_schema", "name": "answer", "schema": {}, "strict": False}},
    "max_output_tokens": 100,
    "store": False,
    "stream": True,
}


def request(body: Any = CHAT) -> Received:
    return Received("POST", "/v1/responses", {}, {}, body, json.dumps(body).encode())


def events(answer: Answer, body: Any = CHAT) -> list[Any]:
    found = sse(b"".join(WIRE.stream(answer, request(body))))
    parsed = [json.loads(data) for _, data in found]
    assert [name for name, _ in found] == [event["type"] for event in parsed]
    assert [event["sequence_number"] for event in parsed] == list(range(len(parsed)))
    return parsed


def kinds(answer: Answer) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events(answer)]


def whole(answer: Answer, body: Any = CHAT) -> Any:
    return json.loads(WIRE.body(answer, request(body)))


def refused(**changes: Any) -> str:
    """What is said about the request with these keys changed; a key set to ... is left out."""
    return WIRE.check(request({key: value for key, value in (CHAT | changes).items() if value is not ...})) or ""


def test_the_events_of_a_text() -> None:
    assert kinds(Answer(text="Hi you")) == [
        *(
            "created",
            "in_progress",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.delta",
        ),
        *("output_text.done", "content_part.done", "output_item.done", "completed"),
    ]
    *_, done, _, _, last = events(Answer(text="Hi you"))
    assert done["text"] == "Hi you"
    assert last["response"]["output"][0]["content"][0]["text"] == "Hi you"
    assert last["response"]["usage"] == {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}


def test_the_bytes_of_an_event() -> None:
    created = WIRE.stream(Answer(text="Hi", id="resp_1"), request())[0]
    assert created.startswith(b'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1"')
    assert created.endswith(b',"sequence_number":0}\n\n')


def test_the_response_repeats_its_request() -> None:
    made = whole(Answer(text="Hi"))
    for key in ("instructions", "tools", "tool_choice", "max_output_tokens", "store", "reasoning", "model"):
        assert made[key] == CHAT[key]
    assert made["text"] == CHAT["text"] | {"verbosity": "medium"}


def test_encrypted_reasoning_is_sent_when_asked_for_and_only_whole_in_the_end() -> None:
    answer = Answer(text="Hi", thinking="Hm.", signature="gAAAAsecret")
    added, done = (e["item"] for e in events(answer) if "output_item" in e["type"] and e["output_index"] == 0)
    assert done["encrypted_content"] == "gAAAAsecret"
    assert added["encrypted_content"] != done["encrypted_content"]
    assert done["summary"] == [{"type": "summary_text", "text": "Hm."}]
    plain = {key: value for key, value in CHAT.items() if key != "include"}
    assert "encrypted_content" not in whole(answer, plain)["output"][0]


def test_calls_in_fragments() -> None:
    found = events(Answer(tool_calls=CALLS))
    pieces = [event for event in found if event["type"] == "response.function_call_arguments.delta"]
    assert "".join(event["delta"] for event in pieces if event["output_index"] == 0) == CALLS[0].arguments
    assert all(event["item_id"].startswith("fc_") and event["obfuscation"] for event in pieces)
    added = [event["item"] for event in found if event["type"] == "response.output_item.added"]
    assert [(item["call_id"], item["name"], item["arguments"]) for item in added] == [
        ("call_1", "geo", ""),
        ("call_2", "now", ""),
    ]


def test_an_image_is_in_the_finished_item_and_a_message_behind_it() -> None:
    found = events(Answer(images=IMAGES))
    image, message = (event["item"] for event in found if event["type"] == "response.output_item.done")
    assert b64decode(image["result"]) == PNG
    assert (image["output_format"], message["content"][0]["text"]) == ("png", "")
    assert "response.image_generation_call.completed" in {event["type"] for event in found}


def test_parts_of_the_counts() -> None:
    assert whole(Answer(text="Hi", usage=FULL))["usage"] == {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20},
        "output_tokens": 40,
        "output_tokens_details": {"reasoning_tokens": 10},
        "total_tokens": 140,
    }


@pytest.mark.parametrize(
    ("finish", "status", "reason"),
    [
        (FinishReason.stop, "completed", None),
        (FinishReason.tool_calls, "completed", None),
        (FinishReason.length, "incomplete", {"reason": "max_output_tokens"}),
        (FinishReason.content_filter, "incomplete", {"reason": "content_filter"}),
        (FinishReason.error, "failed", None),
    ],
)
def test_finish_reasons(finish: FinishReason, status: str, reason: Any) -> None:
    made = whole(Answer(text="x", finish_reason=finish))
    assert (made["status"], made["incomplete_details"]) == (status, reason)
    assert events(Answer(text="x", finish_reason=finish))[-1]["type"] == f"response.{status}"


def test_a_refusal_is_a_part_of_a_completed_answer() -> None:
    answer = Answer(finish_reason=FinishReason.content_filter, message="I cannot help.")
    assert "refusal.delta" in kinds(answer)
    made = whole(answer)
    assert made["status"] == "completed"
    assert made["output"][0]["content"] == [{"type": "refusal", "refusal": "I cannot help."}]


def test_a_failure_is_said_twice() -> None:
    answer = Answer(finish_reason=FinishReason.error, code="insufficient_quota", message="No money.")
    error, failed = events(answer)[-2:]
    assert error["error"] == {
        "type": "insufficient_quota",
        "code": "insufficient_quota",
        "message": "No money.",
        "param": None,
    }
    assert failed["response"]["error"] == {"code": "insufficient_quota", "message": "No money."}


def test_it_has_no_word_for_other() -> None:
    with pytest.raises(ValueError, match="no word"):
        WIRE.stream(Answer(finish_reason=FinishReason.other), request())


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (400, "", "invalid_request_error", None),
        (400, "context_length_exceeded", "invalid_request_error", "context_length_exceeded"),
        (401, "", "invalid_request_error", "invalid_api_key"),
        (429, "", "requests", "rate_limit_exceeded"),
        (429, "insufficient_quota", "insufficient_quota", "insufficient_quota"),
        (500, "", "server_error", "server_error"),
    ],
)
def test_error_envelopes(status: int, code: str, kind: str, said: str | None) -> None:
    error = json.loads(WIRE.error(status, "No.", code))["error"]
    assert (error["message"], error["type"], error["code"]) == ("No.", kind, said)


def test_models_are_one_page() -> None:
    listed = json.loads(WIRE.models(tuple(f"gpt-{n}" for n in range(120)), Received("GET", "/v1/models", {}, {})))
    assert len(listed["data"]) == 120
    assert set(listed["data"][0]) == {"id", "object", "created", "owned_by"}


def test_a_good_request_is_accepted() -> None:
    assert WIRE.check(request()) is None
    assert WIRE.check(request({"model": "gpt-5-mini", "input": "hi"})) is None
    assert WIRE.check(request({"model": "gpt-5-mini", "input": [RESULT], "previous_response_id": "resp_1"})) is None


def parted(*parts: Any, role: str = "user") -> dict[str, Any]:
    return {"input": [{"role": role, "content": list(parts)}]}


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"model": ...}, "Missing required parameter: 'model'"),
    ({"input": ...}, "Missing required parameter: 'input'"),
    ({"messages": []}, "Unknown parameter: 'messages'"),
    ({"stop": ["x"]}, "Unknown parameter: 'stop'"),
    ({"max_output_tokens": 3}, "Expected a value >= 16, but got 3"),
    ({"temperature": 3}, "Invalid 'temperature'"),
    ({"metadata": {"a": 1}}, "Invalid 'metadata'"),
    ({"include": ["reasoning"]}, "include[0]"),
    ({"reasoning": {"effort": "huge"}}, "reasoning.effort"),
    ({"reasoning": {"max_tokens": 1}}, "reasoning.max_tokens"),
    ({"tools": [{"type": "function", "function": {"name": "geo"}}]}, "Missing required parameter: 'tools[0].name'"),
    ({"tools": [TOOL | {"name": "a b"}]}, "does not match pattern"),
    ({"tools": [TOOL | {"parameters": {"type": "array"}}]}, "must be of type"),
    ({"tools": [TOOL | {"parameters": {"type": "object"}}]}, "'additionalProperties' is required"),
    (
        {"tools": [TOOL | {"parameters": TOOL["parameters"] | {"required": []}}]},
        "Missing 'q'",
    ),
    ({"tool_choice": {"type": "function", "function": {"name": "geo"}}}, "tool_choice.name"),
    ({"tool_choice": {"type": "function", "name": "x"}}, "not found in 'tools'"),
    ({"tool_choice": "required", "tools": ...}, "must be specified with 'tools'"),
    ({"tool_choice": "any"}, "Supported values are: 'none', 'auto', and 'required'"),
    ({"text": {"format": {"type": "json_schema", "json_schema": {}}}}, "text.format.json_schema"),
    ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
    ({"text": {"format": {"type": "json_object"}}}, "must contain the word 'json'"),
    ({"input": [USER, CALL]}, "No tool output found for function call call_1."),
    ({"input": [USER, RESULT]}, "No tool call found for function call output with call_id call_1."),
    ({"input": [USER, RESULT, CALL]}, "No tool call found"),
    ({"input": [USER, CALL | {"call_id": "x" * 65}]}, "string too long"),
    ({"input": [USER, CALL | {"arguments": {}}]}, "expected a string"),
    ({"input": [USER, CALL | {"id": "call_1"}]}, "begins with 'fc'"),
    ({"input": [USER, THOUGHT]}, "without its required following item"),
    ({"input": [USER, THOUGHT, USER]}, "without its required following item"),
    ({"input": [USER, {"type": "reasoning", "id": "rs_1", "summary": []}, CALL, RESULT]}, "Items are not persisted"),
    ({"input": [USER, {"type": "reasoning", "id": "rs_1"}, CALL, RESULT]}, "input[1].summary"),
    ({"input": [{"role": "tool", "content": "x"}]}, "Supported values are: 'assistant'"),
    ({"input": [{"type": "tool_use"}]}, "Invalid value: 'tool_use'"),
    ({"input": [USER | {"name": "Ann"}]}, "Unknown parameter: 'input[0].name'"),
    (parted({"type": "text", "text": "x"}), "Invalid value: 'text' at 'input[0].content[0].type'"),
    (parted({"type": "input_text", "text": "x"}, role="assistant"), "Invalid value: 'input_text'"),
    (parted({"type": "output_text", "text": "x"}), "Invalid value: 'output_text'"),
    (parted({"type": "input_text"}), "content[0].text"),
    (parted({"type": "input_image", "image_url": {"url": "x"}}), "got an object instead"),
    (parted({"type": "input_image", "image_url": "AAAA"}), "Expected a valid URL"),
    (
        parted({"type": "input_file", "file_data": "data:audio/mpeg;base64,AA", "filename": "a"}),
        "unsupported MIME type",
    ),
    (parted({"type": "input_file", "file_data": "data:application/pdf;base64,AA"}), "filename"),
]


@pytest.mark.parametrize(("changes", "said"), BROKEN)
def test_a_request_that_breaks_a_rule_is_refused(changes: dict[str, Any], said: str) -> None:
    assert said in refused(**changes)


def test_no_request_makes_the_check_fail() -> None:
    for body in damaged(CHAT):
        reason = WIRE.check(request(body))
        assert reason is None or reason


recorded_only = pytest.mark.skipif(not load.available(), reason=load.MISSING)
HOSTS = ("openai",)
OPAQUE = (".text.format.schema", ".tools", ".tool_choice", ".metadata")
ALL = ANSWERS | {
    "image": Answer(images=IMAGES),
    "refusal": Answer(finish_reason=FinishReason.content_filter, message="I cannot help."),
    "cut call": Answer(tool_calls=(ToolCall("c", "geo", '{"q"'),), finish_reason=FinishReason.length),
}
# No recording holds these steps: an image without a sketch of it, an answer that stops short of its first item or is
# filtered behind its last, and an error behind the first item.
NEW_STEPS = {
    ("response.image_generation_call.generating", "response.image_generation_call.completed"),
    ("response.in_progress", "response.completed"),
    ("response.in_progress", "response.incomplete"),
    ("response.output_item.done", "error"),
}


@recorded_only
def test_keys_and_order_stand_in_the_recordings() -> None:
    made, recorded = Shapes(OPAQUE, "response"), Shapes(OPAQUE, "response")
    for answer in ALL.values():
        made.add_stream(b"".join(WIRE.stream(answer, request())))
        made.add("body", whole(answer))
    for exchange in good("openai-responses", HOSTS, stream=True):
        recorded.add_stream(exchange.body)
    for exchange in good("openai-responses", HOSTS, stream=False):
        recorded.add("body", json.loads(exchange.body))
    assert strange(made, recorded) == {}
    assert made.steps - recorded.steps <= NEW_STEPS
    assert lacking(made, recorded, but=".usage") == {}


@recorded_only
def test_recorded_requests_get_what_they_got() -> None:
    other_hosts = {"github", "deepseek", "openrouter", "vllm", "llamacpp", "lmstudio", "mistralrs", "xai"}
    not_of_the_request = ("The requested model", "Your input exceeds")
    for exchange in load.exchanges("openai-responses"):
        if exchange.provider in other_hosts or exchange.request_json is None:
            continue
        reason = WIRE.check(request(exchange.request_json))
        if exchange.status == 200:
            assert reason is None, exchange.id
        elif exchange.status == 400 and not (said := json.loads(exchange.body)["error"]["message"]).startswith(
            not_of_the_request
        ):
            assert reason, exchange.id
            assert reason[:30] == said[:30], exchange.id
