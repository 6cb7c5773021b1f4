"""JSON Schema -> the part of it that this wire enforces.

Changed without changing what is a valid answer:
  - local references are written out, `title`-like notes and `additionalProperties: false` are left out;
  - "this or null" becomes a list of two types;
  - an object without required fields gets all its fields required (the wire wants at least one).
Said in the description instead, because the wire cannot enforce it: bounds, lengths, unknown formats, patterns with
anchors or lookaheads, uniqueness. Refused: compositions, recursion, open maps, a top level that is not an object.

source: Cohere docs, "Structured Outputs", schema constraints, read 2026-11.
"""

import re
from collections.abc import Mapping
from typing import Any

from ...codecs import json
from ...errors import UnsupportedFeatureError
from ..values import as_list, as_object, is_list, is_object

_NOTES = ("$schema", "$id", "$comment", "$defs", "definitions", "title", "default", "examples", "additionalProperties")
_UNENFORCED = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "minProperties", "maxProperties",
)  # fmt: skip
_REFUSED = ("allOf", "oneOf", "not", "if", "patternProperties", "dependentSchemas", "prefixItems")
_FORMATS = ("date-time", "uuid", "date", "time")
_NO_REGEX = re.compile(r"\^|\$|\(\?[=!<]")


def rewrite(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Raises UnsupportedFeatureError for what cannot be said, naming the keyword and its place."""
    root = dict(schema)
    result = _Rewriter(root).schema(root, "the schema", ())
    if result.get("type") != "object":
        raise _cannot("the schema", "its top level must be an object")
    return result


class _Rewriter:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root

    def schema(self, source: dict[str, Any], at: str, inside: tuple[str, ...]) -> dict[str, Any]:
        """at: the place, for errors. inside: the references that led here."""
        if "$ref" in source:
            name = str(source["$ref"])
            if name in inside:
                raise _cannot(at, "it contains itself")
            rest = {key: value for key, value in source.items() if key != "$ref"}
            return self.schema({**self._resolve(name, at), **rest}, at, (*inside, name))
        if "anyOf" in source:
            return self._nullable(source, at, inside)
        for keyword in _REFUSED:
            if keyword in source:
                raise _cannot(at, f"it uses {keyword}")
        if _is_open_map(source):
            raise _cannot(at, "it is an object whose field names are not given")
        result = _notes_in_description(source)
        self._children(result, at, inside)
        return result

    def _children(self, result: dict[str, Any], at: str, inside: tuple[str, ...]) -> None:
        properties = result.get("properties")
        if is_object(properties):
            result["properties"] = {
                name: self.schema(_object(field, f"{at}.{name}"), f"{at}.{name}", inside)
                for name, field in properties.items()
            }
            if not result.get("required"):
                result["required"] = list(properties)
        if is_object(result.get("items")):
            result["items"] = self.schema(result["items"], f"{at}[]", inside)

    def _nullable(self, source: dict[str, Any], at: str, inside: tuple[str, ...]) -> dict[str, Any]:
        """`anyOf: [X, null]` -> X whose type is a list of two."""
        arms = as_list(source["anyOf"])
        others = [arm for arm in arms if arm != {"type": "null"}]
        if len(others) != 1:
            raise _cannot(at, "it uses anyOf for more than 'or null'")
        outer = _notes_in_description({key: value for key, value in source.items() if key != "anyOf"})
        arm = {**self.schema(_object(others[0], at), at, inside), **outer}
        if len(others) < len(arms):
            if not isinstance(arm.get("type"), str):
                raise _cannot(at, "it uses anyOf with something that names no single type")
            arm["type"] = [arm["type"], "null"]
            if is_list(arm.get("enum")):
                arm["enum"] = [*arm["enum"], None]
        return arm

    def _resolve(self, name: str, at: str) -> dict[str, Any]:
        found: Any = self._root
        for key in name.removeprefix("#").strip("/").split("/"):
            if key:
                key = key.replace("~1", "/").replace("~0", "~")
                found = as_object(found).get(key)
        if not name.startswith("#") or not is_object(found):
            raise _cannot(at, f"its reference {name!r} leads nowhere in the schema itself")
        return found


def _notes_in_description(source: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    said: list[str] = []
    for key, value in source.items():
        if key in _UNENFORCED or (key == "format" and value not in _FORMATS):
            said.append(f"{key}: {json.text(value)}")
        elif key == "pattern" and _NO_REGEX.search(str(value)):
            said.append(f"pattern: {value}")
        elif key not in _NOTES:
            result[key] = value
    if said:
        result["description"] = " ".join(filter(None, (str(result.get("description", "")), f"({', '.join(said)})")))
    return result


def _is_open_map(source: dict[str, Any]) -> bool:
    kinds = source.get("type")
    fields_open = kinds == "object" or (is_list(kinds) and "object" in kinds)
    return fields_open and not source.get("properties")


def _object(value: Any, at: str) -> dict[str, Any]:
    if not is_object(value):
        raise _cannot(at, "it allows anything")
    return value


def _cannot(at: str, why: str) -> UnsupportedFeatureError:
    return UnsupportedFeatureError(
        f"this wire cannot enforce {at}: {why}; simplify the schema, or ask for ResponseFormat.json() and describe it "
        "in the prompt"
    )
