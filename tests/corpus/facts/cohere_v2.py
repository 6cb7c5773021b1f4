"""Cohere v2 chat. The wire never names the model."""

from __future__ import annotations

import json
from typing import Any

from .base import Draft, Json, get, is_plain_json, number, objects, sse_objects, string, usage

FINISH = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR": "error",
    "TIMEOUT": "error",
    "ERROR_TOXIC": "content_filter",
}


def read(body: bytes) -> Draft:
    return _whole(json.loads(body)) if is_plain_json(body) else _stream(sse_objects(body))


def _whole(answer: Json) -> Draft:
    draft = Draft(id=string(answer, "id"), thinking=string(answer, "message", "tool_plan"))
    for part in objects(answer, "message", "content"):
        draft.text += string(part, "text")
        draft.thinking += string(part, "thinking")
    for call in objects(answer, "message", "tool_calls"):
        draft.tool_calls.append((string(call, "function", "name"), _arguments(string(call, "function", "arguments"))))
    _end(draft, answer)
    return draft


def _stream(events: list[Json]) -> Draft:
    draft = Draft()
    names: dict[Any, str] = {}
    arguments: dict[Any, str] = {}
    for event in events:
        message = get(event, "delta", "message")
        draft.text += string(message, "content", "text")
        draft.thinking += string(message, "content", "thinking") + string(message, "tool_plan")
        function = get(message, "tool_calls", "function")  # one object here, a list only in a whole body
        index = event.get("index")
        match event["type"]:
            case "message-start":
                draft.id = string(event, "id")
            case "tool-call-start":
                names[index], arguments[index] = string(function, "name"), string(function, "arguments")
            case "tool-call-delta":
                arguments[index] += string(function, "arguments")
            case "message-end":
                _end(draft, event["delta"])
            case _:
                pass
    if draft.finish != "error":
        draft.tool_calls = [(name, _arguments(arguments[index])) for index, name in names.items()]
    return draft


def _arguments(raw: str) -> str:
    return "{}" if raw in {"", "null"} else raw


def _end(draft: Draft, answer: Json) -> None:
    draft.raw_finish = string(answer, "finish_reason") or None
    draft.finish = FINISH.get(draft.raw_finish, "other") if draft.raw_finish else None
    if draft.finish == "error":
        draft.tool_calls.clear()  # whole as their arguments may be, calls of a failed answer must not be run
    counts = get(answer, "usage", "tokens") or get(answer, "usage", "billed_units")
    draft.usage = usage(
        number(counts, "input_tokens"),
        number(counts, "output_tokens"),
        cache_read=number(answer, "usage", "cached_tokens"),
        reasoning=number(counts, "reasoning_tokens"),
    )
