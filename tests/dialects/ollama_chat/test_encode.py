"""Request -> body: one test for each rule of the wire."""

import json
from typing import Any

import pytest

from aikido_llm.codecs import json as _json
from aikido_llm.dialects.ollama_chat import OllamaChat
from aikido_llm.dialects.ollama_chat.encode import keep_alive
from aikido_llm.errors import ConfigError, UnsupportedFeatureError
from aikido_llm.types.messages import Message, ThinkingPart, assistant, system, tool, user
from aikido_llm.types.parts import AudioPart, FilePart, ImagePart, TextPart
from aikido_llm.types.request import ImageConfig, Request, ResponseFormat, ThinkingConfig
from aikido_llm.types.tools import ToolCall, ToolDef

PNG = ImagePart(data=b"\x89PNG\r\n\x1a\n")
SOUND = AudioPart(data=b"RIFF....WAVE")
ZOOM = ToolDef("zoom", "Zoom in", {"type": "object", "properties": {"level": {"type": "integer"}}})


def body(*messages: Message, dialect: OllamaChat | None = None, stream: bool = True, **fields: Any) -> dict[str, Any]:
    request = Request(messages, model="qwen3:8b", **fields)
    wire = (dialect or OllamaChat()).encode(request, stream=stream, provider="ollama")
    assert (wire.method, wire.path) == ("POST", "/api/chat")
    assert wire.body is not None
    encoded: dict[str, Any] = json.loads(_json.dumps(wire.body))
    return encoded


def turns(*messages: Message) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body(*messages)["messages"]
    return found


# ---------------------------------------------------------------- fields


@pytest.mark.parametrize("stream", [True, False])
def test_stream_is_always_said(stream: bool) -> None:
    expected = {"model": "qwen3:8b", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    assert body(user("hi"), stream=stream) == expected


def test_sampling_goes_into_options() -> None:
    found = body(user("hi"), temperature=0, top_p=0.9, max_tokens=5, stop="###", seed=1)
    assert found["options"] == {"temperature": 0, "top_p": 0.9, "num_predict": 5, "stop": ["###"], "seed": 1}
    assert "temperature" not in found


def test_extra_is_merged_last_and_its_options_key_by_key() -> None:
    found = body(
        user("hi"), temperature=0.1, seed=1, extra={"options": {"num_ctx": 16384, "seed": 2}, "truncate": False}
    )
    assert found["options"] == {"temperature": 0.1, "seed": 2, "num_ctx": 16384}
    assert found["truncate"] is False
    assert body(user("hi"), extra={"options": {"num_ctx": 1}})["options"] == {"num_ctx": 1}
    assert body(user("hi"), seed=1, extra={"options": None})["options"] is None


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [
        (ThinkingConfig.by_budget(0), False),
        (ThinkingConfig.by_budget(2048), "low"),
        (ThinkingConfig.by_budget(5000), "medium"),
        (ThinkingConfig.by_budget(50000), "high"),
        (ThinkingConfig.by_effort("low"), "low"),
        (ThinkingConfig.by_effort("high"), "high"),
    ],
)
def test_thinking_by_budget_and_by_effort(thinking: ThinkingConfig, expected: object) -> None:
    assert body(user("hi"), thinking=thinking)["think"] == expected


def test_older_servers_take_only_yes_and_no_for_thinking() -> None:
    old = OllamaChat(thinking_levels=False)
    assert body(user("hi"), dialect=old, thinking=ThinkingConfig.by_effort("low"))["think"] is True
    assert body(user("hi"), dialect=old, thinking=ThinkingConfig.by_budget(0))["think"] is False


def test_format_is_a_word_or_the_bare_schema() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "minLength": 1}}}
    assert body(user("hi"), response_format=ResponseFormat.json())["format"] == "json"
    assert body(user("hi"), response_format=ResponseFormat.json_schema(schema))["format"] == schema


def test_tools_and_a_format_may_stand_together() -> None:
    found = body(user("hi"), tools=[ZOOM], response_format=ResponseFormat.json())
    assert found["format"] == "json"
    function = {"name": "zoom", "description": "Zoom in", "parameters": dict(ZOOM.parameters)}
    assert found["tools"] == [{"type": "function", "function": function}]


def test_tool_choice_none_sends_no_tools_and_auto_says_nothing() -> None:
    assert "tools" not in body(user("hi"), tools=[ZOOM], tool_choice="none")
    found = body(user("hi"), tools=[ZOOM], tool_choice="auto")
    assert "tools" in found
    assert "tool_choice" not in found


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [ZOOM], "tool_choice": "required"},
        {"tools": [ZOOM], "tool_choice": "zoom"},
        {"parallel_tool_calls": False, "tools": [ToolDef("f")]},
        {"modalities": ["audio"]},
        {"image_config": ImageConfig("1:1")},
    ],
)
def test_what_the_wire_has_no_word_for_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedFeatureError):
        body(user("hi"), **fields)


@pytest.mark.parametrize(
    ("text", "value"), [("10m", "10m"), ("1h30m", "1h30m"), ("300", 300), ("-1", -1), ("0", 0), ("500ms", "500ms")]
)
def test_keep_alive_without_unit_is_a_number(text: str, value: object) -> None:
    assert keep_alive(text) == value


@pytest.mark.parametrize("text", ["", "long", "10 days"])
def test_keep_alive_that_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        keep_alive(text)


# ---------------------------------------------------------------- turns


def test_no_messages_load_the_model() -> None:
    assert body()["messages"] == []


def test_system_messages_that_open_are_one_and_first_and_later_ones_are_the_users_words() -> None:
    found = turns(system("one"), system([TextPart("two")]), user("a"), system("three"), system(""))
    assert found == [
        {"role": "system", "content": "one\n\ntwo"},
        {"role": "user", "content": "a"},
        {"role": "user", "content": "<system>\nthree\n</system>"},
    ]


def test_content_is_one_string_and_pictures_stand_beside_it_as_bare_base64() -> None:
    (found,) = turns(user([TextPart("a"), TextPart("b"), PNG, TextPart("c")], images=[PNG]))
    assert found == {"role": "user", "content": "ab\nc", "images": ["iVBORw0KGgo=", "iVBORw0KGgo="]}


def test_data_uri_loses_its_prefix() -> None:
    (found,) = turns(user(images=[ImagePart(url="data:image/png;base64,iVBORw0KGgo=")]))
    assert found == {"role": "user", "content": "", "images": ["iVBORw0KGgo="]}


def test_picture_by_url_is_refused() -> None:
    with pytest.raises(UnsupportedFeatureError, match=r"download https://x/y\.png "):
        turns(user(images=[ImagePart(url="https://x/y.png?key=secret")]))


def test_sound_stands_among_the_pictures_unless_the_server_is_known_not_to_hear() -> None:
    (found,) = turns(user("hear", audio=[SOUND]))
    assert len(found["images"]) == 1
    with pytest.raises(UnsupportedFeatureError, match="AudioPart"):
        body(user("hear", audio=[SOUND]), dialect=OllamaChat(audio_in_images=False))


def test_sound_of_an_assistant_counts_as_its_transcript() -> None:
    said = Message("assistant", audio=(AudioPart(data=b"x", transcript="hello"),))
    assert turns(said) == [{"role": "assistant", "content": "hello"}]


@pytest.mark.parametrize("message", [user([FilePart(data=b"%PDF-")]), Message("system", "a", images=(PNG,))])
def test_parts_that_the_wire_cannot_carry_are_refused(message: Message) -> None:
    with pytest.raises(UnsupportedFeatureError):
        turns(message)


def test_arguments_are_an_object_and_garbled_ones_are_wrapped() -> None:
    calls = [ToolCall("c1", "zoom", '{"level": 2}'), ToolCall("", "zoom", '{"lev'), ToolCall("c3", "zoom", "[1]")]
    (found,) = turns(assistant("x", tool_calls=calls))
    assert found["tool_calls"] == [
        {"id": "c1", "function": {"name": "zoom", "arguments": {"level": 2}}},
        {"function": {"name": "zoom", "arguments": {"input": '{"lev'}}},
        {"id": "c3", "function": {"name": "zoom", "arguments": {"input": [1]}}},
    ]


def test_results_carry_name_and_id_in_call_order_behind_their_turn() -> None:
    calls = [ToolCall("c1", "zoom"), ToolCall("c2", "pan")]
    found = turns(user("a"), assistant(tool_calls=calls), tool("c2", "right"), user("?"), tool("c1", "near"))
    assert found[2:] == [
        {"role": "tool", "content": "near", "tool_name": "zoom", "tool_call_id": "c1"},
        {"role": "tool", "content": "right", "tool_name": "pan", "tool_call_id": "c2"},
        {"role": "user", "content": "?"},
    ]


def test_result_without_its_call_is_sent_where_it_stands() -> None:
    found = turns(tool("c9", "x", name="zoom"))
    assert found == [{"role": "tool", "content": "x", "tool_name": "zoom", "tool_call_id": "c9"}]


def test_own_thinking_goes_back_and_anothers_is_dropped() -> None:
    thoughts = (ThinkingPart("mine", provider="ollama"), ThinkingPart("theirs", signature="s", provider="anthropic"))
    (found,) = turns(Message("assistant", "yes", thinking=thoughts))
    assert found == {"role": "assistant", "content": "yes", "thinking": "mine"}
