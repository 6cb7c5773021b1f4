"""Encodes requests, holds the body against the wire's rules, and names its blocks."""

from typing import Any

from aikido_llm.dialects.anthropic_messages import AnthropicMessages
from aikido_llm.types.messages import Message
from aikido_llm.types.request import Request
from aikido_llm.types.tools import ToolCall, ToolDef
from tests.dialects.rules import anthropic_messages as rules

PNG = b"\x89PNG\r\n\x1a\n rest"
PDF = b"%PDF-1.7 rest"
DIALECT = AnthropicMessages()
WEATHER = ToolDef("weather", "Says the weather", {"type": "object", "properties": {"city": {"type": "string"}}})
CALL = ToolCall("toolu_1", "weather", '{"city": "Oslo"}')


def body_of(*messages: Message, stream: bool = False, dialect: AnthropicMessages = DIALECT, **fields: Any) -> Any:
    request = Request(messages, model="claude-x", **fields)
    wire = dialect.encode(request, stream=stream, provider="anthropic")
    assert (wire.method, wire.path) == ("POST", "/v1/messages")
    assert wire.body is not None
    rules.check({key: value for key, value in wire.body.items() if key not in request.extra} | {"model": "claude-x"})
    return wire.body


def turns_of(*messages: Message, **fields: Any) -> Any:
    return body_of(*messages, **fields)["messages"]


def text(value: str) -> dict[str, str]:
    return {"type": "text", "text": value}


def call(id: str, name: str = "f", **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": name, "input": arguments}


def result(id: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, "content": content, **more}


def said(role: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}
