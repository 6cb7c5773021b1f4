from typing import Any

import pytest
from attrs import fields

from aikido_llm.errors import InvalidRequestError
from aikido_llm.types.messages import Message, user
from aikido_llm.types.request import EFFORTS, ImageConfig, Options, Request, ResponseFormat, ThinkingConfig
from aikido_llm.types.tools import ToolDef

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
    with pytest.raises(ValueError, match=r"ThinkingConfig\.effort is one of none, minimal, low"):
        ThinkingConfig(**WRONG_EFFORT)
    with pytest.raises(ValueError, match="whole number from 0 on"):
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
    assert EFFORTS == ("none", "minimal", "low", "medium", "high", "xhigh", "max")
    assert [ThinkingConfig.by_effort(effort).effort for effort in EFFORTS] == list(EFFORTS)


@pytest.mark.parametrize("messages", ["hi", Message("user", "hi"), ["hi"], [{"role": "user", "content": "hi"}]])
def test_messages_are_text_messages_or_chat_dicts(messages: Any) -> None:
    assert Request(messages).messages == (Message("user", "hi"),)


@pytest.mark.parametrize("messages", [1, b"hi", [1], [None], {"content": "hi"}, [{"role": "user", "text": "hi"}]])
def test_other_messages_are_an_invalid_request_that_says_what_is_taken(messages: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"takes|as a dict has"):
        Request(messages)


WRONG: list[tuple[type[Any], dict[str, Any], str]] = [
    (Request, {"messages": "hi", "model": 1}, "Request.model takes text or None, not an int"),
    (Request, {"messages": "hi", "tools": [{"name": "f"}]}, "Request.tools takes a list of ToolDef or CustomTool"),
    (Request, {"messages": "hi", "tools": "search"}, "tools takes a list, not text"),
    (Request, {"messages": "hi", "temperature": "0"}, "Request.temperature takes a number or None, not text"),
    (Request, {"messages": "hi", "temperature": True}, "Request.temperature takes a number"),
    (Request, {"messages": "hi", "temperature": float("nan")}, "Request.temperature takes a finite number"),
    (Request, {"messages": "hi", "max_tokens": 1.5}, "Request.max_tokens takes an int or None, not a number"),
    (Request, {"messages": "hi", "max_tokens": -1}, "Request.max_tokens is a whole number from 0 on"),
    (Request, {"messages": "hi", "stop": [1]}, "stop takes text, not an int"),
    (Request, {"messages": "hi", "response_format": "json"}, "Request.response_format takes ResponseFormat or None"),
    (Request, {"messages": "hi", "thinking": "high"}, "Request.thinking takes ThinkingConfig or None, not text"),
    (Request, {"messages": "hi", "extra": [1]}, "extra takes a mapping whose keys are text, not a list"),
    (Request, {"messages": "hi", "extra_headers": {"a": 1}}, "Request.extra_headers takes a mapping of text"),
    (Request, {"messages": "hi", "extra_headers": {"Content-Length": "5"}}, "cannot hold Content-Length"),
    (Request, {"messages": "hi", "extra_headers": {"a": "b", "transfer-encoding": "x"}}, "cannot hold transfer-enc"),
    (Request, {"messages": "hi", "logprobs": -1}, "Request.logprobs takes False, True, or how many"),
    (Request, {"messages": "hi", "n": 0}, "Request.n is a whole number from 1 on"),
    (Options, {"temperature": "0"}, "Options.temperature takes a number or None, not text"),
    (Message, {"role": "user", "content": 1}, "Message.content takes a list, not an int"),
    (Message, {"role": "user", "content": [1]}, "Message.content takes text, or a list of TextPart"),
    (
        Message,
        {"role": "user", "images": [b"x"]},
        "Message.images takes a list of ImagePart, not an item that",
    ),
    (Message, {"role": "assistant", "tool_calls": ["f"]}, "Message.tool_calls takes a list of ToolCall"),
    (ToolDef, {"name": "f", "parameters": "object"}, "ToolDef.parameters takes Mapping, not text"),
    (ResponseFormat, {"schema": "json"}, "ResponseFormat.schema takes Mapping or None, not text"),
]


@pytest.mark.parametrize(("kind", "fields", "told"), WRONG, ids=[told for _, _, told in WRONG])
def test_a_wrong_shape_is_told_by_the_fields_name(kind: type[Any], fields: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told) as caught:
        kind(**fields)
    assert isinstance(caught.value, ValueError)
