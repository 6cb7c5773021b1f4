"""The content of the answer that is being received: blocks that open, grow and close -> events, and as they go back.

A block is a union with one member that says what it is. A stream tells of a text block by its deltas alone, and the
deltas of a block with citations are text and citations.

source: Amazon Bedrock API reference, "ContentBlock", "ContentBlockDelta", read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from attrs import define, field

from ...codecs import json
from ...codecs.text import is_blank, points
from ...errors import MalformedStream
from ...types.events import CitationEvent, Event, ImageEvent, TextDelta, ThinkingDelta, ToolCallStart
from ...types.response import FinishReason
from ...types.tools import ToolCall
from ..media import image_from_base64
from ..server_tools import ServerTools
from ..toolcalls import ToolCalls, arguments_object, arguments_text
from ..values import as_object, as_objects, as_text, is_list, is_object, list_in
from .citations import citation_of
from .wire import OF_THE_SERVER

Json = dict[str, Any]

_BLOCKS = frozenset(("toolUse", "toolResult", "image", "text", "reasoningContent"))
_CALL = frozenset(("toolUseId", "name", "input", "type"))
_PLAIN_CALL = _CALL - {"type"}
_RESULT = frozenset(("toolUseId", "content", "status", "type"))
_IMAGE = frozenset(("format", "source"))


def _no_data() -> Json:
    return {}


def _nothing() -> list[Any]:
    return []


@define(eq=False)
class Block:
    """kind: the member of the union. pieces: of its text, its reasoning, its arguments or its base64. data: its other
    fields. results: of a tool that the service ran. call_id: of the call that it is, as our events name it."""

    kind: str
    key: int
    pieces: list[str] = field(factory=_nothing)
    data: Json = field(factory=_no_data)
    citations: list[Json] = field(factory=_nothing)
    results: list[Any] = field(factory=_nothing)
    call_id: str = ""
    open: bool = True

    @property
    def text(self) -> str:
        if len(self.pieces) > 1:
            self.pieces[:] = ["".join(self.pieces)]
        return self.pieces[0] if self.pieces else ""


class Content:
    """provider_data: where `blocks` are put that no event tells."""

    def __init__(self, provider_data: Json) -> None:
        self.calls = ToolCalls()
        self._provider_data = provider_data
        self._tools = ServerTools(self.calls.next_index)
        self._blocks: list[Block] = []
        self._by_key: dict[int, Block] = {}
        self._length = 0  # of the text so far, in code points; that of the block at hand not counted

    # ---------------------------------------------------------------- a stream

    def __bool__(self) -> bool:
        """Whether any of it has come."""
        return bool(self._blocks)

    def begin(self, key: int, start: Any, out: list[Event]) -> None:
        """What a contentBlockStart says. A member that is not known is none that deltas could follow."""
        for kind, data in _members(start or {}).items():
            if kind in _BLOCKS:
                self._begin(Block(kind, key, data=dict(as_object(data))), out)
            else:
                self._keep({kind: data})

    def text(self, key: int, text: str, out: list[Event]) -> None:
        """A delta of text, as nearly all are."""
        if text:
            block = self._by_key.get(key)
            if block is None or block.kind != "text":  # nearly never: asked here, it costs no call
                block = self._of("text", key, out)
            block.pieces.append(text)
            out.append(TextDelta(text))

    def delta(self, key: int, delta: Json, out: list[Event]) -> None:
        """Any delta."""
        for kind, value in _members(delta).items():
            match kind:
                case "text":
                    self.text(key, _words(value, kind), out)
                case "reasoningContent":
                    self._reason(self._of(kind, key, out), as_object(value), out)
                case "toolUse":
                    self._input(self._of(kind, key, out), as_object(value).get("input"), out)
                case "toolResult":
                    self._of(kind, key, out).results += as_objects(value)
                case "citation":
                    self._of("text", key, out).citations.append(as_object(value))
                case "image":
                    self._picture(self._of(kind, key, out), as_object(value))
                case _:
                    self._keep({kind: value})

    def stop(self, key: int, out: list[Event]) -> None:
        block = self._by_key.pop(key, None)
        if block is not None and block.open:
            self._close(block, out)

    def stop_all(self, out: list[Event]) -> None:
        """The bytes are over."""
        for key in list(self._by_key):
            self.stop(key, out)

    # ---------------------------------------------------------------- a whole body

    def whole(self, content: Any, out: list[Event]) -> None:
        """The blocks of a body, each as what a stream would have told of it."""
        for key, said in enumerate(content if is_list(content) else [content]):
            block = {"text": said} if isinstance(said, str) else said
            for kind, value in _members(block).items():
                self._whole(key, kind, value, out)
            self.stop(key, out)

    def _whole(self, key: int, kind: str, value: Any, out: list[Event]) -> None:
        said = as_object(value)
        match kind:
            case "text":
                self.text(key, _words(value, kind), out)
            case "reasoningContent":
                inner = as_object(said.get("reasoningText"))
                rest = {name: item for name, item in said.items() if name != "reasoningText"}
                self.delta(key, {kind: {**inner, **rest}}, out)
            case "citationsContent":
                for piece in as_objects(said.get("content")):
                    self.text(key, _words(piece.get("text"), kind), out)
                self._of("text", key, out).citations += as_objects(said.get("citations"))
            case "toolUse" | "toolResult" | "image":
                self._begin(Block(kind, key, data=dict(said)), out)
            case _:
                self._keep({kind: value})

    # ---------------------------------------------------------------- blocks

    def _begin(self, block: Block, out: list[Event]) -> None:
        self.stop(block.key, out)
        self._blocks.append(block)
        self._by_key[block.key] = block
        data = block.data
        match block.kind:
            case "toolUse":
                id, name = as_text(data.get("toolUseId")), as_text(data.get("name"))
                if data.get("type") == OF_THE_SERVER:
                    tool = self._tools.start(out, id, name, name)
                    tool.data = _rest(data, _CALL)
                    return
                before = len(out)
                self.calls.delta(out, block.key, id, name, data=_rest(data, _CALL) or None)
                started = out[before] if len(out) > before else None
                block.call_id = started.id if isinstance(started, ToolCallStart) else ""
            case "toolResult":
                block.results += as_objects(data.get("content"))
            case "image":
                self._picture(block, data)
            case _:  # text and reasoning
                pass

    def _of(self, kind: str, key: int, out: list[Event]) -> Block:
        """The block that a delta belongs to; text and reasoning begin with theirs."""
        block = self._by_key.get(key)
        if block is None or block.kind != kind:
            if kind == "toolUse":
                raise MalformedStream("arguments of a tool call that never began")
            block = Block(kind, key)
            self._begin(block, out)
        return block

    def _reason(self, block: Block, said: Json, out: list[Event]) -> None:
        text = _words(said.get("text"), block.kind)
        if text:
            block.pieces.append(text)
            out.append(ThinkingDelta(text))
        for name, value in said.items():
            if name == "redactedContent":
                block.data[name] = block.data.get(name, "") + _words(value, name)
            elif name != "text" and value is not None:
                block.data[name] = value

    def _input(self, block: Block, piece: Any, out: list[Event]) -> None:
        text = arguments_text(piece)
        block.pieces.append(text)
        if block.data.get("type") != OF_THE_SERVER and not self.calls.piece(out, block.key, text):
            self.calls.delta(out, block.key, arguments=text)

    def _picture(self, block: Block, said: Json) -> None:
        if said.get("error"):
            self._keep({"image": {"error": said["error"]}})
        block.pieces.append(as_text(as_object(said.get("source")).get("bytes")))

    def _close(self, block: Block, out: list[Event]) -> None:
        block.open = False
        data = block.data
        match block.kind:
            case "text":
                start, self._length = self._length, self._length + points(block.text)
                out += [CitationEvent(citation_of(item, start, self._length)) for item in block.citations]
            case "toolUse":
                given = data.get("input")
                if given is not None and not block.pieces:
                    self._input(block, given, out)
                tool = self._tools.running(as_text(data.get("toolUseId")))
                if tool is not None:
                    tool.arguments = block.text
            case "toolResult":
                self._result(block, out)
            case "image" if block.text:
                kind = as_text(data.get("format"))
                out.append(ImageEvent(image_from_base64(block.text, f"image/{kind}" if kind else "")))
                if rest := _rest(data, _IMAGE):
                    self._keep({"image": rest})
            case _:
                pass

    def _result(self, block: Block, out: list[Event]) -> None:
        data = block.data
        id, kind = as_text(data.get("toolUseId")), as_text(data.get("type"))
        tool = self._tools.running(id) or self._tools.start(out, id, kind, kind)
        tool.data |= _rest(data, _RESULT)
        self._tools.end(out, tool, "".join(map(_shown, block.results)), failed=data.get("status") == "error")

    def _keep(self, block: Json) -> None:
        list_in(self._provider_data, "blocks").append(block)

    # ---------------------------------------------------------------- the end

    def end(self, out: list[Event], reason: FinishReason) -> FinishReason:
        """The answer is whole: its calls, the tools that are still open, and how it ended. Raises MalformedStream."""
        self._tools.leave_open(out)
        reason = self.calls.end(out, reason)
        strange = bool(self._provider_data.get("blocks")) and not self._blocks
        return FinishReason.other if reason is FinishReason.stop and strange else reason

    def replay(self) -> tuple[Json, ...]:
        """The blocks as they go back; () when text and calls say it all."""
        calls = {call.id: call for call in self.calls.finished}
        items = [item for block in self._blocks if (item := _back(block, calls)) is not None]
        plain = all(
            item.keys() <= {"text", "toolUse"} and item.get("toolUse", {}).keys() <= _PLAIN_CALL for item in items
        )
        return () if plain else tuple(items)


def _back(block: Block, calls: Mapping[str, ToolCall]) -> Json | None:
    """The block as the wire wants it back, None for one that it would refuse. calls: the complete ones, by id."""
    data, text = block.data, block.text
    match block.kind:
        case "text" if block.citations:
            return {"citationsContent": {"content": [{"text": text}] if text else [], "citations": block.citations}}
        case "text":
            return {"text": text} if not is_blank(text) else None
        case "reasoningContent":
            if "redactedContent" in data:
                return {block.kind: {"redactedContent": data["redactedContent"]}}
            signed = as_text(data.get("signature"))  # models that do not sign take none of it back
            return {block.kind: {"reasoningText": {"text": text, "signature": signed}}} if signed else None
        case "toolUse":
            call = calls.get(block.call_id)
            said = {name: item for name, item in data.items() if name not in ("toolUseId", "name", "input")}
            if data.get("type") == OF_THE_SERVER:
                return {block.kind: {**data, "input": arguments_object(text)}}
            if call is None:
                return None
            return {
                block.kind: {"toolUseId": call.id, "name": call.name, "input": arguments_object(call.arguments)} | said
            }
        case "toolResult":
            return {block.kind: {**data, "content": block.results}}
        case _:
            return None


def _shown(result: Json) -> str:
    """A piece of what a tool gave, as text."""
    match result:
        case {"text": str(text)}:
            return text
        case {"json": value} if value is not None:
            return json.text(value)
        case _:
            return json.text(result)


def _members(block: Any) -> Json:
    """Of a union; some models add the `type` of another wire."""
    if not is_object(block):
        raise MalformedStream("a block of the answer is no object")
    return {kind: value for kind, value in block.items() if value is not None and kind != "type"}


def _rest(data: Json, known: frozenset[str]) -> Json:
    return {name: item for name, item in data.items() if name not in known and item is not None}


def _words(value: Any, kind: str) -> str:
    """Text of another shape would be lost without a word."""
    if value is not None and not isinstance(value, str):
        raise MalformedStream(f"the {kind} of a block is no text")
    return value or ""
