"""Amazon Bedrock's Converse. The wire names neither the answer nor the model."""

from __future__ import annotations

import json
from typing import Any

from .base import Draft, Json, get, number, objects, string, usage

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
}


def read(body: bytes) -> Draft:
    return _whole(json.loads(body)) if body.lstrip()[:1] == b"{" else _stream(body)


def _whole(answer: Json) -> Draft:
    draft = Draft()
    for block in objects(answer, "output", "message", "content"):
        draft.text += string(block, "text")
        draft.text += "".join(string(piece, "text") for piece in objects(block, "citationsContent", "content"))
        draft.thinking += string(block, "reasoningContent", "reasoningText", "text")
        call = get(block, "toolUse")
        if call and call.get("type") != "server_tool_use":
            draft.tool_calls.append((string(call, "name"), json.dumps(call["input"])))
    _end(draft, answer)
    return draft


def _stream(body: bytes) -> Draft:
    draft = Draft()
    names: dict[Any, str] = {}
    arguments: dict[Any, str] = {}
    seen: set[str] = set()
    for kind, event in messages(body):
        seen.add(kind)
        index, delta = event.get("contentBlockIndex"), event.get("delta")
        draft.text += string(delta, "text")
        draft.thinking += string(delta, "reasoningContent", "text")
        call = get(event, "start", "toolUse")
        if call and call.get("type") != "server_tool_use":
            names[index], arguments[index] = string(call, "name"), ""
        if index in arguments:
            arguments[index] += string(delta, "toolUse", "input")
        if kind in ("messageStop", "metadata"):
            _end(draft, event)
        elif kind.endswith("Exception"):
            draft.error = "OverloadedError" if "Unavailable" in kind else "ServerError"
    if not {"messageStop", "metadata"} <= seen and not draft.error:
        draft.error = "StreamTruncated"
    draft.tool_calls = [(name, arguments[index]) for index, name in names.items()]
    if draft.error:
        draft.tool_calls.clear()
    return draft


def messages(body: bytes) -> list[tuple[str, Json]]:
    """(event or exception type, JSON) of each message: lengths are believed, checksums not looked at."""
    found: list[tuple[str, Json]] = []
    while body:
        length, headers = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
        head, payload = body[12 : 12 + headers], body[12 + headers : length - 4]
        kind = head.split(b"event-type\x07" if b"event-type" in head else b"exception-type\x07")[1]
        size = int.from_bytes(kind[:2], "big")
        found.append((kind[2 : 2 + size].decode(), json.loads(payload)))
        body = body[length:]
    return found


def _end(draft: Draft, said: Json) -> None:
    word = string(said, "stopReason")
    if word:
        draft.raw_finish, draft.finish = word, FINISH.get(word, "other")
    counts = get(said, "usage")
    if counts:
        read = number(counts, "cacheReadInputTokens")
        read = number(counts, "cacheReadInputTokenCount") if read is None else read
        written = number(counts, "cacheWriteInputTokens")
        written = number(counts, "cacheWriteInputTokenCount") if written is None else written
        fresh = number(counts, "inputTokens")
        whole = None if fresh is None else fresh + (read or 0) + (written or 0)
        draft.usage = usage(whole, number(counts, "outputTokens"), cache_read=read, cache_write=written)
