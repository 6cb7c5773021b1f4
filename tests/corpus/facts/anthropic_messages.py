"""Anthropic Messages. Server tool blocks, compaction and fallback blocks are none of the user's business."""

from __future__ import annotations

import json

from .base import Draft, Json, get, is_plain_json, number, objects, sse_objects, string, usage
from .errors import error_in_body

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "paused",  # the server's own tool loop wants to be asked again
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}


def read(body: bytes) -> Draft:
    return whole(json.loads(body)) if is_plain_json(body) else stream(sse_objects(body))


def whole(answer: Json) -> Draft:
    if answer.get("type") == "error":
        return Draft(error=error_in_body(answer["error"]))
    draft = Draft(id=string(answer, "id"), model=string(answer, "model"))
    for block in objects(answer, "content"):
        match block["type"]:
            case "text":
                draft.text += string(block, "text")
            case "thinking":
                draft.thinking += string(block, "thinking")
            case "tool_use":
                draft.tool_calls.append((string(block, "name"), json.dumps(block.get("input") or {})))
            case _:
                pass
    _finish(draft, string(answer, "stop_reason"))
    draft.usage = _usage(get(answer, "usage"))
    return draft


def stream(events: list[Json]) -> Draft:
    draft = Draft()
    counts: Json = {}
    names: dict[int, str] = {}
    arguments: dict[int, str] = {}
    stop_reason, ended = "", False
    for event in events:
        match event.get("type"):
            case "message_start":
                draft.id, draft.model = string(event, "message", "id"), string(event, "message", "model")
                counts |= _sent(get(event, "message", "usage"))
            case "content_block_start":
                block = event["content_block"]
                if block["type"] == "tool_use":
                    names[event["index"]], arguments[event["index"]] = block["name"], ""
                if block["type"] == "text":
                    draft.text += string(block, "text")
            case "content_block_delta":
                delta = event["delta"]
                draft.text += string(delta, "text")
                draft.thinking += string(delta, "thinking")
                if event["index"] in names:
                    arguments[event["index"]] += string(delta, "partial_json")
            case "message_delta":
                stop_reason = string(event, "delta", "stop_reason") or stop_reason
                counts |= _sent(get(event, "usage"))  # cumulative: the later count replaces the earlier
            case "message_stop":
                ended = True
            case "error":
                draft.error = error_in_body(event["error"])
                break
            case _:
                pass
    if ended:
        _finish(draft, stop_reason)
    draft.tool_calls = [(name, arguments[index]) for index, name in names.items()]
    draft.usage = _usage(counts)
    return draft


def _sent(counts: Json | None) -> Json:
    return {key: value for key, value in (counts or {}).items() if value is not None}


def _finish(draft: Draft, stop_reason: str) -> None:
    draft.raw_finish = stop_reason or None
    draft.finish = FINISH.get(stop_reason, "other") if stop_reason else None


def _usage(counts: object) -> dict[str, int | None] | None:
    fresh = number(counts, "input_tokens")  # what was neither read from the cache nor written to it
    read_, written = number(counts, "cache_read_input_tokens"), number(counts, "cache_creation_input_tokens")
    return usage(
        None if fresh is None else fresh + (read_ or 0) + (written or 0),
        number(counts, "output_tokens"),
        cache_read=read_,
        cache_write=written,
        reasoning=number(counts, "output_tokens_details", "thinking_tokens"),
    )
