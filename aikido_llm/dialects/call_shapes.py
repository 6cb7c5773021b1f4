"""The shapes in which servers write a call: its arguments under the name of another wire, its name beside its id.

A gateway that renames one and not the other would have a tool called with nothing.
source: the references of the seven wires; reports about gateways that translate them, read 2026-11.
"""

from typing import Any

from ..codecs import json
from ..errors import MalformedStream
from .values import as_object, is_list, is_object, one_or_more

ARGUMENTS = ("arguments", "input", "args", "parameters")
"""What the wires call the arguments of a call."""


_FLAT = ("name", *ARGUMENTS)
_CALL = frozenset((*_FLAT, "function", "custom", "id", "index", "type"))


def with_arguments(fields: dict[str, Any], own: str) -> dict[str, Any]:
    """The fields of a call, its arguments under the wire's `own` name whatever the server called them; as they are when
    it has that name."""
    if fields.get(own) or not fields:
        return fields
    other = next((name for name in ARGUMENTS if name != own and fields.get(name)), None)
    if other is None:
        return fields
    return {**{name: item for name, item in fields.items() if name != other}, own: fields[other]}


def called(value: Any) -> list[dict[str, Any]]:
    """The calls that stand where a list of them is due: one of them alone, or JSON text of them. Raises MalformedStream
    for what cannot be read: a call that the model made may not vanish."""
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except ValueError:
            raise _unread() from None
    calls = one_or_more(value)
    strange = len(calls) < len(value) if is_list(value) else value and not is_object(value)
    if strange or any(call and call.keys().isdisjoint(_CALL) for call in calls):
        raise _unread()
    return calls


def _unread() -> MalformedStream:
    return MalformedStream("the calls of the answer are of a shape that cannot be read")


def in_function(call: dict[str, Any]) -> dict[str, Any]:
    """A call whose name and arguments stand in its `function`, also where the server wrote them beside its id."""
    function = as_object(call.get("function"))
    if not function and (flat := {name: call[name] for name in _FLAT if call.get(name)}):
        call = {name: item for name, item in call.items() if name not in flat}
        function = flat
    mended = with_arguments(function, "arguments")
    return call if mended is call.get("function") else {**call, "function": mended}
