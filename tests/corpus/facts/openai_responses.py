"""OpenAI Responses. What runs at the server (search, code, MCP) is no tool call."""

from __future__ import annotations

import json

from .base import Draft, Json, decoded, get, is_plain_json, number, objects, sha256, sse_objects, string, usage
from .errors import error_in_body

REASONS = {"max_output_tokens": "length", "max_tokens": "length", "content_filter": "content_filter"}
SAID = {"function_call": "arguments", "custom_tool_call": "input", "mcp_approval_request": "arguments"}
ASKED = {"computer_call": "computer", "local_shell_call": "local_shell", "shell_call": "shell"} | {
    "apply_patch_call": "apply_patch",
    "tool_search_call": "tool_search",
}
FRAME = {"type", "id", "call_id", "status"}
THINKING = {"response.reasoning_summary_text.delta", "response.reasoning_text.delta"}


def read(body: bytes) -> Draft:
    if is_plain_json(body):
        return _whole(json.loads(body))
    return _stream(sse_objects(body))


def _whole(answer: Json) -> Draft:
    if "output" not in answer and answer.get("error"):
        return Draft(error=error_in_body(answer["error"]))
    draft = Draft()
    for item in objects(answer, "output"):
        _item(draft, item)
        for part in objects(item, "summary"):
            _think(draft, string(part, "text"))
        for part in objects(item, "content"):
            if part["type"] == "reasoning_text":
                _think(draft, string(part, "text"))
            else:
                draft.text += string(part, "text") + string(part, "refusal")
    refused = any(part["type"] == "refusal" for item in objects(answer, "output") for part in objects(item, "content"))
    _end(draft, answer, refused)
    return draft


def _think(draft: Draft, text: str) -> None:
    """Parts of the reasoning stand apart by a blank line, which the wire does not send."""
    draft.thinking += ("\n\n" if draft.thinking and text else "") + text


def _stream(events: list[Json]) -> Draft:
    """Text as it was shown, piece by piece; calls and images from the finished items (the last event may omit them).

    Where deltas are missing, the full text of a part makes up for them: one recording keeps only the first few of each
    part, and its user would otherwise be left with half a sentence.
    """
    draft = Draft()
    refused = False
    part = ""  # what the deltas of the current part have said
    thought: object = None  # which part of which item thinks
    for event in events:
        kind = event["type"]
        if kind in THINKING:
            here = (event.get("output_index"), event.get("summary_index"), kind)
            if here == thought:
                draft.thinking += string(event, "delta")
            else:
                _think(draft, string(event, "delta"))
            thought = here
        elif kind in {"response.output_text.delta", "response.refusal.delta"}:
            draft.text += string(event, "delta")
            part += string(event, "delta")
            refused = refused or kind == "response.refusal.delta"
        elif kind == "response.output_text.done":
            full = string(event, "text")
            draft.text += full[len(part) :] if full.startswith(part) else ""
            part = ""
        elif kind == "response.output_item.done":
            _item(draft, event["item"])
        elif kind in {"response.completed", "response.incomplete", "response.failed"}:
            _end(draft, event["response"], refused, kind.removeprefix("response."))
        elif kind in {"response.created", "response.in_progress"}:
            _name(draft, event["response"])
        elif kind == "error":  # flat or nested
            draft.error = error_in_body(event.get("error") or event)
            break
    return draft


def _item(draft: Draft, item: Json) -> None:
    kind = item["type"]
    if kind in SAID:
        draft.tool_calls.append((string(item, "name"), string(item, SAID[kind])))
    elif kind in ASKED and item.get("execution") != "server" and "container_id" not in (item.get("environment") or {}):
        rest = {name: item[name] for name in item.keys() - FRAME if item[name] is not None}
        draft.tool_calls.append((ASKED[kind], json.dumps(rest)))
    if item["type"] == "image_generation_call" and item.get("result"):
        kind = "image/" + (string(item, "output_format") or "png")
        draft.images.append((kind, sha256(decoded(string(item, "result")))))


def _name(draft: Draft, answer: Json) -> None:
    draft.id, draft.model = draft.id or string(answer, "id"), draft.model or string(answer, "model")


def _end(draft: Draft, answer: Json, refused: bool, status: str = "") -> None:
    _name(draft, answer)
    status, reason = string(answer, "status") or status, string(answer, "incomplete_details", "reason")
    draft.raw_finish = reason or status or None
    if answer.get("error"):
        draft.error = error_in_body(answer["error"])
    elif refused:
        draft.finish = "content_filter"
    elif status == "completed":
        draft.finish = "stop"
    elif status == "incomplete":
        draft.finish = REASONS.get(reason, "other")
    elif status == "failed":
        draft.finish = "error"
    # Any other status (queued, in progress) is an answer that has not come: no finish, so it counts as cut off.
    counts = get(answer, "usage")
    draft.usage = usage(
        number(counts, "input_tokens"),
        number(counts, "output_tokens"),
        cache_read=number(counts, "input_tokens_details", "cached_tokens"),
        cache_write=number(counts, "input_tokens_details", "cache_write_tokens"),
        reasoning=number(counts, "output_tokens_details", "reasoning_tokens"),
    )
