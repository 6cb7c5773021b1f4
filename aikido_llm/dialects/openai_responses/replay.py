"""Output items -> the items that the next request sends back, so that reasoning goes on where it stopped.

Recorded requests that servers accept show the shape: without a stored answer no item ids (the server would look them up
and refuse), no `status`, and of reasoning only what came encrypted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...types.tools import ToolCall
from ..values import as_object, as_objects

# What a function call may carry back; some servers add fields of their own that they do not take back.
_CALL_FIELDS = ("type", "call_id", "name", "arguments", "namespace")


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
        match item.get("type"):
            case "message":
                kept.append(_message(item, stored))
            case "function_call":
                if key in calls:  # one that was cut off has no result, and the server would ask for it
                    kept.append(_call(item, calls[key], stored))
            case "reasoning":
                kept += _reasoning(item, stored, open_reasoning)
            case "image_generation_call":
                if key in images:
                    kept.append(_image(item, images[key], stored))
            case _:
                kept.append(item)  # built-in tools, and what is not known yet: verbatim
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
    """Parts without logprobs and annotations: they are the server's remarks on the text, not part of it."""
    content = [_part(part) for part in as_objects(item.get("content"))]
    message: dict[str, Any] = {"type": "message", "role": "assistant", "content": content}
    if item.get("phase"):
        message["phase"] = item["phase"]
    return _with_id(message, item, stored)


def _part(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key not in ("annotations", "logprobs")}


def _call(item: dict[str, Any], call: ToolCall, stored: bool) -> dict[str, Any]:
    """The id and arguments are those that the caller was given: its result will name that id."""
    known = {key: item[key] for key in _CALL_FIELDS if item.get(key) is not None}
    known |= {"call_id": call.id, "name": call.name, "arguments": call.arguments}
    return _with_id(known, item, stored)


def _reasoning(item: dict[str, Any], stored: bool, open_reasoning: bool) -> list[dict[str, Any]]:
    if not (stored or item.get("encrypted_content") or (open_reasoning and item.get("content"))):
        return []
    known: dict[str, Any] = {"type": "reasoning", "summary": item.get("summary") or []}
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


def _with_id(known: dict[str, Any], item: dict[str, Any], stored: bool) -> dict[str, Any]:
    if stored and isinstance(item.get("id"), str):
        known["id"] = item["id"]
    return known
