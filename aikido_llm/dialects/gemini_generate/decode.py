"""Chunks -> events. A stream's chunk and a whole body have one shape, so both take one road.

The wire has no end mark: an answer is whole when the bytes are over and a finish reason (or a blocked prompt) was seen.
Chunks may follow the finish reason, so nothing is `done` before that.
"""

from typing import Any

from ... import _json
from ...errors import MalformedStream, ServerError
from ...framing import STRAY, WHOLE, Frame
from ...types.events import AudioEvent, Event, ImageEvent, TextDelta, ThinkingDelta
from ...types.messages import AudioPart
from ...types.response import FinishReason, Usage
from .. import base, media, status
from ..toolcalls import ToolCalls, arguments_text
from . import finish
from .errors import in_band
from .partial_args import PartialArgs
from .replay import Turn
from .wire import CHUNK, Candidate, Chunk, Counts, FunctionCall, Part, is_list, is_object, usage_object

_LARGE = 64 * 1024  # bytes of a frame that is not kept for its usage object


class Decoder(base.Decoder):
    """One answer of generateContent or streamGenerateContent."""

    def __init__(self) -> None:
        super().__init__()
        self._calls = ToolCalls()
        self._call_count = 0
        self._growing: _GrowingCall | None = None
        self._turn = Turn()
        self._counts: Counts | None = None
        self._usage_frame: bytes | dict[str, Any] = b""  # where the last usage object is; it is read when asked for
        self._detail = ""  # what the wire says beside the finish reason

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        for name, payload in frames:
            if name == WHOLE:
                self._whole(payload, out)
            elif name == STRAY:
                self._stray(payload)
            elif payload and payload != b"[DONE]":  # relays add what the wire itself does not send
                try:
                    chunk = CHUNK.decode(payload)
                except ValueError as error:
                    raise _malformed("an event", error, payload) from None
                if chunk.usageMetadata is not None:
                    self._count(chunk.usageMetadata, payload)
                self._chunk(chunk, out)

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
        cut = reason is FinishReason.length
        self._end_growing(out, cut=cut)
        self._calls.finish(out, cut=cut)
        if reason is FinishReason.stop and self._calls.finished:
            self.finish_reason = FinishReason.tool_calls

    def usage(self) -> Usage | None:
        counts, source = self._counts, self._usage_frame
        if counts is None:
            return None
        raw = usage_object(source) if isinstance(source, bytes) else source.get("usageMetadata")
        read = _sum(counts.promptTokenCount, counts.toolUsePromptTokenCount)
        written = _sum(counts.candidatesTokenCount, counts.thoughtsTokenCount)
        return Usage(
            input_tokens=read,
            output_tokens=written,
            cache_read_tokens=_at_most(counts.cachedContentTokenCount, read),
            reasoning_tokens=_at_most(counts.thoughtsTokenCount, written),
            raw=raw if is_object(raw) else None,
        )

    def replay(self) -> tuple[Any, ...]:
        return self._turn.items(calls=len(self._calls.finished) == self._call_count)

    def _whole(self, body: bytes, out: list[Event]) -> None:
        """One document: an answer, an error, or a list of such."""
        if not body or body.isspace():
            return
        try:
            value = _json.loads(body)
        except ValueError:
            page = status.page_text(_excerpt(body))
            raise MalformedStream(f"the server sent no JSON: {page}", body=_excerpt(body)) from None
        self.raw = value
        for item in value if is_list(value) else [value]:
            try:
                chunk = CHUNK.convert(item)
            except ValueError as error:
                raise _malformed("the body", error, body) from None
            if chunk.usageMetadata is not None:
                self._count(chunk.usageMetadata, item)
            self._chunk(chunk, out)
        self.done = True

    def _stray(self, payload: bytes) -> None:
        """The service prints an error's JSON bare into the stream, even after a finish reason."""
        if payload.lstrip()[:1] not in (b"{", b"["):
            return
        try:
            value = _json.loads(payload)
        except ValueError:
            if _json.cut_short(payload):
                raise MalformedStream("bare JSON in the stream breaks off", body=_excerpt(payload)) from None
            return
        for item in value if is_list(value) else [value]:
            if is_object(item) and item.get("error"):
                raise in_band(item["error"])

    def _chunk(self, chunk: Chunk, out: list[Event]) -> None:
        if chunk.error:
            raise in_band(chunk.error)
        if chunk.responseId and not self.id:
            self.id = self._calls.seed = chunk.responseId
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
        if part.inlineData is not None and part.thought:
            return  # a sketch that the model made while thinking
        call = part.functionCall
        if part.inlineData is not None:
            self._media(part.inlineData.data or "", part.inlineData.mimeType or "", out)
        if call is None:
            item = self._turn.part(part)
        elif call.name:
            item = self._call(part, call, out)
        else:
            self._grow(call, out)
            return
        if part.other is not None:
            self.provider_data.setdefault("parts", []).append(item)

    def _media(self, data: str, content_type: str, out: list[Event]) -> None:
        if content_type.startswith("audio/"):
            sound = media.bytes_from_base64(data, "a sound")
            out.append(AudioEvent(AudioPart(data=sound, content_type=content_type)))
        else:
            out.append(ImageEvent(media.image_from_base64(data, content_type)))

    def _call(self, part: Part, call: FunctionCall, out: list[Event]) -> dict[str, Any]:
        """A named call begins, and is whole unless the server streams its arguments."""
        self._end_growing(out)
        key = self._call_count
        self._call_count += 1
        identity = {"id": call.id} if call.id else {}
        sent: dict[str, Any] = {"name": call.name, **identity}
        if call.args is not None:
            sent["args"] = call.args
        data: dict[str, Any] = {"functionCall": identity}
        if part.thoughtSignature:
            data["thoughtSignature"] = part.thoughtSignature
        growing = call.willContinue or call.partialArgs is not None
        arguments = None if growing else arguments_text(call.args)
        self._calls.delta(out, key=key, id=call.id, name=call.name, arguments=arguments, data=data)
        item = self._turn.part(part, sent)
        if growing:
            self._growing = _GrowingCall(key, sent)
            self._growing.arguments.add(call.partialArgs)
        return item

    def _grow(self, call: FunctionCall, out: list[Event]) -> None:
        """A nameless piece goes on with the call before it; an empty one ends it."""
        if self._growing is None:
            return
        self._growing.arguments.add(call.partialArgs)
        if not call.willContinue:
            self._end_growing(out)

    def _end_growing(self, out: list[Event], *, cut: bool = False) -> None:
        """The arguments are complete; some servers leave the ending piece out. cut: they are not, and say so by
        lacking their last bracket."""
        call, self._growing = self._growing, None
        if call is None:
            return
        text = call.arguments.text()
        self._calls.delta(out, key=call.key, arguments=text[:-1] if cut else text)
        if cut:
            self._turn.remove(call.sent)
            self._call_count -= 1
        else:
            call.sent["args"] = call.arguments.value()

    def _finish(self, candidate: Candidate) -> None:
        word = str(candidate.finishReason)
        reason = finish.meaning(word)
        if self.finish_reason is None or reason in finish.OVERRIDING:
            self.finish_reason = reason
            self.raw_finish_reason = word
            self._detail = candidate.finishMessage or ""
        if candidate.finishMessage:
            self.provider_data["finishMessage"] = candidate.finishMessage
        if len(candidate.safetyRatings):
            self.provider_data["safetyRatings"] = _json.loads(bytes(candidate.safetyRatings))

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
                    self.provider_data.setdefault("citations", []).extend(sources)
            elif is_object(value) and is_object(self.provider_data.get(name)):
                self.provider_data[name].update(value)
            elif value != {}:
                self.provider_data[name] = dict(value) if is_object(value) else value

    def _count(self, counts: Counts, source: bytes | dict[str, Any]) -> None:
        """Counts are cumulative and the last ones stand, but a chunk at times leaves out what an earlier one had."""
        known = self._counts
        if known is not None:
            if counts.promptTokenCount is None:
                counts.promptTokenCount = known.promptTokenCount
            if counts.candidatesTokenCount is None:
                counts.candidatesTokenCount = known.candidatesTokenCount
            if counts.thoughtsTokenCount is None:
                counts.thoughtsTokenCount = known.thoughtsTokenCount
            if counts.cachedContentTokenCount is None:
                counts.cachedContentTokenCount = known.cachedContentTokenCount
            if counts.toolUsePromptTokenCount is None:
                counts.toolUsePromptTokenCount = known.toolUsePromptTokenCount
        self._counts = counts
        if len(source) > _LARGE and isinstance(source, bytes):
            source = {"usageMetadata": usage_object(source)}
        self._usage_frame = source


class _GrowingCall:
    """A call whose arguments come value by value. sent: its functionCall in the turn's record."""

    __slots__ = ("arguments", "key", "sent")

    def __init__(self, key: int, sent: dict[str, Any]) -> None:
        self.key = key
        self.sent = sent
        self.arguments = PartialArgs()


def _sum(*counts: int | None) -> int | None:
    sent = [count for count in counts if count is not None]
    return sum(sent) if sent else None


def _at_most(count: int | None, whole: int | None) -> int | None:
    return count if count is None or whole is None else min(count, whole)


def _malformed(what: str, error: ValueError, payload: bytes) -> MalformedStream:
    return MalformedStream(f"{what} is no answer of this API: {error}", body=_excerpt(payload))


def _excerpt(body: bytes) -> str:
    return body[: status.BODY_EXCERPT].decode("utf-8", "replace")
