"""Events -> Response: the only fold in the house.

Each event is folded as it comes: a text delta costs one append, and no event is kept, which would cost more (they die
young, or the garbage collector walks over them again and again). Pieces of text are joined every few thousand, so that
memory grows with the text alone.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, TypeVar, assert_never

from attrs import evolve

from .citations import Citation
from .events import (
    AudioEvent,
    CitationEvent,
    EndEvent,
    ErrorEvent,
    Event,
    ImageEvent,
    ServerToolEvent,
    ServerToolStart,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEvent,
    ToolCallStart,
    UsageEvent,
)
from .parts import AudioPart, ImagePart
from .response import RESPONSES, Response
from .server_tools import ServerToolCall
from .tools import ToolCall
from .usage import Usage

T = TypeVar("T")

FOLDED: Mapping[str, type[Event]] = {
    "text": TextDelta,
    "thinking": ThinkingDelta,
    "tool_calls": ToolCallEvent,
    "server_tools": ServerToolEvent,
    "citations": CitationEvent,
    "images": ImageEvent,
    "audio": AudioEvent,
    "usage": UsageEvent,
}
"""What events say of a Response: field -> the event that it is folded from. The other fields are facts of the call."""

_FROM_EVENTS = tuple(FOLDED)
Said: TypeAlias = tuple[
    str,
    str,
    tuple[ToolCall, ...],
    tuple[ServerToolCall, ...],
    tuple[Citation, ...],
    tuple[ImagePart, ...],
    tuple[AudioPart, ...],
    Usage,
]

_JOIN_AT = 4096  # pieces of text
_NO_USAGE = Usage()


class Accumulator:
    """Add the events of one stream in order, then ask for the `response`."""

    def __init__(self) -> None:
        self._text = _Text()
        self._thinking = _Text()
        self._calls: list[tuple[int, ToolCall]] = []
        self._server_tools: list[tuple[int, ServerToolCall]] = []
        self._citations: list[Citation] = []
        self._images: list[ImagePart] = []
        self._audio: list[AudioPart] = []
        self._usage = _NO_USAGE
        self._ended: Response | None = None
        self.error: Exception | None = None
        self.calls_begun = 0  # indexes of calls and server tools that are in use

    def add(self, event: Event) -> None:
        self.extend((event,))

    def extend(self, events: Iterable[Event]) -> None:
        """Take the next events."""
        said, thought = self._text.pieces, self._thinking.pieces
        for event in events:
            if type(event) is TextDelta:
                said.append(event.text)
            elif type(event) is ThinkingDelta:
                thought.append(event.text)
            elif type(event) is not ToolCallDelta:  # the ToolCallEvent has it all
                self._other(event)
        if len(said) > _JOIN_AT:
            self._text.join()
        if len(thought) > _JOIN_AT:
            self._thinking.join()

    def response(self, **facts: Any) -> Response:
        """The answer so far; facts are the fields of Response that no event carries (id, model, finish_reason, ...), in
        their own forms: they are not checked.

        Without facts, the Response of an EndEvent that was added is returned as it is.
        """
        if self._ended is not None and not facts:
            return self._ended
        return RESPONSES.by(**dict(zip(_FROM_EVENTS, self.said(), strict=True)), **facts)

    def said(self) -> Said:
        """What the events say: the fields of Response in the order of FOLDED."""
        return (
            self._text.whole(),
            self._thinking.whole(),
            _in_order(self._calls) if self._calls else (),
            _in_order(self._server_tools) if self._server_tools else (),
            tuple(self._citations) if self._citations else (),
            tuple(self._images) if self._images else (),
            _join_audio(self._audio) if self._audio else (),
            self._usage,
        )

    def _other(self, event: Event) -> None:
        match event:
            case ToolCallEvent(index=index, call=call):
                self._calls.append((index, call))
            case ServerToolEvent(index=index, call=call):
                self._server_tools.append((index, call))
            case CitationEvent(citation=citation):
                self._citations.append(citation)
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
            case TextDelta(text=text):
                self._text.pieces.append(text)
            case ThinkingDelta(text=text):
                self._thinking.pieces.append(text)
            case ToolCallStart(index=index) | ServerToolStart(index=index):
                self.calls_begun = max(self.calls_begun, index + 1)  # the last event of each has all else
            case ToolCallDelta():
                pass
            case _:
                assert_never(event)


class _Text:
    """Pieces of text, and what was joined of them before."""

    __slots__ = ("_joined", "pieces")

    def __init__(self) -> None:
        self._joined: list[str] = []
        self.pieces: list[str] = []

    def join(self) -> None:
        self._joined.append("".join(self.pieces))
        self.pieces.clear()

    def whole(self) -> str:
        return "".join([*self._joined, *self.pieces])


def _in_order(calls: list[tuple[int, T]]) -> tuple[T, ...]:
    return tuple(call for _, call in sorted(calls, key=_by_index))


def _by_index(call: tuple[int, object]) -> int:
    return call[0]


def _join_audio(pieces: list[AudioPart]) -> tuple[AudioPart, ...]:
    """Neighbouring pieces of one sound become one part, as a whole body would have sent it."""
    joined: list[list[AudioPart]] = []
    known = ""  # media type of the last sound, "" while no piece has said it
    for piece in pieces:
        if joined and piece.url is None and joined[-1][0].url is None and _fits(known, piece.content_type):
            joined[-1].append(piece)
            known = known or piece.content_type
        else:
            joined.append([piece])
            known = piece.content_type
    return tuple(_one(run, _first_type(run)) for run in joined)


def _fits(known: str, content_type: str) -> bool:
    """Only the first piece of a sound has a header to tell its type by: "" fits to any."""
    return not known or not content_type or known == content_type


def _first_type(run: list[AudioPart]) -> str:
    return next((part.content_type for part in run if part.content_type), "")


def _one(run: list[AudioPart], content_type: str) -> AudioPart:
    if len(run) == 1:
        return run[0]
    data = None if all(part.data is None for part in run) else b"".join(part.data or b"" for part in run)
    return evolve(run[0], data=data, content_type=content_type, transcript="".join(part.transcript for part in run))
