"""The closed set of events a stream yields.

Plain slotted classes, not frozen: making a frozen one costs 0.2 us more, per token. Treat them as read-only.

    stream := event* [UsageEvent] [ErrorEvent] EndEvent
    event  := TextDelta | ThinkingDelta | ImageEvent | AudioEvent | CitationEvent | call | server | UsageEvent
    call   := ToolCallStart ToolCallDelta* ToolCallEvent
    server := ServerToolStart [ServerToolEvent]
    run    := (stream ToolResultEvent*)* stream

Calls and server tools may interleave, keyed by one index space. A run is what `stream_tools` yields.

A call that the answer was cut off in (an ErrorEvent, or the token limit) has no ToolCallEvent: it must not be run.
"""

from enum import StrEnum
from typing import ClassVar, Literal, TypeAlias

from attrs import define

from ..errors import LLMError
from .citations import Citation
from .messages import Message
from .parts import AudioPart, ImagePart
from .response import FinishReason, Response
from .server_tools import ServerToolCall
from .tools import ToolCall
from .usage import Usage


class EventKind(StrEnum):
    text_delta = "text_delta"
    thinking = "thinking"
    tool_call_start = "tool_call_start"
    tool_call_delta = "tool_call_delta"
    tool_call = "tool_call"
    image = "image"
    audio = "audio"
    citation = "citation"
    server_tool_start = "server_tool_start"
    server_tool = "server_tool"
    usage = "usage"
    error = "error"
    end = "end"


@define
class TextDelta:
    """The next piece of the answer's text."""

    text: str
    kind: ClassVar[Literal[EventKind.text_delta]] = EventKind.text_delta


@define
class ThinkingDelta:
    """The next piece of the model's reasoning, or of its summary."""

    text: str
    kind: ClassVar[Literal[EventKind.thinking]] = EventKind.thinking


@define
class ToolCallStart:
    """A tool call begins. index: the call's key within this stream, counted from 0."""

    index: int
    id: str
    name: str
    kind: ClassVar[Literal[EventKind.tool_call_start]] = EventKind.tool_call_start


@define
class ToolCallDelta:
    """The next piece of a call's arguments, JSON text."""

    index: int
    arguments: str
    kind: ClassVar[Literal[EventKind.tool_call_delta]] = EventKind.tool_call_delta


@define
class ToolCallEvent:
    """A call is complete and may be run."""

    index: int
    call: ToolCall
    kind: ClassVar[Literal[EventKind.tool_call]] = EventKind.tool_call


@define
class ImageEvent:
    """A whole picture."""

    image: ImagePart
    kind: ClassVar[Literal[EventKind.image]] = EventKind.image


@define
class AudioEvent:
    """The next piece of sound, with the piece of its transcript that came along."""

    audio: AudioPart
    kind: ClassVar[Literal[EventKind.audio]] = EventKind.audio


@define
class CitationEvent:
    """A source of the text so far: sent when the text up to its `end` has been."""

    citation: Citation
    kind: ClassVar[Literal[EventKind.citation]] = EventKind.citation


@define
class ServerToolStart:
    """The provider begins to run a tool of its own. index: its key within this stream, in one count with the calls."""

    index: int
    id: str
    name: str
    kind: ClassVar[Literal[EventKind.server_tool_start]] = EventKind.server_tool_start


@define
class ServerToolEvent:
    """What the provider ran, as far as it tells. None comes for a tool that the answer was cut off in."""

    index: int
    call: ServerToolCall
    kind: ClassVar[Literal[EventKind.server_tool]] = EventKind.server_tool


@define
class UsageEvent:
    """What the answer cost, as far as the server has said."""

    usage: Usage
    kind: ClassVar[Literal[EventKind.usage]] = EventKind.usage


@define
class ErrorEvent:
    """The answer failed after it had begun. error.partial holds all that had arrived."""

    error: LLMError
    finish_reason: FinishReason = FinishReason.error
    kind: ClassVar[Literal[EventKind.error]] = EventKind.error


@define
class EndEvent:
    """The last event of every stream. response: the answer, folded from all events before."""

    finish_reason: FinishReason
    response: Response
    kind: ClassVar[Literal[EventKind.end]] = EventKind.end


Event: TypeAlias = (
    TextDelta
    | ThinkingDelta
    | ToolCallStart
    | ToolCallDelta
    | ToolCallEvent
    | ImageEvent
    | AudioEvent
    | CitationEvent
    | ServerToolStart
    | ServerToolEvent
    | UsageEvent
    | ErrorEvent
    | EndEvent
)


@define
class ToolResultEvent:
    """A tool of the caller's was run between two answers. message: the result, as the model sees it."""

    call: ToolCall
    message: Message
    kind: ClassVar[Literal["tool_result"]] = "tool_result"


RunEvent: TypeAlias = Event | ToolResultEvent
"""What a run of tools yields: the events of its answers, and the results between them."""
