"""What is done to a schema on its way out, on both wires that share the rules."""

from typing import Any

import pytest

from aikido_llm.dialects.schemas import answer_schema, is_strict, schema_name, tool_parameters
from aikido_llm.errors import UnsupportedFeatureError
from aikido_llm.providers import azure, mistral, openai, openai_responses, openrouter
from aikido_llm.providers.base import Provider
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request, ResponseFormat

Json = dict[str, Any]
TEXT: Json = {"type": "string"}


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"properties": {}}, {"type": "object", "properties": {}}])
def test_the_parameters_of_a_tool_are_an_object_that_lists_its_properties(schema: Json) -> None:
    before = dict(schema)
    assert tool_parameters(schema) == {"type": "object", "properties": {}}
    assert schema == before


def test_what_a_tool_says_is_kept() -> None:
    open_map = {"type": "object", "additionalProperties": TEXT}
    assert tool_parameters(open_map) == {**open_map, "properties": {}}
    listed = {"type": "object", "properties": {"a": TEXT}, "required": ["a"]}
    assert tool_parameters(listed) == listed
    branches = {"anyOf": [listed, {"$ref": "#/$defs/x"}], "$defs": {"x": listed}}
    assert tool_parameters(branches) == branches


def test_an_object_inside_a_tool_lists_its_properties_and_stays_free() -> None:
    schema = {"type": "object", "properties": {"any": {"type": "object"}, "many": {"items": {"type": "object"}}}}
    free: Json = {"type": "object", "properties": {}, "additionalProperties": True}
    assert tool_parameters(schema)["properties"] == {"any": free, "many": {"items": free}}
    assert not is_strict(tool_parameters(schema))


def test_an_answer_that_is_not_strict_is_sent_as_it_is() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object"}}}
    assert answer_schema(schema, strict=False, needs_required=True) == schema


def test_objects_of_a_strict_answer_are_closed_at_every_depth() -> None:
    inner = {"type": "object", "properties": {"x": TEXT}, "required": ["x"]}
    schema = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": inner}, "b": {"anyOf": [inner, {"type": "null"}]}},
        "required": ["a", "b"],
        "$defs": {"c": inner},
    }
    sent = answer_schema(schema, strict=True, needs_required=True)
    shut = {**inner, "additionalProperties": False}
    assert sent["additionalProperties"] is False
    assert sent["properties"] == {"a": {"type": "array", "items": shut}, "b": {"anyOf": [shut, {"type": "null"}]}}
    assert sent["$defs"] == {"c": shut}
    assert "additionalProperties" not in inner


def test_names_in_the_characters_that_servers_take() -> None:
    assert schema_name("my answer") == "my_answer"
    assert schema_name("x" * 80) == "x" * 64
    assert schema_name("") == "answer"


def _sent(row: Provider, wanted: ResponseFormat) -> Json:
    body = row.dialect.encode(
        Request((user("hi"),), model="m", response_format=wanted), stream=False, provider=row.name
    ).body
    assert body is not None
    form: Json = body["text"]["format"] if "text" in body else body["response_format"]["json_schema"]
    return {key: form[key] for key in ("name", "schema", "strict")}


ROWS = (openai, azure, openrouter, mistral, openai_responses)


@pytest.mark.parametrize("row", [module.PROVIDER for module in ROWS], ids=lambda row: row.name)
def test_both_wires_send_the_same_schema_under_the_same_name(row: Provider) -> None:
    schema = {"type": "object", "properties": {"a": TEXT}, "required": ["a"]}
    sent = _sent(row, ResponseFormat.json_schema(schema, name="my answer"))
    assert sent == {"name": "my_answer", "schema": {**schema, "additionalProperties": False}, "strict": True}


@pytest.mark.parametrize("row", [openai.PROVIDER, azure.PROVIDER, openai_responses.PROVIDER], ids=lambda row: row.name)
def test_what_these_hosts_cannot_enforce_is_refused_before_it_is_sent(row: Provider) -> None:
    with pytest.raises(UnsupportedFeatureError, match="'b' is optional"):
        _sent(row, ResponseFormat.json_schema({"type": "object", "properties": {"b": TEXT}}))


def test_other_hosts_judge_themselves_what_they_enforce() -> None:
    sent = _sent(openrouter.PROVIDER, ResponseFormat.json_schema({"type": "object", "properties": {"b": TEXT}}))
    assert sent["schema"]["additionalProperties"] is False
