"""Chunks -> events. A stream's chunk and a whole body have one shape, so both take one road.

The wire has no end mark: an answer is whole when the bytes are over and a finish reason (or a blocked prompt) was seen.
Chunks may follow the finish reason, so nothing is `done` before that.
"""

from contextlib import suppress
from typing import Any

from ...codecs import json
from ...errors import LLMError, MalformedStream, ServerError
from ...framing import STRAY, WHOLE, Frame
from ...framing.places import Places
from ...types.events import AudioEvent, Event, ImageEvent, TextDelta, ThinkingDelta
from ...types.parts import AudioPart
from ...types.response import FinishReason
from ...types.usage import Usage
from .. import base, envelope, media, status
from ..finish import OVERRIDING, reason_of
from ..values import is_list, is_object
from ..words import NO_WORDS, Words
from .calls import Calls
from .errors import in_band
from .finish import FINISH
from .replay import Turn
from .usage import UsageReader
from .wire import CHUNK, PLAIN, Candidate, Chunk, Part


class Decoder(base.Decoder):
    """One answer of generateContent or streamGenerateContent."""

    media_places = Places(
        [
            "candidates[].content.parts[].inlineData.data",
            "[].candidates[].content.parts[].inlineData.data",  # a whole body may be a list
        ]
    )

    def __init__(self, words: Words = NO_WORDS) -> None:
        super().__init__()
        self._words = words
        self._turn = Turn()
        self._calls = Calls(self._turn)
        self._usage = UsageReader()
        self._detail = ""  # what the wire says beside the finish reason

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        decode, append, turn = PLAIN.fast, out.append, self._turn
        known = bool(self.id and self.model)
        for name, payload in frames:
            if known and not name:
                try:
                    chunk = decode(payload)
                    (candidate,) = chunk.candidates
                except json.UNREADABLE:
                    pass  # not plain
                else:
                    if chunk.usageMetadata is not None:
                        self._usage.add(chunk.usageMetadata, payload)
                    (part,) = candidate.content.parts
                    text, thought = part.text, part.thought
                    if text:
                        turn.text(text, thought=thought)
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
            known = bool(self.id and self.model)

    def _special(self, name: str, payload: bytes, out: list[Event]) -> None:
        """Any frame that is not a plain piece of text."""
        if name == WHOLE:
            self._whole(payload, out)
        elif name == STRAY:
            self._stray(payload)
        elif name == "error":
            raise in_band(envelope.of_event(payload), self._words)
        else:
            try:
                chunk = CHUNK.fast(payload)
            except json.UNREADABLE:
                if not payload or payload == b"[DONE]":  # relays add what the wire itself does not send
                    return
                chunk = CHUNK.decode(payload)
            self._chunk(chunk, payload, out)

    def close(self, out: list[Event]) -> None:
        reason = self.finish_reason
        if reason is None:
            raise base.truncated("a finishReason")
        word = self.raw_finish_reason or ""
        if reason is FinishReason.content_filter:
            raise base.filtered(word, self._detail)
        if reason is FinishReason.error:
            detail = f": {self._detail}" if self._detail else ""
            raise ServerError(f"the model's answer failed with {word}{detail}", code=word)
        called = self._calls.finish(out, cut=reason is FinishReason.length)
        if called and reason is FinishReason.stop:
            self.finish_reason = FinishReason.tool_calls

    def usage(self) -> Usage | None:
        return self._usage.usage()

    def replay(self) -> tuple[Any, ...]:
        return self._turn.items(calls=self._calls.all_finished)

    def _whole(self, body: bytes, out: list[Event]) -> None:
        """One document: an answer, an error, or a list of such."""
        if not body or body.isspace():
            return
        try:
            value = json.loads(body)
        except ValueError:
            page = status.page_text(_excerpt(body))
            raise MalformedStream(f"the server sent no JSON: {page}", body=_excerpt(body)) from None
        self.raw = value
        for item in value if is_list(value) else [value]:
            self._chunk(CHUNK.convert(item), item, out)
        self.done = True

    def _stray(self, payload: bytes) -> None:
        """The service prints an error's JSON bare into the stream, even after a finish reason."""
        if payload.lstrip()[:1] not in (b"{", b"["):
            return
        try:
            value = json.loads(payload)
        except ValueError:
            unfinished = b'"error"' in payload or payload.rstrip()[-1:] not in (b"}", b"]")
            if unfinished and json.cut_short(payload):
                raise MalformedStream("bare JSON in the stream breaks off", body=_excerpt(payload)) from None
            return
        self._told(value)

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
            self._calls.seed(self.id)
        if chunk.modelVersion and not self.model:
            self.model = chunk.modelVersion
        if chunk.candidates:
            for candidate in chunk.candidates:
                if not candidate.index:
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
        content = candidate.content
        if content is not None and content.parts:
            for part in content.parts:
                if part.functionCall is None and part.inlineData is None and part.other is None:
                    text = part.text
                    if part.thoughtSignature:
                        self._turn.part(part)
                    elif text:
                        self._turn.text(text, thought=bool(part.thought))
                    if text:
                        out.append(ThinkingDelta(text) if part.thought else TextDelta(text))
                else:
                    self._rare_part(part, out)
        if candidate.finishReason:
            self._finish(candidate)
        if candidate.other:
            self._note(candidate.other)

    def _rare_part(self, part: Part, out: list[Event]) -> None:
        if part.text:
            out.append(ThinkingDelta(part.text) if part.thought else TextDelta(part.text))
        blob = part.inlineData
        if blob is not None:
            if part.thought or not blob.data:
                return  # a sketch that the model made while thinking, or nothing
            self._media(blob.data, blob.mimeType or "", out)
        call = part.functionCall
        item = self._turn.part(part) if call is None else self._calls.add(part, call, out)
        if part.other is not None and item is not None:
            self._listed("parts", [item])

    def _media(self, data: str, content_type: str, out: list[Event]) -> None:
        if content_type.startswith("audio/"):
            sound = media.bytes_from_base64(data, "a sound", self.arrived)
            out.append(AudioEvent(AudioPart(data=sound, content_type=content_type)))
        else:
            out.append(ImageEvent(media.image_from_base64(data, content_type, self.arrived)))

    def _finish(self, candidate: Candidate) -> None:
        word = str(candidate.finishReason)
        reason = reason_of(word, FINISH)
        if self.finish_reason is None or reason in OVERRIDING:
            self.finish_reason = reason
            self.raw_finish_reason = word
            self._detail = candidate.finishMessage or ""
        if candidate.finishMessage:
            self.provider_data["finishMessage"] = candidate.finishMessage
        if len(candidate.safetyRatings):
            with suppress(ValueError):  # the quick reader skips what it does not need, whatever its bytes
                self.provider_data["safetyRatings"] = json.loads(bytes(candidate.safetyRatings))

    def _feedback(self, feedback: Any) -> None:
        """A prompt was blocked when a reason is given; ratings alone say nothing."""
        if not is_object(feedback):
            return
        self.provider_data["promptFeedback"] = feedback
        word = feedback.get("blockReason")
        if word:
            self.finish_reason = FinishReason.content_filter
            self.raw_finish_reason = str(word)
            self._detail = str(feedback.get("blockReasonMessage") or "the prompt was blocked")

    def _note(self, fields: dict[str, Any]) -> None:
        """Grounding comes in pieces, citations in lists; of anything else the last one counts."""
        for name, value in fields.items():
            if name == "citationMetadata" and is_object(value):
                sources = value.get("citationSources") or value.get("citations")
                if is_list(sources):
                    self._listed("citations", sources)
            elif is_object(value) and is_object(self.provider_data.get(name)):
                self.provider_data[name].update(value)
            elif value != {}:
                self.provider_data[name] = dict(value) if is_object(value) else value

    def _listed(self, name: str, items: list[Any]) -> None:
        known = self.provider_data.get(name)
        self.provider_data[name] = [*known, *items] if is_list(known) else list(items)


def _excerpt(body: bytes) -> str:
    return body[: status.BODY_EXCERPT].decode("utf-8", "replace")
