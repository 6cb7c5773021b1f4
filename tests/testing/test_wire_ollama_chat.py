"""Ollama's wire of the test server: what it writes, what it refuses, and that both agree with the recordings."""

import json
from typing import Any

import pytest

from aikido_llm.testing.answer import Answer
from aikido_llm.testing.wires.base import Received
from aikido_llm.testing.wires.ollama_chat import OllamaChat
from aikido_llm.types.response import FinishReason
from aikido_llm.types.tools import ToolCall
from tests.corpus import load

from .shapes import ANSWERS, CALLS, IMAGES, Shapes, damaged, good, lacking, strange

WIRE = OllamaChat()
CALL: dict[str, Any] = {"function": {"name": "geo", "arguments": {"q": "Oslo"}}}
CHAT: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "Look.", "images": ["iVBORw0KGgo="]},
        {"role": "assistant", "content": "", "thinking": "Hm.", "tool_calls": [CALL]},
        {"role": "tool", "content": "in Norway", "tool_name": "geo"},
    ],
    "tools": [{"type": "function", "function": {"name": "geo", "parameters": {"type": "object"}}}],
    "format": {"type": "object"},
    "think": "high",
    "keep_alive": "5m",
    "options": {"temperature": 0, "num_predict": 5, "stop": ["END"]},
}
WITHOUT = ("length in a call", "error", "filtered", "filtered at once")
SOUND = {name: answer for name, answer in ANSWERS.items() if name not in WITHOUT}


def asked(**more: Any) -> Received:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **more}
    return Received("POST", "/api/chat", {}, {}, body, json.dumps(body).encode())


def lines(answer: Answer) -> list[Any]:
    return [json.loads(event) for event in WIRE.stream(answer, asked())]


@pytest.mark.skipif(not load.available(), reason=load.MISSING)
def test_the_key_paths_of_lines_and_bodies_are_recorded_ones() -> None:
    opaque = ("arguments",)
    recorded, ours = Shapes(opaque), Shapes(opaque)
    for exchange in good("ollama-chat", ("ollama",), stream=True):
        for line in exchange.body.splitlines():
            if line.strip():
                value = json.loads(line)
                recorded.add("last" if value.get("done") else "line", value)
    for exchange in good("ollama-chat", ("ollama",), stream=False):
        for line in exchange.body.splitlines():
            value = json.loads(line)
            recorded.add("last" if value.get("done") else "line", value)
    for name, answer in SOUND.items():
        if name == "no counts":
            continue
        for line in lines(answer):
            ours.add("last" if line["done"] else "line", line)
        ours.add("last", json.loads(WIRE.body(answer, asked())))
    assert strange(ours, recorded) == {}
    assert lacking(ours, recorded) == {}


@pytest.mark.skipif(not load.available(), reason=load.MISSING)
def test_recorded_requests_that_were_answered_keep_the_rules() -> None:
    for stream in (True, False):
        for exchange in good("ollama-chat", ("ollama",), stream=stream):
            if exchange.request_json is not None and "images_in" not in exchange.tags:  # those are cut short
                reason = WIRE.check(Received("POST", "", {}, {}, exchange.request_json)) or ""
                # the server takes parameters in the wrong place without a word; the kit says so
                assert not reason or reason.startswith("the server would ignore temperature"), exchange.id


def test_only_the_last_line_is_done_and_counts() -> None:
    said = lines(Answer(text="Hello there", thinking="Hm", tool_calls=CALLS, images=IMAGES))
    assert [line["done"] for line in said] == [False] * (len(said) - 1) + [True]
    assert "".join(line["message"]["content"] for line in said) == "Hello there"
    assert [call["function"]["name"] for line in said for call in line["message"].get("tool_calls", ())] == [
        "geo",
        "now",
    ]
    assert (said[-1]["prompt_eval_count"], said[-1]["eval_count"], said[-1]["done_reason"]) == (11, 7, "stop")
    assert b"".join(WIRE.stream(Answer(text="x"), asked())).count(b"\n") == 2


def test_a_stream_is_the_default() -> None:
    assert WIRE.wants_stream(asked())
    assert not WIRE.wants_stream(asked(stream=False))


@pytest.mark.parametrize("reason", [FinishReason.error, FinishReason.content_filter])
def test_a_failure_is_a_line_with_an_error(reason: FinishReason) -> None:
    answer = Answer(text="Hel", finish_reason=reason, message="CUDA error")
    assert lines(answer)[-1] == {"error": "CUDA error"}
    assert json.loads(WIRE.body(answer, asked())) == {"error": "CUDA error"}


def test_arguments_that_are_no_object_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="JSON object"):
        WIRE.body(Answer(tool_calls=[ToolCall("c", "f", "[1]")]), asked())


BAD: dict[str, dict[str, Any]] = {
    "model is required": {"model": None},
    "temperature": {"temperature": 0},
    "messages.content": {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
    "illegal base64": {"messages": [{"role": "user", "images": ["data:image/png;base64,iVBO"]}]},
    "function.arguments": {
        "messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}]
    },
    '"stop" must be of type array': {"options": {"stop": "END"}},
    '"num_predict" must be of type integer': {"options": {"num_predict": "5"}},
    "invalid think value": {"think": "hard"},
    "missing unit": {"keep_alive": "10"},
    "invalid format": {"format": "xml"},
    "invalid role": {"messages": [{"role": "developer", "content": "x"}]},
}  # fmt: skip


def test_a_good_request_passes() -> None:
    assert WIRE.check(Received("POST", "", {}, {}, CHAT)) is None


@pytest.mark.parametrize("words", BAD)
def test_a_bad_request_is_refused(words: str) -> None:
    assert words in (WIRE.check(Received("POST", "", {}, {}, {**CHAT, **BAD[words]})) or "")


def test_no_request_breaks_the_rules_themselves() -> None:
    for body in damaged(CHAT):
        WIRE.check(Received("POST", "", {}, {}, body))
        WIRE.wants_stream(Received("POST", "", {}, {}, body))
