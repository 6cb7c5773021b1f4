"""Chat Completions' own rules for a request body, and what single hosts add; checked independently of the encoder."""

import json
import re
from typing import Any

from tests.dialects.rules.sent import check_base64, check_keys, check_no_nulls, check_url, items, received

_TOP = ("stream stream_options max_tokens max_completion_tokens temperature top_p stop seed random_seed tools "
        "tool_choice parallel_tool_calls response_format reasoning_effort reasoning thinking chat_template_kwargs "
        "chat_template_args enable_thinking thinking_budget reasoning_split "
        "reasoning_budget_tokens modalities audio image_config metadata provider")  # fmt: skip
_KEYS = {
    "system": ("role content", "name"),
    "user": ("role content", "name"),
    "assistant": (
        "role",
        "content name tool_calls audio images prefix partial reasoning reasoning_content reasoning_details",
    ),
    "tool": ("role content tool_call_id", "name"),
}
_ID = {"openai": r".{1,40}", "azure": r".{1,40}", "mistral": r"[a-zA-Z0-9]{9}"}


def check(body: dict[str, Any], host: str = "") -> None:
    """host: the provider's name. Raises AssertionError for the rule that it breaks."""
    sent = received(body)
    check_keys(sent, _TOP, "the body", "model messages")
    check_no_nulls({key: value for key, value in sent.items() if key != "messages"})
    assert sent.get("tools", ["one"]), "tools: [] is refused"
    assert "tools" in sent or not {"tool_choice", "parallel_tool_calls"} & set(sent)
    assert not {"max_tokens", "max_completion_tokens"} <= set(sent)
    if host == "mistral":
        assert not {"stream_options", "max_completion_tokens", "seed", "store"} & set(sent), "extra_forbidden"
        check_no_nulls(sent)
    waiting: list[str] = []
    for message in sent["messages"]:
        role = message["role"]
        needed, allowed = _KEYS[role]
        check_keys(message, allowed, f"a {role} message", needed)
        if role == "tool":
            assert message["tool_call_id"] in waiting, "a result without its call right before"
            waiting.remove(message["tool_call_id"])
        else:
            assert not waiting, f"calls without results: {waiting}"
            assert host != "mistral" or "name" not in message, "extra_forbidden"
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", message.get("name", "x"))
        _check_content(message, host)
        for call in message.get("tool_calls", []):
            check_keys(call, "extra_content", "a call", "id type function")
            check_keys(call["function"], "", "a function", "name arguments")
            assert isinstance(json.loads(call["function"]["arguments"]), dict), "arguments are JSON text of an object"
            assert re.fullmatch(_ID.get(host, r"(?s).+"), call["id"])
            waiting.append(call["id"])
    assert not waiting, f"calls without results: {waiting}"
    if host == "mistral" and sent["messages"][-1]["role"] == "assistant":
        assert sent["messages"][-1]["prefix"] is True, "the last message is the user's or a tool's, or a prefix"


def _check_content(message: dict[str, Any], host: str) -> None:
    role, content = message["role"], message.get("content")
    if role == "assistant":
        said = content or message.get("tool_calls") or message.get("audio") or message.get("images")
        assert said or message.get("reasoning") or message.get("reasoning_details"), "an empty turn"
        assert message.get("tool_calls", ["one"]), "tool_calls: [] is refused"
    if not isinstance(content, list):
        assert isinstance(content, str) or role == "assistant"
        return
    parts: list[dict[str, Any]] = items(content)
    assert parts, "a list without parts"
    for part in parts:
        _check_part(part, role, host)


_CACHE_MARKS = ("litellm", "openrouter", "qwen", "venice", "vercel")  # by their documentation of prompt caching


def _check_part(part: dict[str, Any], role: str, host: str) -> None:
    kind = part["type"]
    pictured = host == "openrouter" and role == "tool"
    assert kind == "text" or role == "user" or pictured, f"{kind} in a {role} message"
    assert ("cache_control" in part) <= (host in _CACHE_MARKS)
    match kind:
        case "text":
            check_keys(part, "cache_control", "a part", "type text")
        case "image_url":
            check_url(part["image_url"]["url"])
        case "input_audio" if host == "mistral":
            assert isinstance(part["input_audio"], str)
        case "input_audio":
            check_keys(part["input_audio"], "", "audio", "data format")
            check_base64(part["input_audio"]["data"])
        case "file":
            check_keys(part["file"], "", "a file", "filename file_data")
            check_url(part["file"]["file_data"])
        case "document_url":
            check_url(part["document_url"])
        case _:
            raise AssertionError(f"an unknown part {kind}")
