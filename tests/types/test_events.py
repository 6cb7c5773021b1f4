from typing import Any, get_args

import pytest

from aikido_llm.errors import LLMError
from aikido_llm.types.citations import Citation
from aikido_llm.types.events import (
    AudioEvent,
    CitationEvent,
    EndEvent,
    ErrorEvent,
    Event,
    EventKind,
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
from aikido_llm.types.parts import AudioPart, ImagePart
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.server_tools import ServerToolCall
from aikido_llm.types.tools import ToolCall
from aikido_llm.types.usage import Usage

ONE_OF_EACH: list[Event] = [
    TextDelta("a"),
    ThinkingDelta("a"),
    ToolCallStart(0, "1", "f"),
    ToolCallDelta(0, "{}"),
    ToolCallEvent(0, ToolCall("1", "f")),
    ImageEvent(ImagePart(data=b"x")),
    AudioEvent(AudioPart(data=b"x")),
    CitationEvent(Citation("https://host")),
    ServerToolStart(1, "2", "web_search"),
    ServerToolEvent(1, ServerToolCall("2", "web_search")),
    UsageEvent(Usage(1)),
    ErrorEvent(LLMError("a")),
    EndEvent(FinishReason.stop, Response()),
]


def test_the_union_and_the_kinds_are_the_same_closed_set() -> None:
    assert tuple(type(event) for event in ONE_OF_EACH) == get_args(Event)
    assert [event.kind for event in ONE_OF_EACH] == list(EventKind)
    assert [kind.value for kind in EventKind] == [
        "text_delta",
        "thinking",
        "tool_call_start",
        "tool_call_delta",
        "tool_call",
        "image",
        "audio",
        "citation",
        "server_tool_start",
        "server_tool",
        "usage",
        "error",
        "end",
    ]


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: event.kind)
def test_events_are_slotted(event: Any) -> None:
    with pytest.raises(AttributeError):
        event.other = 1


def test_events_compare_by_value_and_match_by_field() -> None:
    assert TextDelta("a") == TextDelta("a")
    assert ONE_OF_EACH[0] != ONE_OF_EACH[1]
    match ONE_OF_EACH[4]:
        case ToolCallEvent(index=0, call=ToolCall(name=name)):
            assert name == "f"
        case other:
            raise AssertionError(other)


def test_an_error_event_says_error_unless_told() -> None:
    assert ErrorEvent(LLMError()).finish_reason is FinishReason.error
