"""Chat dicts are read as messages, and what they cannot mean is told."""

from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.errors import InvalidRequestError
from aikido_llm.types.chat_dicts import read_call, read_part


def test_a_conversation_of_dicts_texts_and_messages() -> None:
    conversation: list[Any] = [
        {"role": "system", "content": "be brief"},
        "what is the weather?",
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
        llm.user("thanks"),
    ]
    assert llm.Request(conversation).messages == (
        llm.system("be brief"),
        llm.user("what is the weather?"),
        llm.assistant(tool_calls=[llm.ToolCall("c1", "weather", '{"city":"Oslo"}')]),
        llm.tool("c1", "sunny"),
        llm.user("thanks"),
    )


RAW = b"\0\1\2"
SOUND = llm.AudioPart(data=RAW, content_type="audio/wav")
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}


@pytest.mark.parametrize(
    "call",
    [
        CALL,
        {"id": "c1", "function": {"name": "weather", "arguments": {"city": "Oslo"}}},
        {"id": "c1", "name": "weather", "arguments": '{"city":"Oslo"}'},
        {"id": "c1", "name": "weather", "input": {"city": "Oslo"}},
    ],
)
def test_a_call_in_its_usual_forms(call: dict[str, Any]) -> None:
    assert read_call(call) == llm.ToolCall("c1", "weather", '{"city":"Oslo"}')
    calls: Any = [call]
    assert llm.assistant(tool_calls=calls).tool_calls == (read_call(call),)


def test_a_custom_call_keeps_its_text() -> None:
    call = read_call({"id": "c", "type": "custom", "custom": {"name": "sql", "input": "select 1"}})
    assert call == llm.ToolCall("c", "sql", "select 1", kind="custom")


@pytest.mark.parametrize(
    ("part", "read"),
    [
        ({"type": "text", "text": "a"}, llm.TextPart("a")),
        ("a", llm.TextPart("a")),
        ({"type": "image_url", "image_url": {"url": "https://host/a.png"}}, llm.ImagePart(url="https://host/a.png")),
        ({"type": "image_url", "image_url": "data:x/y;base64,AAEC"}, llm.ImagePart(data=RAW, content_type="x/y")),
        ({"type": "input_audio", "input_audio": {"data": "AAEC", "format": "wav"}}, SOUND),
        ({"type": "file", "file": {"filename": "a.pdf", "file_data": "AAEC"}}, llm.FilePart(data=RAW, name="a.pdf")),
    ],
)  # fmt: skip
def test_a_part_of_the_chat_wire(part: Any, read: llm.Part) -> None:
    assert read_part(part) == read
    assert llm.Request([{"role": "user", "content": [part]}]).messages[0].content == (read,)


NO_CHAT_DICTS: list[tuple[dict[str, Any], str]] = [
    ({"content": "hi"}, "it has no role"),
    ({"role": "user", "text": "hi"}, "it does not know text"),
    ({"role": "robot", "content": "hi"}, "Message.role is one of"),
    ({"role": "user", "content": 7}, "Message.content"),
    ({"role": "user", "content": [{"type": "video"}]}, "a part of a message as a dict has a type"),
    ({"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, "another shape"),
    ({"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "?"}}]}, "base64"),
    ({"role": "assistant", "tool_calls": [{"id": "c"}]}, "a tool call as a dict is"),
]


@pytest.mark.parametrize(("message", "told"), NO_CHAT_DICTS)
def test_what_is_no_chat_dict_is_told(message: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        llm.Request([message])


def test_a_field_that_is_none_is_not_there() -> None:
    asked = llm.Request([{"role": "user", "content": "hi", "refusal": None, "tool_calls": None}])
    assert asked.messages == (llm.user("hi"),)
