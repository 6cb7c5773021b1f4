"""The blocks of tools that Anthropic runs itself: `server_tool_use`, `mcp_tool_use`, and their results.

A result names its call by `tool_use_id`; that may be a call of an earlier answer, when a turn was paused, or when the
code that ran has called a tool of the client.

source: Anthropic API reference, "Server tools", "Programmatic tool calling", "MCP connector", read 2026-11.
"""

from typing import Any

from ...codecs import json
from ...types.events import Event
from ..server_tools import ServerTools
from ..toolcalls import arguments_text
from ..values import as_text, is_object
from .content import JSON, Block, more

CALL, RESULT = "_tool_use", "_tool_result"

_CALL_FIELDS = frozenset(("type", "id", "name", "input"))
_RESULT_FIELDS = frozenset(("type", "tool_use_id", "content", "is_error"))


def knows(block: Block) -> bool:
    return block.kind.endswith((CALL, RESULT))


def begin(block: Block, tools: ServerTools, out: list[Event]) -> bool:
    """Whether it is such a block; that of a call starts its tool."""
    if block.kind.endswith(CALL):
        name = as_text(block.data.get("name"))
        kind = block.kind.removesuffix(CALL)
        tool = tools.start(out, as_text(block.data.get("id")), name, name if kind == "server" else kind)
        tool.data = more(block.data, _CALL_FIELDS)
        return True
    return block.kind.endswith(RESULT)


def end(block: Block, tools: ServerTools, out: list[Event]) -> None:
    """The block is whole: a call's arguments, or a result."""
    data = block.data
    if block.kind.endswith(CALL):
        tool = tools.running(as_text(data.get("id")))
        if tool is not None:
            tool.arguments = arguments_text(data.get("input"))
    elif block.kind.endswith(RESULT):
        kind = block.kind.removesuffix(RESULT)
        id = as_text(data.get("tool_use_id"))
        tool = tools.running(id) or tools.start(out, id, kind, kind)
        tool.data |= {key: value for key, value in more(data, _RESULT_FIELDS).items() if key not in tool.data}
        content = data.get("content")
        output = content if isinstance(content, str) else "" if content is None else json.text(content)
        tools.end(out, tool, output, failed=data.get("is_error") is True or _is_error(content))


def settled(items: list[JSON]) -> list[JSON]:
    """The blocks of a turn that is over, without a tool that has no result (the token limit cut the turn): the service
    would refuse the conversation. While the client has a call to answer, a tool may wait for that."""
    if any(item["type"] == "tool_use" for item in items):
        return items
    results = {as_text(item.get("tool_use_id")) for item in items}
    return [item for item in items if not item["type"].endswith(CALL) or as_text(item.get("id")) in results]


def _is_error(content: Any) -> bool:
    """A code that ran and returned an error has completed; `..._error` is the tool that could not run."""
    return is_object(content) and (as_text(content.get("type")).endswith("_error") or "error_code" in content)
