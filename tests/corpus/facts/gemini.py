"""Gemini generateContent: a whole answer, a JSON array of answers, or the same as events."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

from .base import Draft, Json, decoded, is_plain_json, number, objects, sha256, sse_objects, string, usage
from .errors import error_in_body

FINISH = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "MALFORMED_FUNCTION_CALL": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
    "MALFORMED_RESPONSE": "error",
    "MISSING_THOUGHT_SIGNATURE": "error",
    "NO_IMAGE": "error",
    "IMAGE_OTHER": "error",
    "LANGUAGE": "error",
    "OTHER": "error",
    "FINISH_REASON_UNSPECIFIED": "error",
    # With `enum-encoding=int` in the URL the enum comes as its number.
    "1": "stop",
    "2": "length",
    "3": "content_filter",
    "4": "content_filter",
}
OVERRIDES = {"content_filter", "error"}


def read(body: bytes) -> Draft:
    draft = Draft()
    calls: list[Json] = []
    for answer in _answers(body):
        if answer.get("error"):
            # 499 CANCELLED: the service gave up, nobody else did; the caller has nothing to mend.
            cancelled = string(answer, "error", "status") == "CANCELLED"
            draft.error = "ServerError" if cancelled else error_in_body(answer["error"])
            break
        _chunk(draft, calls, answer)
    if draft.error or draft.finish in OVERRIDES:
        calls = []  # a failed answer's calls must not be run: UNEXPECTED_TOOL_CALL names tools that do not exist
    draft.tool_calls = [(string(call, "name"), json.dumps(call["args"])) for call in calls]
    return draft


def _answers(body: bytes) -> list[Json]:
    if not is_plain_json(body):
        return sse_objects(body)
    whole = {"answers": json.loads(body)}
    return objects(whole, "answers") or [whole["answers"]]


def _chunk(draft: Draft, calls: list[Json], answer: Json) -> None:
    draft.id = draft.id or string(answer, "responseId")
    draft.model = draft.model or string(answer, "modelVersion")
    draft.usage = _usage(answer.get("usageMetadata")) or draft.usage
    blocked = string(answer, "promptFeedback", "blockReason")
    if blocked:
        draft.finish, draft.raw_finish = "content_filter", blocked
    for candidate in objects(answer, "candidates"):
        if candidate.get("index", 0) != 0:
            continue
        for part in objects(candidate, "content", "parts"):
            _part(draft, calls, part)
        word = str(candidate.get("finishReason") or "")
        meaning = FINISH.get(word, "other")
        if word and (draft.finish is None or meaning in OVERRIDES):
            draft.finish, draft.raw_finish = meaning, word


def _part(draft: Draft, calls: list[Json], part: Json) -> None:
    if part.get("thought"):
        draft.thinking += string(part, "text")  # a thought image is a sketch, not output
        return
    draft.text += string(part, "text")
    if "inlineData" in part:
        kind, data = string(part, "inlineData", "mimeType"), decoded(string(part, "inlineData", "data"))
        if kind.startswith("audio/"):
            draft.audio += data
        else:
            draft.images.append((kind, sha256(data)))
    if "functionCall" in part:
        _call(calls, part["functionCall"])


def _call(calls: list[Json], call: Json) -> None:
    """A named call is a new one; nameless parts add to the last one, path by path (streamed arguments)."""
    if call.get("name"):
        calls.append({"name": call["name"], "args": call.get("args") or {}})
    for piece in objects(call, "partialArgs"):
        keys = [name or int(index) for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", piece["jsonPath"])]
        _add(calls[-1]["args"], keys, piece)


def _add(tree: Any, keys: list[Any], piece: Json) -> None:
    """Put the piece's value at the end of the path, making objects and lists on the way; strings grow."""
    for key, following in pairwise(keys):
        tree = _place(tree, key, [] if isinstance(following, int) else {})
    value = next((piece[kind] for kind in ("stringValue", "numberValue", "boolValue") if kind in piece), None)
    before = _place(tree, keys[-1], "")
    tree[keys[-1]] = before + value if isinstance(value, str) else value


def _place(tree: Any, key: str | int, empty: object) -> Any:
    if isinstance(key, str):
        return tree.setdefault(key, empty)
    if key == len(tree):
        tree.append(empty)
    return tree[key]


def _usage(counts: object) -> dict[str, int | None] | None:
    return usage(
        _sum(number(counts, "promptTokenCount"), number(counts, "toolUsePromptTokenCount")),
        _sum(number(counts, "candidatesTokenCount"), number(counts, "thoughtsTokenCount")),
        cache_read=number(counts, "cachedContentTokenCount"),
        reasoning=number(counts, "thoughtsTokenCount"),
    )


def _sum(*counts: int | None) -> int | None:
    sent = [count for count in counts if count is not None]
    return sum(sent) if sent else None
