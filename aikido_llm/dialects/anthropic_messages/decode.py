"""The answer's events, or its whole body, -> our events.

    message_start (content_block_start content_block_delta* content_block_stop)* message_delta+ message_stop

with `ping` anywhere, and `error` in place of the rest. A whole body is read as the same blocks, each in one piece.

source: Anthropic API reference, "Streaming Messages", "Handling stop reasons", read 2026-11.
"""

from typing import Any

from ...codecs import json
from ...errors import LLMError, MalformedStream
from ...framing import STRAY, WHOLE, Frame
from ...types.events import Event, TextDelta
from ...types.response import FinishReason
from ...types.usage import Usage
from .. import base, envelope, noise
from ..counts import READ, WRITTEN, as_counts
from ..finish import OVERRIDING, reason_of, word_of
from ..status import no_answer, page_text
from ..values import as_object, as_text, is_object
from ..words import NO_WORDS, Words
from .errors import from_body
from .facts import facts_of, own_fields
from .finish import FINISH, UNFINISHED
from .receive import Content
from .usage import usage_of
from .wire import DELTAS, EVENT, EVENTS, PLAIN, Delta
from .wire import Event as WireEvent

_JOIN_AT = 4096  # pieces
_NO_EVENTS = (STRAY, WHOLE, "error")
_DELTA = "content_block_delta"
_NOT_PLAIN = frozenset((*_NO_EVENTS, *EVENTS)) - {_DELTA}
_PING = b'{"type": "ping"}'
_COUNTED = (frozenset(READ), frozenset(WRITTEN))
_MARKS = noise.Marks(types="|".join(EVENTS))


class Decoder(base.Decoder):
    """One answer. provider_data: `blocks` (those of unknown types, and unknown fields of the known), and the fields of
    the message that Response has no place for: `stop_sequence`, `stop_details`, `container`, `context_management`, ...

    state: the `container` that code of the answer runs in; the next request names it.
    """

    opened = frozenset(("message", "delta"))
    many = frozenset(("content", "content_block", "citation"))

    def __init__(self, words: Words = NO_WORDS) -> None:
        super().__init__()
        self._words = words
        self._content = Content(self.provider_data)
        self._counts: dict[str, Any] = {}
        self._early: Any = None  # content that came with the start of the message

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        if self.done:
            return
        decode, append, content = PLAIN.fast, out.append, self._content
        index, keep = content.index, content.pieces.append
        plain: str | None = None  # a name that is that of an event: in a run they are one object
        for name, data in frames:
            if name is plain or name not in _NOT_PLAIN:
                plain = name
                try:
                    event = decode(data)
                except json.UNREADABLE:
                    pass  # not plain
                else:
                    text = event.delta.text
                    if text:
                        if event.index != index:
                            content.turn_to(event.index)
                            index, keep = content.index, content.pieces.append
                        keep(text)
                        append(TextDelta(text))
                        continue
                    if event.delta.thinking or event.delta.partial_json:
                        content.delta(event.index, event.delta, out)
                        continue
            if data != _PING or name in _NO_EVENTS:
                self._special(name, data, out)
            if self.done:
                break
            index, keep = content.index, content.pieces.append
        if len(content.pieces) > _JOIN_AT:
            content.pieces[:] = ["".join(content.pieces)]

    def _special(self, name: str, data: bytes, out: list[Event]) -> None:
        """Any frame that is not a delta of text, thinking or arguments."""
        if name == WHOLE:
            self._whole(data, out)
            return
        for payload in noise.sift(name, data, _MARKS, self._error):
            self._any_event(payload, out)

    def _any_event(self, data: bytes, out: list[Event]) -> None:
        try:
            event = EVENT.decode(data)
        except ValueError:
            raise self._unread(data) from None
        if event.type == "error" or event.error or (not event.type and envelope.is_error(json.loads(data))):
            raise from_body(json.loads(data), self._words)
        self._event(event, data, out)

    def _error(self, value: Any) -> LLMError:
        return from_body(value, self._words)

    def _unread(self, data: bytes) -> LLMError:
        told = envelope.told(data)
        return _malformed(data) if told is None else self._error(told)

    def close(self, out: list[Event]) -> None:
        content = self._content
        content.stop_all(out)
        if not self.done:
            raise base.truncated("message_stop")
        if self.finish_reason is None:
            raise base.truncated("its stop_reason")
        if self.finish_reason is FinishReason.content_filter:
            raise base.filtered(self.raw_finish_reason or "refusal", self._refusal())
        if not content:
            content.whole(self._early, out)
        self.complete = self.raw_finish_reason not in UNFINISHED
        self.finish_reason = content.end(out, self.finish_reason)

    def usage(self) -> Usage | None:
        return usage_of(self._counts)

    def replay(self) -> tuple[Any, ...]:
        goes_on = self.continues or self.finish_reason is FinishReason.paused or not self.complete
        return self._content.replay(verbatim=goes_on)

    def _whole(self, data: bytes, out: list[Event]) -> None:
        try:
            body = json.loads_answer(data)
        except ValueError:
            raise self._unread(data) from None
        if envelope.fails(body) or ("content" not in body and envelope.is_error(body)):
            raise from_body(body, self._words)
        if "content" not in body:
            raise no_answer("message", "content", data)
        self._start(body)
        self._content.whole(body["content"], out)
        self._facts(body)
        self.done = True

    def _event(self, event: WireEvent, data: bytes, out: list[Event]) -> None:
        match event.type:
            case "content_block_delta":
                self._any_delta(event.index, event.delta, data, out)
            case "message_start":
                self._start(event.message)
            case "content_block_start":
                self._content.begin(event.index, event.content_block, out)
            case "content_block_stop":
                self._content.stop(event.index, out)
            case "message_delta":
                self._facts(_object_of(data))
            case "message_stop":
                self._count(_object_of(data).get("usage"))  # most say nothing here
                self.done = True
            case _:  # ping, and what is yet to come
                pass

    def _start(self, message: Any) -> None:
        """Some hosts send a first event without a message, some send this one twice."""
        if not is_object(message):
            return
        id = as_text(message.get("id"))
        begun = bool(self._content)
        if begun and id and id != self.id:
            raise MalformedStream(f"a second answer ({id}) begins in the middle of the first ({self.id})")
        if not begun:
            self._count(message.get("usage"))
        self.id = self._content.calls.seed = id or self.id
        self.model = as_text(message.get("model")) or self.model
        self._early = message.get("content")
        self.provider_data |= own_fields(message)

    def _any_delta(self, index: int | None, delta: Delta | None, data: bytes, out: list[Event]) -> None:
        if delta is None or delta.type not in (*DELTAS, None):
            self._content.unknown_delta(index, as_object(_object_of(data).get("delta")))
        elif delta.text:
            self._content.turn_to(index)
            self._content.text(delta.text, out)
        else:
            self._content.delta(index, delta, out)

    def _facts(self, said: dict[str, Any]) -> None:
        """What a message_delta says of the message, or a whole body."""
        self._count(said.get("usage"))
        delta = as_object(said.get("delta")) if said.get("type") == "message_delta" else said
        word = word_of(delta.get("stop_reason"))
        if word:
            reason = reason_of(word, FINISH)
            if self.finish_reason is None or reason in OVERRIDING:
                self.finish_reason, self.raw_finish_reason = reason, word
        self.provider_data |= facts_of(said)
        container = as_text(as_object(self.provider_data.get("container")).get("id"))
        if container:
            self.state["container"] = container

    def _count(self, usage: Any) -> None:
        """Counts are cumulative: a later one replaces the earlier, one that is not sent leaves it."""
        said = {name: count for name, count in as_counts(usage).items() if count is not None}
        for names in _COUNTED if self._counts else ():
            if not names.isdisjoint(said):  # under another name, perhaps
                for name in names.intersection(self._counts):
                    del self._counts[name]
        self._counts.update(said)

    def _refusal(self) -> str:
        details = as_object(self.provider_data.get("stop_details"))
        return as_text(details.get("explanation")) or as_text(details.get("category"))


def _malformed(data: bytes) -> MalformedStream:
    return MalformedStream(f"not the JSON of this wire: {page_text(data.decode('utf-8', 'replace'))}")


def _object_of(data: bytes) -> dict[str, Any]:
    """A frame with all that is in it, also what the typed reader skips."""
    try:
        return json.loads_object(data)
    except ValueError:
        raise MalformedStream(
            "an event holds a value that cannot be read", body=envelope.shown(data.decode("utf-8", "replace"))
        ) from None
