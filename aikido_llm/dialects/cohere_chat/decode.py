"""Answers of `POST /v2/chat` -> events.

A stream is typed events up to `message-end`; the unnamed `[DONE]` behind it is not JSON and not the end mark. Blocks,
calls and citations are numbered apart. The plan that some models say before calling tools counts as thinking.

source: Cohere API reference, "Chat" with streaming, read 2026-11; the `[DONE]` line as the service sent it in 2026-08.
"""

from typing import Any

from ...codecs import json
from ...codecs.text import is_blank, kind_name
from ...errors import LLMError, MalformedStream
from ...framing import WHOLE, Frame
from ...types.events import CitationEvent, Event, TextDelta, ThinkingDelta
from ...types.request import Request
from ...types.response import FinishReason
from ...types.usage import Usage
from .. import base, envelope, noise, reasoned, status
from ..call_shapes import called, in_function
from ..finish import reason_of, word_of
from ..toolcalls import ToolCalls, arguments_text
from ..values import as_count, as_id, as_object, as_objects, as_text, is_list, is_object, list_in, object_in
from ..words import NO_WORDS, Words
from . import errors, usage
from .citations import read_citation, read_logprobs
from .finish import FINISH
from .names import ToolNames
from .wire import Call, CallPiece, Content, TextPiece, mend_call, unread, unread_answer, unread_call

_SILENT = frozenset(("content-end", "tool-call-end", "citation-end", "debug"))
_READ = frozenset((
    "message-start", "content-start", "content-delta", "tool-plan-delta", "tool-call-start", "tool-call-delta",
    "citation-start", "message-end",
))  # fmt: skip
_TEXT = ("content-delta", "")
_CALLS = ("tool-call-delta", "tool-plan-delta")
_MARKS = noise.Marks(types="|".join(_READ | _SILENT))
_BLOCK = frozenset(("type", "text", "thinking"))
_text = json.Typed(TextPiece)
_call_piece = json.Typed(CallPiece)
_content = json.Typed(Content)
_call = json.Typed(Call, mend_call)


class Decoder(base.Decoder):
    """One answer."""

    opened = frozenset(("message", "delta"))
    many = frozenset(("content", "tool_calls", "citations"))
    logprob_keys = frozenset(("logprobs",))

    def __init__(self, request: Request, words: Words = NO_WORDS) -> None:
        super().__init__()
        self._words = words
        self._asked = request.model or ""
        self._names = ToolNames(request.tools)
        self._calls = ToolCalls(declared=(tool.name for tool in request.tools))
        self._plan: list[str] = []
        self._thoughts: list[str] = []
        self._usage: Any = None
        self._failure: LLMError | None = None
        self._has_content = False
        self._cut: bytes | None = None  # a last event that is not whole JSON

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        if self.done:
            return
        if self._cut is not None and frames:
            raise _not_json(self._cut)
        decode, append = _text.fast, out.append
        plain: str | None = None  # a name that is that of an event: in a run they are one object
        for frame in frames:
            name, data = frame
            if name is plain or name in _TEXT:
                plain = name
                try:
                    content = decode(data).delta.message.content
                except json.UNREADABLE:
                    pass  # not a plain piece of text
                else:
                    text = content.text
                    if text and not content.thinking:
                        append(TextDelta(text))
                    else:
                        self._said(content, out)
                    continue
            self._special(name, data, frame is frames[-1], out)
            if self.done:
                break
        self._has_content = self._has_content or bool(out)

    def _special(self, name: str, data: bytes, last: bool, out: list[Event]) -> None:
        """Any frame that is not a plain piece of text or thinking."""
        if name == WHOLE:
            self._body(data, out)
            return
        for payload in (data,) if name in _CALLS else noise.sift(name, data, _MARKS, self._error):
            try:
                piece = _call_piece.fast(payload)
            except json.UNREADABLE:
                event = self._slowly(payload, last)
                if event is not None:
                    self._event(event, name, out)
            else:
                self._call_event(piece, out)

    def _error(self, value: Any) -> LLMError:
        return errors.in_band(value, self._words)

    def _call_event(self, piece: CallPiece, out: list[Event]) -> None:
        message = piece.delta.message
        if message.tool_plan:
            self._planned(message.tool_plan, out)
        if message.tool_calls is not None:
            self._call(message.tool_calls, piece.index, out)

    def close(self, out: list[Event]) -> None:
        if self._failure is not None:
            raise self._failure
        if not self.done:
            raise base.truncated("message-end")
        reason = self.finish_reason
        if reason is None:
            raise base.truncated("a finish reason")
        if reason is FinishReason.content_filter:
            raise base.filtered(self.raw_finish_reason or "")
        self.finish_reason = self._calls.end(out, reason)
        if (
            self.finish_reason is FinishReason.stop
            and self.provider_data.get("unknown_blocks")
            and not self._has_content
        ):
            self.finish_reason = FinishReason.other  # it stopped, and nobody can tell with what

    def usage(self) -> Usage | None:
        return usage.read(self._usage)

    def replay(self) -> tuple[Any, ...]:
        """What belongs to a turn of calls beside them. The model is ours: the wire does not name it in answers."""
        if not self._calls.finished or not (self._plan or self._thoughts):
            return ()
        return ({"tool_plan": "".join(self._plan), "thinking": "".join(self._thoughts), "model": self._asked},)

    # ---------------------------------------------------------------- a stream

    def _event(self, event: dict[str, Any], name: str, out: list[Event]) -> None:
        """An event that is not a plain piece."""
        kind = as_text(event.get("type")) or name
        if kind not in _READ:
            if kind not in _SILENT and envelope.is_error(event):
                raise errors.in_band(event, self._words)
            return
        self.provider_data.update(unread(event))
        delta = _object(event.get("delta"), kind)
        message = _object(delta.get("message"), kind)
        if kind in ("message-start", "message-end"):
            if kind == "message-start":
                base.no_second(self.id, as_text(event.get("id")))
            self._identify(event)
        if kind == "message-end":
            self._end(delta)
            return
        self._spoken(message, out)
        self._calls_of(message.get("tool_calls"), event.get("index"), out)
        self._cite(message.get("citations"), out)
        self._weigh(event.get("logprobs"))

    def _slowly(self, data: bytes, last: bool) -> dict[str, Any] | None:
        """A payload as it is. None for what is to be skipped."""
        try:
            value = json.loads_frame(data)
        except ValueError:
            if last and data.lstrip()[:1] == b"{":
                self._cut = data  # cut off, if nothing follows; broken, if something does
                return None
            raise _not_json(data) from None
        if is_object(value):
            return value
        if envelope.is_error(value):
            raise errors.in_band(value, self._words)
        if value:
            raise _not_json(data)
        return None

    # ---------------------------------------------------------------- a whole body

    def _body(self, data: bytes, out: list[Event]) -> None:
        if is_blank(data):
            return
        try:
            value = json.loads_frame(data)
        except ValueError:
            raise _not_json(data) from None
        self._whole(value, data, out)

    def _whole(self, value: Any, data: bytes, out: list[Event]) -> None:
        answer = as_object(value)
        message = answer.get("message")
        if not is_object(message):
            if envelope.is_error(value):
                raise errors.in_band(value, self._words)
            raise status.no_answer("chat answer", "message", data)
        self._identify(answer)
        self.provider_data.update(unread_answer(answer))
        self._spoken(message, out)
        self._calls_of(message.get("tool_calls"), None, out)
        self._cite(message.get("citations"), out)
        self._weigh(answer.get("logprobs"))
        self._end(answer)

    # ---------------------------------------------------------------- both

    def _identify(self, event: Any) -> None:
        id = as_object(event).get("id")
        if isinstance(id, str) and not self.id:
            self.id = self._calls.seed = id

    def _spoken(self, message: dict[str, Any], out: list[Event]) -> None:
        """A message's words: what the model planned and thought before what it says."""
        thought = reasoned.under(message, "thinking").get("thinking")
        if plan := as_text(message.get("tool_plan")):
            self._planned(plan, out)
        if isinstance(thought, str):
            self._said(Content(thinking=thought), out)
        self._content(message.get("content"), out)

    def _content(self, content: Any, out: list[Event]) -> None:
        """Blocks, one of them, or text alone."""
        if is_list(content):
            for block in content:
                self._content(block, out)
        elif isinstance(content, str):
            if content:
                out.append(TextDelta(content))
        elif is_object(content):
            self._block(content, out)
        elif content is not None:
            raise MalformedStream(f"a part of the answer is not as the wire has it: {kind_name(content)}")

    def _block(self, block: dict[str, Any], out: list[Event]) -> None:
        if block.get("type") in reasoned.NAMES:
            block = {**reasoned.under(block, "thinking"), "type": "thinking"}
        if block.get("type") not in (None, "text", "thinking"):
            list_in(self.provider_data, "unknown_blocks").append(block)
            return
        if "text" not in block and isinstance(block.get("content"), str):  # as some gateways name it
            block = {**block, "text": block["content"], "content": None}
        rest = {name: item for name, item in block.items() if name not in _BLOCK and item is not None}
        if rest:
            if not block.keys() & _BLOCK:
                raise MalformedStream(f"a part of the answer has neither text nor a type, only {', '.join(rest)}")
            object_in(self.provider_data, "content").update(rest)
        known = {name: item for name, item in block.items() if name in _BLOCK}
        self._said(_converted(known, _content), out)

    def _said(self, content: Content, out: list[Event]) -> None:
        if content.text:
            out.append(TextDelta(content.text))
        if content.thinking:
            self._thoughts.append(content.thinking)
            out.append(ThinkingDelta(content.thinking))

    def _planned(self, text: str, out: list[Event]) -> None:
        self._plan.append(text)
        out.append(ThinkingDelta(text))

    def _calls_of(self, calls: Any, index: Any, out: list[Event]) -> None:
        """One call of a delta, or the list of all of them, whole."""
        for position, said in enumerate(called(calls)):
            item = in_function(said)
            item = {**item, "id": as_id(item.get("id")) or None}
            key = as_count(index) if is_object(calls) else position
            self._call(_converted(item, _call), key, out, unread_call(item))

    def _call(self, call: Call, index: int | None, out: list[Event], data: dict[str, Any] | None = None) -> None:
        function = call.function
        name = self._names.ours(function.name) if function is not None and function.name else None
        arguments = arguments_text(function.arguments) if function is not None else ""
        # A call without arguments has none at all, or, whole, this word.
        self._calls.delta(out, index, call.id, name, "" if arguments == "null" else arguments, data or None)

    def _cite(self, citations: Any, out: list[Event]) -> None:
        for value in as_objects(_list(citations)):
            out += [CitationEvent(citation) for citation in read_citation(value)]

    def _weigh(self, logprobs: Any) -> None:
        if logprobs:
            tokens, left = read_logprobs(logprobs)
            self.logprobs += tokens
            if any(left):
                list_in(self.provider_data, "logprobs").extend(left)

    def _end(self, end: dict[str, Any]) -> None:
        """`message-end`, or a whole body: both name the reason and the cost in the same fields."""
        self.done = True
        self._usage = end.get("usage") or end.get("meta")
        if word := word_of(end.get("finish_reason")):
            self.raw_finish_reason = word
            self.finish_reason = reason_of(word, FINISH)
        if self.finish_reason is FinishReason.error or (self.finish_reason is None and end.get("error")):
            said = {"error": end["error"]} if end.get("error") else {}
            self._failure = errors.in_band(said, self._words, self.raw_finish_reason or "")


def _not_json(data: bytes) -> MalformedStream:
    excerpt = status.page_text(data.decode("utf-8", "replace"))
    return MalformedStream(f"the server sent something that is not JSON of this wire: {excerpt}")


def _converted(value: Any, kind: json.Typed[json.T]) -> json.T:
    try:
        return kind.convert(value)
    except ValueError as error:
        raise MalformedStream(f"a part of the answer is not as the wire has it: {error}") from None


def _object(value: Any, kind: str) -> dict[str, Any]:
    if value is None or is_object(value):
        return value or {}
    raise MalformedStream(f"an event {kind} is not as the wire has it: it holds {kind_name(value)}")


def _list(value: Any) -> list[Any]:
    """Deltas have one object where a whole body has a list."""
    if is_list(value):
        return value
    return [] if not value else [value]
