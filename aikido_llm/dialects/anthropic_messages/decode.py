"""The answer's events, or its whole body, -> our events.

    message_start (content_block_start content_block_delta* content_block_stop)* message_delta+ message_stop

with `ping` anywhere, and `error` in place of the rest. A whole body is read as the same blocks, each in one piece.

source: Anthropic API reference, "Streaming Messages", "Handling stop reasons", read 2026-11.
"""

from typing import Any

from ...codecs import json
from ...errors import MalformedStream
from ...framing import STRAY, WHOLE, Frame
from ...types.events import Event, TextDelta, ThinkingDelta, ToolCallStart
from ...types.response import FinishReason
from ...types.usage import Usage
from .. import base, envelope
from ..finish import OVERRIDING, reason_of
from ..status import page_text
from ..toolcalls import ToolCalls, arguments_text
from ..values import as_count, as_object, as_objects, as_text, is_object, within
from ..words import NO_WORDS, Words
from .content import Block, replayed, says_all
from .errors import from_body
from .finish import FINISH
from .wire import EVENT, PLAIN, Delta, PlainDelta
from .wire import Event as WireEvent

_KNOWN = ("text", "thinking", "redacted_thinking", "tool_use")
_FACTS = ("stop_reason", "stop_sequence", "stop_details", "container")
_CLOSED = -1  # no block is being received
_JOIN_AT = 4096  # pieces
_NO_EVENTS = (STRAY, WHOLE)


class Decoder(base.Decoder):
    """One answer. provider_data: `citations` (in order; replay says of which text), `blocks` (of the server's own tools
    and of unknown types), `stop_sequence`, `stop_details`, `container`, `context_management`, each only when sent."""

    def __init__(self, words: Words = NO_WORDS) -> None:
        super().__init__()
        self._words = words
        self._calls = ToolCalls()
        self._blocks: list[Block] = []
        self._open: dict[int | None, Block] = {}
        self._index: int | None = _CLOSED
        self._pieces: list[str] = []  # of the block at self._index
        self._counts: dict[str, Any] = {}

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        if self.done:
            return
        decode, append = PLAIN.fast, out.append
        index, keep = self._index, self._pieces.append
        plain: str | None = None  # a name that is that of an event: in a run they are one object
        for name, data in frames:
            if name is plain or name not in _NO_EVENTS:
                plain = name
                try:
                    event = decode(data)
                except json.UNREADABLE:
                    pass  # not plain
                else:
                    text = event.delta.text
                    if text:
                        if event.index != index:
                            self._turn_to(event.index, "text")
                            index, keep = self._index, self._pieces.append
                        keep(text)
                        append(TextDelta(text))
                        continue
                    if event.delta.thinking or event.delta.partial_json:
                        self._delta(event.index, event.delta, out)
                        index, keep = self._index, self._pieces.append
                        continue
            self._special(name, data, out)
            if self.done:
                break
            index, keep = self._index, self._pieces.append
        if len(self._pieces) > _JOIN_AT:
            self._pieces[:] = ["".join(self._pieces)]

    def _special(self, name: str, data: bytes, out: list[Event]) -> None:
        """Any frame that is not a delta of text, thinking or arguments."""
        if name == WHOLE:
            self._whole(data, out)
        elif name == STRAY:
            self._stray(data)
        elif name == "error":
            raise from_body(envelope.of_event(data), self._words)
        else:
            try:
                event = EVENT.decode(data)
            except ValueError:
                if data.strip() in (b"", b"[DONE]"):  # gateways add another wire's end mark
                    return
                raise _malformed(data) from None
            if event.type == "error" or event.error or (not event.type and envelope.is_error(json.loads(data))):
                raise from_body(json.loads(data), self._words)
            if event.delta is None or event.type != "content_block_delta":
                self._event(event, out)
            elif event.delta.text:
                self._turn_to(event.index, "text")
                self._text(event.delta.text, out)
            else:
                self._delta(event.index, event.delta, out)

    def _stray(self, data: bytes) -> None:
        """Bytes outside of the framing: an error, or nothing that we know."""
        try:
            value = json.loads(data)
        except ValueError:
            return
        if envelope.is_error(value):
            raise from_body(value, self._words)

    def close(self, out: list[Event]) -> None:
        if not self.done:
            raise base.truncated("message_stop")
        if self.finish_reason is None:
            raise base.truncated("its stop_reason")
        if self.finish_reason is FinishReason.content_filter:
            raise base.filtered(self.raw_finish_reason or "refusal", self._refusal())
        for index in list(self._open):
            self._stop(index, out)
        self._calls.finish(out, cut=self.finish_reason is FinishReason.length)
        if self.finish_reason is FinishReason.stop and self._calls.finished:
            self.finish_reason = FinishReason.tool_calls

    def usage(self) -> Usage | None:
        """input_tokens on this wire is what was neither read from the cache nor written to it."""
        counts = self._counts
        fresh, output = as_count(counts.get("input_tokens")), as_count(counts.get("output_tokens"))
        read = as_count(counts.get("cache_read_input_tokens"))
        written = as_count(counts.get("cache_creation_input_tokens"))
        thinking = as_count(as_object(counts.get("output_tokens_details")).get("thinking_tokens"))
        if fresh is None and output is None and read is None and written is None and thinking is None:
            return None
        return Usage(
            input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
            output_tokens=output,
            cache_read_tokens=read,
            cache_write_tokens=written,
            reasoning_tokens=within(thinking, output),
            raw=dict(counts),
        )

    def replay(self) -> tuple[Any, ...]:
        calls = {call.id: call for call in self._calls.finished}
        items = [item for block in self._blocks if (item := replayed(block, calls)) is not None]
        return () if says_all(items) else tuple(items)

    def _whole(self, data: bytes, out: list[Event]) -> None:
        try:
            body = json.loads_object(data)
            end = EVENT.convert(
                {
                    "type": "message_delta",
                    "delta": {key: body.get(key) for key in _FACTS},
                    "context_management": body.get("context_management"),
                }
            )
        except ValueError:
            raise _malformed(data) from None
        self.raw = body
        if envelope.fails(body) or ("content" not in body and envelope.is_error(body)):
            raise from_body(body, self._words)
        if "content" not in body:
            raise MalformedStream("the body is JSON, but no message: it has no content", permanent=True)
        self._start(body)
        for index, block in enumerate(as_objects(body.get("content"))):
            self._begin(index, block, out)
            self._stop(index, out)
        self._event(end, out)
        self.done = True

    def _event(self, event: WireEvent, out: list[Event]) -> None:
        match event.type:
            case "message_start":
                self._start(event.message)
            case "content_block_start":
                self._begin(event.index, event.content_block, out)
            case "content_block_stop":
                self._stop(event.index, out)
            case "message_delta":
                self._facts(event)
            case "message_stop":
                self.done = True
            case _:  # ping, and what is yet to come
                pass

    def _start(self, message: Any) -> None:
        """Some hosts send a first event without a message, some send this one twice."""
        if not is_object(message):
            return
        id = as_text(message.get("id"))
        if self._blocks and id and id != self.id:
            raise MalformedStream(f"a second answer ({id}) begins in the middle of the first ({self.id})")
        self._count(message.get("usage") if not self._blocks else None)
        self.id = self._calls.seed = id or self.id
        self.model = as_text(message.get("model")) or self.model

    def _begin(self, index: int | None, data: Any, out: list[Event]) -> None:
        """A block as it starts; some come whole, all do in a body."""
        if not is_object(data):
            return
        if index in self._open:
            self._stop(index, out)
        block = Block(data)
        self._blocks.append(block)
        self._open[index] = block
        self._index, self._pieces = index, block.pieces
        match block.kind:
            case "text":
                self._text(as_text(data.get("text")), out)
                self._cite(block, as_objects(data.get("citations")))
            case "thinking":
                self._think(as_text(data.get("thinking")), out)
            case "tool_use":
                before = len(out)
                self._calls.delta(out, index, as_text(data.get("id")), as_text(data.get("name")))
                started = out[before] if len(out) > before else None
                block.call_id = started.id if isinstance(started, ToolCallStart) else ""
            case _ if block.kind not in _KNOWN:
                self.provider_data.setdefault("blocks", []).append(data)
            case _:
                pass

    def _text(self, text: str, out: list[Event]) -> None:
        if text:
            self._pieces.append(text)
            out.append(TextDelta(text))

    def _think(self, text: str, out: list[Event]) -> None:
        if text:
            self._pieces.append(text)
            out.append(ThinkingDelta(text))

    def _turn_to(self, index: int | None, kind: str) -> Block:
        """The block that a delta belongs to; one that never started is made up from its delta."""
        block = self._open.get(index)
        if block is None:
            block = self._open[index] = Block({"type": kind})
            self._blocks.append(block)
        self._index, self._pieces = index, block.pieces
        return block

    def _delta(self, index: int | None, delta: PlainDelta, out: list[Event]) -> None:
        """Every delta but one of text."""
        if delta.thinking:
            if index != self._index:
                self._turn_to(index, "thinking")
            self._think(delta.thinking, out)
            return
        block = self._open.get(index)
        if block is None:
            return
        if delta.partial_json:
            block.pieces.append(delta.partial_json)
            if block.kind == "tool_use":
                self._calls.delta(out, index, arguments=delta.partial_json)
        elif isinstance(delta, Delta):
            self._rare_delta(block, delta)

    def _rare_delta(self, block: Block, delta: Delta) -> None:
        if delta.signature:
            block.data["signature"] = delta.signature
        elif is_object(delta.citation):
            self._cite(block, [delta.citation])
        elif delta.content is not None:
            block.data["content"] = delta.content

    def _cite(self, block: Block, citations: list[dict[str, Any]]) -> None:
        if citations:
            block.citations += citations
            self.provider_data.setdefault("citations", []).extend(citations)

    def _stop(self, index: int | None, out: list[Event]) -> None:
        block = self._open.pop(index, None)
        self._index, self._pieces = _CLOSED, []
        if block is None:
            return
        if block.kind == "tool_use" and not block.pieces and block.data.get("input"):
            self._calls.delta(out, index, arguments=arguments_text(block.data["input"]))
        block.settle()

    def _facts(self, event: WireEvent) -> None:
        self._count(event.usage)
        delta = event.delta
        if delta is None:
            return
        word = delta.stop_reason
        if word:
            reason = reason_of(word, FINISH)
            if self.finish_reason is None or reason in OVERRIDING:
                self.finish_reason, self.raw_finish_reason = reason, word
        facts = {
            "stop_sequence": delta.stop_sequence,
            "stop_details": delta.stop_details,
            "container": delta.container,
            "context_management": event.context_management,
        }
        self.provider_data.update({key: value for key, value in facts.items() if value is not None})

    def _count(self, usage: Any) -> None:
        """Counts are cumulative: a later one replaces the earlier, one that is not sent leaves it."""
        if is_object(usage):
            self._counts.update({key: value for key, value in usage.items() if value is not None})

    def _refusal(self) -> str:
        details = self.provider_data.get("stop_details")
        if not is_object(details):
            return ""
        return as_text(details.get("explanation")) or as_text(details.get("category"))


def _malformed(data: bytes) -> MalformedStream:
    return MalformedStream(f"not the JSON of this wire: {page_text(data.decode('utf-8', 'replace'))}")
