from typing import Any, get_args

import pytest
from attrs import fields

from aikido_llm.types.messages import Message, ToolDef, user
from aikido_llm.types.request import ImageConfig, Options, Request, ResponseFormat, ThinkingConfig

HI = user("hi")


def test_converters_take_what_is_at_hand() -> None:
    request = Request(iter([HI]), tools=[ToolDef("f")], stop="END", modalities=["text", "image"], metadata=None)
    assert request.messages == (HI,)
    assert request.tools == (ToolDef("f"),)
    assert request.stop == ("END",)
    assert request.modalities == ("text", "image")
    assert (request.metadata, request.extra, request.extra_headers) == ({}, {}, {})


def test_mappings_are_copied() -> None:
    extra = {"a": 1}
    request = Request([HI], extra=extra)
    extra["a"] = 2
    assert request.extra == {"a": 1}


def test_a_request_is_a_value() -> None:
    assert Request([HI], model="m") == Request((HI,), model="m")
    assert Request([HI], temperature=0) != Request([HI])


# ---------------------------------------------------------------- small values

WRONG_EFFORT: dict[str, Any] = {"effort": "extreme"}


def test_thinking_is_an_effort_or_a_budget() -> None:
    assert ThinkingConfig.by_effort("low") == ThinkingConfig(effort="low")
    assert ThinkingConfig.by_budget(0) == ThinkingConfig(budget_tokens=0)
    with pytest.raises(ValueError, match="exactly one"):
        ThinkingConfig()
    with pytest.raises(ValueError, match="exactly one"):
        ThinkingConfig("low", 1)
    with pytest.raises(ValueError, match="none of low, medium, high"):
        ThinkingConfig(**WRONG_EFFORT)
    with pytest.raises(ValueError, match="0 or more"):
        ThinkingConfig.by_budget(-1)


def test_response_formats() -> None:
    assert ResponseFormat.json().schema is None
    assert ResponseFormat.json_schema({"type": "object"}) == ResponseFormat({"type": "object"}, "answer", True)
    assert ResponseFormat.json_schema({}, "x", strict=False) == ResponseFormat({}, "x", False)
    assert ImageConfig() == ImageConfig("", "")


# ---------------------------------------------------------------- options

FULL: dict[str, Any] = {
    "model": "m",
    "temperature": 0.5,
    "top_p": 0.9,
    "max_tokens": 10,
    "stop": ("END",),
    "tools": (ToolDef("f"),),
    "tool_choice": "auto",
    "response_format": ResponseFormat.json(),
    "thinking": ThinkingConfig.by_budget(5),
    "extra": {"a": 1, "b": 1},
}


def test_this_test_knows_every_option() -> None:
    assert {a.name for a in fields(Options)} == set(FULL)
    assert {a.name for a in fields(Options)} <= {a.name for a in fields(Request)}


def test_defaults_fill_what_the_request_leaves_open() -> None:
    assert Options(**FULL).apply(Request([HI])) == Request([HI], **FULL)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "other"),
        ("temperature", 0),
        ("top_p", 0.0),
        ("max_tokens", 0),
        ("stop", ("X",)),
        ("tool_choice", "none"),
    ],
)
def test_what_the_request_sets_wins(name: str, value: Any) -> None:
    changes: dict[str, Any] = {name: value}
    request = Request([HI], **changes)
    applied = Options(**FULL).apply(request)
    assert getattr(applied, name) == value
    assert applied == Request([HI], **(FULL | changes))


def test_extra_merges_key_by_key_and_the_request_wins() -> None:
    applied = Options(extra={"a": 1, "b": 1}).apply(Request([HI], extra={"b": 2, "c": 2}))
    assert applied.extra == {"a": 1, "b": 2, "c": 2}


def test_no_defaults_give_the_same_request() -> None:
    request = Request([HI])
    assert Options().apply(request) is request


def test_options_over_options() -> None:
    defaults = Options(**FULL)
    assert Options().over(defaults) == defaults
    assert defaults.over(Options()) == defaults
    changes: dict[str, Any] = {"temperature": 0, "stop": ("X",)}
    mixed = Options(extra={"b": 2, "c": 2}, **changes).over(defaults)
    changes["extra"] = {"a": 1, "b": 2, "c": 2}
    assert mixed == Options(**(FULL | changes))


def test_thinking_efforts_are_the_documented_ones() -> None:
    effort = next(a for a in fields(ThinkingConfig) if a.name == "effort")
    assert get_args(get_args(effort.type)[0]) == ("low", "medium", "high")


@pytest.mark.parametrize("messages", ["hi", Message("user", "hi"), ["hi"], [{"role": "user", "content": "hi"}]])
def test_messages_are_a_list_of_messages(messages: Any) -> None:
    with pytest.raises(ValueError, match="list of Message"):
        Request(messages)
