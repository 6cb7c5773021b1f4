"""Content blocks while they are received, and as they go back in the next request."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...codecs import json
from ...types.tools import ToolCall
from ..values import as_text, is_object


class Block:
    """data: as it started, completed by `settle`. pieces: the deltas of its text, its thinking or its JSON.

    call_id: of the tool call that this block is, as our events name it.
    """

    __slots__ = ("call_id", "citations", "data", "kind", "pieces")

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.kind = as_text(data.get("type"))
        self.pieces: list[str] = []
        self.citations: list[dict[str, Any]] = []
        self.call_id = ""

    def settle(self) -> None:
        """The block is over. The input of the server's own tools is read here; a call's stays as the model wrote it."""
        if len(self.pieces) > 1:
            self.pieces[:] = ["".join(self.pieces)]
        if self.pieces and self.kind not in ("text", "thinking", "tool_use"):
            try:
                self.data["input"] = json.loads(self.pieces[0])
            except ValueError:
                self.data["input"] = {}


def replayed(block: Block, calls: Mapping[str, ToolCall]) -> dict[str, Any] | None:
    """The block as the wire wants it back, None for one that it would refuse. calls: the complete ones, by id."""
    match block.kind:
        case "text":
            text = "".join(block.pieces)
            cited = {"citations": block.citations} if block.citations else {}
            return {"type": "text", "text": text, **cited} if text.strip() else None
        case "thinking":
            signature = as_text(block.data.get("signature"))  # without one (a foreign host, a cut) it is refused
            thinking = {"type": "thinking", "thinking": "".join(block.pieces), "signature": signature}
            return thinking if signature else None
        case "tool_use":
            return _call(block, calls.get(block.call_id))
        case "fallback" | "":  # a note that another model took over, no content
            return None
        case _:
            return block.data


def _call(block: Block, call: ToolCall | None) -> dict[str, Any] | None:
    if call is None:
        return None
    try:
        value = json.loads(call.arguments)
    except ValueError:
        value = call.arguments
    caller = {"caller": block.data["caller"]} if block.data.get("caller") else {}
    return {
        "type": "tool_use",
        "id": call.id,
        "name": call.name,
        "input": value if is_object(value) else {"input": value},
        **caller,
    }


def says_all(items: Sequence[Mapping[str, Any]]) -> bool:
    """Whether text and calls alone make the same turn again."""
    return all(_is_plain(item) for item in items)


def _is_plain(item: Mapping[str, Any]) -> bool:
    if item["type"] == "text":
        return "citations" not in item
    caller = item.get("caller")
    return item["type"] == "tool_use" and (not is_object(caller) or caller.get("type") == "direct")
