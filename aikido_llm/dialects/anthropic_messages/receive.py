"""The content of the message that is being received: blocks that open, grow and close -> events.

source: Anthropic API reference, "Streaming Messages", read 2026-11.
"""

from typing import Any

from ...errors import MalformedStream
from ...types.events import CitationEvent, Event, TextDelta, ThinkingDelta, ToolCallStart
from ...types.response import FinishReason
from .. import reasoned
from ..call_shapes import with_arguments
from ..server_tools import ServerTools
from ..toolcalls import ToolCalls, arguments_text
from ..values import as_id, as_objects, as_text, is_list, is_object, list_in
from . import server_blocks
from .citations import citation_of
from .content import THOUGHT, Block, Offsets, replayed, says_all
from .wire import Delta, PlainDelta

_CLOSED = -1  # no text is being received


class Content:
    """index, pieces: of the text block at hand, which the decoder fills itself. provider_data: where `blocks` are put
    that no event tells: those of unknown types, and unknown fields of the known."""

    def __init__(self, provider_data: dict[str, Any]) -> None:
        self.calls = ToolCalls()
        self.index: int | None = _CLOSED
        self.pieces: list[str] = []
        self._provider_data = provider_data
        self._tools = ServerTools(self.calls.next_index)
        self._offsets = Offsets()
        self._blocks: list[Block] = []
        self._open: dict[int | None, Block] = {}

    def __bool__(self) -> bool:
        """Whether any block has come."""
        return bool(self._blocks)

    def whole(self, content: Any, out: list[Event]) -> None:
        """Whole blocks. Gateways send text, or one block, where a list is due."""
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        elif is_object(content):
            content = [content]
        elif content is not None and not is_list(content):
            raise MalformedStream("the content of the message is neither text nor a list of blocks")
        for index, item in enumerate(content or ()):
            self.begin(index, {"type": "text", "text": item} if isinstance(item, str) else item, out)
            self.stop(index, out)

    def begin(self, index: int | None, data: Any, out: list[Event]) -> None:
        """A block as it starts; some come whole, all do in a body."""
        if not is_object(data):
            if data is None:
                return
            raise MalformedStream("a block of the message is neither text nor an object")
        if index in self._open:
            self.stop(index, out)
        if "type" not in data and isinstance(data.get("text"), str):
            data = {"type": "text", **data}
        if data.get("type") in reasoned.NAMES and data["type"] != "thinking":
            data = {**reasoned.under(data, "thinking"), "type": "thinking"}
        block = Block(with_arguments(data, "input") if data.get("type") == "tool_use" else data, index)
        self._blocks.append(block)
        self._open[index] = block
        self.index, self.pieces = (index, block.pieces) if block.kind == "text" else (_CLOSED, [])
        match block.kind:
            case "text":
                self.text(_words(data, "text" if "text" in data else "content"), out)
                block.citations += as_objects(data.get("citations"))
            case "thinking":
                self._think(block, _words(data, "thinking"), out)
            case "tool_use":
                self._call(block, out)
            case "redacted_thinking":
                pass
            case _:
                if not server_blocks.begin(block, self._tools, out):
                    self._keep(data)

    def _call(self, block: Block, out: list[Event]) -> None:
        """Of a toolset (the computer's, the browser's) the call is of its kind."""
        before = len(out)
        data = block.data
        kind = as_text(data.get("toolset_name"))
        self.calls.delta(
            out, block.key, as_id(data.get("id")), as_text(data.get("name")), data=block.unsaid(), kind=kind
        )
        started = out[before] if len(out) > before else None
        block.call_id = started.id if isinstance(started, ToolCallStart) else ""

    def text(self, text: str, out: list[Event]) -> None:
        if text:
            self.pieces.append(text)
            out.append(TextDelta(text))

    def _think(self, block: Block, text: str, out: list[Event]) -> None:
        if text:
            block.pieces.append(text)
            out.append(ThinkingDelta(text))

    def turn_to(self, index: int | None) -> None:
        """To the text block of that index."""
        block = self._block(index, "text")
        self.index, self.pieces = index, block.pieces

    def _block(self, index: int | None, kind: str) -> Block:
        """The block that a delta belongs to; one that never started is made up from its delta."""
        block = self._open.get(index)
        if block is not None and block.kind == kind:
            return block
        last = self._blocks[-1] if self._blocks else None
        if last is not None and (last.kind, last.key) == (kind, index):
            return last
        block = Block({"type": kind}, index)
        self._open.setdefault(index, block)
        self._blocks.append(block)
        return block

    def delta(self, index: int | None, delta: PlainDelta, out: list[Event]) -> None:
        """Every known delta but one of text."""
        if delta.thinking:
            self._think(self._block(index, "thinking"), delta.thinking, out)
            return
        block = self._open.get(index) or self._only_one()
        if delta.partial_json:
            self._input(block, delta.partial_json, out)
        elif block is not None and isinstance(delta, Delta):
            if delta.signature:
                block.data["signature"] = delta.signature
            elif is_object(delta.citation):
                block.citations.append(delta.citation)

    def _only_one(self) -> Block | None:
        """Gateways count deltas otherwise than blocks: where one is open, it is meant."""
        return next(iter(self._open.values())) if len(self._open) == 1 else None

    def _input(self, block: Block | None, piece: str, out: list[Event]) -> None:
        if block is None or block.kind in ("text", *THOUGHT):
            raise MalformedStream("arguments of a tool call that never began")
        block.pieces.append(piece)
        if block.kind == "tool_use" and not self.calls.piece(out, block.key, piece):
            self.calls.delta(out, block.key, arguments=piece)

    def unknown_delta(self, index: int | None, delta: dict[str, Any]) -> None:
        """What a delta of a later day says is kept in its block: text goes on, anything else replaces."""
        block = self._open.get(index) or self._only_one()
        if block is None:
            self._keep(delta)
            return
        for key, value in delta.items():
            before = block.data.get(key)
            if key != "type" and value is not None:
                block.data[key] = before + value if isinstance(before, str) and isinstance(value, str) else value

    def stop(self, index: int | None, out: list[Event]) -> None:
        block = self._open.pop(index, None)
        if index == self.index:
            self.index, self.pieces = _CLOSED, []
        if block is None or block.says_text_alone():
            return
        if block.kind == "tool_use" and not block.pieces and block.data.get("input"):
            self.calls.delta(out, index, arguments=arguments_text(block.data["input"]))
        block.settle()
        if block.citations:
            start, end = self._offsets.of(block, self._blocks)
            out += [CitationEvent(citation_of(citation, start, end)) for citation in block.citations]
        server_blocks.end(block, self._tools, out)
        if block.kind != "tool_use" and (unsaid := block.unsaid()):  # a call has its own
            self._keep({"type": block.kind, **unsaid})

    def _keep(self, block: dict[str, Any]) -> None:
        list_in(self._provider_data, "blocks").append(block)

    def stop_all(self, out: list[Event]) -> None:
        """The bytes are over."""
        for index in list(self._open):
            self.stop(index, out)

    def end(self, out: list[Event], reason: FinishReason) -> FinishReason:
        """The answer is whole: its calls, the tools that are still open, and how it ended. Raises MalformedStream."""
        self._tools.leave_open(out)
        reason = self.calls.end(out, reason)
        return FinishReason.other if reason is FinishReason.stop and self._is_strange() else reason

    def replay(self, *, verbatim: bool) -> tuple[Any, ...]:
        """The blocks as they go back; () when text and calls say it all, unless it shall be verbatim."""
        if not verbatim and not any(block.kind != "text" or block.citations for block in self._blocks):
            return ()
        calls = {call.id: call for call in self.calls.finished}
        items = [item for block in self._blocks if (item := replayed(block, calls)) is not None]
        if not verbatim:
            items = server_blocks.settled(items)
        return tuple(items) if verbatim or not says_all(items) else ()

    def _is_strange(self) -> bool:
        """Content came, and none of it is of a type that we know."""
        known = (
            block.pieces or block.kind in ("text", *THOUGHT) or server_blocks.knows(block) for block in self._blocks
        )
        return bool(self._blocks) and not any(known)


def _words(data: dict[str, Any], key: str) -> str:
    """The text of a block. One of another shape would be lost without a word."""
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise MalformedStream(f"the {key} of a block is no text")
    return value or ""
