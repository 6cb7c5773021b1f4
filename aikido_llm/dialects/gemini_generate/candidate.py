"""One candidate: its parts -> events, and what it says beside them. A stream's piece and a whole one have one shape."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ...codecs import json
from ...codecs.base64 import encode
from ...errors import LLMError, ServerError
from ...framing.media import Media
from ...types.accumulate import Accumulator
from ...types.events import AudioEvent, CitationEvent, Event, ImageEvent, TextDelta, ThinkingDelta
from ...types.logprobs import TokenLogprob
from ...types.parts import AudioPart
from ...types.response import FinishReason, Response
from .. import base, media
from ..finish import OVERRIDING, reason_of, word_of
from ..values import as_object, is_list, is_object, list_in, object_in
from . import logprobs
from .calls import Calls
from .finish import FINISH
from .grounding import AnswerText, citations, recited
from .replay import CONTINUATION, Turn
from .server_tools import PARTS, ServedTools
from .wire import Blob, Candidate, Part

_UNSAID = ("FINISH_REASON_UNSPECIFIED", "0")
"""The enumeration's default, which gateways write with every chunk: any word behind it counts."""
_GROWING = frozenset(("groundingMetadata", "urlContextMetadata", "citationMetadata", "logprobsResult"))
"""Fields that come in pieces; of any other the last one counts."""


class CandidateReader:
    """Feed it the candidate's pieces, then `close` it. provider_data: where it puts what has no field of its own."""

    def __init__(self, provider_data: dict[str, Any]) -> None:
        self.turn = Turn()
        self.calls = Calls(self.turn)
        self.finish_reason: FinishReason | None = None
        self.raw_finish_reason: str | None = None
        self.detail = ""  # what the wire says beside the finish reason
        self.logprobs: list[TokenLogprob] = []
        self.provider_data = provider_data
        self._served = ServedTools(self.calls.next_index)
        self._said = self._unknown = False  # there was something that is read, a part of a kind that nobody knows
        self._for_code = False  # the model stopped for code that the service runs
        self._lengths: list[int] = []  # of the text of each part, where several came together

    def read(self, candidate: Candidate, out: list[Event], arrived: Mapping[str, Media]) -> None:
        content = candidate.content
        if content is not None and content.parts:
            if self.finish_reason not in (None, *OVERRIDING) and any(map(_says, content.parts)):
                self.finish_reason = None  # the model had stopped for code that the service ran, and goes on
            before = len(out)
            if len(content.parts) > 1:
                self._lengths = [0 if part.thought else len(part.text or "") for part in content.parts]
            for part in content.parts:
                if part.functionCall is None and part.inlineData is None and part.other is None:
                    text = part.text
                    if part.thoughtSignature:
                        self.turn.part(part)
                    elif text:
                        self.turn.text(text, bool(part.thought))
                    if text:
                        out.append(ThinkingDelta(text) if part.thought else TextDelta(text))
                else:
                    self._rare_part(part, out, arrived)
            self._said = self._said or len(out) > before
        if content is not None and content.other:
            object_in(self.provider_data, "content").update(content.other)
        if word := word_of(candidate.finishReason):
            self._for_code = bool(content and content.parts and "executableCode" in (content.parts[-1].other or ()))
            self._finish(word, candidate)
        if candidate.other:
            self._note(candidate.other)

    def blocked(self, word: str, detail: str) -> None:
        """The prompt was refused: there is no candidate, or none that counts."""
        self.finish_reason, self.raw_finish_reason, self.detail = FinishReason.content_filter, word, detail

    def close(self, out: list[Event]) -> None:
        """The bytes are over: what was told in pieces becomes whole.

        Raises StreamTruncated without a finish reason, ContentFilteredError and ServerError for one that says so."""
        self._cite(out)
        self._served.close(self.provider_data, out)
        self.logprobs, left = logprobs.read(as_object(self.provider_data.pop("logprobsResult", None)))
        if left:
            self.provider_data["logprobsResult"] = left
        if not self.provider_data.get("groundingMetadata", True):
            del self.provider_data["groundingMetadata"]
        reason = self.finish_reason
        if reason is None:
            raise base.truncated("a finishReason")
        word = self.raw_finish_reason or ""
        if reason is FinishReason.content_filter:
            raise base.filtered(word, self.detail)
        if reason is FinishReason.error:
            detail = f": {self.detail}" if self.detail else ""
            raise ServerError(f"the model's answer failed with {word}{detail}", code=word)
        self.finish_reason = self.calls.end(out, reason)
        if self.finish_reason is FinishReason.stop and self._unknown and not (self._said or any(self.turn.visible())):
            self.finish_reason = FinishReason.other  # it stopped, and nobody can tell with what

    @property
    def ended(self) -> bool:
        """The finish reason has come, and not for code that the service is still to run."""
        return self.finish_reason is not None and not (self._for_code and self._served.running)

    def replay(self, *, verbatim: bool = False) -> tuple[Any, ...]:
        verbatim = verbatim or self.finish_reason is FinishReason.paused
        return self.turn.items(calls=self.calls.all_finished, verbatim=verbatim)

    @property
    def state(self) -> dict[str, Any]:
        """What a paused turn needs to go on."""
        token = self.provider_data.get(CONTINUATION)
        return {CONTINUATION: token} if token and self.finish_reason is FinishReason.paused else {}

    def _rare_part(self, part: Part, out: list[Event], arrived: Mapping[str, Media]) -> None:
        if part.text:
            out.append(ThinkingDelta(part.text) if part.thought else TextDelta(part.text))
        if part.inlineData is not None and not self._media(part, part.inlineData, out, arrived):
            return
        call = part.functionCall
        item = self.turn.part(part) if call is None else self.calls.add(part, call, out)
        if part.other is None or item is None:
            return
        if PARTS & part.other.keys():
            self._served.add(part.other, out)
        if part.other.keys() - PARTS - _READ:
            self._unknown = True
            self._listed("parts", item)

    def _media(self, part: Part, blob: Blob, out: list[Event], arrived: Mapping[str, Media]) -> bool:
        """Whether it is part of the answer: a sketch that the model made while thinking is not, nor is nothing."""
        if not blob.data:
            return False
        content_type = blob.mimeType or ""
        if part.thought:
            data = encode(media.bytes_from_base64(blob.data, "a sketch", arrived))
            self._listed("sketches", {"mimeType": content_type, "data": data})
            return False
        if content_type.startswith("audio/"):
            sound = media.bytes_from_base64(blob.data, "a sound", arrived)
            out.append(AudioEvent(AudioPart(data=sound, content_type=content_type)))
        else:
            out.append(ImageEvent(media.image_from_base64(blob.data, content_type, arrived)))
        if blob.other:
            self._listed("parts", {"inlineData": blob.other})
        return True

    def _finish(self, word: str, candidate: Candidate) -> None:
        reason = reason_of(word, FINISH)
        if self.finish_reason is None or reason in OVERRIDING or self.raw_finish_reason in _UNSAID:
            self.finish_reason = reason
            self.raw_finish_reason = word
            self.detail = candidate.finishMessage or ""
        if candidate.finishMessage:
            self.provider_data["finishMessage"] = candidate.finishMessage
        if len(candidate.safetyRatings):
            with suppress(ValueError):  # the quick reader skips what it does not need, whatever its bytes
                self.provider_data["safetyRatings"] = json.loads(bytes(candidate.safetyRatings))

    def _cite(self, out: list[Event]) -> None:
        data = self.provider_data
        grounding, works = as_object(data.get("groundingMetadata")), as_object(data.pop("citationMetadata", None))
        if not (grounding or works):
            return
        texts = self.turn.visible()
        said = "".join(texts)
        parts = self._lengths if sum(self._lengths) == len(said) else [len(text) for text in texts]
        text = AnswerText(said, parts)
        out += [CitationEvent(citation) for citation in recited(works, text) + citations(grounding, text)]
        for name in ("groundingChunks", "groundingSupports"):
            grounding.pop(name, None)

    def _note(self, fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            if name in _GROWING and is_object(value):
                _grow(object_in(self.provider_data, name), value)
            elif value != {}:
                self.provider_data[name] = value

    def _listed(self, name: str, item: Any) -> None:
        list_in(self.provider_data, name).append(item)


class Choice:
    """A further candidate, folded beside the first one."""

    def __init__(self) -> None:
        self.reader = CandidateReader({})
        self._events = Accumulator()
        self._complete = False

    def read(self, candidate: Candidate, arrived: Mapping[str, Media]) -> None:
        out: list[Event] = []
        self.reader.read(candidate, out, arrived)
        self._events.extend(out)

    def close(self) -> None:
        """Raises StreamTruncated when its end did not come. One that a policy or a failure ended says so itself."""
        out: list[Event] = []
        try:
            self.reader.close(out)
            self._complete = self.reader.finish_reason is not FinishReason.paused
        except LLMError:
            if self.reader.finish_reason is None:
                raise
        finally:
            self._events.extend(out)

    def response(self) -> Response:
        reader = self.reader
        return self._events.response(
            finish_reason=reader.finish_reason or FinishReason.error,
            raw_finish_reason=reader.raw_finish_reason,
            provider_data=reader.provider_data,
            replay=reader.replay(),
            replay_state=reader.state,
            logprobs=tuple(reader.logprobs),
            complete=self._complete,
        )


def _says(part: Part) -> bool:
    return bool(part.text or part.functionCall or part.inlineData or part.other)


_READ = frozenset(("text", "thought", "thoughtSignature", "functionCall", "inlineData"))


def _grow(known: dict[str, Any], more: dict[str, Any]) -> None:
    """Lists go on, or begin anew with what they had; anything else is replaced."""
    for name, value in more.items():
        before = known.get(name)
        if is_list(value) and is_list(before) and value[: len(before)] != before:
            before.extend(value)
        elif value is not None and value != {}:
            known[name] = list(value) if is_list(value) else value
