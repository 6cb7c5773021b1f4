"""A Response -> events that fold into it: for an answer that came whole, to be read as a stream."""

from .events import (
    AudioEvent,
    CitationEvent,
    EndEvent,
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
from .response import Response
from .usage import Usage

_NO_USAGE = Usage()


def unfolded(response: Response) -> list[Event]:
    """The events of a stream that ends in this answer; each text in one piece."""
    events: list[Event] = []
    if response.thinking:
        events.append(ThinkingDelta(response.thinking))
    if response.text:
        events.append(TextDelta(response.text))
    events += map(CitationEvent, response.citations)
    for index, ran in enumerate(response.server_tools):
        events += (ServerToolStart(index, ran.id, ran.name), ServerToolEvent(index, ran))
    events += map(ImageEvent, response.images)
    events += map(AudioEvent, response.audio)
    for index, call in enumerate(response.tool_calls, len(response.server_tools)):
        events += (
            ToolCallStart(index, call.id, call.name),
            ToolCallDelta(index, call.arguments),
            ToolCallEvent(index, call),
        )
    if response.usage != _NO_USAGE:
        events.append(UsageEvent(response.usage))
    return [*events, EndEvent(response.finish_reason, response)]
