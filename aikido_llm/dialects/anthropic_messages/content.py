"""Content blocks while they are received, and as they go back in the next request."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...codecs import json
from ...codecs.text import is_blank, points
from ...types.tools import ToolCall
from ..toolcalls import arguments_object
from ..values import as_text, is_object

JSON = dict[str, Any]

THOUGHT = ("thinking", "redacted_thinking")
_SAID: Mapping[str, frozenset[str]] = {
    "text": frozenset(("type", "text", "citations")),
    "thinking": frozenset(("type", "thinking", "signature")),
    "redacted_thinking": frozenset(("type", "data")),
    "tool_use": frozenset(("type", "id", "name", "input")),
}


class Block:
    """data: as it started, completed by `settle`. pieces: the deltas of its text, its thinking or its JSON.

    key: the wire's index. call_id: of the tool call that this block is, as our events name it.
    """

    __slots__ = ("call_id", "citations", "data", "key", "kind", "pieces")

    def __init__(self, data: JSON, key: int | None = None) -> None:
        self.data = data
        self.key = key
        self.kind = as_text(data.get("type"))
        self.pieces: list[str] = []
        self.citations: list[JSON] = []
        self.call_id = ""

    @property
    def text(self) -> str:
        if len(self.pieces) > 1:
            self.pieces[:] = ["".join(self.pieces)]
        return self.pieces[0] if self.pieces else ""

    def says_text_alone(self) -> bool:
        """Whether its text is all that it says, as nearly always."""
        return self.kind == "text" and not self.citations and _SAID["text"].issuperset(self.data)

    def settle(self) -> None:
        """The block is over. The input of the server's own tools is read here; a call's stays as the model wrote it."""
        text = self.text
        if text and self.kind not in _SAID:
            try:
                self.data["input"] = json.loads(text)
            except ValueError:
                self.data["input"] = {}

    def unsaid(self) -> JSON:
        """The fields of a block of a known type that have no other place."""
        return more(self.data, _SAID.get(self.kind, frozenset(self.data)))


def more(data: JSON, known: frozenset[str]) -> JSON:
    """What an object holds beside the known fields: no nulls, and not who called where it was the model itself."""
    return {key: value for key, value in data.items() if key not in known and not _is_nothing(key, value)}


def _is_nothing(key: str, value: Any) -> bool:
    return value is None or (key == "caller" and is_object(value) and value.get("type") == "direct")


class Offsets:
    """Where the text of a block stands in that of the whole answer, in code points."""

    def __init__(self) -> None:
        self._passed = 0  # blocks
        self._length = 0  # of their text

    def of(self, block: Block, blocks: Sequence[Block]) -> tuple[int, int]:
        """(start, end). blocks: those of the answer in order; asked for one after the other."""
        while self._passed < len(blocks) and blocks[self._passed] is not block:
            before = blocks[self._passed]
            self._length += points(before.text) if before.kind == "text" else 0
            self._passed += 1
        return self._length, self._length + points(block.text)


def replayed(block: Block, calls: Mapping[str, ToolCall]) -> JSON | None:
    """The block as the wire wants it back, None for one that it would refuse. calls: the complete ones, by id."""
    match block.kind:
        case "text":
            text = block.text
            cited = {"citations": block.citations} if block.citations else {}
            return {"type": "text", "text": text, **cited} if not is_blank(text) else None
        case "thinking":
            signature = as_text(block.data.get("signature"))  # without one (a foreign host, a cut) it is refused
            thinking = {"type": "thinking", "thinking": block.text, "signature": signature}
            return thinking if signature else None
        case "tool_use":
            call = calls.get(block.call_id)
            own = {
                key: value for key, value in block.data.items() if key not in _SAID["tool_use"] and value is not None
            }
            return None if call is None else call_block(call.id, call, own)
        case "":
            return None
        case "compaction" if block.data.get("content") == "":  # refused; null is a compaction that failed
            return None
        case _:
            return block.data


def call_block(id: str, call: ToolCall, own: Mapping[str, Any]) -> JSON:
    """own: the fields of the block that only this wire knows (`caller`, `toolset_name`)."""
    return {"type": "tool_use", "id": id, "name": call.name, "input": arguments_object(call.arguments), **own}


def says_all(items: Sequence[Mapping[str, Any]]) -> bool:
    """Whether text and calls alone make the same turn again."""
    return all(item["type"] in _PLAIN and _PLAIN[item["type"]].issuperset(_with_more(item)) for item in items)


def _with_more(item: Mapping[str, Any]) -> Iterable[str]:
    """The keys of a block that say something."""
    return [key for key, value in item.items() if not _is_nothing(key, value)]


_PLAIN = {"text": frozenset(("type", "text")), "tool_use": _SAID["tool_use"]}
