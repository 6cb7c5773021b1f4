"""What Cohere refuses in a v2 chat request. Source: Cohere API reference, read 2026-11; recorded requests and 400s.

Three rules of the reference are not here, since recordings show the service accepting what they forbid: a system
message that is not the first, a tool_choice in lower case, and a response_format of type json_schema.
"""

from typing import Any

from .rules import Refused, as_list, as_object, is_integer, is_number, matches, schema_nodes, unknown_keys

_TOP = {
    *("model", "messages", "stream", "temperature", "p", "k", "max_tokens", "stop_sequences", "seed", "logprobs"),
    *("frequency_penalty", "presence_penalty", "tools", "tool_choice", "strict_tools", "response_format", "thinking"),
    *("documents", "citation_options", "safety_mode", "priority", "raw_prompting"),
}
_MESSAGE: dict[str, set[str]] = {
    "system": {"role", "content"},
    "user": {"role", "content"},
    "assistant": {"role", "content", "tool_plan", "tool_calls", "citations"},
    "tool": {"role", "content", "tool_call_id"},
}
_CONTENT: dict[str, tuple[str, ...]] = {
    "system": ("text",),
    "user": ("text", "image_url"),
    "assistant": ("text", "thinking"),
    "tool": ("text", "document"),
}
_RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0, 1),
    "p": (0.01, 0.99),
    "k": (0, 500),
    "frequency_penalty": (0, 1),
    "presence_penalty": (0, 1),
    "priority": (0, 999),
}
# keywords that the structured output grammar does not know
_NOT_IN_SCHEMAS = {
    *("anyOf", "allOf", "oneOf", "not", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength"),
    "uniqueItems",
}
_FORMATS = {"date-time", "uuid", "date", "time"}


def check(body: Any) -> None:
    request = as_object(body)
    if request is None:
        raise Refused("invalid request: the body is not a JSON object")
    for key in unknown_keys(request, _TOP):
        raise Refused(f"invalid request: unknown field {key}")
    if not isinstance(request.get("model"), str) or not request["model"]:
        raise Refused("invalid request: model must be set")
    _check_ranges(request)
    _check_tools(request)
    _check_format(request)
    _check_thinking(request.get("thinking"))
    messages = as_list(request.get("messages"))
    if not messages:
        raise Refused("invalid request: list of messages must not be empty")
    _check_messages(messages, str(request["model"]))


def _check_ranges(request: dict[str, Any]) -> None:
    for key, (least, most) in _RANGES.items():
        value = request.get(key)
        if value is not None and (not is_number(value) or not least <= value <= most):
            raise Refused(f"invalid request: {key} must be between {least} and {most} inclusive")
    if len(as_list(request.get("stop_sequences")) or ()) > 5:
        raise Refused("invalid request: at most 5 stop sequences are allowed")
    tokens = request.get("max_tokens")
    if tokens is not None and (not is_integer(tokens) or tokens < 1):
        raise Refused("invalid request: max_tokens must be a positive integer")


def _check_tools(request: dict[str, Any]) -> None:
    tools = as_list(request.get("tools")) or []
    for index, item in enumerate(tools):
        tool = as_object(item) or {}
        function = as_object(tool.get("function"))
        if tool.get("type") != "function" or function is None:
            raise Refused(f"invalid request: tools[{index}] must be of type function")
        for key in [*unknown_keys(tool, ("type", "function")), *unknown_keys(function, _FUNCTION)]:
            raise Refused(f"invalid request: unknown field tools[{index}].{key}")
        if not matches(r"[A-Za-z_][A-Za-z0-9_]*", function.get("name")):
            raise Refused(
                f"invalid request: tool name {function.get('name')!r} must only hold letters, digits and underscores, "
                "and must not start with a digit"
            )
        if as_object(function.get("parameters")) is None:
            raise Refused(f"invalid request: tools[{index}].function.parameters must be set")
    names = [tool["function"]["name"] for tool in tools]
    if len(names) != len(set(names)):
        raise Refused("invalid request: tool names must be unique")
    choice = request.get("tool_choice")
    if choice is None:
        return
    if not isinstance(choice, str) or choice.upper() not in ("REQUIRED", "NONE"):
        raise Refused("invalid request: tool_choice must be REQUIRED or NONE")
    if not tools:
        raise Refused("invalid request: tool_choice may only be set with tools")


_FUNCTION = {"name", "description", "parameters"}


def _check_format(request: dict[str, Any]) -> None:
    wanted = as_object(request.get("response_format"))
    if wanted is None:
        return
    for key in unknown_keys(wanted, ("type", "json_schema")):
        raise Refused(f"invalid request: unknown field response_format.{key}")
    if wanted.get("type") not in ("text", "json_object", "json_schema"):
        raise Refused("invalid request: response_format.type must be text, json_object or json_schema")
    if wanted["type"] == "text":
        return
    for other in ("tools", "documents"):
        if request.get(other):
            raise Refused(f"invalid request: response_format is not supported with {other}")
    schema = as_object(wanted.get("json_schema"))
    if schema is not None:
        _check_schema(schema)


def _check_schema(schema: dict[str, Any]) -> None:
    if schema.get("type") != "object":
        raise Refused("invalid request: response_format.json_schema must be an object at its top")
    for path, node in schema_nodes(schema):
        for key in node:
            if key in _NOT_IN_SCHEMAS:
                raise Refused(f"invalid request: response_format.json_schema{path}: {key} is not supported")
        if node.get("format") not in (None, *_FORMATS):
            raise Refused(
                f"invalid request: response_format.json_schema{path}: format {node['format']} is not supported"
            )
        if node.get("type") == "object" and not node.get("required"):
            raise Refused(f"invalid request: response_format.json_schema{path}: at least one field must be required")


def _check_thinking(thinking: Any) -> None:
    if thinking is None:
        return
    config = as_object(thinking) or {}
    for key in unknown_keys(config, ("type", "token_budget")):
        raise Refused(f"invalid request: unknown field thinking.{key}")
    if config.get("type") not in ("enabled", "disabled"):
        raise Refused("invalid request: thinking.type must be enabled or disabled")
    budget = config.get("token_budget", 1)
    if not is_integer(budget) or budget < 1:
        raise Refused("invalid request: thinking.token_budget must be at least 1")


def _check_messages(messages: list[Any], model: str) -> None:
    pending: list[str] = []  # the calls whose results must come next
    for index, item in enumerate(messages):
        message = as_object(item) or {}
        role = str(message.get("role"))
        if role not in _MESSAGE:
            raise Refused(f"invalid request: messages[{index}]: role {role!r} is not valid")
        for key in unknown_keys(message, _MESSAGE[role]):
            raise Refused(f"invalid request: unknown field messages[{index}].{key}")
        if role == "tool":
            pending = _answered(message, pending)
        elif pending:
            raise Refused(f"invalid request: tool calls without results: {', '.join(pending)}")
        text = _check_content(message, role, index, model)
        calls = as_list(message.get("tool_calls")) or []
        if calls:
            pending = _check_calls(calls, text)
        elif not (message.get("content") or message.get("tool_plan")):
            raise Refused(f"invalid request: message must not be empty in a turn (messages[{index}])")
    if pending:
        raise Refused(f"invalid request: tool calls without results: {', '.join(pending)}")


def _answered(message: dict[str, Any], pending: list[str]) -> list[str]:
    """The calls that still wait, after this tool message."""
    call = message.get("tool_call_id")
    if not call:
        raise Refused("invalid request: tool call id must be provided with tool message")
    if call not in pending:
        raise Refused(f"invalid request: tool call id not found in previous tool calls: {call}")
    return [other for other in pending if other != call]


def _check_calls(calls: list[Any], text: str) -> list[str]:
    if text:
        raise Refused(
            "invalid request: text content is not allowed when tool_calls are provided. If you wish to pass a tool "
            "plan, either pass thinking content (with thinking enabled) or use 'tool_plan'"
        )
    ids: list[str] = []
    for item in calls:
        call = as_object(item) or {}
        function = as_object(call.get("function"))
        if call.get("type") != "function" or function is None:
            raise Refused("invalid request: tool call must be of type function")
        if not call.get("id"):
            raise Refused("invalid request: tool call id must be provided")
        if not function.get("name") or not isinstance(function.get("arguments"), str):
            raise Refused("invalid request: a tool call needs a name and its arguments as a JSON string")
        ids.append(str(call["id"]))
    if len(ids) != len(set(ids)):
        raise Refused("invalid request: cannot have duplicate tool ids")
    return ids


def _check_content(message: dict[str, Any], role: str, index: int, model: str) -> str:
    """The text of a message, all of its blocks being valid."""
    content = message.get("content")
    if content is None or isinstance(content, str):
        return content or ""
    blocks = as_list(content)
    if blocks is None:
        raise Refused(f"invalid request: messages[{index}].content must be a string or a list")
    text = ""
    for item in blocks:
        block = as_object(item) or {}
        kind = block.get("type")
        if kind not in _CONTENT[role] or kind not in block:
            raise Refused(f"invalid request: messages[{index}]: content of type {kind!r} is not valid for role {role}")
        if kind == "image_url" and not ("vision" in model or "plus" in model):
            raise Refused("invalid request: image content is not supported for this model")
        text += str(block["text"]) if kind == "text" else ""
    return text
