"""Answers of `Converse` and `ConverseStream` -> events.

    messageStart (contentBlockStart? contentBlockDelta* contentBlockStop)* messageStop metadata

The connection's end is the stream's; it is whole when messageStop and metadata have come. A whole body is read as the
same blocks, each in one piece. Gateways send the events as text, too (server-sent events, lines or a list of JSON).

source: Amazon Bedrock API reference, "ConverseStream", "ConverseResponse", read 2026-11; recorded streams.
"""

from typing import Any

from ...codecs import json
from ...errors import LLMError, MalformedStream
from ...framing import WHOLE, Frame
from ...types.events import Event
from ...types.response import FinishReason
from ...types.usage import Usage
from .. import base, envelope, noise
from ..finish import reason_of, word_of
from ..status import no_answer, page_text
from ..values import as_count, as_object, as_text, is_list, is_object
from ..words import NO_WORDS, Words
from . import errors
from .content import Content
from .finish import FINISH
from .usage import usage_of
from .wire import TextDelta

_PLAIN = json.Typed(TextDelta)
_EVENTS = frozenset(
    ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata")
)
_MARKS = noise.Marks(_EVENTS, types="|".join(sorted(_EVENTS)))
_SAID = frozenset(("p", "usage", "stopReason", "output", "role"))


class Decoder(base.Decoder):
    """One answer. provider_data: `metrics`, `trace` (of guardrails), `additionalModelResponseFields`, `serviceTier`,
    `performanceConfig`, and `blocks` of types that have no other place."""

    opened = frozenset(("output", "message", "delta", "toolUse", "reasoningContent"))
    many = frozenset(("content", "start", "input", "toolResult", "citation", "image"))

    def __init__(self, words: Words = NO_WORDS) -> None:
        super().__init__()
        self._words = words
        self._content = Content(self.provider_data)
        self._usage: Any = None
        self._begun = False
        self._stopped = False
        self._told = False  # the metadata has come

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        decode, text = _PLAIN.fast, self._content.text
        for name, data in frames:
            if self.done:
                return
            if name == "contentBlockDelta":
                try:
                    piece = decode(data)
                except json.UNREADABLE:
                    pass  # not plain text
                else:
                    text(piece.contentBlockIndex, piece.delta.text, out)
                    continue
            self._special(name, data, out)

    def close(self, out: list[Event]) -> None:
        self._content.stop_all(out)
        if not self.done:
            raise base.truncated("the metadata event" if self._stopped else "messageStop")
        reason = self.finish_reason
        if reason is None:
            raise base.truncated("its stopReason")
        if reason is FinishReason.content_filter:
            raise base.filtered(self.raw_finish_reason or "")
        if reason is FinishReason.error:
            said = {"message": f"the service could not read what the model said ({self.raw_finish_reason})"}
            raise errors.in_band("ModelErrorException", said, self._words)
        self.finish_reason = self._content.end(out, reason)

    def usage(self) -> Usage | None:
        return usage_of(self._usage)

    def replay(self) -> tuple[Any, ...]:
        return self._content.replay()

    def _special(self, name: str, data: bytes, out: list[Event]) -> None:
        if name == WHOLE:
            self._whole(data, out)
            return
        if errors.failed(name):
            raise errors.thrown(name, data, self._words)
        if name in _EVENTS:
            self._event(name, _parsed(data), out)
            return
        for payload in noise.sift(name, data, _MARKS, self._error):
            self._as_text(_parsed(payload), out)

    def _as_text(self, said: Any, out: list[Event]) -> None:
        """An event as gateways write it in JSON: its name is its type, or the key that holds it."""
        fields = as_object(said)
        kind = as_text(fields.get("type"))
        if kind in _EVENTS:
            self._event(kind, fields, out)
            return
        name = next((key for key in fields if key in _EVENTS or errors.failed(key)), "")
        if errors.failed(name):
            raise errors.in_band(name, fields[name], self._words)
        if name:
            self._event(name, fields[name], out)
        elif envelope.is_error(said):
            raise self._error(said)
        elif said and not fields:
            raise _malformed(json.dumps(said))

    def _error(self, value: Any) -> LLMError:
        return errors.in_band("", value, self._words)

    def _event(self, name: str, said: Any, out: list[Event]) -> None:
        if not is_object(said):
            return
        key = as_count(said.get("contentBlockIndex")) or 0
        match name:
            case "contentBlockDelta":
                self._content.delta(key, _delta(said.get("delta")), out)
            case "contentBlockStart":
                self._content.begin(key, said.get("start"), out)
            case "contentBlockStop":
                self._content.stop(key, out)
            case "messageStop":
                self._stopped = True
                self._facts(said)
            case "metadata":
                self._told = True
                self._facts(said)
            case "messageStart":
                if self._begun or self._content:
                    raise MalformedStream("a second answer begins in the middle of the first")
                self._begun = True
            case _:  # what is yet to come
                pass
        self.done = self._stopped and self._told

    def _facts(self, said: dict[str, Any]) -> None:
        """What the end of a stream says of the answer, or a whole body."""
        self._usage = said.get("usage") or self._usage
        if word := word_of(said.get("stopReason")):
            self.raw_finish_reason, self.finish_reason = word, reason_of(word, FINISH)
        self.provider_data |= {
            name: item for name, item in said.items() if name not in _SAID and item not in (None, {}, [])
        }

    def _whole(self, data: bytes, out: list[Event]) -> None:
        try:
            body = json.loads_frame(data)
        except ValueError:
            raise _malformed(data) from None
        if is_list(body):
            for said in body:
                self._as_text(said, out)
            return
        if not is_object(body):
            raise _malformed(data)
        message = as_object(body.get("output")).get("message")
        if not is_object(message):
            if envelope.is_error(body) or "__type" in body or isinstance(body.get("message"), str):
                raise errors.in_band("", body, self._words)
            raise no_answer("answer of Converse", "output.message", data)
        self._content.whole(message.get("content") or [], out)
        self._facts(body)
        self.done = True


def _parsed(data: bytes) -> Any:
    try:
        return json.loads_frame(data)
    except ValueError:
        raise _malformed(data) from None


def _delta(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"text": value}
    if value is not None and not is_object(value):
        raise MalformedStream("a piece of the answer is neither text nor an object")
    return as_object(value)


def _malformed(data: bytes) -> MalformedStream:
    return MalformedStream(f"not the JSON of this wire: {page_text(data.decode('utf-8', 'replace'))}")
