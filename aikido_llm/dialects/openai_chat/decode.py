"""Frames, or a whole body, -> events.

source: OpenAI API reference "Chat completion chunk" and the references of the hosts named in `quirks`, read 2026-11.
"""

import re
import sys
from typing import Any

from ...codecs import json
from ...errors import LLMError, MalformedStream
from ...framing import WHOLE, Frame
from ...framing.places import Places
from ...types.events import Event
from ...types.request import Request
from ...types.response import FinishReason, Response
from ...types.usage import Usage
from .. import base, envelope, noise
from ..status import no_answer, page_text
from ..values import as_count, as_object, as_objects, as_text, one_or_more
from . import errors, wire
from .alike import Alike
from .choice import Choice, Further
from .finish import is_length_error
from .media import IMAGE_PLACES
from .quirks import Quirks
from .rest import ANSWER, CHOICE, HARMLESS, keep
from .sources import TYPED as LISTED
from .usage import find_usage, read_usage
from .wire import FACTS, Facts, Json, Place, only_piece, plain_choice, says_anything

_DONE = b"[DONE]"
_MARKS = noise.Marks(["choices", "usage"], end=True)
_LOOK_FOR_NAMES = 8  # chunks: some hosts name the model in the second or third, some never
_WAITED_FOR = 8  # events: the first ones shall not come later because something is learned from them
_READ = ANSWER | LISTED
_NONE: frozenset[str] = frozenset()
_WITH_CALLS = (FinishReason.tool_calls, FinishReason.stop)
_OF_CALLS = re.compile(rb'"tool_calls"\s*:')


class Decoder(base.Decoder):
    """One answer. A whole body is read as a stream of one chunk whose choices have a message instead of a delta.

    The end is the finish reason of every choice, whatever comes or does not come behind it: hosts leave `[DONE]` out.
    """

    media_places = Places(
        f"choices[].{message}.{place}" for message in ("delta", "message") for place in (*IMAGE_PLACES, "audio.data")
    )
    opened = frozenset(("choices", "message", "delta", "provider"))
    many = frozenset(
        ("content", "parts", "tool_calls", "function_call", "images", "annotations", "citations", "reasoning_details")
    )
    logprob_keys = frozenset(("logprobs",))

    def __init__(self, quirks: Quirks, request: Request) -> None:
        super().__init__()
        self._quirks = quirks
        self._request = request
        self._first = Choice(quirks, request, self.provider_data, self.logprobs)
        self._further: dict[Any, Further] = {}  # by index
        self._asked = max(as_count(request.n or request.extra.get("n")) or 1, 1)  # choices
        self._content = self._first.content
        self._usage: Json = {}
        self._timings: Json = {}
        self._alike = Alike()
        self._facts: Facts | None = None  # what the latest chunk that was read in full repeats of the answer
        self._ending = b""  # the latest chunk, once there is a finish reason
        self._broken: MalformedStream | None = None  # behind the end: a frame that cannot be read
        self._unnamed = _LOOK_FOR_NAMES  # chunks that are still read in full, because none has named the model yet
        if "image" in request.modalities:  # some hosts send pictures as text, which is looked at only there
            self._unnamed = sys.maxsize

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        if self.done:
            return
        usual, alike = self._unnamed <= _LOOK_FOR_NAMES and self._broken is None, self._alike
        for name, data in alike.others(frames, out):
            if usual and not name and data != _DONE and self._plain(data, out):
                continue
            broken, before = self._broken, len(out)
            alike.forget()
            try:
                self._special(name, data, out)
            except MalformedStream as error:
                self._pass_over(error, data)
            if broken is not None and len(out) > before:
                raise broken  # the answer goes on: what was broken may have been of it
            if self.done:
                break
            self._look_on()
            usual = self._unnamed <= _LOOK_FOR_NAMES and self._broken is None
        if out:
            self._first.has_content = True

    def close(self, out: list[Event]) -> None:
        if self._further and not self._first.seen:
            raise MalformedStream("the answer has choices, and none of them is the first")
        if not self.done and not self._have_ended:
            raise base.truncated("its finish reason" if self._first.finish_reason is None else "that of every choice")
        self._told()
        if self._content.refused or self.finish_reason is FinishReason.content_filter:
            self.finish_reason = FinishReason.content_filter
            raise base.filtered(self.raw_finish_reason or "refusal")
        if self.finish_reason is FinishReason.error:
            raise errors.ended_in_error(self.raw_finish_reason or "error", self._quirks)
        if not self.done and self.finish_reason in _WITH_CALLS and self._content.calls.unfinished:
            raise base.truncated("a tool call was whole")  # hosts exist that send the finish reason with each call
        if self._asked == 1 and self._first.reason is FinishReason.tool_calls and not self._content.calls.begun:
            self._gather_calls(out)
        self.finish_reason = self._first.close(out)
        self.complete = self._first.ended and all(choice.ended for choice in self._further.values())

    def _gather_calls(self, out: list[Event]) -> None:
        """The one answer says that it calls tools: hosts write its text into one choice, its calls into the next."""
        for index in sorted(self._further):
            if self._content.calls.adopt(self._further[index].response().tool_calls, out):
                del self._further[index]

    def usage(self) -> Usage | None:
        return read_usage(self._usage, self._timings)

    def replay(self) -> tuple[Any, ...]:
        return self._content.replay()

    def choices(self) -> tuple[Response, ...]:
        return tuple(self._further[index].response() for index in sorted(self._further))

    @property
    def ended(self) -> bool:
        return self.done or (self._have_ended and not self._content.calls.unfinished)

    @property
    def _have_ended(self) -> bool:
        """Every choice that was asked for, or has come, has ended."""
        if not self._first.ended:
            return False
        further = self._further.values()
        return len(further) + 1 >= self._asked and all(choice.ended for choice in further)

    def _pass_over(self, error: MalformedStream, data: bytes) -> None:
        """Behind the end a frame that cannot be read (the usage) takes nothing from the answer. But some hosts send a
        finish reason with each call: then a call is open, or is what the frame tells of, and may not be cut."""
        unfinished = any(one.content.calls.unfinished for one in (self._first, *self._further.values()))
        if not self._have_ended or unfinished or _OF_CALLS.search(data):
            raise error
        self._broken = error

    # ------------------------------------------------------------------ frames

    def _plain(self, data: bytes, out: list[Event]) -> bool:
        """A chunk with a piece of content in it or the finish reason, and nothing rarer. False for any other, of which
        no content was read."""
        told: wire.TellingChunk | None = None
        try:
            if self._unnamed > 0:
                told = wire.telling_chunk(data)
            choice = plain_choice(data, self._facts) if told is None else told.choices[0]
        except json.UNREADABLE:
            return False
        delta = choice.delta
        if choice.text and not says_anything(delta):
            return False
        if told is not None:
            if delta.content and delta.content.startswith("data:"):  # a picture may come as text
                return False
            self._tell(told)
        self._first.seen = True
        if choice.finish_reason:
            if not (self.id and self.model):  # it may name them
                return False
            if data == self._ending:  # relays send their last event twice
                return True
            self._ending = data
        if choice.content_filter_results:
            self._first.filtered(choice.content_filter_results)
        self._content.plain(delta, out)
        if choice.finish_reason:
            self._alike.forget()
            self._first.finish(choice.finish_reason)
            self._told()
            return True
        learns = self._first.has_content or len(out) > _WAITED_FOR
        if learns and (only := only_piece(choice)) is not None:
            self._learn(data, *only)
        return True

    def _tell(self, told: wire.TellingChunk) -> None:
        """What one of the first chunks says of the answer."""
        self.id = self.id or as_text(told.id)
        self.model = self.model or as_text(told.model)
        self._content.calls.seed = self.id or str(told.created or "")
        said = wire.told_by(told)
        self._facts = tuple(said.values())
        keep(said, _NONE, self.provider_data)
        self._look_on()

    def _look_on(self) -> None:
        """A chunk was looked into for the answer's names."""
        self._unnamed = 0 if self.model and self._unnamed <= _LOOK_FOR_NAMES else self._unnamed - 1

    def _learn(self, data: bytes, place: Place, piece: str) -> None:
        def reads(probe: bytes) -> str | None:
            try:
                found = only_piece(plain_choice(probe, self._facts))
            except json.UNREADABLE:
                return None
            return found[1] if found is not None and found[0] == place else None

        self._alike.learn(data, piece, self._content.at(place), reads)

    def _special(self, name: str, data: bytes, out: list[Event]) -> None:
        """Any frame that is not a chunk with just a piece of content in it."""
        if name == WHOLE:
            self._whole(data, out)
            return
        if data == _DONE and not name:
            self.done = True
            return
        for payload in noise.sift(name, data, _MARKS, self._error):
            if payload.lstrip()[:1] == b"{":
                self._chunk_of(payload, out)
            else:
                self._no_chunk(payload)

    def _error(self, value: Any) -> LLMError:
        return errors.error_inside(value, self._quirks)

    def _chunk_of(self, data: bytes, out: list[Event]) -> None:
        if data == self._ending:  # relays send their last event twice
            return
        try:
            chunk: Json = json.loads_frame(data)  # it begins an object: what is read is one
        except ValueError:
            raise _malformed(data) from None
        self._chunk(chunk, out, whole=False)
        self._ending = data if self._first.finish_reason is not None else b""

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
        try:
            value = _document(body)
        except ValueError:
            excerpt = page_text(body.strip()[:4000].decode("utf-8", "replace"))
            raise MalformedStream(f"the answer is not JSON: {excerpt}" if excerpt else "the answer is empty") from None
        self.done = True
        answer = as_object(value)
        if not answer.get("choices") and as_objects(as_object(answer.get("provider")).get("choices")):
            answer = as_object(answer["provider"])  # a router once nested the real answer there
        if not answer and envelope.is_error(value):
            raise errors.error_inside(value, self._quirks)
        if not answer:
            raise _malformed(body)
        if "choices" not in answer and not envelope.is_error(answer):
            raise no_answer("chat completion", "choices", body)
        self._chunk(answer, out, whole=True)
        if not one_or_more(answer.get("choices")):
            raise base.truncated("any choice")

    # ------------------------------------------------------------------ chunks

    def _chunk(self, chunk: Json, out: list[Event], *, whole: bool) -> None:
        choices = one_or_more(chunk.get("choices"))
        self._note(chunk)
        for choice in choices:
            self._choice(choice, out, whole=whole)
        self._told()
        rare = not HARMLESS.issuperset(chunk)
        if rare and (envelope.fails(chunk) or (not choices and envelope.is_error(chunk))):
            self._fail(errors.error_inside(chunk, self._quirks), out)
        if rare and (groq := as_object(chunk.get("x_groq"))):
            if groq.get("error"):
                self._fail(errors.error_inside(groq["error"], self._quirks), out)
            keep({"x_groq": {key: value for key, value in groq.items() if key != "usage"}}, _NONE, self.provider_data)
        if rare:
            self._content.sources.listed(chunk)
        keep(chunk, _READ, self.provider_data)

    def _fail(self, error: LLMError, out: list[Event]) -> None:
        """Raises, except for OpenAI's error that means the token limit: behind content that is a `length` end."""
        if is_length_error(error) and (self._first.has_content or out):
            self._first.finish_reason = FinishReason.length
            return
        raise error

    def _told(self) -> None:
        """How the answer ends is known when all of it has ended."""
        self.raw_finish_reason = self._first.raw_finish_reason
        self.finish_reason = self._first.reason if self.done or self._have_ended else None

    def _note(self, chunk: Json) -> None:
        self.id = self.id or as_text(chunk.get("id"))
        self.model = self.model or as_text(chunk.get("model"))
        self._content.calls.seed = self.id or str(chunk.get("created") or "")
        self._usage = find_usage(chunk) or self._usage
        self._timings = as_object(chunk.get("timings")) or self._timings
        self._facts = None if FACTS.isdisjoint(chunk) else wire.facts_of(chunk)

    def _choice(self, choice: Json, out: list[Event], *, whole: bool) -> None:
        if CHOICE.isdisjoint(choice):
            raise MalformedStream("a choice of the answer is of a shape that cannot be read")
        index = as_count(choice.get("index"))
        if index:
            further = self._further.get(index)
            if further is None:
                if len(self._further) >= max(base.MOST_CHOICES, self._asked):
                    raise MalformedStream("the server sends more choices than anybody asked for", permanent=True)
                further = self._further[index] = Further(self._quirks, self._request)
            further.take(choice, self.arrived, whole=whole)
            return
        self._first.read(choice, out, self.arrived, whole=whole)
        if choice.get("error"):
            raise errors.error_inside(choice["error"], self._quirks)


def _document(text: bytes) -> Any:
    """A body's JSON, whatever stands behind its end. Raises ValueError."""
    try:
        return json.loads_frame(text)
    except ValueError:
        found = json.value_at(text.decode("utf-8", "replace").lstrip(), 0)
        if found is None or not as_object(found[0]):
            raise
        return found[0]


def _malformed(data: bytes) -> MalformedStream:
    return MalformedStream(f"an event is not a JSON object: {page_text(data[:400].decode('utf-8', 'replace'))}")
