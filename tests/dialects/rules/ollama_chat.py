"""What Ollama's server wants of a request to /api/chat, checked independently of the encoder."""

from typing import Any

from tests.dialects.rules.sent import check_base64, check_keys, received

_OPTIONS = "temperature top_p top_k num_predict stop seed num_ctx"


def check(body: dict[str, Any]) -> None:
    """Raises AssertionError for what would be refused, or ignored without a word."""
    sent = received(body)
    check_keys(sent, "tools format think keep_alive options", "the body", "model messages stream")
    check_keys(sent.get("options", {}), _OPTIONS, "options")
    assert isinstance(sent.get("options", {}).get("stop", []), list)
    assert sent.get("think", True) in (True, False, "low", "medium", "high", "max")
    expected: list[dict[str, Any]] = []  # the calls whose results must come next, in order
    for index, message in enumerate(sent["messages"]):
        role = message["role"]
        assert role in ("system", "user", "assistant", "tool")
        assert role != "system" or index == 0, "many templates use the first system message only"
        check_keys(message, "images thinking tool_calls tool_name tool_call_id", "a message", "role content")
        assert isinstance(message["content"], str), "content is one string"
        for image in message.get("images", []):
            check_base64(image)
        assert ("tool_name" in message or "tool_call_id" in message) <= (role == "tool")
        assert ("tool_calls" in message or "thinking" in message) <= (role == "assistant")
        if role == "tool":
            call = expected.pop(0)
            assert message["tool_name"] == call["function"]["name"], "results stand in the order of the calls"
            assert message.get("tool_call_id") == call.get("id")
        else:
            assert not expected, "a result is missing"
        for call in message.get("tool_calls", []):
            check_keys(call, "id", "a call", "function")
            check_keys(call["function"], "index", "a function", "name arguments")
            assert isinstance(call["function"]["arguments"], dict), "arguments are an object"
            expected.append(call)
    assert not expected
