"""A typed function -> the tool that it is: its name, what it does, and the JSON Schema of its arguments."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, cast, get_args, get_type_hints

from ..codecs import schema
from ..codecs.text import kind_name
from ..errors import ConfigError

Function = Callable[..., Any]
"""Sync or async; called with the arguments by keyword. Returns text, a part of a message (a picture) or a list of them,
or anything that JSON can carry: plain data, dates, decimals, paths, attrs classes, dataclasses, pydantic models, ..."""


def describe(function: Function) -> tuple[str, str, dict[str, Any]]:
    """A function -> what a ToolDef says of it: name, description (the docstring), parameters (from the annotations).

    raises: ConfigError for a parameter without an annotation, a *args or **kwargs, or a type that JSON has no form for.
    """
    if not callable(cast("object", function)):
        raise ConfigError(f"a tool is made from a function, not from {kind_name(function)}")
    name = name_of(function)
    fields: list[Any] = []
    for parameter, hint in parameters(function):
        if is_given(hint):
            continue
        known = (parameter.name, hint)
        fields.append(known if parameter.default is parameter.empty else (*known, parameter.default))
    try:
        found = schema.parameters_schema(name, sorted(fields, key=len))  # what has a default stands last
    except (TypeError, NameError) as error:
        raise ConfigError(f"the tool {name} cannot be described as JSON: {error}") from None
    return name, inspect.getdoc(function) or "", _flat(found)


def parameters(function: Function) -> list[tuple[inspect.Parameter, Any]]:
    """(parameter, what it is annotated with), in order. Raises ConfigError as `describe` does."""
    name = name_of(function)
    called = _unwrapped(function)
    try:
        hints = get_type_hints(called if inspect.isroutine(called) else type(called).__call__, include_extras=True)
    except NameError as error:
        raise ConfigError(f"the tool {name} has an annotation that cannot be found where it runs: {error}") from None
    found: list[tuple[inspect.Parameter, Any]] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise ConfigError(f"the tool {name} must take its arguments by keyword: {parameter} cannot be offered")
        if parameter.name not in hints:
            raise ConfigError(f"the tool {name} needs an annotation on its parameter {parameter.name!r}")
        found.append((parameter, hints[parameter.name]))
    return found


def name_of(function: Function) -> str:
    """What a function is called as a tool."""
    called = _unwrapped(function)
    return str(getattr(called, "__name__", type(called).__name__))


def _unwrapped(function: Function) -> Function:
    while isinstance(function, partial):
        function = function.func
    return function


def is_given(hint: Any) -> bool:
    """Whether a parameter of this type is filled in by who runs the function, not by the model: its class says so by
    `given_to_tools`."""
    return any(getattr(kind, "given_to_tools", False) for kind in (hint, *get_args(hint)))


def _flat(schema: dict[str, Any]) -> dict[str, Any]:
    """The parameters' object at the top, other definitions beside it."""
    definitions = dict(schema.get("$defs", {}))
    root = dict(definitions.pop(str(schema.get("$ref", "")).removeprefix("#/$defs/"), schema))
    root.pop("title", None)
    return {**root, "$defs": definitions} if definitions else root
