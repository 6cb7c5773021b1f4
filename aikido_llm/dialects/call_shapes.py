"""The shapes in which servers write a call: its arguments under the name of another wire, its name beside its id.

A gateway that renames one and not the other would have a tool called with nothing.
source: the references of the seven wires; reports about gateways that translate them, read 2026-11.
"""

from typing import Any

from .values import as_object

ARGUMENTS = ("arguments", "input", "args", "parameters")
"""What the wires call the arguments of a call."""


def with_arguments(fields: dict[str, Any], own: str) -> dict[str, Any]:
    """The fields of a call, its arguments under the wire's `own` name whatever the server called them; as they are when
    it has that name."""
    if fields.get(own) or not fields:
        return fields
    other = next((name for name in ARGUMENTS if name != own and fields.get(name)), None)
    if other is None:
        return fields
    return {**{name: item for name, item in fields.items() if name != other}, own: fields[other]}


def in_function(call: dict[str, Any]) -> dict[str, Any]:
    """A call whose name and arguments stand in its `function`, also where the server wrote them beside its id."""
    function = as_object(call.get("function"))
    if not function and isinstance(call.get("name"), str):
        flat = {name: call[name] for name in ("name", *ARGUMENTS) if name in call}
        call = {name: item for name, item in call.items() if name not in flat}
        function = flat
    mended = with_arguments(function, "arguments")
    return call if mended is call.get("function") else {**call, "function": mended}
