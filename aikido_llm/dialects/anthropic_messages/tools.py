"""What the model may call: functions, and tools that Anthropic defines or runs itself; and whether it must.

source: Anthropic API reference, "Tool reference", "MCP connector"; anthropic 2.14.0, tool_union_param.py, read 2026-11.
"""

import re
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from ...errors import InvalidRequestError, UnsupportedFeatureError
from ...types.request import Request
from ...types.server_tools import ServerTool
from ...types.tools import CustomTool, Tool, ToolDef
from ..tool_choice import ChoiceWords, offers_tools, word_for
from .cache import control

Body = dict[str, Any]

SHORT: Mapping[str, str] = {
    "web_search": "web_search_20250305",
    "web_fetch": "web_fetch_20250910",
    "code_execution": "code_execution_20250825",
    "tool_search": "tool_search_tool_regex_20251119",
    "mcp": "mcp_toolset",
}
"""Short names -> the version that every model and host in service takes. A newer one is asked for by its own name."""

BETAS: Mapping[str, str] = {
    "mcp_toolset": "mcp-client-2025-11-20",
    "advisor_20260301": "advisor-tool-2026-03-01",
    "computer_20251124": "computer-use-2025-11-24",
    "computer_20250124": "computer-use-2025-01-24",
}
"""Tools that are refused without a beta header, which is sent with them."""

_NAMES: Mapping[str, str] = {  # others are called as their type without its date
    "text_editor": "str_replace_based_edit_tool",
    "text_editor_20250124": "str_replace_editor",
    "text_editor_20241022": "str_replace_editor",
}
_DATE = re.compile(r"_\d{8}\Z")
_OF_THE_SERVER = ("url", "authorization_token")  # options of an MCP toolset that belong to its server
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_AUTO, _NONE, _ANY = {"type": "auto"}, {"type": "none"}, {"type": "any"}


def _no_fields() -> Body:
    return {}


@frozen
class Offer:
    """fields: of the body. betas: what they need in the beta header."""

    fields: Body = field(factory=_no_fields)
    betas: tuple[str, ...] = ()


def offer(request: Request) -> Offer:
    """Raises InvalidRequestError, UnsupportedFeatureError for what the wire does not take."""
    if not request.tools and request.tool_choice is None and request.parallel_tool_calls is not False:
        return _NO_OFFER
    blocks = [_block(tool) for tool in request.tools]
    fields: Body = {"tools": blocks} if blocks else {}
    servers = [server for block in blocks if (server := _split_server(block)) is not None]
    if servers:
        fields["mcp_servers"] = servers
    names = {tool.name: block.get("name", tool.name) for tool, block in zip(request.tools, blocks, strict=True)}
    words = ChoiceWords(_AUTO, _NONE, _ANY, lambda name: {"type": "tool", "name": names.get(name, name)})
    choice = word_for(request, words)
    if request.parallel_tool_calls is False and request.tool_choice != "none" and offers_tools(request):
        choice = {**(choice or _AUTO), "disable_parallel_tool_use": True}
    if choice is not None:
        fields["tool_choice"] = choice
    return Offer(fields, tuple(BETAS[block["type"]] for block in blocks if block.get("type") in BETAS))


_NO_OFFER = Offer()


def _block(tool: Tool) -> Body:
    match tool:
        case ToolDef():
            return _function(tool)
        case ServerTool():
            return _server_tool(tool)
        case CustomTool():
            raise UnsupportedFeatureError(
                f"this wire has no tools with free text for input: make {tool.name!r} a ToolDef with one text parameter"
            )


def _function(tool: ToolDef) -> Body:
    if not _TOOL_NAME.fullmatch(tool.name):
        raise InvalidRequestError(
            f"the tool name {tool.name!r} is refused on this wire: up to 128 of the letters A to Z, digits, _ and -"
        )
    schema: Body = {"type": "object", **tool.parameters}
    if schema["type"] == "object":
        schema.setdefault("properties", {})
    block: Body = {"name": tool.name, "input_schema": schema}
    if tool.description:
        block["description"] = tool.description
    if tool.cache is not None:
        block["cache_control"] = control(tool.cache)
    return block


def _server_tool(tool: ServerTool) -> Body:
    kind = SHORT.get(tool.name, tool.name)
    family = _DATE.sub("", kind)
    named = family != kind and not family.endswith("_toolset")  # a toolset has names inside
    name = {"name": _NAMES.get(kind) or _NAMES.get(family, family)} if named else {}
    return {"type": kind, **name, **tool.options}


def _split_server(block: Body) -> Body | None:
    """An MCP server is described beside the tools and named by its toolset; the options of one tool may hold both."""
    if block.get("type") != "mcp_toolset" or "url" not in block:
        return None
    name = block.pop("name", None) or block.get("mcp_server_name")
    if not name:
        raise InvalidRequestError("an MCP server needs a name: ServerTool('mcp', {'name': ..., 'url': ...})")
    block["mcp_server_name"] = name
    return {"type": "url", "name": name} | {key: block.pop(key) for key in _OF_THE_SERVER if key in block}
