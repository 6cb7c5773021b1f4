"""The Converse wire of the test server: what it writes, what it refuses, and that both agree with the recordings."""

import json
from typing import Any

import pytest

from aikido_llm.framing import Frame
from aikido_llm.framing.eventstream import EventStreamFramer
from aikido_llm.testing.answer import Answer
from aikido_llm.testing.wires.base import Received
from aikido_llm.testing.wires.bedrock_converse import BedrockConverse
from aikido_llm.types.response import FinishReason
from aikido_llm.types.usage import Usage
from tests.corpus.load import FURTHER, further

from .shapes import CALLS, IMAGES, damaged

WIRE = BedrockConverse()
SPEC: dict[str, Any] = {"toolSpec": {"name": "geo", "inputSchema": {"json": {"type": "object"}}}}
POINT: dict[str, Any] = {"cachePoint": {"type": "default"}}
USER: dict[str, Any] = {"role": "user", "content": [{"text": "Where is Oslo?"}]}
CALL: dict[str, Any] = {"toolUse": {"toolUseId": "t1", "name": "geo", "input": {}}}
RESULT: dict[str, Any] = {"toolResult": {"toolUseId": "t1", "content": [{"text": "in Norway"}], "status": "success"}}
DOCUMENT: dict[str, Any] = {"document": {"format": "pdf", "name": "A (1)", "source": {"bytes": "JVBERi0="}}}
CHAT: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": [{"text": "Where?"}, DOCUMENT, POINT]},
        {"role": "assistant", "content": [{"reasoningContent": {"redactedContent": "UkVE"}}, CALL]},
        {"role": "user", "content": [RESULT]},
    ],
    "system": [{"text": "Be short."}, POINT],
    "inferenceConfig": {"maxTokens": 300, "temperature": 0, "topP": 0.9, "stopSequences": ["###"]},
    "toolConfig": {"tools": [SPEC, POINT], "toolChoice": {"tool": {"name": "geo"}}},
}


def request(body: Any = CHAT, *, stream: bool = True) -> Received:
    path = f"/model/m/converse{'-stream' if stream else ''}"
    return Received("POST", path, {}, {}, body, json.dumps(body).encode())


def events(answer: Answer) -> list[tuple[str, Any]]:
    frames: list[Frame] = []
    EventStreamFramer(10_000).feed(b"".join(WIRE.stream(answer, request())), frames)
    parsed = [(name, json.loads(data)) for name, data in frames]
    assert all(said.pop("p") for _, said in parsed), "each is padded"
    return parsed


def refused(**changes: Any) -> str:
    """What is said about the request with these keys changed; a key set to ... is left out."""
    return WIRE.check(request({key: value for key, value in (CHAT | changes).items() if value is not ...})) or ""


def asking(*content: Any, role: str = "user") -> dict[str, Any]:
    return {"messages": [{"role": role, "content": list(content)}]}


def test_the_events_of_a_stream() -> None:
    call = {"toolUse": {"name": "geo", "toolUseId": "call_1"}}
    found = events(Answer("Hi you", thinking="Hm.", signature="c2ln", tool_calls=CALLS[:1], chunk=100))
    assert found == [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "Hm."}}}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "c2ln"}}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "Hi you"}}),
        ("contentBlockStop", {"contentBlockIndex": 1}),
        ("contentBlockStart", {"contentBlockIndex": 2, "start": call}),
        ("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": ""}}}),
        ("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": CALLS[0].arguments}}}),
        ("contentBlockStop", {"contentBlockIndex": 2}),
        ("messageStop", {"stopReason": "tool_use"}),
        (
            "metadata",
            {"usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}, "metrics": {"latencyMs": 412}},
        ),
    ]


def test_what_the_cache_held_is_beside_the_input() -> None:
    usage = Usage(100, 40, cache_read_tokens=30, cache_write_tokens=20)
    assert json.loads(WIRE.body(Answer("Hi", usage=usage), request(stream=False)))["usage"] == {
        "cacheReadInputTokens": 30,
        "cacheWriteInputTokens": 20,
        "inputTokens": 50,
        "outputTokens": 40,
        "totalTokens": 140,
    }


def test_what_it_cannot_answer_with() -> None:
    with pytest.raises(ValueError, match="images"):
        WIRE.body(Answer(images=IMAGES), request())
    with pytest.raises(ValueError, match="no word"):
        WIRE.stream(Answer(finish_reason=FinishReason.other), request())


def test_errors_and_exceptions() -> None:
    assert json.loads(WIRE.error(429, "Slow.")) == {"__type": "ThrottlingException", "message": "Slow."}
    frames: list[Frame] = []
    EventStreamFramer(10_000).feed(WIRE.error_event("It broke.", "throttlingException"), frames)
    assert frames == [("!throttlingException", b'{"message":"It broke."}')]


def test_a_good_request_is_accepted() -> None:
    assert WIRE.check(request()) is None


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"messages": []}, "must not be empty"),
    ({"model": "m"}, "extraneous key [model]"),
    ({"inferenceConfig": {"temperature": 1.5}}, "between 0 and 1"),
    ({"inferenceConfig": {"maxTokens": 0}}, "maxTokens"),
    ({"inferenceConfig": {"topK": 4}}, "extraneous key [topK]"),
    ({"requestMetadata": {"a": "ü"}}, "pattern"),
    ({"toolConfig": ...}, "toolConfig field must be defined"),
    ({"toolConfig": {"tools": []}}, "greater than or equal to 1"),
    ({"toolConfig": {"toolChoice": {"auto": {}}}}, "Member must not be null"),
    ({"toolConfig": {"tools": [SPEC, SPEC]}}, "duplicate tool names"),
    ({"toolConfig": {"tools": [SPEC], "toolChoice": {"tool": {"name": "b"}}}}, "none of the tools"),
    ({"toolConfig": {"tools": [SPEC], "toolChoice": {"none": {}}}}, "exactly one of"),
    ({"outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": {}}}}}}, "string"),
    ({"system": [{"text": "a"}, POINT, POINT, POINT, POINT]}, "A maximum of 4"),
    (asking({"text": " "}), "is blank"),
    (asking({"text": "a"}, role="assistant"), "start with a user message"),
    (asking({"text": "a"}, role="system"), "role must be"),
    (asking({"text": "a", "image": {}}), "exactly one of"),
    (asking(DOCUMENT), "needs a text block"),
    (asking({"text": "a"}, DOCUMENT, DOCUMENT), "unique"),
    (asking({"text": "a"}, {"document": {**DOCUMENT["document"], "name": "a.pdf"}}), "file name"),
    (asking({"image": {"format": "bmp", "source": {"bytes": "AA=="}}}), "enum value set"),
    (asking({"image": {"format": "png", "source": {"url": "https://x.example"}}}), "exactly one of"),
    (asking(RESULT), "exceeds the number of toolUse blocks"),
    ({"messages": [USER, {"role": "assistant", "content": [CALL]}]}, "Expected toolResult"),
    ({"messages": [USER, {"role": "assistant", "content": [CALL]}, USER]}, "Expected toolResult"),
    ({"messages": [USER, {"role": "assistant", "content": []}]}, "is empty"),
]


@pytest.mark.parametrize(("changes", "said"), BROKEN)
def test_a_request_that_breaks_a_rule_is_refused(changes: dict[str, Any], said: str) -> None:
    assert said in refused(**changes)


def test_no_request_makes_the_check_fail() -> None:
    for body in damaged(CHAT):
        reason = WIRE.check(request(body))
        assert reason is None or reason


@pytest.mark.skipif(not FURTHER.is_file(), reason="without ../shared/corpus/dev2.jsonl.gz; with it: make test")
def test_recorded_requests_that_were_answered_are_accepted() -> None:
    written_oddly = "bedrock-converse-cd820427dfa1778f"  # its bytes as an object, by the recorder
    found = (e for e in further("bedrock-converse") if e.id != written_oddly)
    asked = [e for e in found if e.status == 200 and e.request_json]
    assert len(asked) > 100
    for exchange in asked:
        assert WIRE.check(request(exchange.request_json)) is None, exchange.id
