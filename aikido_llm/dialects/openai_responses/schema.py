"""What "strict" asks of a JSON schema here: every object closed, every property required.

source: OpenAI guide "Structured outputs", supported schemas, read 2026-11.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from ..values import is_mapping

_SUBSCHEMAS = ("items", "additionalProperties", "not")
_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")
_MAPS = ("properties", "$defs", "definitions")

# Words that are safe in a strict schema at every server of the wire; patterns, formats and bounds are not.
_PLAIN = {
    "type", "title", "description", "properties", "required", "additionalProperties", "items", "enum", "const",
    "anyOf", "$ref", "$defs",
}  # fmt: skip


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with `additionalProperties: false` on every object that does not say; nothing else is changed."""
    copy: dict[str, Any] = {}
    for word, value in schema.items():
        if word in _MAPS and is_mapping(value):
            copy[word] = {name: _closed(sub) for name, sub in value.items()}
        elif word in _LISTS and isinstance(value, list | tuple):
            copy[word] = [_closed(sub) for sub in cast("list[Any]", value)]
        elif word in _SUBSCHEMAS:
            copy[word] = _closed(value)
        else:
            copy[word] = value
    if _is_object(schema):
        copy.setdefault("additionalProperties", False)
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


def _closed(schema: Any) -> Any:
    return closed(schema) if is_mapping(schema) else schema


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
