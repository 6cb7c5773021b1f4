"""Request -> the fields of the body: one test per rule of the wire, named after it."""

from typing import Any

import pytest

from aikido_llm.dialects.anthropic_messages import AnthropicMessages
from aikido_llm.errors import InvalidRequestError, UnsupportedFeatureError
from aikido_llm.providers.anthropic import PROVIDER
from aikido_llm.types.messages import Message, ThinkingPart, assistant, system, tool, user
from aikido_llm.types.parts import CacheBreakpoint, ImagePart, TextPart
from aikido_llm.types.request import ImageConfig, Request, ResponseFormat, ThinkingConfig
from aikido_llm.types.tools import ToolDef
from tests.dialects.anthropic_messages.bodies import (
    CALL,
    PNG,
    WEATHER,
    body_of,
    result,
    said,
    text,
    turns_of,
)

# ---------------------------------------------------------------- the plain request


def test_a_plain_question() -> None:
    assert body_of(user("hi")) == {
        "model": "claude-x",
        "max_tokens": 32_000,
        "messages": [said("user", text("hi"))],
    }


def test_stream_is_said_only_when_wanted() -> None:
    assert body_of(user("hi"), stream=True)["stream"] is True


def test_sampling_fields() -> None:
    body = body_of(user("hi"), temperature=0, max_tokens=7, stop=["END", "STOP"])
    assert body["temperature"] == 0
    assert body["max_tokens"] == 7
    assert body["stop_sequences"] == ["END", "STOP"]


def test_temperature_above_one_is_clamped() -> None:
    assert body_of(user("hi"), temperature=1.7)["temperature"] == 1.0
    loose = AnthropicMessages(max_temperature=2.0).encode(
        Request([user("hi")], model="m", temperature=1.7), stream=False, provider="x"
    )
    assert loose.body is not None
    assert loose.body["temperature"] == 1.7


def test_temperature_or_top_p_not_both() -> None:
    assert body_of(user("hi"), top_p=0.9)["top_p"] == 0.9
    with pytest.raises(UnsupportedFeatureError, match="not both"):
        body_of(user("hi"), temperature=0.5, top_p=0.9)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"seed": 1}, "seed"),
        ({"modalities": ["text", "image"]}, "image"),
        ({"modalities": ["audio"]}, "audio"),
        ({"image_config": ImageConfig("16:9")}, "images"),
        ({"response_format": ResponseFormat.json()}, "json_schema"),
    ],
)
def test_what_the_wire_has_no_word_for_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedFeatureError, match=words):
        body_of(user("hi"), **fields)


def test_metadata_keeps_the_only_key_there_is() -> None:
    assert body_of(user("hi"), metadata={"user_id": "u1", "team": "x"})["metadata"] == {"user_id": "u1"}
    assert "metadata" not in body_of(user("hi"), metadata={"team": "x"})


def test_extra_is_merged_last_and_wins() -> None:
    body = body_of(user("hi"), temperature=0.5, extra={"temperature": 0.1, "top_k": 5})
    assert (body["temperature"], body["top_k"]) == (0.1, 5)


# ---------------------------------------------------------------- tools and their choice


def test_tools() -> None:
    body = body_of(user("hi"), tools=[WEATHER, ToolDef("now", parameters={})])
    assert body["tools"] == [
        {
            "name": "weather",
            "description": "Says the weather",
            "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
        {"name": "now", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert "tool_choice" not in body


@pytest.mark.parametrize(
    ("choice", "parallel", "wire"),
    [
        ("auto", None, {"type": "auto"}),
        ("none", None, {"type": "none"}),
        ("required", None, {"type": "any"}),
        ("weather", None, {"type": "tool", "name": "weather"}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", False, {"type": "any", "disable_parallel_tool_use": True}),
        ("none", False, {"type": "none"}),
        ("auto", True, {"type": "auto"}),
    ],
)
def test_tool_choice(choice: str | None, parallel: bool | None, wire: Any) -> None:
    body = body_of(user("hi"), tools=[WEATHER], tool_choice=choice, parallel_tool_calls=parallel)
    assert body["tool_choice"] == wire


def test_tool_choice_without_tools() -> None:
    assert "tool_choice" not in body_of(user("hi"), tool_choice="auto", parallel_tool_calls=False)
    with pytest.raises(InvalidRequestError, match="needs tools"):
        body_of(user("hi"), tool_choice="required")


# ---------------------------------------------------------------- thinking and structured output


def test_thinking_by_effort_is_adaptive() -> None:
    body = body_of(user("hi"), thinking=ThinkingConfig.by_effort("high"))
    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert body["output_config"] == {"effort": "high"}


def test_thinking_by_effort_on_a_host_of_older_models_is_a_budget() -> None:
    older = AnthropicMessages(effort_budgets={"low": 2048, "medium": 10_000, "high": 40_000})
    body = body_of(user("hi"), thinking=ThinkingConfig.by_effort("high"), dialect=older)
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 40_000}
    assert body["max_tokens"] == 48_192
    assert "output_config" not in body


def test_thinking_by_budget_leaves_room_for_the_answer() -> None:
    body = body_of(user("hi"), thinking=ThinkingConfig.by_budget(2048))
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert body["max_tokens"] == 32_000
    assert body_of(user("hi"), thinking=ThinkingConfig.by_budget(31_000))["max_tokens"] == 39_192


def test_a_budget_of_nothing_turns_thinking_off() -> None:
    assert body_of(user("hi"), thinking=ThinkingConfig.by_budget(0))["thinking"] == {"type": "disabled"}


@pytest.mark.parametrize(
    "fields",
    [{"thinking": ThinkingConfig.by_budget(1000)}, {"thinking": ThinkingConfig.by_budget(2000), "max_tokens": 2000}],
)
def test_a_budget_that_would_be_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        body_of(user("hi"), **fields)


@pytest.mark.parametrize(
    "fields", [{"temperature": 0}, {"top_p": 0.5}, {"tools": [WEATHER], "tool_choice": "required"}]
)
def test_what_a_budget_excludes(fields: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedFeatureError, match="thinking budget"):
        body_of(user("hi"), thinking=ThinkingConfig.by_budget(2048), **fields)
    assert body_of(user("hi"), thinking=ThinkingConfig.by_effort("low"), **fields)


def test_a_budget_waits_until_a_foreign_tool_turn_is_over() -> None:
    foreign = [user("go"), assistant(tool_calls=[CALL]), tool("toolu_1", "rain")]
    budget = ThinkingConfig.by_budget(2048)
    assert "thinking" not in body_of(*foreign, tools=[WEATHER], thinking=budget)
    assert "thinking" in body_of(*foreign, assistant("it rains"), user("and now?"), tools=[WEATHER], thinking=budget)
    assert "thinking" in body_of(*foreign, tools=[WEATHER], thinking=ThinkingConfig.by_effort("low"))


def test_structured_output() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}
    body = body_of(
        user("hi"), response_format=ResponseFormat.json_schema(schema), thinking=ThinkingConfig.by_effort("low")
    )
    assert body["output_config"] == {
        "effort": "low",
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {"n": {"type": "integer", "description": 'Must satisfy {"minimum":1}'}},
                "required": ["n"],
                "additionalProperties": False,
            },
        },
    }


# ---------------------------------------------------------------- cache breakpoints

MARK, HOUR = CacheBreakpoint(), CacheBreakpoint("1h")
FIVE_MINUTES, ONE_HOUR = {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}


def test_breakpoints_of_tools_system_parts_and_messages() -> None:
    body = body_of(
        system("rules", cache=HOUR),
        user([TextPart("long", cache=MARK), TextPart("short")]),
        assistant("ok"),
        user("x", images=[ImagePart(data=PNG)], cache=MARK),
        tools=[ToolDef("f", cache=HOUR)],
    )
    assert body["tools"][0]["cache_control"] == ONE_HOUR
    assert body["system"] == [{**text("rules"), "cache_control": ONE_HOUR}]
    assert body["messages"][0]["content"] == [{**text("long"), "cache_control": FIVE_MINUTES}, text("short")]
    assert "cache_control" not in body["messages"][2]["content"][0]
    assert body["messages"][2]["content"][1]["cache_control"] == FIVE_MINUTES


def test_a_breakpoint_of_a_tool_result_stands_on_the_result() -> None:
    part = [TextPart("rain", cache=MARK)]
    for answer in (tool("toolu_1", part), tool("toolu_1", "rain", cache=MARK)):
        turns = turns_of(user("go"), assistant(tool_calls=[CALL]), answer)
        assert turns[2]["content"] == [result("toolu_1", "rain", cache_control=FIVE_MINUTES)]


def test_of_more_than_four_breakpoints_the_last_four_are_kept() -> None:
    marked = [user(str(n), cache=MARK) for n in range(6)]
    kept = ["cache_control" in block for block in turns_of(*marked)[0]["content"]]
    assert kept == [False, False, True, True, True, True]
    kept = ["cache_control" in block for block in turns_of(*marked, extra={"cache_control": {}})[0]["content"]]
    assert kept == [False, False, False, True, True, True]


def test_a_breakpoint_before_one_of_an_hour_lasts_an_hour_too() -> None:
    blocks = turns_of(user("a", cache=MARK), user("b", cache=HOUR), user("c", cache=MARK))[0]["content"]
    assert [block["cache_control"] for block in blocks] == [ONE_HOUR, ONE_HOUR, FIVE_MINUTES]


def test_thinking_never_carries_a_breakpoint() -> None:
    message = Message("assistant", thinking=[ThinkingPart("h", "s", provider="anthropic")], cache=MARK)
    assert "cache_control" not in turns_of(user("a"), message, user("b"))[1]["content"][0]


# ---------------------------------------------------------------- the row


def test_the_row() -> None:
    configured = PROVIDER.with_options({})
    assert configured.provider.headers == {"anthropic-version": "2023-06-01"}
    configured = PROVIDER.with_options({"version": "2030-01-01", "beta": "a,b"})
    assert configured.provider.headers == {"anthropic-version": "2030-01-01", "anthropic-beta": "a,b"}
    assert (PROVIDER.key_header, PROVIDER.key_prefix) == ("x-api-key", "")
    assert PROVIDER.dialect.name == "anthropic_messages"
