"""Values of unexpected types anywhere give events or a typed error, never another exception."""

import json

from aikido_llm.dialects.cohere_chat import CohereChat
from tests.shapes import as_json, misshapen
from tests.wire import Road

from .test_decode import call, end, message, start, text, thinking

STREAM = Road(CohereChat())
WHOLE = Road(CohereChat(), stream=False, content_type="application/json")
CITED = {"start": 0, "end": 1, "text": "a", "sources": [{"id": "x"}]}
EVENTS = [
    *start().split(b"\n\n"),
    *thinking("hm").split(b"\n\n"),
    *text("a", index=1).split(b"\n\n"),
    *message("tool-plan-delta", tool_plan="plan").split(b"\n\n"),
    *call(0, "c", "f", '{"a":', "1}").split(b"\n\n"),
    *message("citation-start", 0, citations=CITED).split(b"\n\n"),
    *end("TOOL_CALL", error=None).split(b"\n\n"),
]
PARTS = [json.loads(part.partition(b"data: ")[2]) for part in EVENTS if part]
BODY = {
    "id": "m-1",
    "finish_reason": "COMPLETE",
    "message": {
        "tool_plan": "plan",
        "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}],
        "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}],
        "citations": [CITED],
    },
    "usage": {"tokens": {"input_tokens": 1, "output_tokens": 2, "reasoning_tokens": 3}, "cached_tokens": 4},
}


def test_any_event_of_any_shape() -> None:
    sound = [b"data: " + as_json(part) + b"\n\n" for part in PARTS]
    for at, part in enumerate(PARTS):
        for odd in misshapen(part):
            STREAM.read(b"".join([*sound[:at], b"data: " + as_json(odd) + b"\n\n", *sound[at + 1 :]]))


def test_whole_body_of_any_shape() -> None:
    for odd in misshapen(BODY):
        WHOLE.read(as_json(odd))


def test_bytes_that_are_no_text() -> None:
    for part in EVENTS:
        STREAM.read(
            b"".join(other + b"\n\n" for other in [*EVENTS[:2], part.replace(b'"type":', b'"\xff":"\xff","type":')])
        )


def test_deep_nesting() -> None:
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    WHOLE.read(deep)
    STREAM.read(b"data: " + deep + b"\n\n")
