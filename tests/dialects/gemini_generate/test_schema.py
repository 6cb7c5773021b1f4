"""Schemas: as they are in the newer form, rewritten in the older one; what that cannot say is refused."""

from typing import Any

import pytest

from aikido_llm.dialects.gemini_generate.schema import to_json_schema, to_openapi
from aikido_llm.errors import UnsupportedFeatureError

POINT = {"type": "object", "properties": {"x": {"type": "integer"}}}


def test_json_schema_goes_as_it_is_but_for_const() -> None:
    schema: dict[str, Any] = {
        "$schema": "s", "type": "object", "$defs": {"const": POINT}, "additionalProperties": False,
        "properties": {"const": {"type": ["string", "null"]}, "k": {"const": 1}, "any": True,
                       "e": {"enum": [{"const": 2}]}},
        "oneOf": [{"const": None}],
    }  # fmt: skip
    assert to_json_schema(schema) == {
        **schema,
        "properties": {**schema["properties"], "k": {"enum": [1]}},
        "oneOf": [{"enum": [None]}],
    }


@pytest.mark.parametrize(("schema", "rewritten"), [
    ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
    ({"type": ["string", "integer"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
    ({"const": "a"}, {"type": "string", "enum": ["a"]}),
    ({"enum": ["a", None]}, {"type": "string", "enum": ["a"], "nullable": True}),
    ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
    ({"anyOf": [{"type": "string"}, {"type": "null"}], "title": "T"},
     {"type": "string", "nullable": True, "title": "T"}),
    ({"type": "string", "format": "email"}, {"type": "string"}),
    ({"type": "string", "format": "date-time"}, {"type": "string", "format": "date-time"}),
    ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9},
     {"type": "integer", "minimum": 1, "maximum": 8}),
    ({"$schema": "s", "$id": "i", "type": "string", "examples": ["a"], "$comment": "c"}, {"type": "string"}),
    ({**POINT, "additionalProperties": False}, POINT),
    ({"allOf": [POINT], "description": "d"}, {**POINT, "description": "d"}),
    ({"type": "array", "items": True}, {"type": "array"}),
    ({"type": "array", "items": {"$ref": "#/$defs/p~1q"}, "$defs": {"p/q": POINT}}, {"type": "array", "items": POINT}),
    ({"type": "object", "properties": {}}, {"type": "object"}),
    ({"type": "object", "properties": {"title": {"type": "string", "title": "T"}}},
     {"type": "object", "properties": {"title": {"type": "string", "title": "T"}}}),
])  # fmt: skip
def test_the_older_form(schema: dict[str, Any], rewritten: dict[str, Any]) -> None:
    assert to_openapi(schema) == rewritten


def _deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(("schema", "words"), [
    ({"not": {"type": "string"}}, "`not`"),
    ({"type": "object", "patternProperties": {"a": {}}}, "`patternProperties`"),
    ({"allOf": [POINT, POINT]}, "allOf"),
    ({"enum": [1, 2]}, "other values than strings"),
    ({"$ref": "https://e.com/s"}, "the reference"),
    ({"$ref": "#/$defs/no"}, "the reference"),
    ({"$ref": "#"}, "recursive"),
    ({"properties": {"a": {"$ref": "#"}}}, "recursive"),
    ({"$defs": {"n": {"items": {"$ref": "#/$defs/n"}}}, "items": {"$ref": "#/$defs/n"}}, "recursive"),
    ({"allOf": [{"$ref": "#"}]}, "recursive"),
    ({"items": False}, "as a schema"),
    (_deep(200), "nested deeper"),
])  # fmt: skip
def test_what_the_older_form_cannot_say_is_refused(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedFeatureError, match=words):
        to_openapi(schema)
