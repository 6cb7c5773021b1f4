"""JSON Schema -> the subset that structured output takes here. The server refuses the rest with a 400.

What is changed:
- each object gets `additionalProperties: false`; `oneOf` becomes `anyOf`; `allOf` of objects becomes one object;
- constraints outside the subset (bounds, lengths, patterns, item counts, `not`, formats it does not know, ...) move
  into the `description`, where the model still reads them; the server no longer enforces them.
What cannot be said, UnsupportedFeatureError: recursion, references out of the schema, objects with free keys.

source: Anthropic API reference, "Structured outputs", read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from ...codecs import json
from ...errors import UnsupportedFeatureError
from ..values import is_list, is_object

Schema = dict[str, Any]

_KEPT = ("type", "enum", "const", "default", "title", "required")
_SCHEMAS_BY_NAME = ("properties", "$defs", "definitions")
_NOTES = ("$schema", "$id", "$comment", "examples", "deprecated", "readOnly", "writeOnly")  # bind nothing: left out
_FORMATS = (
    "date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid",
)  # fmt: skip
_SPECIAL = ("$ref", "allOf", "description", "additionalProperties")


def rewrite(schema: Mapping[str, Any]) -> Schema:
    """The schema in the wire's subset. Raises UnsupportedFeatureError for what the subset cannot say."""
    root = dict(schema)
    _refuse_recursion(root, root, (), set())
    return _rewrite(root, root)


def _rewrite(schema: Schema, root: Schema) -> Schema:
    if "allOf" in schema:
        schema = _merged(schema, root)
    if "$ref" in schema:
        return _reference(schema, root)
    result: Schema = {}
    constraints: Schema = {}
    for key, value in schema.items():
        if key in _KEPT:
            result[key] = value
        elif key in _SCHEMAS_BY_NAME and is_object(value):
            result[key] = {name: _rewrite_any(item, root) for name, item in value.items()}
        elif key in ("anyOf", "oneOf") and is_list(value) and "anyOf" not in result:
            result["anyOf"] = [_rewrite_any(item, root) for item in value]
        elif key == "items" and is_object(value):
            result[key] = _rewrite_any(value, root)
        elif key == "format" and value in _FORMATS:
            result[key] = value
        elif key not in _SPECIAL and key not in _NOTES:
            constraints[key] = value
    _close_object(schema, result)
    _describe(result, schema.get("description"), constraints)
    return result


def _rewrite_any(value: Any, root: Schema) -> Any:
    """A schema may also be true or false."""
    return _rewrite(value, root) if is_object(value) else value


def _describe(result: Schema, description: Any, constraints: Schema) -> None:
    words = [description] if isinstance(description, str) and description else []
    if constraints:
        words.append("Must satisfy " + json.text(constraints))
    if words:
        result["description"] = "\n".join(words)


def _close_object(schema: Schema, result: Schema) -> None:
    kind = schema.get("type")
    kinds = kind if is_list(kind) else [kind]
    if "object" not in kinds and "properties" not in schema:
        return
    if "anyOf" in result and "properties" not in schema:
        result.pop("type", None)  # the choices are the object; closing it around them would exclude them all
        return
    free = schema.get("additionalProperties")
    if is_object(free) or (free is not False and not schema.get("properties")):
        raise UnsupportedFeatureError(
            "structured output on this wire cannot have objects with free keys: list the properties, or use an array "
            "of objects with a key and a value"
        )
    result["additionalProperties"] = False


def _reference(schema: Schema, root: Schema) -> Schema:
    """The wire takes nothing beside a `$ref`; what stands there (a description) goes one level up."""
    beside = _rewrite({key: value for key, value in schema.items() if key != "$ref"}, root)
    reference = {"$ref": schema["$ref"]}
    definitions: Schema = {key: beside.pop(key) for key in ("$defs", "definitions") if key in beside}
    if not beside:
        return {**reference, **definitions}
    return {"anyOf": [reference], **beside, **definitions}


def _merged(schema: Schema, root: Schema) -> Schema:
    """`allOf` as one schema: its branches, each closed by `additionalProperties: false`, would exclude each other."""
    branches = schema["allOf"] if is_list(schema["allOf"]) else []
    rest = {key: value for key, value in schema.items() if key != "allOf"}
    if len(branches) == 1 and is_object(branches[0]) and "$ref" in branches[0] and "properties" not in rest:
        return {**branches[0], **rest}
    for branch in branches:
        part = branch
        while is_object(part) and "$ref" in part:
            part = _resolve(part["$ref"], root)
        if not is_object(part):
            continue
        _absorb(rest, _merged(part, root) if "allOf" in part else part)
    return rest


def _absorb(into: Schema, part: Schema) -> None:
    for key, value in part.items():
        if key == "properties" and is_object(value):
            into[key] = {**into.get(key, {}), **value}
        elif key == "required" and is_list(value):
            into[key] = [*dict.fromkeys([*into.get(key, []), *value])]
        elif key in ("title", "description"):
            into.setdefault(key, value)
        elif into.get(key, value) != value:
            raise UnsupportedFeatureError(
                f"structured output on this wire cannot combine two {key!r} by allOf; write the combined schema out"
            )
        else:
            into[key] = value


def _refuse_recursion(schema: Any, root: Schema, inside: tuple[str, ...], done: set[str]) -> None:
    """Follow every reference; one that leads into itself cannot be said. done: references that were followed before."""
    if not is_object(schema):
        return
    target = schema.get("$ref")
    if isinstance(target, str) and target not in done:
        if target in inside or target == "#":
            raise UnsupportedFeatureError(
                f"structured output on this wire cannot be recursive, and {target} leads into itself; unroll it to a "
                "fixed depth"
            )
        _refuse_recursion(_resolve(target, root), root, (*inside, target), done)
        done.add(target)
    for child in _children(schema):
        _refuse_recursion(child, root, inside, done)


def _children(schema: Schema) -> list[Any]:
    found: list[Any] = [schema.get("items")]
    for key in _SCHEMAS_BY_NAME:
        named = schema.get(key)
        found += named.values() if is_object(named) else ()
    for key in ("anyOf", "oneOf", "allOf"):
        options = schema.get(key)
        found += options if is_list(options) else ()
    return found


def _resolve(target: Any, root: Schema) -> Any:
    """What `#/$defs/Name` points at. Raises UnsupportedFeatureError when that is nothing in the schema."""
    here: Any = root
    if isinstance(target, str) and target.startswith("#/"):
        for step in target[2:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            here = here.get(name) if is_object(here) else None
        if here is not None:
            return here
    raise UnsupportedFeatureError(f"structured output on this wire cannot follow the reference {target!r}")
