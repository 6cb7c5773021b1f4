"""Answers of `POST /api/chat` -> events.

Every line is a piece of the answer; the one with `done: true` is the last, and may hold text and calls of its own. A
whole body is that line alone.

source: Ollama docs, "API" and "Streaming", and the server's answer types, read 2026-11.
"""

from typing import Any, TypeAlias

from ...codecs import json
from ...codecs.text import is_blank
from ...errors import LLMError, MalformedStream
from ...framing import WHOLE, Frame
from ...framing.places import Places
from ...types.events import Event, ImageEvent, TextDelta, ThinkingDelta
from ...types.request import Request
from ...types.response import FinishReason
from ...types.usage import Usage
from .. import base, envelope, media, noise, status
from ..counts import READ, WRITTEN, as_counts
from ..finish import reason_of, word_of
from ..toolcalls import ToolCalls, arguments_text
from ..values import as_count, as_object, first_count, list_in
from ..words import NO_WORDS, Words
from . import errors
from .finish import FINISH
from .logprobs import read as read_logprobs
from .wire import COUNTS, Call, Line, Message, PlainLine, in_shape, mend, unread

_MARKS = noise.Marks(["message", "done"], lines=True)
_plain = json.Typed(PlainLine)
_line = json.Typed(Line, mend)


_Called: TypeAlias = tuple[str | None, str | None, str]
"""A call's id, name and arguments."""


class Decoder(base.Decoder):
    """One answer."""

    media_places = Places(["message.images[]"])
    opened = frozenset(("message",))
    many = frozenset(("tool_calls", "images"))
    logprob_keys = frozenset(("logprobs",))

    def __init__(self, request: Request, words: Words = NO_WORDS) -> None:
        super().__init__()
        self._words = words
        self._limit = request.max_tokens
        self._calls = ToolCalls()
        self._count = 0  # of calls, by arrival
        self._before: set[_Called] = set()  # those with an id, of earlier lines
        self._here: list[_Called] = []  # of this line
        self._said = False  # there was text or a picture
        self._last: bytes | None = None  # the line with the counts
        self._evaluated: Any = None
        self._counts: dict[str, Any] = {}  # of a whole body
        self._cut: bytes | None = None  # a last line that is not whole JSON

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        if self.done:
            return
        if self._cut is not None and frames:
            raise _not_json(self._cut)
        decode, append, known = _plain.fast, out.append, bool(self.model)
        for name, data in frames:
            if known and not name:
                try:
                    message = decode(data).message
                except json.UNREADABLE:
                    pass
                else:
                    if message.thinking:
                        append(ThinkingDelta(message.thinking))
                    text = message.content
                    if text:
                        append(TextDelta(text))
                    continue
            self._said = self._said or any(type(event) is TextDelta for event in out)
            if not self._special(name, data, data is frames[-1][1], out):
                return
            known = bool(self.model)
        self._said = self._said or any(type(event) is TextDelta for event in out)

    def _special(self, name: str, data: bytes, last: bool, out: list[Event]) -> bool:
        """Any frame that is not a plain piece of text; whether to go on."""
        if name == WHOLE:
            self._whole(data, out)
            return False
        return all(self._any_line(payload, last, out) for payload in noise.sift(name, data, _MARKS, self._error))

    def _error(self, value: Any) -> LLMError:
        return errors.in_band(value, self._words)

    def _any_line(self, data: bytes, last: bool, out: list[Event]) -> bool:
        try:
            line = _line.fast(data)
        except json.UNREADABLE:
            if parts := noise.apart(data):
                return all(self._any_line(part, last, out) for part in parts)
            found = self._slowly(data, last)
            if found is None:
                return False
            line = found
        if line.message is None and not line.done and (not line.error or line.error is True):
            self._told(envelope.of_event(data))
        self._read(line, out)
        if line.done:
            self._end(line, data)
        return not line.done

    def close(self, out: list[Event]) -> None:
        if not self.done:
            raise base.truncated('the line with "done": true')
        if self.finish_reason is FinishReason.content_filter:
            raise base.filtered(self.raw_finish_reason or "")
        self.finish_reason = self._calls.end(out, self.finish_reason or self._unsaid())

    def usage(self) -> Usage | None:
        """Counts of 0 are left out by the server, and so are None here; the parts of a prompt that came from its cache
        are not told, nor is the reasoning apart from the answer. Durations in raw are nanoseconds."""
        fields = self._counts or as_object(_parsed(self._last))
        raw = {name: fields[name] for name in COUNTS if fields.get(name) is not None} or as_counts(fields.get("usage"))
        if not raw:
            return None
        return Usage(first_count(raw, "prompt_eval_count", *READ), first_count(raw, "eval_count", *WRITTEN), raw=raw)

    # ---------------------------------------------------------------- reading

    def _read(self, line: Line, out: list[Event]) -> None:
        if line.error:
            raise errors.in_band(line.error, self._words)
        if not self.model and line.model:
            self.model = line.model
        message = line.message
        if message is None:
            return
        if message.thinking:
            out.append(ThinkingDelta(message.thinking))
        if message.content:
            self._said = True
            out.append(TextDelta(message.content))
        if message.tool_calls or message.images or line.logprobs:
            self._rarely(line, message, out)

    def _rarely(self, line: Line, message: Message, out: list[Event]) -> None:
        for image in message.images or ():
            self._said = True
            out.append(ImageEvent(media.image_from_base64(image, arrived=self.arrived)))
        for call in message.tool_calls or ():
            if call is not None and call.function is not None:
                self._call(call, str(line.created_at or ""), out)
        self._before.update(self._here)
        if line.logprobs:
            tokens, left = read_logprobs(line.logprobs)
            self.logprobs += tokens
            if any(left):
                list_in(self.provider_data, "logprobs").extend(left)

    def _call(self, call: Call, created_at: str, out: list[Event]) -> None:
        """Calls come whole. Their ids are missing on older servers: made ones differ from answer to answer by time."""
        function = call.function
        assert function is not None
        arguments = arguments_text(function.arguments)
        self._calls.seed = self._calls.seed or created_at
        said = (call.id, function.name, arguments)
        if said in self._before:
            return  # the whole call again
        if call.id:
            self._here.append(said)
        self._calls.delta(out, self._count, call.id, function.name, arguments)
        self._count += 1

    def _slowly(self, data: bytes, last: bool) -> Line | None:
        """A line that is not JSON of the expected shape. None for one that may be cut off, if nothing follows."""
        try:
            value = json.loads_frame(data)
        except ValueError:
            if last and data.lstrip()[:1] == b"{":
                self._cut = data
                return None
            raise _not_json(data) from None
        return self._converted(value)

    def _whole(self, data: bytes, out: list[Event]) -> None:
        if is_blank(data):
            return
        try:
            value = json.loads_frame(data)
        except ValueError:
            if parts := noise.apart(data):
                for part in parts:
                    self._any_line(part, True, out)
                return
            raise _not_json(data) from None
        line = self._converted(value)
        self._counts = {name: item for name, item in as_object(value).items() if name in (*COUNTS, "usage")}
        if line.error is True:
            self._told(value)
        self._read(line, out)
        if line.message is None and line.done is None:
            self._told(value)
            raise status.no_answer("chat answer", "message", data)
        if line.done is not False:
            self._end(line, None)

    def _told(self, value: Any) -> None:
        """JSON that holds no piece of an answer may be an error, of the server or of what stands in between."""
        if envelope.is_error(value):
            raise errors.in_band(value, self._words)

    def _converted(self, value: Any) -> Line:
        value = in_shape(value)
        try:
            line = _line.convert(value)
        except ValueError as error:
            self._told(value)
            raise MalformedStream(f"a line is not as the wire has it: {error}") from None
        if line.message is not None or line.done is not None:  # else it is no line of the wire
            self.provider_data.update(unread(value))
        return line

    def _end(self, line: Line, data: bytes | None) -> None:
        self.done = True
        self._last = data
        self._evaluated = line.eval_count
        if word := word_of(line.done_reason):
            self.raw_finish_reason, self.finish_reason = word, reason_of(word, FINISH)

    def _unsaid(self) -> FinishReason:
        """Older servers name no reason, nor do aborted runs: then the answer counts as whole only if there is one."""
        if self._limit is not None and as_count(self._evaluated) == self._limit:
            return FinishReason.length
        if self._said or self._calls:
            return FinishReason.stop
        raise base.truncated("a reason for its end, and before any text")


def _parsed(line: bytes | None) -> Any:
    try:
        return None if line is None else json.loads(line)
    except ValueError:  # the quick reader skips strings that it does not need, whatever their bytes
        return None


def _not_json(data: bytes) -> MalformedStream:
    excerpt = status.page_text(data.decode("utf-8", "replace"))
    return MalformedStream(f"the server sent something that is not JSON: {excerpt}")
