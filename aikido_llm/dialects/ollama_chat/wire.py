"""The fields that are read of a line. The quick types refuse every other field, so that none gets lost; a line that
they refuse is read untyped, and `unread` tells what it holds besides."""

from typing import Any, Literal

import msgspec

from .. import reasoned
from ..call_shapes import called, in_function
from ..values import as_object, as_objects, is_list, is_object


class Function(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    name: str | None = None
    arguments: Any = None  # an object; text on some proxies
    index: Any = None  # not read: some of the server's parsers write 0 for every call


class Call(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    function: Function | None = None
    id: str | None = None
    type: Any = None


class Message(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    role: Any = None
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[Call | None] | None = None
    images: list[str] | None = None


class PlainMessage(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    role: Any = None
    content: str | None = None
    thinking: str | None = None
    tool_calls: None = None
    images: None = None


class PlainLine(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """What nearly every line is, a piece of text: its types turn down all others, so that the parser (C) does the
    check."""

    message: PlainMessage
    model: Any = None
    created_at: Any = None
    done: Literal[False] | None = None
    error: None = None
    logprobs: None = None


class Line(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """One line of a stream, or a whole body."""

    message: Message | None = None
    done: bool | None = None
    error: Any = None  # text, or an object where a proxy passes on its upstream's
    model: str | None = None
    created_at: Any = None
    done_reason: str | None = None
    eval_count: Any = None
    prompt_eval_count: Any = None
    total_duration: Any = None
    load_duration: Any = None
    prompt_eval_duration: Any = None
    eval_duration: Any = None
    logprobs: list[Any] | None = None


COUNTS = (
    "prompt_eval_count", "eval_count", "total_duration", "load_duration", "prompt_eval_duration", "eval_duration",
)  # fmt: skip


def mend(value: Any) -> Any:
    """A line -> what `Line` can be converted from: without the fields that it does not name."""
    if not is_object(value):
        return value
    line = _named(value, Line)
    if is_object(line.get("message")):
        line["message"] = message = _named(line["message"], Message)
        if is_list(message.get("tool_calls")):
            message["tool_calls"] = [_call(call) for call in message["tool_calls"]]
    return line


def in_shape(value: Any) -> Any:
    """A line that is written in another way, as this wire has it: the text of the server's other route
    (`/api/generate`), reasoning under another name, calls that have their name or their arguments elsewhere."""
    line = as_object(value)
    message = as_object(line.get("message"))
    if not message and isinstance(line.get("response"), str):
        said = {name: line[name] for name in ("response", "thinking") if name in line}
        rest = {name: item for name, item in line.items() if name not in said}
        return {**rest, "message": {"content": said.pop("response"), **said}}
    shaped = reasoned.under(message, "thinking")
    if message.get("tool_calls"):
        shaped = {**shaped, "tool_calls": [in_function(call) for call in called(message["tool_calls"])]}
    elif "tool_calls" in message:
        shaped = {**shaped, "tool_calls": None}
    return value if shaped is message else {**line, "message": shaped}


def unread(value: Any) -> dict[str, Any]:
    """What a line holds besides: in itself, in its message, in the calls of that."""
    line = as_object(value)
    message = as_object(line.get("message"))
    calls = [
        {**_rest(call, Call), **_rest(as_object(call.get("function")), Function)}
        for call in as_objects(message.get("tool_calls"))
    ]
    return {**_rest(line, Line), **_rest(message, Message), **({"tool_calls": calls} if any(calls) else {})}


def _call(value: Any) -> Any:
    if not is_object(value):
        return value
    call = _named(value, Call)
    if is_object(call.get("function")):
        call["function"] = _named(call["function"], Function)
    return call


def _named(value: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name in kind.__struct_fields__}


def _rest(value: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        name: item
        for name, item in value.items()
        if name not in kind.__struct_fields__ and item not in (None, {}, [], "")
    }
