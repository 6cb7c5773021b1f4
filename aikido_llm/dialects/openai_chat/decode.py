"""Frames, or a whole body, -> events.

source: OpenAI API reference "Chat completion chunk" and the references of the hosts named in `quirks`, read 2026-11.
"""

from typing import Any

from ...codecs import json
from ...errors import LLMError, MalformedStream
from ...framing import WHOLE, Frame
from ...framing.places import Places
from ...types.events import Event, TextDelta
from ...types.request import Request
from ...types.response import FinishReason
from ...types.usage import Usage
from .. import base, envelope, noise
from ..finish import OVERRIDING, reason_of
from ..status import page_text
from ..values import as_list, as_object, as_objects, as_text
from . import errors
from .content import Content
from .finish import FINISH, is_length_error
from .media import IMAGE_PLACES
from .quirks import Quirks
from .usage import find_usage, read_usage
from .wire import CHUNK, NOTHING, PLAIN, Choice, Chunk, Json

_DONE = b"[DONE]"
_MARKS = noise.Marks(["choices", "usage"], end=True)
_LOOK_FOR_NAMES = 8  # chunks: some hosts name the model in the second or third, some never

_PROVIDER_DATA = ("provider", "service_tier", "citations", "search_results")  # the last value of each is kept


class Decoder(base.Decoder):
    """One answer. A whole body is read as a stream of one chunk whose choice has a message instead of a delta."""

    media_places = Places(
        f"choices[].{message}.{place}" for message in ("delta", "message") for place in (*IMAGE_PLACES, "audio.data")
    )

    def __init__(self, quirks: Quirks, request: Request) -> None:
        super().__init__()
        self._quirks = quirks
        self._content = Content(quirks, request, self.provider_data)
        self._usage: Json = {}
        self._timings: Json = {}
        self._has_content = False
        self._unnamed = _LOOK_FOR_NAMES  # chunks that are still read in full, because none has named the model yet

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        if self.done:
            return
        decode, append, known = PLAIN.fast, out.append, self._unnamed <= 0
        for name, data in frames:
            if known and not name:
                try:
                    (choice,) = decode(data).choices
                except json.UNREADABLE:
                    pass  # not plain
                else:
                    delta = choice.delta
                    if delta.tool_calls or delta.reasoning_details is not None:
                        self._content.plain(delta, out)
                        continue
                    thinking = delta.reasoning_content or delta.reasoning
                    if thinking:
                        self._content.think(thinking, out)
                    text = delta.content
                    if text:
                        append(TextDelta(text))
                    continue
            self._special(name, data, out)
            if self.done:
                break
            self._unnamed = 0 if self.model else self._unnamed - 1
            known = self._unnamed <= 0
        if out:
            self._has_content = True

    def close(self, out: list[Event]) -> None:
        if not self.done and (self._quirks.done_required or self.finish_reason is None):
            raise base.truncated("its [DONE] mark" if self.finish_reason else "its finish reason")
        reason = self.finish_reason
        if self._content.refused or reason is FinishReason.content_filter:
            self.finish_reason = FinishReason.content_filter
            raise base.filtered(self.raw_finish_reason or "refusal")
        if reason is FinishReason.error:
            raise self._failed()
        called = self._content.calls.finish(out, cut=reason is FinishReason.length)
        if called and reason in (None, FinishReason.stop):
            self.finish_reason = FinishReason.tool_calls
        elif reason is None and self._has_content:
            self.finish_reason = FinishReason.stop  # some models never send one: [DONE] behind content is the end
        elif reason is None:
            raise base.truncated("any content or finish reason")

    def usage(self) -> Usage | None:
        return read_usage(self._usage, self._timings)

    def replay(self) -> tuple[Any, ...]:
        return self._content.replay()

    # ------------------------------------------------------------------ frames

    def _special(self, name: str, data: bytes, out: list[Event]) -> None:
        """Any frame that is not a chunk with just a piece of content in it."""
        if name == WHOLE:
            self._whole(data, out)
            return
        for payload in noise.sift(name, data, _MARKS, self._error):
            if payload.lstrip()[:1] == b"{":
                self._chunk_of(payload, out)
            else:
                self._no_chunk(payload)

    def _error(self, value: Any) -> LLMError:
        return errors.error_inside(value, self._quirks)

    def _chunk_of(self, data: bytes, out: list[Event]) -> None:
        try:
            value = json.loads(data)
            chunk = CHUNK.convert(value)
        except ValueError:
            raise _malformed(data) from None
        self._chunk(chunk, as_object(value), out)

    def _no_chunk(self, data: bytes) -> None:
        """Data that is no JSON object: the end mark, nothing at all, or a fault."""
        text = data.strip()
        if text.startswith(_DONE):
            self.done = True
            return
        if _DONE.startswith(text) or b"null".startswith(
            text
        ):  # nothing, or half an end mark: `close` will miss the end
            return
        try:
            value = json.loads(text)
        except ValueError:
            raise _malformed(data) from None
        if envelope.is_error(value):
            raise errors.error_inside(value, self._quirks)
        if value:
            raise _malformed(data)

    # ------------------------------------------------------------------ bodies

    def _whole(self, body: bytes, out: list[Event]) -> None:
        """A body that is one document."""
        text = body.strip()
        try:
            value = json.loads(text)
        except ValueError:
            excerpt = page_text(text[:4000].decode("utf-8", "replace"))
            raise MalformedStream(f"the answer is not JSON: {excerpt}" if excerpt else "the answer is empty") from None
        self.raw = value
        self.done = True
        answer = as_object(value)
        if not answer.get("choices") and as_objects(as_object(answer.get("provider")).get("choices")):
            answer = as_object(answer["provider"])  # a router once nested the real answer there
        if not answer and envelope.is_error(value):
            raise errors.error_inside(value, self._quirks)
        if not answer:
            raise _malformed(text)
        if "choices" not in answer and not envelope.is_error(answer):
            raise MalformedStream("the body is JSON, but no chat completion: it has no choices", permanent=True)
        try:
            chunk = CHUNK.convert(answer)
        except ValueError:
            raise _malformed(text) from None
        self._chunk(chunk, answer, out, whole=True)

    # ------------------------------------------------------------------ chunks

    def _chunk(self, chunk: Chunk, value: Json, out: list[Event], *, whole: bool = False) -> None:
        self._note(value)
        for choice in chunk.choices or ():
            if not choice.index:
                self._choice(choice, out, whole=whole)
        if envelope.fails(value) or (not chunk.choices and envelope.is_error(value)):
            self._fail(errors.error_inside(value, self._quirks), out)
        if chunk.x_groq and (groq := as_object(chunk.x_groq).get("error")):
            self._fail(errors.error_inside(groq, self._quirks), out)

    def _fail(self, error: LLMError, out: list[Event]) -> None:
        """Raises, except for OpenAI's error that means the token limit: behind content that is a `length` end."""
        if is_length_error(error) and (self._has_content or out):
            self.finish_reason = FinishReason.length
            return
        raise error

    def _note(self, value: Json) -> None:
        self.id = self.id or as_text(value.get("id"))
        self.model = self.model or as_text(value.get("model"))
        self._content.calls.seed = self.id or str(value.get("created") or "")
        self._usage = find_usage(value) or self._usage
        self._timings = as_object(value.get("timings")) or self._timings
        for key in _PROVIDER_DATA:
            if value.get(key):
                self.provider_data[key] = value[key]

    def _choice(self, choice: Choice, out: list[Event], *, whole: bool) -> None:
        if choice.index:
            return
        # Perplexity sends both, the message cumulative; a stream's message counts only where there are no deltas.
        message = choice.message if whole else choice.delta
        if message is None or message == NOTHING:
            message = choice.delta if whole else choice.message if not (self._has_content or out) else None
        if message is not None:
            self._content.read(message, out, self.arrived)
        word, native = as_text(choice.finish_reason), as_text(choice.native_finish_reason)
        if word:
            self._finish(word)
        if native == "network_error":  # seen behind a finish reason that looks benign
            self._finish(native)
        if choice.logprobs:
            for entry in as_list(as_object(choice.logprobs).get("content")):
                self.provider_data.setdefault("logprobs", []).append(entry)
        if choice.error:
            raise errors.error_inside(choice.error, self._quirks)

    def _finish(self, word: str) -> None:
        """The first word counts, but a later failure overrides it."""
        reason = reason_of(word, FINISH)
        if self.finish_reason is None or reason in OVERRIDING:
            self.finish_reason, self.raw_finish_reason = reason, word

    def _failed(self) -> LLMError:
        return errors.ended_in_error(self.raw_finish_reason or "error", self._quirks)


def _malformed(data: bytes) -> MalformedStream:
    return MalformedStream(f"an event is not a JSON object: {page_text(data[:400].decode('utf-8', 'replace'))}")
