"""Chunks -> events. A stream's chunk and a whole body have one shape, so both take one road.

The wire has no end mark: an answer is whole when the bytes are over and a finish reason (or a blocked prompt) was seen.
Chunks may follow the finish reason, so nothing is `done` before that; content behind it means that it was not the last:
a model stops, too, for code that the service runs.
"""

from typing import Any

from ...codecs import json
from ...errors import LLMError, MalformedStream
from ...framing import WHOLE, Frame
from ...framing.places import Places
from ...types.events import Event, TextDelta, ThinkingDelta
from ...types.response import Response
from ...types.usage import Usage
from .. import base, envelope, noise, status
from ..values import is_list, is_object
from ..words import NO_WORDS, Words
from .candidate import CandidateReader, Choice
from .errors import in_band
from .usage import UsageReader
from .wire import CHUNK, PLAIN, Candidate, Chunk

_MARKS = noise.Marks(["candidates", "promptFeedback", "usageMetadata", "responseId"])


class Decoder(base.Decoder):
    """One answer of generateContent or streamGenerateContent."""

    media_places = Places(
        [
            "candidates[].content.parts[].inlineData.data",
            "[].candidates[].content.parts[].inlineData.data",  # a whole body may be a list
        ]
    )

    opened = frozenset(("candidates",))
    many = frozenset(("content", "groundingMetadata", "citationMetadata", "urlContextMetadata"))
    logprob_keys = frozenset(("logprobsResult",))

    def __init__(self, words: Words = NO_WORDS) -> None:
        super().__init__()
        self._words = words
        self._first = CandidateReader(self.provider_data)
        self._others: dict[int, Choice] = {}  # by index
        self._usage = UsageReader()
        self._ending = b""  # the latest chunk, once there is a finish reason

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        decode, append, say = PLAIN.fast, out.append, self._first.turn.text
        usage, hold = self._usage, self._usage.hold
        known = self._is_under_way
        for name, payload in frames:
            if known and not name:
                try:
                    chunk = decode(payload)
                    (candidate,) = chunk.candidates
                except json.UNREADABLE:
                    pass  # not plain
                else:
                    counts = chunk.usageMetadata
                    if counts is not None:
                        hold(counts)
                        usage.source = payload
                    (part,) = candidate.content.parts
                    text, thought = part.text, part.thought
                    if text:
                        say(text, thought)
                        append(ThinkingDelta(text) if thought else TextDelta(text))
                    continue
            try:
                self._special(name, payload, out)
            except LLMError:
                raise
            except ValueError as error:
                if name != WHOLE:
                    self._told(envelope.of_event(payload))
                raise MalformedStream(f"this is no answer of the API: {error}", body=_excerpt(payload)) from None
            known = self._is_under_way
        usage.settle()

    @property
    def _is_under_way(self) -> bool:
        """What a plain chunk says beside its text is known already."""
        return bool(self.id and self.model) and self._first.finish_reason is None

    def _special(self, name: str, payload: bytes, out: list[Event]) -> None:
        """Any frame that is not a plain piece of text."""
        if name == WHOLE:
            self._whole(payload, out)
            return
        for data in noise.sift(name, payload, _MARKS, self._error):
            if data != self._ending:  # relays send their last event twice
                self._chunk(CHUNK.decode(data), data, out)
                self._ending = data if self._first.finish_reason is not None else b""

    def _error(self, value: Any) -> LLMError:
        return in_band(value, self._words)

    @property
    def ended(self) -> bool:
        return self._first.ended and all(choice.reader.ended for choice in self._others.values())

    def close(self, out: list[Event]) -> None:
        if not self.done and self._first.finish_reason is not None and not self._first.ended:
            raise base.truncated("the result of the code that the service runs")
        try:
            self._first.close(out)
        finally:
            self._follow()
            self.logprobs = self._first.logprobs
            self.state = self._first.state
        for choice in self._others.values():
            choice.close()

    def usage(self) -> Usage | None:
        return self._usage.usage(self.provider_data.get("usage") or self.provider_data.get("usageMetadata"))

    def replay(self) -> tuple[Any, ...]:
        return self._first.replay(verbatim=self.continues)

    def choices(self) -> tuple[Response, ...]:
        return tuple(self._others[index].response() for index in sorted(self._others))

    def _whole(self, body: bytes, out: list[Event]) -> None:
        """One document: an answer, an error, or a list of such."""
        if not body or body.isspace():
            return
        try:
            value = json.loads_frame(body)
        except ValueError:
            page = status.page_text(_excerpt(body))
            raise MalformedStream(f"the server sent no JSON: {page}", body=_excerpt(body)) from None
        for item in value if is_list(value) else [value]:
            self._chunk(CHUNK.convert(item), item, out)
        self.done = True

    def _told(self, value: Any) -> None:
        """JSON that holds no answer may be an error."""
        if envelope.is_error(value):
            raise in_band(value, self._words)

    def _chunk(self, chunk: Chunk, source: bytes | dict[str, Any], out: list[Event]) -> None:
        """source: the chunk as it came."""
        if chunk.usageMetadata is not None:
            self._usage.add(chunk.usageMetadata, source)
        if chunk.error:
            raise in_band(envelope.of_event(source), self._words)
        if chunk.responseId and not self.id:
            self.id = chunk.responseId
            self._first.calls.seed(self.id)
        if chunk.modelVersion and not self.model:
            self.model = chunk.modelVersion
        if chunk.candidates:
            for candidate in chunk.candidates:
                self._candidate(candidate, out)
        elif (
            chunk.promptFeedback is None
            and chunk.usageMetadata is None
            and not (chunk.responseId or chunk.modelVersion)
        ):
            self._told(envelope.of_event(source))
            raise MalformedStream("the server sent an event without candidates, feedback, usage or an error")
        if chunk.promptFeedback is not None:
            self._feedback(chunk.promptFeedback)
        if chunk.other:
            self.provider_data.update(chunk.other)

    def _candidate(self, candidate: Candidate, out: list[Event]) -> None:
        if candidate.index:
            other = self._others.get(candidate.index)
            if other is None:
                if len(self._others) >= base.MOST_CHOICES:
                    raise MalformedStream("the server sends more candidates than anybody asked for", permanent=True)
                other = self._others[candidate.index] = Choice()
                other.reader.calls.seed(f"{self.id} {candidate.index}" if self.id else "")
            other.read(candidate, self.arrived)
        else:
            self._first.read(candidate, out, self.arrived)
            self._follow()

    def _follow(self) -> None:
        """The end of the first candidate is the answer's."""
        self.finish_reason = self._first.finish_reason
        self.raw_finish_reason = self._first.raw_finish_reason

    def _feedback(self, feedback: Any) -> None:
        """A prompt was blocked when a reason is given; ratings alone say nothing."""
        if not is_object(feedback):
            return
        self.provider_data["promptFeedback"] = feedback
        word = feedback.get("blockReason")
        if word:
            detail = str(feedback.get("blockReasonMessage") or "the prompt was blocked")
            self._first.blocked(str(word), detail)
            self._follow()


def _excerpt(body: bytes) -> str:
    return body[: status.BODY_EXCERPT].decode("utf-8", "replace")
