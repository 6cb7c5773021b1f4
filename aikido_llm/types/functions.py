"""A typed function -> the tool that it is: its name, what it does, and the JSON Schema of its arguments."""

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

from ..codecs import json
from ..errors import ConfigError

Function = Callable[..., Any]
"""Sync or async; called with the arguments by keyword. Returns text, or anything that JSON can carry."""


def describe(function: Function) -> tuple[str, str, dict[str, Any]]:
    """A function -> what a ToolDef says of it: name, description (the docstring), parameters (from the annotations).

    raises: ConfigError for a parameter without an annotation, a *args or **kwargs, or a type that JSON has no form for.
    """
    name = getattr(function, "__name__", type(function).__name__)
    hints = get_type_hints(function)
    fields: list[Any] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise ConfigError(f"the tool {name} must take its arguments by keyword: {parameter} cannot be offered")
        if parameter.name not in hints:
            raise ConfigError(f"the tool {name} needs an annotation on its parameter {parameter.name!r}")
        known = (parameter.name, hints[parameter.name])
        fields.append(known if parameter.default is parameter.empty else (*known, parameter.default))
    try:
        schema = json.parameters_schema(name, sorted(fields, key=len))  # what has a default stands last
    except TypeError as error:
        raise ConfigError(f"the tool {name} cannot be described as JSON: {error}") from None
    return name, inspect.getdoc(function) or "", _flat(schema)


def _flat(schema: dict[str, Any]) -> dict[str, Any]:
    """The parameters' object at the top, other definitions beside it."""
    definitions = dict(schema.get("$defs", {}))
    root = dict(definitions.pop(str(schema.get("$ref", "")).removeprefix("#/$defs/"), schema))
    root.pop("title", None)
    return {**root, "$defs": definitions} if definitions else root
