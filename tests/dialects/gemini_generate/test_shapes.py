"""Values of unexpected types anywhere give events or a typed error, never another exception."""

import json
from typing import Any

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.gemini_generate import GeminiGenerate
from aikido_llm.errors import LLMError
from tests.shapes import as_json, misshapen
from tests.wire import Road

DIALECT = GeminiGenerate()
STREAM = Road(DIALECT)
LIST = Road(DIALECT, content_type="application/json")
WHOLE = Road(DIALECT, stream=False, content_type="application/json")
PIECE = {"jsonPath": "$.a[0]", "stringValue": "x", "willContinue": True}
PARTS: list[dict[str, Any]] = [
    {"text": "hm", "thought": True, "thoughtSignature": "S"},
    {"functionCall": {"name": "f", "args": {"a": 1}, "id": "c"}},
    {"functionCall": {"name": "g", "partialArgs": [PIECE], "willContinue": True}},
    {"inlineData": {"mimeType": "image/png", "data": "eA=="}},
    {"executableCode": {"code": "1"}},
]
BODY: dict[str, Any] = {
    "candidates": [
        {
            "content": {"parts": PARTS, "role": "model"},
            "finishReason": "STOP",
            "finishMessage": "done",
            "index": 0,
            "safetyRatings": [{"category": "C"}],
            "citationMetadata": {"citationSources": [{"uri": "u"}]},
            "groundingMetadata": {"webSearchQueries": ["q"]},
        }
    ],
    "promptFeedback": {"safetyRatings": []},
    "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "thoughtsTokenCount": 3},
    "modelVersion": "m",
    "responseId": "r",
}
ERROR = {"error": {"code": 429, "message": "m", "status": "S", "details": [{"violations": [{"quotaId": "q"}]}]}}


def test_a_body_of_any_shape_on_every_road() -> None:
    for odd in misshapen(BODY):
        body = as_json(odd)
        WHOLE.read(body)
        STREAM.read(b"data: " + body + b"\r\n\r\n")
    for odd in misshapen([{"candidates": [{"finishReason": "STOP"}]}]):
        LIST.read(as_json(odd))


def test_an_error_of_any_shape() -> None:
    for odd in misshapen(ERROR):
        assert isinstance(DIALECT.decode_error(ErrorReply(429, {}, as_json(odd))), LLMError)
        STREAM.read(b"data: " + as_json(odd) + b"\n\n" + json.dumps(odd).encode())


def test_deep_nesting() -> None:
    for levels in (400, 980, 990, 1000, 100_000):
        deep = b'{"args":' * levels + b"1" + b"}" * levels
        body = b'{"candidates":[{"content":{"parts":[{"functionCall":%s}]}}]}' % (b'{"name":"f",' + deep[1:])
        for road, wire in ((WHOLE, body), (STREAM, b"data: " + body + b"\n\n"), (LIST, b"[" + body + b"]")):
            road.read(wire)


def test_bytes_that_are_no_text() -> None:
    body = as_json(BODY).replace(b'"hm"', b'"\xff"')
    WHOLE.read(body)
    STREAM.read(b"data: " + body + b"\n\n")
