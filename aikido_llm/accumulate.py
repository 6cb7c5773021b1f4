"""Events -> Response: the only fold in the house.

Events are kept as they come and folded when somebody asks (at the end, or for an error's partial answer): a stream pays
one list append per batch. Every few thousand events they are folded early, so that memory grows with the text alone.
"""

from collections.abc import Iterable
from typing import Any

from attrs import evolve

from .types.events import (
    AudioEvent,
    EndEvent,
    ErrorEvent,
    Event,
    ImageEvent,
    TextDelta,
    ThinkingDelta,
    ToolCallEvent,
    UsageEvent,
)
from .types.messages import AudioPart, ImagePart, ToolCall
from .types.response import Response, Usage

_FOLD_AT = 4096  # events


class Accumulator:
    """Add the events of one stream in order, then ask for the `response`."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._calls: list[tuple[int, ToolCall]] = []
        self._images: list[ImagePart] = []
        self._audio: list[AudioPart] = []
        self._usage = Usage()
        self._ended: Response | None = None
        self.error: Exception | None = None

    def add(self, event: Event) -> None:
        self.extend((event,))

    def extend(self, events: Iterable[Event]) -> None:
        """Take the next events."""
        pending = self._events
        pending += events
        if len(pending) > _FOLD_AT:
            self._fold()

    def response(self, **facts: Any) -> Response:
        """The answer so far; facts are the fields of Response that no event carries (id, model, finish_reason, ...).

        Without facts, the Response of an EndEvent that was added is returned as it is.
        """
        self._fold()
        if self._ended is not None and not facts:
            return self._ended
        return Response(
            text="".join(self._text),
            thinking="".join(self._thinking),
            tool_calls=tuple(call for _, call in sorted(self._calls, key=lambda item: item[0])),
            images=tuple(self._images),
            audio=_join_audio(self._audio),
            usage=self._usage,
            **facts,
        )

    def _fold(self) -> None:
        events, self._events = self._events, []
        for event in events:
            match event:
                case TextDelta(text=text):
                    self._text.append(text)
                case ThinkingDelta(text=text):
                    self._thinking.append(text)
                case ToolCallEvent(index=index, call=call):
                    self._calls.append((index, call))
                case ImageEvent(image=image):
                    self._images.append(image)
                case AudioEvent(audio=audio):
                    self._audio.append(audio)
                case UsageEvent(usage=usage):
                    self._usage = usage
                case ErrorEvent(error=error):
                    self.error = error
                case EndEvent(response=response):
                    self._ended = response
                case _:  # starts and deltas of calls: the ToolCallEvent has it all
                    pass
        self._text = ["".join(self._text)]
        self._thinking = ["".join(self._thinking)]


def _join_audio(pieces: list[AudioPart]) -> tuple[AudioPart, ...]:
    """Neighbouring pieces of one sound become one part, as a whole body would have sent it."""
    joined: list[list[AudioPart]] = []
    for piece in pieces:
        if joined and piece.url is None and joined[-1][0].url is None and _same_sound(joined[-1], piece):
            joined[-1].append(piece)
        else:
            joined.append([piece])
    return tuple(_one(run) for run in joined)


def _same_sound(run: list[AudioPart], piece: AudioPart) -> bool:
    known = {part.content_type for part in (*run, piece) if part.data is not None}
    return len(known) <= 1


def _one(run: list[AudioPart]) -> AudioPart:
    if len(run) == 1:
        return run[0]
    data = b"".join(part.data or b"" for part in run)
    kinds = [part.content_type for part in run if part.content_type]
    transcript = "".join(part.transcript for part in run)
    return evolve(run[0], data=data or None, content_type=kinds[0] if kinds else "", transcript=transcript)
