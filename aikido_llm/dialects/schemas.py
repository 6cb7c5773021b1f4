"""JSON schemas as servers take them: an object lists its properties; what is "strict" is closed, all of it required.

source: the guide "Structured outputs" of the maker of both wires, "Supported schemas", read 2026-11.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from ..errors import UnsupportedFeatureError
from .values import is_mapping

_SUBSCHEMAS = ("items", "additionalProperties", "not")
_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")
_MAPS = ("properties", "$defs", "definitions")

# Words that are safe in a strict schema at every server of the wire; patterns, formats and bounds are not.
_PLAIN = {
    "type", "title", "description", "properties", "required", "additionalProperties", "items", "enum", "const",
    "anyOf", "$ref", "$defs",
}  # fmt: skip


_BRANCHES = {"anyOf", "allOf", "oneOf", "$ref"}
_CLOSED = {"properties": dict[str, Any](), "additionalProperties": False}
_FREE = {"properties": dict[str, Any](), "additionalProperties": True}


def tool_parameters(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a tool: it says that it is an object (a call's arguments are nothing else), and every object in it
    lists its properties, be there none: several servers refuse one that does not, which is what MCP servers write for a
    tool without arguments. An object inside it stays as free as it was: engines that compile a grammar take one that
    lists its properties for closed."""
    said = {} if schema.keys() & {"type", *_BRANCHES} else {"type": "object"}
    root = _changed({**said, **schema}, _FREE)
    if "additionalProperties" not in schema:
        root.pop("additionalProperties", None)
    return root


def answer_schema(schema: Mapping[str, Any], *, strict: bool, needs_required: bool) -> dict[str, Any]:
    """The schema of an answer. strict: its objects are closed, unless they say otherwise.

    needs_required: the server enforces a strict schema only where every property is required and no object is open.
    raises: UnsupportedFeatureError for a strict one that such a server would refuse.
    """
    if not strict:
        return dict(schema)
    schema = closed(schema)
    why = open_end(schema) if needs_required else ""
    if why:
        raise UnsupportedFeatureError(
            f"this wire cannot enforce the schema, because {why}: close every object and list all its properties in "
            "`required`, or pass strict=False"
        )
    return schema


def schema_name(name: str) -> str:
    """The name of an answer's schema in the characters that servers take, at most 64 of them."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64] or "answer"


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with `additionalProperties: false`, and `properties`, on every object that does not say."""
    return _changed(schema, _CLOSED)


def _changed(schema: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which every object that lists no properties has what it leaves open from defaults; one that lists them
    is free without a word, so it takes no `True`."""

    def change(value: Any) -> Any:
        return _changed(value, defaults) if is_mapping(value) else value

    copy: dict[str, Any] = {}
    for word, value in schema.items():
        if word in _MAPS and is_mapping(value):
            copy[word] = {name: change(sub) for name, sub in value.items()}
        elif word in _LISTS and isinstance(value, list | tuple):
            copy[word] = [change(sub) for sub in cast("list[Any]", value)]
        elif word in _SUBSCHEMAS:
            copy[word] = change(value)
        else:
            copy[word] = value
    if _is_object(schema) and ("properties" not in schema or not defaults["additionalProperties"]):
        copy |= {word: value for word, value in defaults.items() if word not in schema}
    return copy


def open_end(schema: Mapping[str, Any]) -> str:
    """Why a schema cannot be enforced as it is, in a few words; "" when it can."""
    for part in _parts(schema):
        if not _is_object(part):
            continue
        if part.get("additionalProperties") is not False:
            return "an object takes any property"
        left = set(_properties(part)) - set(cast("list[str]", part.get("required") or ()))
        if left:
            return f"the property {min(left)!r} is optional"
    return ""


def is_strict(schema: Mapping[str, Any]) -> bool:
    """Whether a tool's schema may be called strict as it stands."""
    if schema.get("type") != "object" or open_end(schema):
        return False
    return all(not part.keys() - _PLAIN for part in _parts(schema))


def _is_object(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "object" or "properties" in schema or (isinstance(kind, list | tuple) and "object" in kind)


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = schema.get("properties")
    return properties if is_mapping(properties) else {}


def _parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    """The schema and every schema inside it."""
    if not is_mapping(schema):
        return
    yield schema
    for word in _SUBSCHEMAS:
        yield from _parts(schema.get(word))
    for word in _LISTS:
        for sub in cast("list[Any]", schema.get(word) or ()):
            yield from _parts(sub)
    for word in _MAPS:
        subs = schema.get(word)
        if is_mapping(subs):
            for sub in subs.values():
                yield from _parts(sub)
