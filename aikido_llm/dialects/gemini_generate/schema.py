"""JSON Schema -> what the wire takes (source: Gemini API reference, Schema, and structured output guide, read 2026-11).

The JSON Schema fields take a schema as it is, apart from `const`; what the model does not know in it, it ignores. The
older fields take a part of OpenAPI 3.0 and refuse every other key, so there a schema is rewritten: references are put
in place, `const` becomes a one-value enum, `oneOf` an `anyOf`, a type list `nullable` or an `anyOf`, exclusive bounds
of integers inclusive ones; keys that only annotate or narrow a value are left out. What would change the shape of the
answer is refused.
"""

from collections.abc import Mapping
from typing import Any

from ...errors import UnsupportedFeatureError
from ..values import is_list, is_mapping, is_object

_PLAIN = frozenset((
    "title", "description", "nullable", "minItems", "maxItems", "required", "minProperties", "maxProperties",
    "minimum", "maximum", "minLength", "maxLength", "pattern", "example", "propertyOrdering", "default",
))  # fmt: skip
_FORMATS = frozenset(("enum", "date-time", "int32", "int64", "float", "double"))
_REFUSED = (
    "not", "if", "then", "else", "patternProperties", "propertyNames", "dependentSchemas", "dependentRequired",
    "prefixItems", "contains", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef",
)  # fmt: skip
_DEEPEST = 100  # levels of nesting


def to_json_schema(schema: Any) -> Any:
    """The schema with `const` as a one-value enum, which is all that the JSON Schema fields lack."""
    if is_list(schema):
        return [to_json_schema(item) for item in schema]
    if not is_mapping(schema):
        return schema
    out: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("properties", "$defs", "definitions") and is_mapping(value):
            out[key] = {name: to_json_schema(item) for name, item in value.items()}
        elif key in ("enum", "default", "example", "examples"):
            out[key] = value
        elif key == "const":
            out["enum"] = [value]
        else:
            out[key] = to_json_schema(value)
    return out


def to_openapi(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The older form. Raises UnsupportedFeatureError for what it cannot say."""
    return _Rewriter(schema).node(schema, ())


class _Rewriter:
    """Holds the root, into which references point."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root

    def node(self, value: Any, inside: tuple[str, ...]) -> dict[str, Any]:
        """inside: the levels on the way here, by their references; one that comes again is a recursion."""
        if len(inside) > _DEEPEST:
            raise _unsupported(f"a schema nested deeper than {_DEEPEST} levels")
        schema, inside = self._resolved(value, inside)
        for key in _REFUSED:
            if key in schema:
                raise _unsupported(f"`{key}` in a schema")
        out = {key: item for key, item in schema.items() if key in _PLAIN}
        self._type(schema, out)
        self._values(schema, out)
        self._bounds(schema, out)
        properties = schema.get("properties")
        if is_mapping(properties) and properties:
            out["properties"] = {str(name): self.node(item, inside) for name, item in properties.items()}
        if "items" in schema and schema["items"] is not True:
            out["items"] = self.node(schema["items"], inside)
        self._choices(schema, out, inside)
        return out

    def _resolved(self, value: Any, inside: tuple[str, ...]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """The schema with its references, and an `allOf` of one, put in place."""
        schema: Any = {} if value is True else value
        inside = (*inside, "")
        while is_mapping(schema) and ("$ref" in schema or "allOf" in schema):
            ref, parts = schema.get("$ref"), schema.get("allOf")
            if ref is None and is_list(parts) and len(parts) == 1:
                target = parts[0]
            elif isinstance(ref, str) and ref not in inside:
                target = self._target(ref)
                inside = (*inside, str(ref))
            else:
                raise _unsupported(f"the recursive reference {ref}" if ref else "`allOf` of several schemas")
            beside = {key: item for key, item in schema.items() if key != ("allOf" if ref is None else "$ref")}
            schema = {**target, **beside} if is_mapping(target) else target
        if not is_mapping(schema):
            raise _unsupported(f"{schema!r} as a schema")
        return schema, inside

    def _target(self, ref: str) -> Mapping[str, Any]:
        place: Any = self._root
        for step in ref.removeprefix("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            place = place.get(name) if is_mapping(place) else None
        if not ref.startswith("#") or not is_mapping(place):
            raise _unsupported(f"the reference {ref}")
        return place

    def _type(self, schema: Mapping[str, Any], out: dict[str, Any]) -> None:
        kinds = schema.get("type")
        if not is_list(kinds):
            if kinds is not None:
                out["type"] = kinds
            return
        if "null" in kinds:
            out["nullable"] = True
        named = [kind for kind in kinds if kind != "null"]
        if len(named) == 1:
            out["type"] = named[0]
        elif named:
            out["anyOf"] = [{"type": kind} for kind in named]

    def _values(self, schema: Mapping[str, Any], out: dict[str, Any]) -> None:
        values = [schema["const"]] if "const" in schema else schema.get("enum")
        if is_list(values):
            if None in values:
                out["nullable"] = True
            named = [item for item in values if item is not None]
            if not all(isinstance(item, str) for item in named):
                raise _unsupported("an enum of other values than strings")
            if named:
                out["enum"] = named
                out.setdefault("type", "string")
        if schema.get("format") in _FORMATS:
            out["format"] = schema["format"]

    def _bounds(self, schema: Mapping[str, Any], out: dict[str, Any]) -> None:
        for key, bound, step in (("exclusiveMinimum", "minimum", 1), ("exclusiveMaximum", "maximum", -1)):
            value = schema.get(key)
            if isinstance(value, int) and not isinstance(value, bool) and out.get("type") == "integer":
                out[bound] = value + step

    def _choices(self, schema: Mapping[str, Any], out: dict[str, Any], inside: tuple[str, ...]) -> None:
        choices = schema.get("anyOf", schema.get("oneOf"))
        if not is_list(choices):
            return
        named = [c for c in choices if not (is_object(c) and c.get("type") == "null")]
        if len(named) < len(choices):
            out["nullable"] = True
        nodes = [self.node(choice, inside) for choice in named]
        if len(nodes) == 1:
            out.update({**nodes[0], **out})
        elif nodes:
            out["anyOf"] = nodes


def _unsupported(what: str) -> UnsupportedFeatureError:
    return UnsupportedFeatureError(
        f"this wire's older schema form cannot carry {what}; simplify it, or use schema_form='json_schema'"
    )
