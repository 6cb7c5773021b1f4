"""What Anthropic refuses in a Messages request. Source: Anthropic API reference, read 2026-11; recorded 400s."""

import re
from typing import Any

from .anthropic_blocks import check_block, check_cache_marks
from .rules import Refused, as_list, as_object, is_integer, is_number, matches, schema_nodes, unknown_keys

_TOP = {
    *("model", "max_tokens", "messages", "system", "stream", "temperature", "top_p", "top_k", "stop_sequences"),
    *("tools", "tool_choice", "thinking", "output_config", "cache_control", "metadata", "service_tier"),
    *("inference_geo", "container", "output_format", "context_management", "mcp_servers"),
}
_TOOL = {
    *("type", "name", "description", "input_schema", "strict", "cache_control", "eager_input_streaming"),
    *("defer_loading", "input_examples", "allowed_callers"),
}
# keywords that the structured output grammar does not know
_NOT_IN_SCHEMAS = {
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "not", "oneOf"),
}
_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
_TOOL_NAME = r"[a-zA-Z0-9_-]{1,128}"
# families that dropped the prefilled assistant turn, and the sampling parameters
_NO_PREFILL = re.compile(r"claude-(opus|sonnet|haiku)-(4-[6-9]|[5-9])(?!\d)|claude-(fable|mythos)")
_NO_SAMPLING = re.compile(r"claude-opus-4-[78](?!\d)|claude-(opus|sonnet|haiku)-[5-9](?!\d)|claude-(fable|mythos)")


def check(body: Any) -> None:
    request = as_object(body)
    if request is None:
        raise Refused("The request body is not a JSON object")
    for key in unknown_keys(request, _TOP):
        raise Refused(f"{key}: Extra inputs are not permitted")
    for key in ("model", "messages", "max_tokens"):
        if request.get(key) is None:
            raise Refused(f"{key}: Field required")
    _check_max_tokens(request)
    _check_system(request.get("system"))
    _check_sampling(request)
    _check_tools(request)
    _check_thinking(request)
    _check_output(request)
    _check_messages(request)
    check_cache_marks(request)


def _check_max_tokens(request: dict[str, Any]) -> None:
    most = request["max_tokens"]
    if not is_integer(most):
        raise Refused("max_tokens: Input should be a valid integer")
    if most < 0:
        raise Refused("max_tokens: Input should be greater than or equal to 0")
    if most == 0 and request.get("stream"):
        raise Refused("max_tokens: 0 only warms the cache and cannot be streamed")


def _check_system(system: Any) -> None:
    if system is None or isinstance(system, str):
        return
    for index, item in enumerate(as_list(system) or [None]):
        block = as_object(item)
        if block is None or block.get("type") != "text":
            raise Refused(f"system.{index}: Input should be a text block")
        check_block(block, f"system.{index}", "user")


def _check_sampling(request: dict[str, Any]) -> None:
    given = [key for key in ("temperature", "top_p", "top_k") if request.get(key) is not None]
    for key in given:
        if not is_number(request[key]):
            raise Refused(f"{key}: Input should be a valid number")
        if key != "top_k" and not 0 <= request[key] <= 1:
            raise Refused(f"{key}: range: 0..1")
        if _NO_SAMPLING.match(str(request["model"])) and request[key] != 1:
            raise Refused(f"`{key}` is deprecated for this model.")
    stops = as_list(request.get("stop_sequences")) or []
    if any(not isinstance(stop, str) or not stop.strip() for stop in stops):
        raise Refused("stop_sequences: each stop sequence must contain non-whitespace")


def _check_tools(request: dict[str, Any]) -> None:
    names: list[str] = []
    for index, item in enumerate(as_list(request.get("tools")) or ()):
        tool, path = as_object(item), f"tools.{index}"
        if tool is None:
            raise Refused(f"{path}: Input should be an object")
        if tool.get("type") in (None, "custom"):
            _check_tool(tool, f"{path}.custom")
        name = str(tool.get("name") or path)
        if name in names:
            raise Refused("tools: Tool names must be unique.")
        names.append(name)
    choice = as_object(request.get("tool_choice"))
    if request.get("tool_choice") is None:
        return
    kind = None if choice is None else choice.get("type")
    if choice is None or kind not in ("auto", "any", "tool", "none"):
        raise Refused("tool_choice: Input tag does not match any of the expected tags: 'auto', 'any', 'tool', 'none'")
    if not names:
        raise Refused("tool_choice may only be specified while providing `tools`")
    for key in unknown_keys(choice, ("type", "name", "disable_parallel_tool_use")):
        raise Refused(f"tool_choice.{kind}.{key}: Extra inputs are not permitted")
    if kind == "tool" and choice.get("name") not in names:
        raise Refused(f"Tool '{choice.get('name')}' not found in provided tools")


def _check_tool(tool: dict[str, Any], path: str) -> None:
    for key in unknown_keys(tool, _TOOL):
        raise Refused(f"{path}.{key}: Extra inputs are not permitted")
    if not matches(_TOOL_NAME, tool.get("name")):
        raise Refused(f"{path}.name: String should match pattern '^{_TOOL_NAME}$'")
    schema = as_object(tool.get("input_schema"))
    if schema is None:
        raise Refused(f"{path}.input_schema: Field required")
    if schema.get("type") != "object":
        raise Refused(f"{path}.input_schema.type: Input should be 'object'")
    if tool.get("strict"):
        _check_schema(schema, f"{path}.input_schema")


def _check_thinking(request: dict[str, Any]) -> None:
    thinking = request.get("thinking")
    if thinking is None:
        return
    config = as_object(thinking) or {}
    kind = config.get("type")
    if kind not in ("enabled", "adaptive", "disabled"):
        raise Refused("thinking: Input tag does not match any of the expected tags: 'enabled', 'adaptive', 'disabled'")
    for key in unknown_keys(config, ("type", "budget_tokens", "display")):
        raise Refused(f"thinking.{kind}.{key}: Extra inputs are not permitted")
    if kind != "enabled":
        return
    budget = config.get("budget_tokens")
    if budget is None or not is_integer(budget):
        raise Refused("thinking.enabled.budget_tokens: Field required")
    if budget < 1024:
        raise Refused("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    if budget >= request["max_tokens"]:
        raise Refused("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if request.get("temperature") not in (None, 1) or request.get("top_k") is not None:
        raise Refused("`temperature` may only be set to 1 when thinking is enabled, and `top_k` must be unset.")
    if (as_object(request.get("tool_choice")) or {}).get("type") in ("any", "tool"):
        raise Refused("Thinking may not be enabled when tool_choice forces tool use.")


def _check_output(request: dict[str, Any]) -> None:
    config = as_object(request.get("output_config")) or {}
    for key in unknown_keys(config, ("effort", "format", "task_budget")):
        raise Refused(f"output_config.{key}: Extra inputs are not permitted")
    if config.get("effort") not in (None, "low", "medium", "high", "xhigh", "max"):
        raise Refused("output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'")
    for path, value in (
        ("output_config.format", config.get("format")),
        ("output_format", request.get("output_format")),
    ):
        form = as_object(value)
        if form is None:
            continue
        if form.get("type") != "json_schema":
            raise Refused(f"{path}.type: Input should be 'json_schema'")
        if as_object(form.get("schema")) is None:
            raise Refused(f"{path}.schema: Field required")
        for key in unknown_keys(form, ("type", "schema")):
            raise Refused(f"{path}.{key}: Extra inputs are not permitted")
        _check_schema(form["schema"], f"{path}.schema")


def _check_schema(schema: dict[str, Any], path: str) -> None:
    for where, node in schema_nodes(schema):
        for key in node:
            if key in _NOT_IN_SCHEMAS:
                raise Refused(f"{path}{where}: For '{node.get('type')}' type, property '{key}' is not supported")
        if node.get("format") not in (None, *_FORMATS):
            raise Refused(f"{path}{where}: format '{node['format']}' is not supported")
        if node.get("$ref") == "#":
            raise Refused(f"{path}{where}: recursive schemas are not supported")
        if node.get("type") == "object" and node.get("additionalProperties") is not False:
            raise Refused(f"{path}{where}: For 'object' type, 'additionalProperties' must be explicitly set to false")


def _check_messages(request: dict[str, Any]) -> None:
    messages = as_list(request["messages"])
    if not messages:
        raise Refused("messages: at least one message is required")
    turns = [_turn(item, index) for index, item in enumerate(messages)]
    if turns[0][0] != "user":
        raise Refused('messages: first message must use the "user" role')
    seen: set[str] = set()
    for index, (role, blocks) in enumerate(turns):
        path = f"messages.{index}"
        if not blocks and not (role == "assistant" and index == len(turns) - 1):
            raise Refused(
                f"{path}: all messages must have non-empty content except for the optional final assistant message"
            )
        if role == "system":
            _check_late_system(turns, index, path)
        for number, block in enumerate(blocks):
            check_block(block, f"{path}.content.{number}", "user" if role == "system" else role)
        _check_results(turns, index, path)
        for block in blocks:
            if block.get("type") == "tool_use":
                if block["id"] in seen:
                    raise Refused(f"{path}: `tool_use` ids must be unique")
                seen.add(block["id"])
    _check_last(turns[-1], str(request["model"]))


def _check_late_system(turns: list[tuple[str, list[dict[str, Any]]]], index: int, path: str) -> None:
    """Where a system message may stand. source: Claude Platform docs, "Mid-conversation system messages", 2026-11."""
    behind = turns[index + 1][0] if index + 1 < len(turns) else "assistant"
    if turns[index - 1][0] != "user" or behind != "assistant":
        raise Refused(
            f"{path}: a `system` message must come directly after a `user` message, and be the last or followed by an "
            "`assistant` message"
        )
    if any(block.get("type") != "text" for block in turns[index][1]):
        raise Refused(f"{path}: a `system` message takes text blocks only")


def _turn(item: Any, index: int) -> tuple[str, list[dict[str, Any]]]:
    """A message as its role and its blocks; plain text is one block."""
    message = as_object(item)
    if message is None:
        raise Refused(f"messages.{index}: Input does not match the expected shape.")
    for key in unknown_keys(message, ("role", "content")):
        raise Refused(f"messages.{index}.{key}: Extra inputs are not permitted")
    role, content = message.get("role"), message.get("content")
    if role not in ("user", "assistant") and (role != "system" or not index):
        raise Refused(
            f'messages: Unexpected role "{role}". Allowed roles are "user" or "assistant"; '
            "instructions that open a conversation go into the top-level `system` parameter."
        )
    if isinstance(content, str):
        return role, [{"type": "text", "text": content}] if content else []
    blocks = as_list(content)
    if blocks is None:
        raise Refused(f"messages.{index}.content: Field required")
    objects = [block for item in blocks if (block := as_object(item)) is not None]
    if len(objects) != len(blocks):
        raise Refused(f"messages.{index}.content: Input should be a list of blocks")
    return role, objects


def _ids(blocks: list[dict[str, Any]], kind: str, key: str) -> list[str]:
    return [str(block.get(key)) for block in blocks if block.get("type") == kind]


def _check_results(turns: list[tuple[str, list[dict[str, Any]]]], index: int, path: str) -> None:
    """The calls of a turn, and the results that answer them: all, directly after, first in their message."""
    role, blocks = turns[index]
    calls = _ids(blocks, "tool_use", "id") if role == "assistant" else []
    if calls:
        following = turns[index + 1][1] if index + 1 < len(turns) else []
        first = [block for block in following[: len(calls)] if block.get("type") == "tool_result"]
        missing = [call for call in calls if call not in _ids(first, "tool_result", "tool_use_id")]
        if missing:
            raise Refused(
                f"{path}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(missing)}. Each `tool_use` block must have a `tool_result` block in the next message."
            )
    before = _ids(turns[index - 1][1], "tool_use", "id") if index and turns[index - 1][0] == "assistant" else []
    results = _ids(blocks, "tool_result", "tool_use_id")
    for number, result in enumerate(results):
        if result not in before:
            raise Refused(f"{path}.content.{number}: unexpected `tool_use_id` found in `tool_result` blocks: {result}.")
        if result in results[:number]:
            raise Refused(
                f"{path}.content.{number}: each tool_use must have a single result. Found several for {result}."
            )


def _check_last(turn: tuple[str, list[dict[str, Any]]], model: str) -> None:
    role, blocks = turn
    if role != "assistant":
        return
    if _NO_PREFILL.match(model):
        raise Refused(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )
    text = str(blocks[-1].get("text") or "") if blocks else ""
    if text != text.rstrip():
        raise Refused("messages: final assistant content cannot end with trailing whitespace")
