"""Frames -> events. A stream's events and a whole body's output items go through the same code.

source: OpenAI API reference, "Responses streaming events", read 2026-11.
"""

from typing import Any

from ...codecs import json
from ...errors import LLMError, MalformedStream, StreamTruncated
from ...framing import WHOLE, Frame
from ...framing.places import Places
from ...types.events import Event, TextDelta
from ...types.exchange import ResumeToken
from ...types.request import Request
from ...types.response import FinishReason
from ...types.usage import Usage
from .. import base, envelope, noise
from ..counts import as_counts
from ..status import page_text
from ..toolcalls import arguments_text
from ..values import as_object, as_objects, as_text, is_list
from . import errors
from .answer import Answer
from .finish import PENDING, ending_word, finish_reason
from .quirks import Quirks, in_background, is_stored
from .usage import read_usage
from .wire import EVENT, TEXT, StreamEvent, beside_response, field_of, output_heads, response_of, sequence_of, text_of

_TEXT_EVENTS = ("response.output_text.delta", "")
_MARKS = noise.Marks(types=r"response\.[a-z_.]+")
_SPOKEN = {  # what brings text: (lane, the field that counts its parts)
    "response.output_text": ("text", "content_index"),
    "response.refusal": ("text", "content_index"),
    "response.reasoning_summary_text": ("summary", "summary_index"),
    "response.reasoning_summary": ("summary", "summary_index"),  # this and the second next: of an earlier version
    "response.reasoning_text": ("reasoning", "content_index"),
    "response.reasoning": ("reasoning", "content_index"),
    "response.function_call_arguments": ("arguments", ""),
    "response.custom_tool_call_input": ("input", ""),
}
_DELTAS = {f"{about}.delta": lane for about, lane in _SPOKEN.items()}
_DONE = {f"{about}.done": lane for about, lane in _SPOKEN.items()}
_LARGE = 64 * 1024  # bytes of an event that are not held for the number alone
_ENDS = {f"response.{word}" for word in ("completed", "incomplete", "failed", "cancelled", "done")}
_TYPED = {  # of the response: what a field of ours holds, and what names the frame
    *("id", "model", "status", "error", "incomplete_details", "usage", "output", "output_text"),
    *("object", "created_at", "type", "sequence_number"),
}


class Decoder(base.Decoder):
    """The state of one answer: what its events mean is in here, what its items hold is in `Answer`."""

    media_places = Places(
        [
            "partial_image_b64",  # not read
            "item?type=image_generation_call.result",
            "output[]?type=image_generation_call.result",
            "response.output[]?type=image_generation_call.result",
        ]
    )

    opened = frozenset(("response",))
    many = frozenset(("output", "item", "part", "delta", "arguments", "input", "annotation", "text"))

    def __init__(self, quirks: Quirks, request: Request) -> None:
        super().__init__()
        self._words = quirks.error_words
        self._answer = Answer(request, stored=is_stored(request, quirks), open_reasoning=quirks.replays_open_reasoning)
        self.provider_data = self._answer.provider_data
        self.logprobs = self._answer.logprobs
        self._background = in_background(request)
        self._usage: dict[str, Any] | None = None
        self._after: int | None = None  # the last number that was read
        self._latest = b""  # an event behind it, whose number was not
        self._passed = 0  # how many such events there were

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        if self.done:
            return
        if self.read_before is not None:
            frames = self._unread(frames)
        self._answer.arrived = self.arrived
        decode, append = TEXT.fast, out.append
        item: int | None = None  # where the last text delta belonged, and what was handed out there
        part = 0
        pieces: list[str] = []
        plain: str | None = None  # a name that is that of an event: in a run they are one object
        last = b""  # the latest piece of text
        before = len(out)
        for name, data in frames:
            if name is plain or name in _TEXT_EVENTS:
                plain = name
                try:
                    event = decode(data)
                except json.UNREADABLE:
                    pass  # not plain text
                else:
                    text = event.delta
                    if text:
                        if event.output_index != item or event.content_index != part:
                            item, part = event.output_index, event.content_index
                            pieces = self._answer.text_at(item, part)
                        pieces.append(text)
                        append(TextDelta(text))
                        last = data
                        continue
            self._latest = last or self._latest
            self._passed += len(out) - before
            self._special(name, data, out)
            if self.done:
                return
            item, last, before = None, b"", len(out)
        self._latest = last or self._latest
        self._passed += len(out) - before
        if len(self._latest) > _LARGE:
            self._number_latest()

    def _number_latest(self) -> None:
        """What stands behind the last number is read for its own, and need not be held until the next event."""
        number = sequence_of(self._latest)
        self._latest = b""
        if number is not None:
            self._mind_gap(number, self._passed)
            self._after, self._passed = number, 0

    def _mind_gap(self, number: int, behind: int) -> None:
        """Whether an event is missing before the one of this number. behind: how many have come since the last one."""
        if self._after is not None:
            self._answer.gaps = self._answer.gaps or number > self._after + behind

    def _special(self, name: str, data: bytes, out: list[Event]) -> None:
        """Any frame that is not a plain piece of text."""
        if name == WHOLE:
            self._whole_body(data, out)
            return
        for payload in noise.sift(name, data, _MARKS, self._error):
            self._any_event(name, payload, out)

    def _error(self, value: Any) -> LLMError:
        return errors.in_band(value, self._words)

    def _no_object(self, data: bytes, what: str) -> LLMError:
        told = envelope.told(data)
        unread = MalformedStream(f"{what} is not a JSON object: {_excerpt(data)}")
        return unread if told is None else self._error(told)

    def _any_event(self, name: str, data: bytes, out: list[Event]) -> None:
        try:
            event = EVENT.decode(data)
        except ValueError:
            raise self._no_object(data, "an event") from None
        if type(event.sequence_number) is int:
            self._mind_gap(event.sequence_number, self._passed + 1)
        try:
            self._event(name, event, data, out)
        except LLMError:
            raise
        except ValueError:  # the quick reader skips strings that it does not need, whatever their bytes
            raise MalformedStream(f"an event is not JSON: {_excerpt(data)}") from None
        if type(event.sequence_number) is int:
            self._after, self._latest, self._passed = event.sequence_number, b"", 0

    def close(self, out: list[Event]) -> None:
        reason = self.finish_reason
        if not self.done or reason is None:
            raise self._not_ended()
        if reason is FinishReason.content_filter:
            self._answer.flush(out)
            raise base.filtered(self.raw_finish_reason or "", self._answer.refusal[:300])
        self.finish_reason = self._answer.end(out, reason, self.raw_finish_reason or "")

    def usage(self) -> Usage | None:
        return read_usage(self._usage)

    def replay(self) -> tuple[Any, ...]:
        return self._answer.replay()

    def resume(self) -> ResumeToken | None:
        if not (self._background and self.id):
            return None
        behind = sequence_of(self._latest) if self._latest else None
        return ResumeToken(self.id, self._after if behind is None else behind)

    def _unread(self, frames: list[Frame]) -> list[Frame]:
        """The frames from the first one on that was not read before."""
        for place, (name, data) in enumerate(frames):
            number = None if name == WHOLE else sequence_of(data)
            if number is None or self.read_before is None or number > self.read_before:
                self.read_before = None
                return frames[place:]
        return []

    # ---------------------------------------------------------------------------------------------- events

    def _event(self, name: str, event: StreamEvent, data: bytes, out: list[Event]) -> None:
        kind: str = event.type if isinstance(event.type, str) else name  # the payload's own word is the better one
        if kind in _DELTAS:
            self._delta(kind, event, out)
            return
        if kind in _DONE:
            self._part_done(kind, event, out)
            return
        match kind:
            case "response.content_part.done":
                part = as_object(field_of(data, "part"))
                lane = {"output_text": "text", "reasoning_text": "reasoning"}.get(as_text(part.get("type")))
                if lane is not None:
                    self._answer.part_done(event, lane, event.content_index, text_of(part), out)
            case "response.output_text.annotation.added":
                self._answer.annotated(event, field_of(data, "annotation"), out)
            case "response.output_item.added":
                self._answer.added(event, as_object(field_of(data, "item")), out)
            case "response.output_item.done":
                self._answer.done(event, as_object(field_of(data, "item")), out)
            case "response.created" | "response.in_progress" | "response.queued":
                response = response_of(data)
                if kind == "response.created":
                    base.no_second(self.id, as_text(response.get("id")))
                self._head(response)
            case "error" | "response.error":  # the second: gateways
                raise errors.in_band(json.loads(data), self._words)
            case _ if kind in _ENDS:
                self._ended(kind.removeprefix("response."), data, out)
            case _:  # the progress of tools that run at the server, pings, and what is newer than this code
                if not kind.startswith("response.") and errors.says_error(json.loads(data)):
                    raise errors.in_band(json.loads(data), self._words)  # what proxies write when they fail

    def _delta(self, kind: str, event: StreamEvent, out: list[Event]) -> None:
        lane, counted = _DELTAS[kind]
        text = event.delta if isinstance(event.delta, str) else text_of(event.delta)
        if kind == "response.refusal.delta" and text:
            self._answer.refused(text, again=False)
        self._answer.delta(event, lane, getattr(event, counted) if counted else 0, text, out)

    def _part_done(self, kind: str, event: StreamEvent, out: list[Event]) -> None:
        lane, counted = _DONE[kind]
        match lane:
            case "arguments":
                full = _arguments(event.arguments)
                self._answer.called(event, as_text(event.name))
            case "input":
                full = as_text(event.input)
            case _:
                full = text_of(event.text) or text_of(event.refusal)
        if kind == "response.refusal.done" and full:
            self._answer.refused(full, again=True)
        self._answer.part_done(event, lane, getattr(event, counted) if counted else 0, full, out)

    # ---------------------------------------------------------------------------------------------- the answer

    def _head(self, response: dict[str, Any]) -> None:
        self.id = self.id or as_text(response.get("id"))
        self.model = self.model or as_text(response.get("model"))
        self._answer.calls.seed = self.id
        self._usage = as_counts(response.get("usage")) or self._usage
        self._background = self._background or response.get("background") is True
        for name, value in response.items():
            if name not in _TYPED and value not in (None, "", {}, []):
                self.provider_data[name] = value

    def _ended(self, word: str, data: bytes, out: list[Event]) -> None:
        response = response_of(data)
        self._head({**beside_response(data), **response})
        heads = output_heads(data)
        if heads is None or not self._answer.items.knows_all(heads):
            self._output(as_object(field_of(data, "response")), out)
        self._judge(response, "completed" if word == "done" else word)

    def _whole_body(self, data: bytes, out: list[Event]) -> None:
        try:
            body = json.loads_answer(data)
        except ValueError:
            raise self._no_object(data, "the answer") from None
        if "output" not in body:
            if errors.says_error(body):
                raise errors.in_band(body, self._words)
            if not isinstance(body.get("status"), str):
                raise MalformedStream(f"the answer is not a response: {_excerpt(data)}")
        self._head(body)
        if body.get("status") not in PENDING:  # what it holds before is not whole yet
            self._output(body, out)
        self._judge(body, "completed")

    def _output(self, response: dict[str, Any], out: list[Event]) -> None:
        said = response.get("output")
        items = said if is_list(said) else [said] if said else []
        output = as_objects([{"type": "message", "content": item} if isinstance(item, str) else item for item in items])
        if not all(isinstance(item.get("type"), str) for item in output):
            raise MalformedStream("an item of the answer does not say its type")
        text = response.get("output_text")
        if not output and not self._answer.items.all and isinstance(text, str) and text:  # the SDKs' short form
            output = [{"type": "message", "content": text}]
        self._answer.account_for(output, out)

    def _judge(self, response: dict[str, Any], word: str) -> None:
        self.raw_finish_reason = ending_word(response, word)
        reason = finish_reason(response, word, self._words)
        self.finish_reason = FinishReason.content_filter if reason and self._answer.refusal else reason
        self.done = reason is not None

    def _not_ended(self) -> LLMError:
        """The error of an answer whose end has not come. One that goes on at the provider must not be asked for again:
        that would be another one, which costs as much."""
        word = self.raw_finish_reason or ""
        if word in PENDING and self.id:
            self._background = True
            error = StreamTruncated(f"the provider is still making the answer, under the id {self.id}", code=word)
        else:
            error = base.truncated("the event that ends the response")
        error.resume = self.resume()
        error.permanent = error.resume is not None
        return error


def _arguments(value: Any) -> str:
    """JSON text; some gateways send the object itself."""
    try:
        return arguments_text(value)
    except (ValueError, RecursionError) as error:  # text that no JSON can hold
        raise MalformedStream(f"the arguments of a tool call cannot be read: {error}") from None


def _excerpt(data: bytes) -> str:
    return page_text(data.decode("utf-8", "replace"))
