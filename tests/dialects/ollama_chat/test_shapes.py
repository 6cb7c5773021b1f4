"""Values of unexpected types anywhere give events or a typed error, never another exception."""

from typing import Any

from aikido_llm.dialects.ollama_chat import OllamaChat
from tests.shapes import as_json, misshapen
from tests.wire import Road

STREAM = Road(OllamaChat(), content_type="application/x-ndjson")
WHOLE = Road(OllamaChat(), stream=False, content_type="application/json")
LINE: dict[str, Any] = {
    "model": "m",
    "created_at": "2026-11-20T09:00:01Z",
    "message": {
        "role": "assistant",
        "content": "a",
        "thinking": "hm",
        "images": ["iVBORw0KGgo="],
        "tool_calls": [{"id": "c", "function": {"index": 0, "name": "f", "arguments": {"a": [1]}}}],
    },
    "logprobs": [{"token": "a"}],
    "done": False,
}
END: dict[str, Any] = {**LINE, "done": True, "done_reason": "stop", "prompt_eval_count": 1, "eval_count": 2}


def test_any_line_of_any_shape() -> None:
    for odd in misshapen(LINE):
        STREAM.read(as_json(odd) + b"\n" + as_json(END) + b"\n")
    for odd in misshapen(END):
        STREAM.read(as_json(LINE) + b"\n" + as_json(odd) + b"\n")


def test_whole_body_of_any_shape() -> None:
    for odd in misshapen(END):
        WHOLE.read(as_json(odd))


def test_error_line_of_any_shape() -> None:
    for odd in misshapen({"error": {"message": "m", "code": 3, "type": "t"}}):
        STREAM.read(as_json(odd) + b"\n")


def test_bytes_that_are_no_text() -> None:
    for line in (LINE, END):
        STREAM.read(as_json(line).replace(b'"model"', b'"\xff":"\xff","model"') + b"\n" + as_json(END) + b"\n")


def test_deep_nesting() -> None:
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    WHOLE.read(deep)
    STREAM.read(deep + b"\n")
