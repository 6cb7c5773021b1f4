"""Output items -> the items that the next request sends back, so that reasoning goes on where it stopped.

Recorded requests that servers accept show the shape: without a stored answer no item ids (the server would look them up
and refuse), no nulls, of what the model said no `status`, and of reasoning only what came encrypted.
source: recorded requests; openai 2026-08, types/responses/response_input_item_param.py, read 2026-11.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...types.tools import ToolCall
from ..values import as_object, as_objects, as_text, is_list, is_object
from .calls import ASKED, SENT_BACK, asked_by
from .wire import parts_of, text_of

# What the model said or asked for goes back in these fields; some servers add others that they do not take back.
_CALLS = {
    "function_call": ("type", "call_id", "name", "arguments", *SENT_BACK),
    "custom_tool_call": ("type", "call_id", "name", "input", *SENT_BACK),
}

_SERVED = ("web_search_call", "file_search_call", "code_interpreter_call", "mcp_call")
_RUNNING = ("in_progress", "searching", "interpreting", "calling", "incomplete")
"""Tools of the server, and how an item says that its tool was still at it when the answer was cut."""

_NAMED_BY_ID = ("mcp_approval_request", "program", "program_output")
"""Items whose id means something in the next request itself: an approval names it, and a program runs on by it."""

_OF_THE_SERVER = ("created_by", "metadata", "internal_chat_message_metadata_passthrough")
_NOT_ITS_WORDS = ("arguments", "parameters", "input_schema", "output_schema", "env")
"""What the model or the caller wrote: a null in there is theirs."""


def replay_items(
    items: Sequence[tuple[int, dict[str, Any]]],
    calls: Mapping[int, ToolCall],
    images: Mapping[int, int],
    *,
    stored: bool,
    open_reasoning: bool,
) -> tuple[Any, ...]:
    """What the turn says in the wire's own items.

    items:  finished output items with their keys, in order. calls: the complete calls by key.
    images: by key, the place of an item's picture among the answer's.
    stored: the server keeps the items, so ids mean something to it.

    returns: plain JSON values; () when a message and calls, which any turn can say, are all there is. The bytes of a
    picture are not in it: `{"image": place}` stands where the encoder puts them.
    """
    kept: list[dict[str, Any]] = []
    for key, item in items:
        match as_text(item.get("type")):
            case "message":
                kept.append(_message(item, stored))
            case "reasoning":
                kept += _reasoning(item, stored, open_reasoning)
            case "image_generation_call":
                if key in images:
                    kept.append(_image(item, images[key], stored))
            case kind if kind in ASKED and asked_by(item) is not None and key not in calls:
                pass  # it was cut off, so it has no result, and the server would ask for one
            case kind if kind in _SERVED and as_text(item.get("status")) in _RUNNING:
                pass  # likewise
            case kind if kind in _CALLS and key in calls:
                kept.append(_call(item, calls[key], stored))
            case _:
                kept.append(_as_it_came(item, stored))
    while kept and kept[-1].get("type") == "reasoning":  # refused without the item that it led to
        kept.pop()
    return () if _is_plain(kept) else tuple(kept)


def _is_plain(items: list[dict[str, Any]]) -> bool:
    for place, item in enumerate(items):
        if item.get("type") == "function_call" and not item.keys() - {"type", "id", "call_id", "name", "arguments"}:
            continue
        if item.get("type") == "message" and place == 0 and "phase" not in item and _only_text(item):
            continue
        return False
    return True


def _only_text(message: dict[str, Any]) -> bool:
    return all(as_object(part).get("type") == "output_text" for part in message["content"])


def _message(item: dict[str, Any], stored: bool) -> dict[str, Any]:
    content = [_part(part) for part in parts_of(item.get("content"))]
    message: dict[str, Any] = {"type": "message", "role": "assistant", "content": content}
    if item.get("phase"):
        message["phase"] = item["phase"]
    return _with_id(message, item, stored)


def _part(part: dict[str, Any]) -> dict[str, Any]:
    """A part without logprobs and annotations: they are the server's remarks on the text, not part of it. One that is
    text under another name goes back as text."""
    if part.get("type") in ("output_text", "refusal") or not text_of(part):
        return {
            key: value for key, value in part.items() if key not in ("annotations", "logprobs") and value is not None
        }
    return {"type": "output_text", "text": text_of(part)}


def _call(item: dict[str, Any], call: ToolCall, stored: bool) -> dict[str, Any]:
    """The id and arguments are those that the caller was given: its result will name that id."""
    fields = _CALLS[item["type"]]
    known = {key: item[key] for key in fields if item.get(key) is not None}
    known |= {"call_id": call.id, "name": call.name, fields[3]: call.arguments}
    return _with_id(known, item, stored)


def _reasoning(item: dict[str, Any], stored: bool, open_reasoning: bool) -> list[dict[str, Any]]:
    if not (stored or item.get("encrypted_content") or (open_reasoning and item.get("content"))):
        return []
    known: dict[str, Any] = {"type": "reasoning", "summary": as_objects(item.get("summary"))}
    for key in ("content", "encrypted_content"):
        if item.get(key):
            known[key] = item[key]
    return [_with_id(known, item, stored or not item.get("encrypted_content"))]


def _image(item: dict[str, Any], place: int, stored: bool) -> dict[str, Any]:
    if stored:
        return {"type": "image_generation_call", "id": item.get("id")}
    return {
        "type": "image_generation_call",
        "id": item.get("id"),
        "status": "completed",
        "result": {"image": place},
    }


def _as_it_came(item: dict[str, Any], stored: bool) -> dict[str, Any]:
    """What the server did itself, calls of other kinds, and what is newer than this code."""
    meant = stored or item.get("type") in _NAMED_BY_ID
    dropped = _OF_THE_SERVER if meant else ("id", *_OF_THE_SERVER)
    return {key: _without_nulls(key, value) for key, value in item.items() if key not in dropped and value is not None}


def _without_nulls(key: str, value: Any) -> Any:
    if key in _NOT_ITS_WORDS:
        return value
    if is_object(value):
        return {name: _without_nulls(name, inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls("", inner) for inner in value] if is_list(value) else value


def _with_id(known: dict[str, Any], item: dict[str, Any], stored: bool) -> dict[str, Any]:
    if stored and isinstance(item.get("id"), str):
        known["id"] = item["id"]
    return known
