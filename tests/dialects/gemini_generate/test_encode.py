"""Request -> body: one test per rule of the wire, named after it."""

from typing import Any

import pytest

from aikido_llm.dialects.gemini_generate import GeminiGenerate
from aikido_llm.errors import InvalidRequestError, UnsupportedFeatureError
from aikido_llm.providers.gemini import PROVIDER
from aikido_llm.types.messages import system, user
from aikido_llm.types.parts import CacheBreakpoint, TextPart
from aikido_llm.types.request import ImageConfig, Request, ResponseFormat, ThinkingConfig
from aikido_llm.types.tools import ToolDef
from tests.dialects.gemini_generate.bodies import (
    DIALECT,
    GEO,
    body_of,
    config_of,
    said,
)

# ---------------------------------------------------------------- the row, the path, the plain request


def test_the_row() -> None:
    assert (PROVIDER.name, PROVIDER.aliases) == ("gemini", ("google",))
    assert PROVIDER.key_env == ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    assert (PROVIDER.key_header, PROVIDER.key_prefix) == ("x-goog-api-key", "")
    assert PROVIDER.base_url == "https://generativelanguage.googleapis.com/v1beta"
    assert PROVIDER.dialect.name == "gemini_generate"
    assert not PROVIDER.dialect.features["cache marks"]


@pytest.mark.parametrize(("model", "path"), [
    ("gemini-x", "/models/gemini-x"), ("models/gemini-x", "/models/gemini-x"),
    ("tunedModels/mine", "/tunedModels/mine"),
    ("a b?c", "/models/a%20b%3Fc"),
])  # fmt: skip
def test_the_path_names_model_and_method(model: str, path: str) -> None:
    request = Request((user("hi"),), model=model)
    assert DIALECT.encode(request, stream=False, provider="gemini").path == f"{path}:generateContent"
    assert DIALECT.encode(request, stream=True, provider="gemini").path == f"{path}:streamGenerateContent?alt=sse"


def test_a_plain_question() -> None:
    assert body_of(user("hi")) == {"contents": [said("user", "hi")]}


def test_sampling_fields() -> None:
    config = config_of(temperature=0, top_p=0.5, max_tokens=9, stop=("a", "b"), seed=4)
    assert config == {"temperature": 0, "topP": 0.5, "maxOutputTokens": 9, "stopSequences": ["a", "b"], "seed": 4}


def test_at_most_five_stop_strings() -> None:
    with pytest.raises(InvalidRequestError, match="at most 5"):
        body_of(stop=("a",) * 6)


def test_modalities_and_image_config() -> None:
    config = config_of(modalities=("text", "image"), image_config=ImageConfig("16:9", "2K"))
    assert config == {
        "responseModalities": ["TEXT", "IMAGE"],
        "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
    }
    assert config_of(modalities="audio", image_config=ImageConfig()) == {"responseModalities": ["AUDIO"]}


def test_thinking_by_effort_or_by_budget_never_both() -> None:
    effort, budget = ThinkingConfig.by_effort("low"), ThinkingConfig.by_budget(500)
    assert config_of(thinking=effort) == {"thinkingConfig": {"includeThoughts": True, "thinkingLevel": "low"}}
    assert config_of(thinking=budget) == {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": 500}}
    older = GeminiGenerate(effort_field="budget")
    sent = body_of(thinking=effort, dialect=older)["generationConfig"]
    assert sent == {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": 1024}}


def test_thinking_turned_off_shows_no_thoughts() -> None:
    assert config_of(thinking=ThinkingConfig.by_budget(0)) == {"thinkingConfig": {"thinkingBudget": 0}}


def test_json_answers() -> None:
    schema = {"type": "object", "properties": {"a": {"const": 1}}}
    assert config_of(response_format=ResponseFormat.json()) == {"responseMimeType": "application/json"}
    assert config_of(response_format=ResponseFormat.json_schema(schema)) == {
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object", "properties": {"a": {"enum": [1]}}},
    }
    older = GeminiGenerate(schema_form="openapi")
    plain = ResponseFormat.json_schema({"type": "object", "properties": {"a": {"const": "x"}}})
    sent = body_of(response_format=plain, dialect=older)["generationConfig"]["responseSchema"]
    assert sent == {"type": "object", "properties": {"a": {"type": "string", "enum": ["x"]}}}


def test_extra_is_merged_last_and_wins() -> None:
    settings = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}]
    body = body_of(temperature=1, extra={"safetySettings": settings, "generationConfig": {"topK": 3}})
    assert body["safetySettings"] == settings
    assert body["generationConfig"] == {"temperature": 1, "topK": 3}


def test_cached_content_stands_without_system_text_and_tools() -> None:
    extra = {"cachedContent": "cachedContents/1"}
    assert body_of(user("hi"), extra=extra)["cachedContent"] == "cachedContents/1"
    with pytest.raises(InvalidRequestError, match="cachedContent"):
        body_of(extra=extra, tools=[GEO])
    with pytest.raises(InvalidRequestError, match="cachedContent"):
        body_of(system("s"), user("hi"), extra=extra)


def test_hints_without_a_place_are_left_out() -> None:
    mark = CacheBreakpoint()
    body = body_of(user([TextPart("hi", mark)], cache=mark, name="Ann"), metadata={"k": "v"})
    assert body == {"contents": [said("user", "hi")]}


# ---------------------------------------------------------------- tools


def test_tools_are_declared_with_json_schema() -> None:
    declared = {"name": "geo", "description": "Look up", "parametersJsonSchema": dict(GEO.parameters)}
    assert body_of(tools=[GEO])["tools"] == [{"functionDeclarations": [declared]}]
    older = body_of(tools=[GEO], dialect=GeminiGenerate(schema_form="openapi"))["tools"][0]["functionDeclarations"][0]
    assert older["parameters"] == GEO.parameters


@pytest.mark.parametrize("dialect", [DIALECT, GeminiGenerate(schema_form="openapi")])
def test_a_tool_without_parameters_has_no_schema(dialect: GeminiGenerate) -> None:
    assert body_of(tools=[ToolDef("now")], dialect=dialect)["tools"] == [{"functionDeclarations": [{"name": "now"}]}]


@pytest.mark.parametrize("name", ["1st", "with space", "x" * 129, ""])
def test_a_tool_name_that_the_wire_refuses(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="no tool named"):
        body_of(tools=[ToolDef(name)])


@pytest.mark.parametrize(("choice", "config"), [
    ("auto", {"mode": "AUTO"}), ("none", {"mode": "NONE"}), ("required", {"mode": "ANY"}),
    ("geo", {"mode": "ANY", "allowedFunctionNames": ["geo"]}),
])  # fmt: skip
def test_tool_choice(choice: str, config: Any) -> None:
    assert body_of(tools=[GEO], tool_choice=choice)["toolConfig"] == {"functionCallingConfig": config}


def test_tool_choice_needs_declarations() -> None:
    assert "toolConfig" not in body_of(tool_choice="auto")
    assert "toolConfig" not in body_of(tool_choice="none")
    with pytest.raises(InvalidRequestError, match="needs tools"):
        body_of(tool_choice="required")
    with pytest.raises(InvalidRequestError, match=r"none of auto.*the tools geo"):
        body_of(tools=[GEO], tool_choice="other")


def test_calls_one_at_a_time_cannot_be_said() -> None:
    assert "toolConfig" not in body_of(tools=[GEO], parallel_tool_calls=True)
    assert "tools" not in body_of(parallel_tool_calls=False)
    with pytest.raises(UnsupportedFeatureError, match="parallel_tool_calls"):
        body_of(tools=[GEO], parallel_tool_calls=False)
