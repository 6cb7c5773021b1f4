"""Answers of `POST /v2/chat` -> events.

A stream is typed events up to `message-end`; the unnamed `[DONE]` behind it is not JSON and not the end mark. Blocks,
calls and citations are numbered apart. The plan that some models say before calling tools counts as thinking.

source: Cohere API reference, "Chat" with streaming, read 2026-11; the `[DONE]` line as the service sent it in 2026-08.
"""

from typing import Any

from ...codecs import json
from ...errors import LLMError, MalformedStream
from ...framing import STRAY, WHOLE, Frame
from ...types.events import Event, TextDelta, ThinkingDelta
from ...types.request import Request
from ...types.response import FinishReason
from ...types.usage import Usage
from .. import base, envelope, noise, status
from ..finish import reason_of
from ..toolcalls import ToolCalls, arguments_text
from ..values import as_object, as_text, is_list, is_object
from ..words import NO_WORDS, Words
from . import errors, usage
from .finish import FINISH
from .names import ToolNames
from .wire import Call, Content, Message, Piece, TextPiece

_SILENT = frozenset(("content-end", "tool-call-end", "citation-end", "debug"))
_READ = frozenset((
    "message-start", "content-start", "content-delta", "tool-plan-delta", "tool-call-start", "tool-call-delta",
    "citation-start", "message-end",
))  # fmt: skip
_NO_EVENTS = (STRAY, WHOLE, "error")
_MARKS = noise.Marks(types="|".join(_READ | _SILENT))
_text = json.Typed(TextPiece)
_piece = json.Typed(Piece)
_content = json.Typed(Content)
_call = json.Typed(Call)


class Decoder(base.Decoder):
    """One answer."""

    def __init__(self, request: Request, words: Words = NO_WORDS) -> None:
        super().__init__()
        self._words = words
        self._asked = request.model or ""
        self._names = ToolNames(request.tools)
        self._calls = ToolCalls()
        self._plan: list[str] = []
        self._thoughts: list[str] = []
        self._usage: Any = None
        self._failure: LLMError | None = None
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
            if name is plain or name not in _NO_EVENTS:
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
                        self._content(content, out)
                    continue
            self._special(name, data, frame is frames[-1], out)
            if self.done:
                return

    def _special(self, name: str, data: bytes, last: bool, out: list[Event]) -> None:
        """Any frame that is not a plain piece of text or thinking."""
        if name == WHOLE:
            self._body(data, out)
            return
        for payload in noise.sift(name, data, _MARKS, self._error):
            try:
                piece: Piece | None = _piece.fast(payload)
            except json.UNREADABLE:
                piece = self._slowly(payload, last)
            if piece is not None:
                self._event(piece, name, payload, out)

    def _error(self, value: Any) -> LLMError:
        return errors.in_band(value, self._words)

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
        calls = self._calls
        calls.finish(out, cut=reason is FinishReason.length)
        if reason is FinishReason.tool_calls and not calls.finished:
            raise MalformedStream("the answer says that it ends in tool calls, and has none", code="TOOL_CALL")
        if reason is FinishReason.stop and calls.finished:
            self.finish_reason = FinishReason.tool_calls

    def usage(self) -> Usage | None:
        return usage.read(self._usage)

    def replay(self) -> tuple[Any, ...]:
        """What belongs to a turn of calls beside them. The model is ours: the wire does not name it in answers."""
        if not self._calls.finished or not (self._plan or self._thoughts):
            return ()
        return ({"tool_plan": "".join(self._plan), "thinking": "".join(self._thoughts), "model": self._asked},)

    # ---------------------------------------------------------------- a stream

    def _event(self, piece: Piece, name: str, data: bytes, out: list[Event]) -> None:
        kind = piece.type or name
        message = piece.delta.message if piece.delta is not None else None
        if kind == "content-delta":
            if message is not None:
                self._content(message.content, out)
            if piece.logprobs is not None:
                self.provider_data.setdefault("logprobs", []).append(piece.logprobs)
        elif kind == "tool-call-delta" or kind == "tool-call-start":
            if message is not None:
                self._call(message.tool_calls, piece.index, out)
        elif kind == "tool-plan-delta":
            if message is not None and message.tool_plan:
                self._planned(message.tool_plan, out)
        elif kind not in _SILENT:
            try:
                event = json.loads(data)
            except ValueError:  # the quick reader skips strings that it does not need, whatever their bytes
                raise _not_json(data) from None
            self._rarely(kind, message, event, out)

    def _rarely(self, kind: str, message: Message | None, event: Any, out: list[Event]) -> None:
        delta = as_object(as_object(event).get("delta"))
        if kind == "content-start":
            content = as_object(delta.get("message")).get("content")
            if message is not None and not self._unknown(content):
                self._content(message.content, out)
        elif kind == "message-start":
            self._identify(event)
        elif kind == "citation-start":
            self._cite(as_object(delta.get("message")).get("citations"))
        elif kind == "message-end":
            self._identify(event)
            self._end(delta)
        elif envelope.is_error(event):
            raise errors.in_band(event, self._words)

    def _slowly(self, data: bytes, last: bool) -> Piece | None:
        """A payload that is not JSON of the expected shape. None for what is to be skipped."""
        try:
            value = json.loads(data)
        except ValueError:
            if last and data.lstrip()[:1] == b"{":
                self._cut = data  # cut off, if nothing follows; broken, if something does
                return None
            raise _not_json(data) from None
        kind = str(as_object(value).get("type"))
        try:
            return _piece.convert(value)
        except ValueError as error:
            if envelope.is_error(value):
                raise errors.in_band(value, self._words) from None
            if kind in _READ:
                raise MalformedStream(f"an event {kind} is not as the wire has it: {error}") from None
            return None

    # ---------------------------------------------------------------- a whole body

    def _body(self, data: bytes, out: list[Event]) -> None:
        if not data.strip():
            return
        try:
            self.raw = json.loads(data)
        except ValueError:
            raise _not_json(data) from None
        self._whole(self.raw, out)

    def _whole(self, value: Any, out: list[Event]) -> None:
        answer = as_object(value)
        message = answer.get("message")
        if not is_object(message):
            if envelope.is_error(value):
                raise errors.in_band(value, self._words)
            raise MalformedStream("the body is JSON, but no chat answer: it has no message")
        self._identify(answer)
        if plan := as_text(message.get("tool_plan")):
            self._planned(plan, out)
        content = message.get("content")
        self._content(content if isinstance(content, str) else _list(content), out)
        self._call(_list(message.get("tool_calls")), None, out)
        self._cite(message.get("citations"))
        if answer.get("logprobs"):
            self.provider_data["logprobs"] = _list(answer["logprobs"])
        self._end(answer)

    # ---------------------------------------------------------------- both

    def _identify(self, event: Any) -> None:
        id = as_object(event).get("id")
        if isinstance(id, str) and not self.id:
            self.id = self._calls.seed = id

    def _content(self, content: Content | list[Any] | str | None, out: list[Event]) -> None:
        if isinstance(content, Content):
            if content.text:
                out.append(TextDelta(content.text))
            if content.thinking:
                self._thoughts.append(content.thinking)
                out.append(ThinkingDelta(content.thinking))
        elif isinstance(content, str):
            if content:
                out.append(TextDelta(content))
        elif content:
            for block in content:
                if not self._unknown(block):
                    self._content(_converted(block, _content), out)

    def _planned(self, text: str, out: list[Event]) -> None:
        self._plan.append(text)
        out.append(ThinkingDelta(text))

    def _unknown(self, block: Any) -> bool:
        kind = as_object(block).get("type")
        if kind is None or kind in ("text", "thinking"):
            return False
        self.provider_data.setdefault("unknown_blocks", []).append(block)
        return True

    def _call(self, call: Call | list[Any] | None, index: int | None, out: list[Event]) -> None:
        """One call of a delta, or the list of all of them, whole."""
        if isinstance(call, list):
            for position, item in enumerate(call):
                self._call(_converted(item, _call), position, out)
        elif call is not None:
            function = call.function
            name = self._names.ours(function.name) if function is not None and function.name else None
            arguments = _arguments(function.arguments) if function is not None else ""
            # A call without arguments has none at all, or, whole, this word.
            self._calls.delta(out, index, call.id, name, "" if arguments == "null" else arguments)

    def _cite(self, citations: Any) -> None:
        found = [item for item in _list(citations) if item is not None]
        if found:
            self.provider_data.setdefault("citations", []).extend(found)

    def _end(self, end: dict[str, Any]) -> None:
        """`message-end`, or a whole body: both name the reason and the cost in the same fields."""
        self.done = True
        self._usage = end.get("usage")
        word = end.get("finish_reason")
        if isinstance(word, str) and word:
            self.raw_finish_reason = word
            self.finish_reason = reason_of(word, FINISH)
        if self.finish_reason is FinishReason.error or (self.finish_reason is None and end.get("error")):
            said = {"error": end["error"]} if end.get("error") else {}
            self._failure = errors.in_band(said, self._words, self.raw_finish_reason or "")


def _not_json(data: bytes) -> MalformedStream:
    excerpt = status.page_text(data.decode("utf-8", "replace"))
    return MalformedStream(f"the server sent something that is not JSON: {excerpt}")


def _arguments(value: Any) -> str:
    try:
        return arguments_text(value)
    except (ValueError, RecursionError) as error:
        raise MalformedStream(f"the arguments of a call cannot be written as JSON: {error}") from None


def _converted(value: Any, kind: json.Typed[json.T]) -> json.T:
    try:
        return kind.convert(value)
    except ValueError as error:
        raise MalformedStream(f"a part of the answer is not as the wire has it: {error}") from None


def _list(value: Any) -> list[Any]:
    """Deltas have one object where a whole body has a list."""
    if is_list(value):
        return value
    return [] if value is None else [value]
