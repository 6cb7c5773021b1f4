"""Calls that the caller answers: output item -> ToolCall, and back into an item where no replay data says it.

source: OpenAI API reference, "Responses", output items, and openai 2026-08, types/responses, read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ...codecs import json
from ...types.tools import ToolCall
from ..toolcalls import arguments_json, arguments_text
from ..values import as_object, as_text


@frozen
class Asked:
    """How one type of item asks. kind: of the ToolCall. field: what holds the request, "" when the item's own fields
    are it."""

    kind: str
    field: str = ""


ASKED: Mapping[str, Asked] = {
    "function_call": Asked("function", "arguments"),
    "custom_tool_call": Asked("custom", "input"),
    "mcp_approval_request": Asked("mcp_approval", "arguments"),
    "computer_call": Asked("computer"),
    "local_shell_call": Asked("local_shell"),
    "shell_call": Asked("shell"),
    "apply_patch_call": Asked("apply_patch"),
    "tool_search_call": Asked("tool_search"),
}
_TYPES = {asked.kind: type for type, asked in ASKED.items()}

SENT_BACK = ("caller", "namespace", "server_label")
"""Fields of a call that its wire wants back with it."""

_NO_REQUEST = {"type", "id", "call_id", "name", "status", "created_by", *SENT_BACK}


def asked_by(item: Mapping[str, Any]) -> Asked | None:
    """How the item asks the caller to do something; None for one that does not, or that the server does itself."""
    asked = ASKED.get(as_text(item.get("type")))
    if asked is None or item.get("execution") == "server":
        return None
    where = as_text(as_object(item.get("environment")).get("type"))
    return None if where.startswith("container") else asked


def call_id_of(item: Mapping[str, Any]) -> str:
    """Old servers, and approvals, have only the item's id."""
    return as_text(item.get("call_id")) or as_text(item.get("id"))


def name_of(item: Mapping[str, Any], asked: Asked) -> str:
    """The tool's name. Only functions and custom tools must have one: of the others the type says enough."""
    return as_text(item.get("name")) or ("" if asked.kind in ("function", "custom") else asked.kind)


def request_of(item: Mapping[str, Any], asked: Asked) -> str:
    """The call's arguments. Raises ValueError for text that no JSON can hold."""
    if asked.field:
        value = item.get(asked.field)
        return value if isinstance(value, str) else arguments_text(value)
    request = {name: value for name, value in item.items() if name not in _NO_REQUEST and value is not None}
    return json.text(request)


def data_of(item: Mapping[str, Any]) -> dict[str, Any] | None:
    return {name: item[name] for name in SENT_BACK if item.get(name) is not None} or None


def item_of(call: ToolCall, id: str) -> dict[str, Any]:
    """The item of a call that was made elsewhere, or whose own item is gone. id: as this wire takes it. A kind that
    this wire has not goes on as a function's call, and so does what does not read as the request of its kind."""
    kept = {name: value for name, value in (call.provider_data or {}).items() if name in SENT_BACK}
    if call.kind == "custom":
        return {"type": "custom_tool_call", "call_id": id, "name": call.name, "input": call.arguments, **kept}
    if is_known(call) and call.kind != "function":
        if call.kind == "mcp_approval":
            return {"type": _TYPES[call.kind], "id": id, "name": call.name, "arguments": call.arguments, **kept}
        return {"type": _TYPES[call.kind], "call_id": id, **call.parsed(), "status": "completed", **kept}
    arguments = arguments_json(call.arguments)
    return {"type": "function_call", "call_id": id, "name": call.name, "arguments": arguments, **kept}


def is_known(call: ToolCall) -> bool:
    """Whether the call can be said in this wire's words for its kind."""
    if call.kind in ("function", "custom"):
        return True
    if call.kind == "mcp_approval":
        return "server_label" in (call.provider_data or {})
    try:
        json.loads_object(call.arguments)
    except ValueError:
        return False
    return call.kind in _TYPES
