"""The fields that are read of a line; everything else is skipped while parsing."""

from typing import Any

import msgspec


class Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: Any = None  # an object; text on some proxies


class Call(msgspec.Struct, gc=False):
    # `index` is not read: some of the server's parsers write 0 for every call.
    function: Function | None = None
    id: str | None = None


class Message(msgspec.Struct, gc=False):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[Call | None] | None = None
    images: list[str] | None = None


class PlainMessage(msgspec.Struct, gc=False):
    content: str | None = None
    thinking: str | None = None
    tool_calls: None = None
    images: None = None


class PlainLine(msgspec.Struct, gc=False):
    """What nearly every line is, a piece of text: its types turn down all others, so that the parser (C) does the
    check."""

    message: PlainMessage
    done: bool | None = None
    error: None = None
    logprobs: None = None


class Line(msgspec.Struct, gc=False):
    """One line of a stream, or a whole body."""

    message: Message | None = None
    done: bool | None = None
    error: Any = None  # text, or an object where a proxy passes on its upstream's
    model: str | None = None
    created_at: Any = None
    done_reason: str | None = None
    eval_count: Any = None
    logprobs: list[Any] | None = None
