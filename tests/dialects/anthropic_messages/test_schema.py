"""JSON Schema -> the subset of structured output."""

from itertools import pairwise
from typing import Any

import pytest

from aikido_llm.dialects.anthropic_messages.schema import rewrite
from aikido_llm.errors import UnsupportedFeatureError


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def closed(**properties: Any) -> dict[str, Any]:
    return {**obj(**properties), "additionalProperties": False}


STRING: dict[str, Any] = {"type": "string"}


def test_every_object_is_closed() -> None:
    schema = obj(a=obj(b=STRING), c={"type": "array", "items": {**obj(d=STRING), "additionalProperties": True}})
    expected = closed(a=closed(b=STRING), c={"type": "array", "items": closed(d=STRING)})
    assert rewrite(schema) == expected
    assert schema["properties"]["a"] == obj(b=STRING), "the caller's schema is left alone"


def test_constraints_move_into_the_description() -> None:
    schema = {"type": "string", "description": "A name.", "minLength": 1, "pattern": "^a", "format": "slug"}
    assert rewrite(schema) == {
        "type": "string",
        "description": 'A name.\nMust satisfy {"minLength":1,"pattern":"^a","format":"slug"}',
    }
    assert rewrite({"type": "integer", "not": {"const": 3}})["description"] == 'Must satisfy {"not":{"const":3}}'


def test_what_is_known_stays() -> None:
    schema = {
        "type": ["string", "null"], "format": "date-time", "enum": ["a", None], "default": None, "title": "T",
    }  # fmt: skip
    assert rewrite({**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"}) == schema


def test_properties_named_like_keywords() -> None:
    assert rewrite(obj(minimum=STRING, format=STRING, oneOf=STRING)) == closed(
        minimum=STRING, format=STRING, oneOf=STRING
    )


def test_one_of_becomes_any_of() -> None:
    assert rewrite({"oneOf": [STRING, obj(a=STRING)]}) == {"anyOf": [STRING, closed(a=STRING)]}
    assert rewrite({"type": "object", "anyOf": [obj(a=STRING)]}) == {"anyOf": [closed(a=STRING)]}


def test_references() -> None:
    schema = {
        **obj(a={"$ref": "#/$defs/A"}, b={"$ref": "#/$defs/A", "description": "b"}),
        "$defs": {"A": obj(x=STRING)},
    }
    assert rewrite(schema) == {
        **closed(a={"$ref": "#/$defs/A"}, b={"anyOf": [{"$ref": "#/$defs/A"}], "description": "b"}),
        "$defs": {"A": closed(x=STRING)},
    }


def test_all_of_becomes_one_object() -> None:
    schema = {
        "allOf": [{"$ref": "#/$defs/A"}, {**obj(b=STRING), "required": ["b"]}],
        "$defs": {"A": {**obj(a=STRING), "required": ["a"]}},
    }
    assert rewrite(schema) == {
        **closed(a=STRING, b=STRING),
        "required": ["a", "b"],
        "$defs": {"A": {**closed(a=STRING), "required": ["a"]}},
    }
    single = {**obj(a={"allOf": [{"$ref": "#/$defs/A"}], "title": "T"}), "$defs": {"A": STRING}}
    assert rewrite(single)["properties"]["a"] == {"anyOf": [{"$ref": "#/$defs/A"}], "title": "T"}


@pytest.mark.parametrize(
    "schema",
    [
        obj(self={"$ref": "#"}),
        {"$ref": "#/$defs/N", "$defs": {"N": obj(next={"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]})}},
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}},
        {"$ref": "https://x.example/schema"},
        {"$ref": "#/$defs/Missing"},
        {"type": "object"},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
    ],
)
def test_what_cannot_be_said_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedFeatureError, match="structured output"):
        rewrite(schema)


def test_an_object_without_keys_may_be_said() -> None:
    assert rewrite({"type": "object", "additionalProperties": False}) == {
        "type": "object", "additionalProperties": False,
    }  # fmt: skip


def test_many_references_to_one_definition_are_followed_once() -> None:
    names = [f"D{n}" for n in range(60)]
    defs: dict[str, Any] = {
        name: obj(a={"$ref": f"#/$defs/{after}"}, b={"$ref": f"#/$defs/{after}"}) for name, after in pairwise(names)
    }
    defs[names[-1]] = STRING
    assert rewrite({"$ref": "#/$defs/D0", "$defs": defs})["$ref"] == "#/$defs/D0"
