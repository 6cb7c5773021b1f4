"""The Responses wire's own rules for a request body, checked independently of the encoder."""

import json
from typing import Any

from tests.dialects.rules.sent import check_keys, check_no_nulls, check_url, received

_TOP = ("instructions stream store max_output_tokens temperature top_p tools tool_choice parallel_tool_calls reasoning "
        "include text metadata previous_response_id")  # fmt: skip


def check(body: dict[str, Any]) -> None:
    """Raises AssertionError for the rule that it breaks."""
    sent = received(body)
    check_keys(sent, _TOP, "the body", "model input")
    check_no_nulls({key: value for key, value in sent.items() if key not in ("input", "tools")})
    assert sent["input"], "an empty input"
    assert sent.get("max_output_tokens", 16) >= 16
    assert sent.get("tools", ["one"]), "tools: [] is refused"
    for tool in sent.get("tools", []):
        assert "function" not in tool, "tools are flat here"
        assert tool["type"] != "function" or isinstance(tool["strict"], bool)
    stored = sent.get("store", True)
    waiting: list[str] = []
    for index, item in enumerate(sent["input"]):
        _check_item(item, waiting)
        if item["type"] == "reasoning":
            assert index + 1 < len(sent["input"]), "reasoning without the item that it led to"
            assert stored or item.get("encrypted_content"), "reasoning that the server has not kept"
        assert stored or "id" not in item or item["type"] not in ("message", "function_call", "reasoning")
    assert not waiting, f"calls without output: {waiting}"


def _check_item(item: dict[str, Any], waiting: list[str]) -> None:
    match item["type"]:
        case "message":
            check_keys(item, "phase status", "a message", "type role content")
            _check_content(item["content"], item["role"])
        case "function_call":
            check_keys(item, "status namespace", "a call", "type call_id name arguments")
            assert isinstance(json.loads(item["arguments"]), dict), "arguments are JSON text of an object"
            assert 0 < len(item["call_id"]) <= 64
            waiting.append(item["call_id"])
        case "function_call_output":
            check_keys(item, "status", "a result", "type call_id output")
            assert item["call_id"] in waiting, "no tool call found for function call output"
            waiting.remove(item["call_id"])
            _check_content(item["output"], "tool")
        case "reasoning":
            check_keys(item, "encrypted_content content", "reasoning", "type summary")
        case "image_generation_call":
            pass
        case kind:
            raise AssertionError(f"an unknown item {kind}")


def _check_content(content: Any, role: str) -> None:
    assert role in ("user", "assistant", "system", "developer", "tool")
    if isinstance(content, str):
        return
    assert content, "a list without parts"
    for part in content:
        match part["type"]:
            case "output_text" | "refusal":
                assert role == "assistant"
            case "input_text":
                assert role != "assistant"
            case "input_image":
                assert role in ("user", "tool")
                check_url(part["image_url"])
            case "input_file":
                assert role in ("user", "tool")
                assert ("file_url" in part) != ("file_data" in part)
                check_url(part.get("file_url") or part["file_data"])
            case kind:
                raise AssertionError(f"an unknown part {kind}")
