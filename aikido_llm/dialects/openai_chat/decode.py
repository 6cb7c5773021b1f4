"""Frames, or a whole body, -> events.

source: OpenAI API reference "Chat completion chunk" and the references of the hosts named in `quirks`, read 2026-11.
"""

from typing import Any

from ... import _json
from ...errors import LLMError, MalformedStream
from ...framing import STRAY, WHOLE, Frame
from ...framing.sse import SSEFramer
from ...types.events import AudioEvent, Event, ImageEvent, TextDelta, ThinkingDelta
from ...types.request import Request
from ...types.response import FinishReason, Usage
from .. import base
from ..status import Envelope, page_text, to_error
from . import errors
from .calls import Calls
from .finish import finish_reason, is_length_error
from .media import audio_type, image_of, sound
from .quirks import Quirks
from .reasoning import ReasoningDetails, thought, thought_of_part
from .usage import find_usage, read_usage
from .wire import CHUNK, PLAIN, Choice, Chunk, Json, Message, PlainDelta, as_list, as_object, as_text, objects

_DONE = b"[DONE]"

_PROVIDER_DATA = ("provider", "service_tier", "citations", "search_results")  # the last value of each is kept


class Decoder(base.Decoder):
    """One answer. A whole body is read as a stream of one chunk whose choice has a message instead of a delta."""

    def __init__(self, quirks: Quirks, request: Request) -> None:
        super().__init__()
        self._quirks = quirks
        self._calls = Calls(request)
        self._details = ReasoningDetails()
        self._audio_type = audio_type(request)
        self._usage: Json = {}
        self._timings: Json = {}
        self._audio_id = ""
        self._last_thought = ""
        self._has_content = False
        self._refused = False

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        if self.done:
            return
        decode, append, known = PLAIN.fast, out.append, bool(self.model)
        for name, data in frames:
            if known and not name:
                try:
                    (choice,) = decode(data).choices
                except _json.UNREADABLE:
                    pass  # not plain
                else:
                    delta = choice.delta
                    if delta.tool_calls or delta.reasoning_details is not None:
                        self._message(_full(delta), out)
                        continue
                    thinking = delta.reasoning_content or delta.reasoning
                    if thinking:
                        self._think(thinking, out)
                    text = delta.content
                    if text:
                        append(TextDelta(text))
                    continue
            self._special(name, data, out)
            if self.done:
                break
            known = bool(self.model)
        if out:
            self._has_content = True

    def close(self, out: list[Event]) -> None:
        if not self.done and (self._quirks.done_required or self.finish_reason is None):
            raise base.truncated("its [DONE] mark" if self.finish_reason else "its finish reason")
        reason = self.finish_reason
        if self._refused or reason is FinishReason.content_filter:
            self.finish_reason = FinishReason.content_filter
            raise base.filtered(self.raw_finish_reason or "refusal")
        if reason is FinishReason.error:
            raise self._failed()
        called = self._calls.finish(out, cut=reason is FinishReason.length)
        if called and reason in (None, FinishReason.stop):
            self.finish_reason = FinishReason.tool_calls
        elif reason is None and self._has_content:
            self.finish_reason = FinishReason.stop  # some models never send one: [DONE] behind content is the end
        elif reason is None:
            raise base.truncated("any content or finish reason")

    def usage(self) -> Usage | None:
        return read_usage(self._usage, self._timings)

    def replay(self) -> tuple[Any, ...]:
        """What the assistant's message must carry beside its text and calls, as one object to merge into it."""
        kept: Json = {}
        if self._details.seen and self._quirks.reasoning_replay == "details":
            kept["reasoning_details"] = self._details.replay()
        if self._audio_id:
            kept["audio"] = {"id": self._audio_id}
        if self._calls.extra_content:
            kept["extra_content"] = self._calls.extra_content  # call id -> Google's thought signatures
        return (kept,) if kept else ()

    # ------------------------------------------------------------------ frames

    def _special(self, name: str, data: bytes, out: list[Event]) -> None:
        """Any frame that is not a chunk with just a piece of content in it."""
        if name == WHOLE:
            self._whole(data, out)
        elif name == STRAY:
            self._stray(data)
        elif name == "error":
            raise errors.error_inside(_json_or_text(data), self._quirks)
        elif data.lstrip()[:1] == b"{":
            self._chunk_of(data, out)
        else:
            self._no_chunk(data)

    def _stray(self, data: bytes) -> None:
        """Bare JSON between the events: a gateway's last words before it closes."""
        try:
            value = _json.loads(data)
        except ValueError:
            return
        if errors.is_error(value):
            raise errors.error_inside(value, self._quirks)

    def _chunk_of(self, data: bytes, out: list[Event]) -> None:
        try:
            value = _json.loads(data)
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
        if _DONE.startswith(text) or b"null".startswith(text):  # nothing, or half an end mark: `close` will miss the end
            return
        try:
            value = _json.loads(text)
        except ValueError:
            raise _malformed(data) from None
        if errors.is_error(value):
            raise errors.error_inside(value, self._quirks)
        if value:
            raise _malformed(data)

    # ------------------------------------------------------------------ bodies

    def _whole(self, body: bytes, out: list[Event]) -> None:
        """A body that is one document. Keep-alive blanks may stand before it, or it is a stream that lost its label."""
        text = body.strip()
        if text.startswith((b"data:", b"event:", b":")):
            self._mislabelled(text, out)
            return
        try:
            value = _json.loads(text)
        except ValueError:
            excerpt = page_text(text[:4000].decode("utf-8", "replace"))
            raise MalformedStream(f"the answer is not JSON: {excerpt}" if excerpt else "the answer is empty") from None
        self.raw = value
        self.done = True
        answer = as_object(value)
        if not answer.get("choices") and objects(as_object(answer.get("provider")).get("choices")):
            answer = as_object(answer["provider"])  # a router once nested the real answer there
        if not answer:
            if errors.is_error(value):
                raise errors.error_inside(value, self._quirks)
            raise _malformed(text)
        self._chunk(CHUNK.convert(answer), answer, out, whole=True)

    def _mislabelled(self, body: bytes, out: list[Event]) -> None:
        framer, frames = SSEFramer(len(body)), list[Frame]()
        framer.feed(body, frames)
        framer.close(frames)
        self.feed(frames, out)

    # ------------------------------------------------------------------ chunks

    def _chunk(self, chunk: Chunk, value: Json, out: list[Event], *, whole: bool = False) -> None:
        self._note(value)
        for choice in chunk.choices or ():
            if not choice.index:
                self._choice(choice, out, whole=whole)
        if chunk.error or (not chunk.choices and errors.is_error(value)):
            self._fail(errors.error_inside(value, self._quirks), out)
        groq = as_object(value.get("x_groq")).get("error")
        if groq:
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
        self._calls.seed = self.id or str(value.get("created") or "")
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
        if message is None:
            message = choice.delta if whole else choice.message if not (self._has_content or out) else None
        if message is not None:
            self._message(message, out)
        word, native = as_text(choice.finish_reason), as_text(choice.native_finish_reason)
        if word:
            self._finish(word)
        if native == "network_error":  # seen behind a finish reason that looks benign
            self._finish(native)
        for entry in as_list(as_object(choice.logprobs).get("content")):
            self.provider_data.setdefault("logprobs", []).append(entry)
        if choice.error:
            raise errors.error_inside(choice.error, self._quirks)

    def _finish(self, word: str) -> None:
        """The first word counts, but a later failure overrides it."""
        reason = finish_reason(word)
        if self.finish_reason is None or reason in (FinishReason.error, FinishReason.content_filter):
            self.finish_reason, self.raw_finish_reason = reason, word

    def _failed(self) -> LLMError:
        word = self.raw_finish_reason or "error"
        return to_error(Envelope(f"the provider ended the answer with {word!r}", (word,)), errors.CODES)

    # ------------------------------------------------------------------ content

    def _message(self, message: Message, out: list[Event]) -> None:
        if message.reasoning_details is not None:
            self._details.add(message.reasoning_details)
        said = thought(message)
        if said:
            self._think(said, out)
        content = message.content
        if isinstance(content, str):
            if content:
                out.append(TextDelta(content))
        elif content:
            self._parts(objects(content), out, thoughts=not said)
        if message.refusal and isinstance(message.refusal, str):
            self._refused = True
            out.append(TextDelta(message.refusal))
        if message.tool_calls or message.function_call:
            self._calls.read(message, out, self.provider_data)
        if message.images or message.audio or message.annotations:
            self._media(message, out)

    def _think(self, text: str, out: list[Event]) -> None:
        if self._quirks.drop_repeated_reasoning:
            if text == self._last_thought:
                return
            self._last_thought = text
        out.append(ThinkingDelta(text))

    def _parts(self, parts: list[Json], out: list[Event], *, thoughts: bool) -> None:
        """Content as a list; kinds that we do not know are kept for the caller."""
        for part in parts:
            kind = part.get("type")
            text = as_text(part.get("text")) if kind in ("text", "output_text") else as_text(part.get("refusal"))
            image = image_of(part)
            if kind in ("thinking", "reasoning"):
                text = ""
                said = thought_of_part(part)
                if said and thoughts:
                    self._think(said, out)
            elif kind == "refusal" and text:
                self._refused = True
            elif image is not None:
                out.append(ImageEvent(image))
            elif kind not in ("text", "output_text"):
                self.provider_data.setdefault("parts", []).append(part)
            if text:
                out.append(TextDelta(text))

    def _media(self, message: Message, out: list[Event]) -> None:
        for item in as_list(message.images):
            image = image_of(item)
            if image is not None:
                out.append(ImageEvent(image))
        for annotation in objects(message.annotations):
            self.provider_data.setdefault("annotations", []).append(annotation)
        audio = as_object(message.audio)
        self._audio_id = self._audio_id or as_text(audio.get("id"))
        data, transcript = as_text(audio.get("data")), as_text(audio.get("transcript"))
        if data or transcript:
            piece = sound(data, transcript, self._audio_type)
            self._audio_type = self._audio_type or piece.content_type
            out.append(AudioEvent(piece))


def _full(delta: PlainDelta) -> Message:
    return Message(delta.content, delta.reasoning_content, delta.reasoning, delta.reasoning_details, delta.tool_calls)


def _malformed(data: bytes) -> MalformedStream:
    return MalformedStream(f"an event is not a JSON object: {page_text(data[:400].decode('utf-8', 'replace'))}")


def _json_or_text(data: bytes) -> Any:
    try:
        return _json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace")
