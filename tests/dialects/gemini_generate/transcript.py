"""Answers written by hand: chunks, the bytes that carry them, and what is read from those."""

import base64
import json
from typing import Any

from aikido_llm.dialects.gemini_generate import GeminiGenerate
from aikido_llm.types.events import AudioEvent, Event, ImageEvent, TextDelta, ThinkingDelta, ToolCallEvent
from aikido_llm.types.response import Response
from tests.wire import Road, error_of, response_of

STREAM = Road(GeminiGenerate())
LIST = Road(GeminiGenerate(), content_type="application/json")
WHOLE = Road(GeminiGenerate(), stream=False, content_type="application/json")

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(40))
IDS = {"modelVersion": "gemini-2.5-flash", "responseId": "aa1"}
SAFETY = [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH", "blocked": True}]


def chunk(*parts: dict[str, Any], finish: Any = None, **fields: Any) -> dict[str, Any]:
    """A chunk of candidate 0. fields go into the candidate, but for those of the chunk itself."""
    candidate: dict[str, Any] = {"index": 0}
    if parts:
        candidate["content"] = {"parts": list(parts), "role": "model"}
    if finish is not None:
        candidate["finishReason"] = finish
    outer: dict[str, Any] = {name: fields.pop(name) for name in ("usageMetadata", "promptFeedback") if name in fields}
    return {"candidates": [{**candidate, **fields}], **outer, **IDS}


def sse(*chunks: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(c, ensure_ascii=False).encode() + b"\r\n\r\n" for c in chunks)


def read(*chunks: Any) -> list[Event]:
    """The events of these chunks, the same in every framing; no prefix of the stream passes for an answer."""
    body = sse(*chunks)
    events = STREAM.read_every_way(body)
    assert content(LIST.read_every_way(json.dumps(chunks, indent=2).encode())) == content(events)
    if error_of(events) is None:
        ends = body.index(b"\r\n", body.index(b'"finishReason"'))
        STREAM.check_prefixes(body, ends, None if len(body) < 6000 else range(0, ends, len(body) // 100))
    return events


def content(events: list[Event]) -> list[Event]:
    return [e for e in events if isinstance(e, TextDelta | ThinkingDelta | ToolCallEvent | ImageEvent | AudioEvent)]


def answer(*chunks: Any) -> Response:
    events = read(*chunks)
    assert error_of(events) is None, error_of(events)
    return response_of(events)


def text(value: str, **more: Any) -> dict[str, Any]:
    return {"text": value, **more}


def call(name: str, args: Any = None, **more: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, **({} if args is None else {"args": args})}, **more}


def blob(data: bytes, kind: str = "image/png", **more: Any) -> dict[str, Any]:
    return {"inlineData": {"mimeType": kind, "data": base64.b64encode(data).decode()}, **more}
