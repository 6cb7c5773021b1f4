"""Frames -> events. A stream's events and a whole body's output items go through the same code.

source: OpenAI API reference, "Responses streaming events", read 2026-11.
"""

from typing import Any

from ...codecs import json
from ...errors import LLMError, MalformedStream
from ...framing import STRAY, WHOLE, Frame
from ...framing.places import Places
from ...types.events import Event, ImageEvent, TextDelta, ThinkingDelta, ToolCallStart
from ...types.request import Request
from ...types.response import FinishReason
from ...types.usage import Usage
from .. import base, noise
from ..media import image_from_base64
from ..status import page_text
from ..toolcalls import ToolCalls, arguments_text
from ..values import as_list, as_object, as_objects, as_text
from . import errors
from .finish import ending_word, finish_reason
from .progress import Progress
from .quirks import Quirks
from .replay import replay_items
from .usage import read_usage
from .wire import EVENT, TEXT, StreamEvent, field_of, response_of

_NO_EVENTS = (STRAY, WHOLE, "error")
_MARKS = noise.Marks(types=r"response\.[a-z_.]+")


class Decoder(base.Decoder):
    """The state of one answer; `Progress` remembers what of its items has been handed out."""

    media_places = Places(
        [
            "partial_image_b64",  # not read
            "item?type=image_generation_call.result",
            "output[]?type=image_generation_call.result",
            "response.output[]?type=image_generation_call.result",
        ]
    )

    def __init__(self, quirks: Quirks, request: Request) -> None:
        super().__init__()
        self._words = quirks.error_words
        self._stored = request.extra.get("store", quirks.store) is not False
        self._open_reasoning = quirks.replays_open_reasoning
        self._progress = Progress()
        self._calls = ToolCalls()
        self._call_ids: dict[int, str] = {}  # by the item's key, as are the next two
        self._images: dict[int, int] = {}
        self._cited: dict[tuple[int, Any], int] = {}
        self._usage: dict[str, Any] | None = None
        self._refusal: list[str] = []

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        if self.done:
            return
        decode, append = TEXT.fast, out.append
        item: int | None = None  # where the last text delta belonged, and what was handed out there
        part = 0
        pieces: list[str] = []
        plain: str | None = None  # a name that is that of an event: in a run they are one object
        for name, data in frames:
            if name is plain or name not in _NO_EVENTS:
                plain = name
                try:
                    event = decode(data)
                except json.UNREADABLE:
                    pass  # not plain text
                else:
                    if event.output_index != item or event.content_index != part:
                        item, part = event.output_index, event.content_index
                        pieces = self._progress.pieces(StreamEvent(output_index=item), "text", part)
                    text = event.delta
                    if text:
                        pieces.append(text)
                        append(TextDelta(text))
                    continue
            self._special(name, data, out)
            if self.done:
                return
            item = None

    def _special(self, name: str, data: bytes, out: list[Event]) -> None:
        """Any frame that is not a plain piece of text."""
        if name == WHOLE:
            self._whole_body(data, out)
            return
        for payload in noise.sift(name, data, _MARKS, self._error):
            self._any_event(name, payload, out)

    def _error(self, value: Any) -> LLMError:
        return errors.in_band(value, self._words)

    def _any_event(self, name: str, data: bytes, out: list[Event]) -> None:
        try:
            event = EVENT.decode(data)
        except ValueError:
            raise MalformedStream(f"an event is not a JSON object: {_excerpt(data)}") from None
        try:
            self._event(name, event, data, out)
        except LLMError:
            raise
        except ValueError:  # the quick reader skips strings that it does not need, whatever their bytes
            raise MalformedStream(f"an event is not JSON: {_excerpt(data)}") from None

    def close(self, out: list[Event]) -> None:
        reason = self.finish_reason
        if not self.done or reason is None:
            raise base.truncated("the event that ends the response")
        if reason is FinishReason.content_filter:
            raise base.filtered(self.raw_finish_reason or "", "".join(self._refusal)[:300])
        self._calls.finish(out, cut=reason is not FinishReason.stop)
        if reason is FinishReason.other and len(self._calls.finished) < len(self._call_ids):
            raise base.truncated(f"a tool call was whole (incomplete: {self.raw_finish_reason})")
        if self._calls.finished and reason is FinishReason.stop:
            self.finish_reason = FinishReason.tool_calls

    def usage(self) -> Usage | None:
        return read_usage(self._usage)

    def replay(self) -> tuple[Any, ...]:
        finished = {call.id: call for call in self._calls.finished}
        return replay_items(
            sorted(self._progress.finished.items()),
            {key: finished[id] for key, id in self._call_ids.items() if id in finished},
            self._images,
            stored=self._stored,
            open_reasoning=self._open_reasoning,
        )

    # ---------------------------------------------------------------------------------------------- events

    def _event(self, name: str, event: StreamEvent, data: bytes, out: list[Event]) -> None:
        kind: str = event.type if isinstance(event.type, str) else name  # the payload's own word is the better one
        match kind:
            case "response.output_text.delta":  # one that lacks its type or an index
                self._delta(event, "text", event.content_index, out)
            case "response.reasoning_summary_text.delta":
                self._delta(event, "summary", event.summary_index, out)
            case "response.reasoning_text.delta":
                self._delta(event, "reasoning", event.content_index, out)
            case "response.function_call_arguments.delta":
                self._delta(event, "arguments", 0, out)
            case "response.refusal.delta":
                self._refusal.append(as_text(event.delta))
                self._delta(event, "text", event.content_index, out)
            case "response.output_text.done":
                self._part_done(event, "text", event.content_index, event.text, out)
            case "response.refusal.done":
                self._refusal = self._refusal or [as_text(event.refusal)]
                self._part_done(event, "text", event.content_index, event.refusal, out)
            case "response.reasoning_summary_text.done":
                self._part_done(event, "summary", event.summary_index, event.text, out)
            case "response.reasoning_text.done":
                self._part_done(event, "reasoning", event.content_index, event.text, out)
            case "response.function_call_arguments.done":
                self._part_done(event, "arguments", 0, _arguments(event.arguments), out)
            case "response.output_text.annotation.added":
                self._annotation(event, field_of(data, "annotation"))
            case "response.output_item.added":
                self._item_added(event, as_object(field_of(data, "item")), out)
            case "response.output_item.done":
                self._item_done(event, as_object(field_of(data, "item")), out)
            case "response.created" | "response.in_progress" | "response.queued":
                self._head(response_of(data))
            case "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled":
                self._ended(kind.removeprefix("response."), data, out)
            case "error":
                raise errors.in_band(json.loads(data), self._words)
            case _:  # the progress of tools that run at the server, pings, and what is newer than this code
                if not kind.startswith("response.") and errors.says_error(json.loads(data)):
                    raise errors.in_band(json.loads(data), self._words)  # what proxies write when they fail

    def _delta(self, event: StreamEvent, lane: str, part: Any, out: list[Event]) -> None:
        if isinstance(event.delta, str) and event.delta:
            self._progress.pieces(event, lane, part).append(event.delta)
            self._hand_out(self._progress.key(event), lane, event.delta, out)

    def _part_done(self, event: StreamEvent, lane: str, part: Any, full: Any, out: list[Event]) -> None:
        if isinstance(full, str):
            self._hand_out(self._progress.key(event), lane, self._progress.rest_of_part(event, lane, part, full), out)

    def _hand_out(self, key: int, lane: str, text: str, out: list[Event]) -> None:
        if not text:
            return
        if lane == "text":
            out.append(TextDelta(text))
        elif lane == "arguments":
            self._calls.delta(out, key=key, arguments=text)
        else:
            out.append(ThinkingDelta(text))

    def _annotation(self, event: StreamEvent, annotation: Any) -> None:
        if annotation is not None:
            place = (self._progress.key(event), event.content_index if type(event.content_index) is int else 0)
            self._cited[place] = self._cited.get(place, 0) + 1
            self._keep("citations", annotation)

    # ---------------------------------------------------------------------------------------------- output items

    def _item_added(self, event: StreamEvent, item: dict[str, Any], out: list[Event]) -> None:
        key = self._progress.added(event, item)
        if item.get("type") == "function_call":
            self._name_call(key, item, out)

    def _item_done(self, event: StreamEvent, item: dict[str, Any], out: list[Event]) -> None:
        key = self._progress.done(event, item)
        if item and key is not None:
            self._finish_item(key, item, out)

    def _finish_item(self, key: int, item: dict[str, Any], out: list[Event]) -> None:
        """A complete output item, the authority on what it holds (encrypted reasoning comes only here)."""
        self._progress.finished[key] = item
        match item.get("type"):
            case "message":
                self._message(key, item, out)
            case "reasoning":
                self._complete(key, "summary", _joined(item.get("summary")), out)
                self._complete(key, "reasoning", _joined(item.get("content")), out)
            case "function_call":
                self._name_call(key, item, out)
                self._complete(key, "arguments", _arguments(item.get("arguments")), out)
            case "image_generation_call":
                self._image(key, item, out)
            case _:  # a tool that runs at the server, or something newer than this code
                self._keep("items", item)

    def _complete(self, key: int, lane: str, full: str, out: list[Event]) -> None:
        self._hand_out(key, lane, self._progress.rest_of_item(key, lane, full), out)

    def _message(self, key: int, item: dict[str, Any], out: list[Event]) -> None:
        text: list[str] = []
        refusal: list[str] = []
        for place, part in enumerate(as_objects(item.get("content"))):
            if part.get("type") == "refusal":
                refusal.append(as_text(part.get("refusal")))
                text.append(refusal[-1])
            elif isinstance(part.get("text"), str):
                text.append(part["text"])
            else:
                self._keep("parts", part)
            for annotation in as_list(part.get("annotations"))[self._cited.get((key, place), 0) :]:
                self._keep("citations", annotation)
            for logprob in as_list(part.get("logprobs")):
                self._keep("logprobs", logprob)
        self._complete(key, "text", "".join(text), out)
        if not any(self._refusal):
            self._refusal = refusal

    def _name_call(self, key: int, item: dict[str, Any], out: list[Event]) -> None:
        """Start the call, if its name is known now and was not before. Old servers have only the item's id."""
        if key in self._call_ids:
            return
        before = len(out)
        call_id = as_text(item.get("call_id")) or as_text(item.get("id"))
        self._calls.delta(out, key=key, id=call_id, name=as_text(item.get("name")))
        for event in out[before:]:
            if isinstance(event, ToolCallStart):
                self._call_ids[key] = event.id

    def _image(self, key: int, item: dict[str, Any], out: list[Event]) -> None:
        result = item.get("result")
        if isinstance(result, str) and result:
            kind = as_text(item.get("output_format"))
            image = image_from_base64(result, f"image/{kind}" if kind else "", self.arrived)
            self._images[key] = len(self._images)
            out.append(ImageEvent(image))
        about = {name: value for name, value in item.items() if name != "result"}
        self._progress.finished[key] = about
        self._keep("items", about)

    def _keep(self, name: str, value: Any) -> None:
        self.provider_data.setdefault(name, []).append(value)

    # ---------------------------------------------------------------------------------------------- the answer

    def _head(self, response: dict[str, Any]) -> None:
        self.id = self.id or as_text(response.get("id"))
        self.model = self.model or as_text(response.get("model"))
        self._calls.seed = self.id
        self._usage = as_object(response.get("usage")) or self._usage

    def _ended(self, word: str, data: bytes, out: list[Event]) -> None:
        response = response_of(data)
        self._head(response)
        if not self._progress.count:  # not one item was announced: what there is, is here
            self._output(as_object(field_of(data, "response")), out)
        self._judge(response, word)

    def _whole_body(self, data: bytes, out: list[Event]) -> None:
        try:
            body = json.loads_object(data)
        except ValueError:
            raise MalformedStream(f"the answer is not a JSON object: {_excerpt(data)}") from None
        self.raw = body
        if "output" not in body:
            if errors.says_error(body):
                raise errors.in_band(body, self._words)
            if "status" not in body:
                raise MalformedStream(f"the answer is not a response: {_excerpt(data)}")
        self._head(body)
        self._output(body, out)
        self._judge(body, "completed")

    def _output(self, response: dict[str, Any], out: list[Event]) -> None:
        for item in as_objects(response.get("output")):
            self._finish_item(self._progress.new_key(), item, out)

    def _judge(self, response: dict[str, Any], word: str) -> None:
        self.raw_finish_reason = ending_word(response, word)
        reason = finish_reason(response, word, self._words)
        self.finish_reason = FinishReason.content_filter if reason and any(self._refusal) else reason
        self.done = reason is not None


def _arguments(value: Any) -> str:
    """JSON text; some gateways send the object itself."""
    try:
        return arguments_text(value)
    except (ValueError, RecursionError) as error:  # text that no JSON can hold
        raise MalformedStream(f"the arguments of a tool call cannot be read: {error}") from None


def _joined(parts: Any) -> str:
    return "".join(as_text(part.get("text")) for part in as_objects(parts))


def _excerpt(data: bytes) -> str:
    return page_text(data.decode("utf-8", "replace"))
