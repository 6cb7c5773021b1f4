"""Cohere's own rules for a chat request, checked independently of the encoder."""

import json
import re
from typing import Any

from tests.dialects.rules.sent import check_keys, check_url, items, received

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEYS = {
    "system": ("content", ""),
    "user": ("content", ""),
    "assistant": ("", "content tool_plan tool_calls citations"),
    "tool": ("tool_call_id content", ""),
}


def check(body: dict[str, Any]) -> None:
    """Raises AssertionError for the rule that it breaks."""
    sent = received(body)
    check_keys(sent, "stream temperature p k max_tokens stop_sequences seed tools tool_choice response_format thinking",
               "the body", "model messages")  # fmt: skip
    assert 0 <= sent.get("temperature", 0) <= 1
    assert 0.01 <= sent.get("p", 0.5) <= 0.99
    assert len(sent.get("stop_sequences", [])) <= 5
    assert sent.get("tool_choice", "NONE") in ("REQUIRED", "NONE")
    assert not ("response_format" in sent and "tools" in sent)
    for tool in sent.get("tools", [{"function": {"name": "any", "parameters": {}}}]):
        assert _NAME.fullmatch(tool["function"]["name"])
        assert isinstance(tool["function"]["parameters"], dict)
    _check_messages(sent["messages"])


def _check_messages(messages: list[dict[str, Any]]) -> None:
    assert messages
    ids: set[str] = set()
    waiting: list[str] = []
    for index, message in enumerate(messages):
        role = message["role"]
        needed, allowed = _KEYS[role]
        check_keys(message, f"role {allowed}", f"a {role} turn", needed)
        assert role != "system" or index == 0, "the system turn is the first"
        if role == "tool":
            assert message["tool_call_id"] in waiting, "a result without its call right before"
            waiting.remove(message["tool_call_id"])
        else:
            assert not waiting, f"calls without results: {waiting}"
        _check_content(message)
        waiting += [_check_call(call, ids) for call in message.get("tool_calls", [])]
    assert not waiting, f"calls without results: {waiting}"


def _check_call(call: dict[str, Any], ids: set[str]) -> str:
    check_keys(call, "", "a call", "id type function")
    check_keys(call["function"], "", "a function", "name arguments")
    assert call["type"] == "function" and isinstance(json.loads(call["function"]["arguments"]), dict)
    assert _NAME.fullmatch(call["function"]["name"])
    id: str = call["id"]
    assert id and id not in ids, "an id is used twice"
    ids.add(id)
    return id


def _check_content(message: dict[str, Any]) -> None:
    role, content, calls = message["role"], message.get("content"), message.get("tool_calls")
    assert content or calls, "an empty turn"
    blocks: list[dict[str, Any]] = items(content)
    for block in blocks:
        match block["type"]:
            case "text":
                assert block["text"], "an empty block"
            case "image_url":
                assert role == "user"
                check_url(block["image_url"]["url"])
            case "thinking":
                assert role == "assistant" and block["thinking"]
            case kind:
                raise AssertionError(f"an unknown block {kind}")
    if calls:
        assert not isinstance(content, str), "text is not allowed when tool_calls are provided"
        assert all(block["type"] == "thinking" for block in blocks)
