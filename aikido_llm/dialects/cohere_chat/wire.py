"""The fields that are read of an event; everything else is skipped while parsing."""

from typing import Any, Literal

import msgspec


class Content(msgspec.Struct, gc=False):
    type: str | None = None
    text: str | None = None
    thinking: str | None = None


class Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: Any = None  # JSON text; gateways have sent objects


class Call(msgspec.Struct, gc=False):
    id: str | None = None
    function: Function | None = None


class Message(msgspec.Struct, gc=False):
    # One object in a delta, but an empty list in message-start.
    content: Content | list[Any] | str | None = None
    tool_plan: str | None = None
    tool_calls: Call | list[Any] | None = None


class Delta(msgspec.Struct, gc=False):
    message: Message | None = None


class TextMessage(msgspec.Struct, gc=False):
    content: Content


class TextDelta(msgspec.Struct, gc=False):
    message: TextMessage


class TextPiece(msgspec.Struct, gc=False):
    """What nearly every event is: its types turn down all others, so that the parser (C) does the check."""

    type: Literal["content-delta"]
    delta: TextDelta
    logprobs: None = None


class Piece(msgspec.Struct, gc=False):
    """One event."""

    type: str = ""
    index: int | None = None
    id: str | None = None
    delta: Delta | None = None
    logprobs: Any = None
