"""The fields that are read of an event. The quick types refuse every other field, so that none gets lost; an event
that they refuse is read untyped, and `unread` tells what it holds besides."""

from typing import Any, Literal

import msgspec

from ..reasoned import NAMES
from ..values import as_object


class Content(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    type: str | None = None
    text: str | None = None
    thinking: str | None = None


class Function(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    name: str | None = None
    arguments: Any = None  # JSON text; gateways have sent objects


class Call(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    id: str | None = None
    type: Any = None
    function: Function | None = None


class TextMessage(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    content: Content


class TextDelta(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    message: TextMessage


class TextPiece(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """What nearly every event is: its types turn down all others, so that the parser (C) does the check."""

    type: Literal["content-delta"]
    delta: TextDelta
    index: Any = None
    logprobs: None = None


class CallMessage(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    tool_plan: str | None = None
    tool_calls: Call | None = None


class CallDelta(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    message: CallMessage


class CallPiece(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A piece of a call, or of the plan before it."""

    type: Literal["tool-call-start", "tool-call-delta", "tool-plan-delta"]
    delta: CallDelta
    index: int | None = None


_EVENT = frozenset(("type", "index", "id", "delta", "logprobs"))
_ANSWER = frozenset(("id", "message", "finish_reason", "usage", "error", "logprobs"))
_DELTA = frozenset(("message", "finish_reason", "usage", "error"))
_MESSAGE = frozenset(("role", "content", "tool_plan", "tool_calls", "citations"))
_CALL = frozenset(("id", "type", "function"))
_FUNCTION = frozenset(("name", "arguments"))


def unread(event: dict[str, Any]) -> dict[str, Any]:
    """What an event holds in fields that are not named here, at each of its levels."""
    delta = as_object(event.get("delta"))
    return {**_rest(event, _EVENT), **_rest(delta, _DELTA), **_beside(delta)}


def unread_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """The same of a whole body."""
    return {**_rest(answer, _ANSWER), **_beside(answer)}


def mend_call(value: Any) -> Any:
    """A call -> what `Call` can be converted from: without the fields that it does not name."""
    call = as_object(value)
    named = {name: item for name, item in call.items() if name in _CALL}
    if isinstance(named.get("function"), dict):
        named["function"] = {name: item for name, item in named["function"].items() if name in _FUNCTION}
    return named if isinstance(value, dict) else value


def unread_call(value: Any) -> dict[str, Any]:
    """What a call holds besides."""
    call = as_object(value)
    return {**_rest(call, _CALL), **_rest(as_object(call.get("function")), _FUNCTION)}


def _beside(holder: dict[str, Any]) -> dict[str, Any]:
    """What a message holds besides: reasoning is read under any name, and of it only what is more than text is left."""
    left = _rest(as_object(holder.get("message")), _MESSAGE)
    return {name: item for name, item in left.items() if name not in NAMES or not isinstance(item, str)}


def _rest(value: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name not in known and item not in (None, {}, [], "")}
