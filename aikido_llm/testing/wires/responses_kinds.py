"""Items of a Responses request that are no text and no function: what each must and may hold.

Source: openai-python of 2026-08, types/responses/response_input_item_param.py, read 2026-11. In two things the service
does otherwise: an `id` is asked for only where another item names it, for what was not stored has none that it knows;
and a local shell's output names its call by `call_id`.
"""

from collections.abc import Mapping

from .rules import as_object

_CALLER = ("id", "status", "caller")

ITEMS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # by its type: what it must have, what it may have
    "custom_tool_call": (("call_id", "name", "input"), ("id", "namespace", "caller")),
    "custom_tool_call_output": (("call_id", "output"), _CALLER),
    "computer_call": (("call_id", "status"), ("id", "action", "actions", "pending_safety_checks")),
    "computer_call_output": (("call_id", "output"), ("id", "status", "acknowledged_safety_checks")),
    "local_shell_call": (("call_id", "action", "status"), ("id",)),
    "local_shell_call_output": (("call_id", "output"), ("id", "status")),
    "shell_call": (("call_id", "action"), (*_CALLER, "environment")),
    "shell_call_output": (("call_id", "output"), (*_CALLER, "max_output_length")),
    "apply_patch_call": (("call_id", "operation", "status"), ("id", "caller")),
    "apply_patch_call_output": (("call_id", "status"), ("id", "output", "caller")),
    "mcp_approval_request": (("id", "arguments", "name", "server_label"), ()),
    "mcp_approval_response": (("approval_request_id", "approve"), ("id", "reason")),
    "mcp_call": (("arguments", "name", "server_label"), ("id", "approval_request_id", "error", "output", "status")),
    "mcp_list_tools": (("server_label", "tools"), ("id", "error")),
    "tool_search_call": (("arguments",), ("id", "call_id", "execution", "status")),
    "tool_search_output": (("tools",), ("id", "call_id", "execution", "status")),
    "web_search_call": (("status",), ("id", "action", "name", "arguments", "call_id")),
    "file_search_call": (("queries", "status"), ("id", "results")),
    "code_interpreter_call": (("container_id", "status"), ("id", "code", "outputs")),
    "image_generation_call": (("id",), ("result", "status")),
    "program": (("id", "call_id", "code", "fingerprint"), ()),
    "program_output": (("id", "call_id", "result", "status"), ()),
    "compaction": (("encrypted_content",), ("id",)),
    "item_reference": (("id",), ()),
}

ANSWERS: Mapping[str, str] = {  # a call that the caller answers: the type of the answer
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
    "computer_call": "computer_call_output",
    "local_shell_call": "local_shell_call_output",
    "shell_call": "shell_call_output",
    "apply_patch_call": "apply_patch_call_output",
    "mcp_approval_request": "mcp_approval_response",
    "tool_search_call": "tool_search_output",
}


def call_of(item: Mapping[str, object]) -> str:
    """The id by which a call and its answer find each other."""
    kind = item.get("type")
    key = {"mcp_approval_request": "id", "mcp_approval_response": "approval_request_id"}.get(str(kind), "call_id")
    return str(item.get(key) or "")


def waits(item: Mapping[str, object]) -> bool:
    """Whether the caller must answer this call: what the service ran itself has its result already, or none."""
    if str(item.get("type")) not in ANSWERS or item.get("execution") == "server":
        return False
    where = as_object(item.get("environment")) or {}
    return not str(where.get("type")).startswith("container")
