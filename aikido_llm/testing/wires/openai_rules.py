"""What the chat-completions wire refuses with a 400. The rules that all its hosts share, in OpenAI's words.

Source: OpenAI API reference "Create chat completion" and the hosts' references, read 2026-11.
"""

import json
from typing import Any

from .rules import Refused, as_list, as_object, is_integer, is_number, matches

_ROLES = ("developer", "system", "user", "assistant", "tool", "function")
_NAME = r"[a-zA-Z0-9_-]{1,64}"
# Of all hosts; a user may show everything, an instruction only text.
_PARTS = {
    "text": "text",
    "refusal": "refusal",
    "image_url": "image_url",
    "input_audio": "input_audio",
    "file": "file",
    "video_url": "video_url",
    "document_url": "document_url",
    "thinking": "thinking",
    "reference": "reference_ids",
}
_INSTRUCTION_PARTS = ("text",)
_RESULT_PARTS = ("text", "image_url")


def check(body: Any, *, strict: bool = True, needs_model: bool = True) -> None:
    """Raises Refused. strict: with the rules that other hosts do without."""
    request = as_object(body)
    if request is None:
        raise Refused("We could not parse the JSON body of your request: it is no object.")
    if needs_model and (not isinstance(request.get("model"), str) or not request["model"]):
        raise Refused("you must provide a model parameter")
    _messages(request.get("messages"), strict)
    _tools(request, strict)
    _parameters(request, strict)
    _response_format(request.get("response_format"), strict)


def _messages(value: Any, strict: bool) -> None:
    messages = as_list(value)
    if not messages:
        raise Refused("Missing required parameter: 'messages'." if value is None else "[] is too short - 'messages'")
    waiting: list[str] = []  # ids of calls that have no result yet
    for index, item in enumerate(messages):
        where = f"messages[{index}]"
        message = as_object(item)
        if message is None:
            raise Refused(f"Invalid type for '{where}': expected an object.")
        role = message.get("role")
        if role not in _ROLES:
            raise Refused(f"Invalid value: {role!r} for '{where}.role'. Supported values are: {', '.join(_ROLES)}.")
        if role == "tool":
            _result(message, waiting, where)
        elif waiting:
            raise Refused(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(waiting)}"
            )
        if role == "assistant":
            waiting = _assistant(message, where, strict)
        else:
            _content(message, role, where)
    if waiting:
        raise Refused(f"The following tool_call_ids did not have response messages: {', '.join(waiting)}")


def _assistant(message: dict[str, Any], where: str, strict: bool) -> list[str]:
    """The ids of its calls."""
    if "tool_calls" not in message:
        if message.get("content") is None and not any(
            message.get(key) for key in ("refusal", "audio", "function_call")
        ):
            raise Refused(f"Invalid value for '{where}.content': expected a string, got null.")
        _content(message, "assistant", where)
        return []
    if message.get("content") is not None:
        _content(message, "assistant", where)
    calls = as_list(message["tool_calls"])
    if not calls and (strict or calls is None):
        raise Refused(f"Invalid '{where}.tool_calls': empty array. Expected an array with minimum length 1.")
    ids = [_call(call, f"{where}.tool_calls[{number}]") for number, call in enumerate(calls or ())]
    if len(set(ids)) < len(ids):
        raise Refused(f"Duplicate value for 'tool_call_id' in '{where}.tool_calls'.")
    return ids


def _call(value: Any, where: str) -> str:
    call = as_object(value) or {}
    function = as_object(call.get("function")) or {}
    if not isinstance(call.get("id"), str) or not call["id"]:
        raise Refused(f"Missing required parameter: '{where}.id'.")
    if call.get("type") == "custom":
        custom = as_object(call.get("custom")) or {}
        for key in ("name", "input"):
            if not isinstance(custom.get(key), str):
                raise Refused(f"Missing required parameter: '{where}.custom.{key}'.")
        return str(call["id"])
    if call.get("type") != "function":
        raise Refused(f"Missing required parameter: '{where}.type'.")
    if not matches(_NAME, function.get("name")):
        raise Refused(f"Invalid '{where}.function.name': string does not match pattern '^[a-zA-Z0-9_-]+$'.")
    if not isinstance(function.get("arguments"), str):
        raise Refused(f"Invalid type for '{where}.function.arguments': expected a string.")
    try:
        json.loads(function["arguments"])
    except ValueError:
        raise Refused(f"Invalid '{where}.function.arguments': not JSON.") from None
    return str(call["id"])


def _result(message: dict[str, Any], waiting: list[str], where: str) -> None:
    call_id = message.get("tool_call_id")
    if not isinstance(call_id, str):
        raise Refused(f"Missing required parameter: '{where}.tool_call_id'.")
    if call_id not in waiting:
        raise Refused(
            f"Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
            f"'tool_calls' ('{where}.tool_call_id' {call_id!r} names none)."
        )
    waiting.remove(call_id)


def _content(message: dict[str, Any], role: str, where: str) -> None:
    content = message.get("content")
    if isinstance(content, str):
        return
    parts = as_list(content)
    if parts is None:
        raise Refused(f"Invalid value for '{where}.content': expected a string or an array of parts.")
    allowed: Any = _PARTS
    if role in ("system", "developer"):
        allowed = _INSTRUCTION_PARTS
    elif role == "tool":
        allowed = _RESULT_PARTS
    for index, item in enumerate(parts):
        part = as_object(item) or {}
        kind = str(part.get("type"))
        if kind not in allowed:
            known = ", ".join(allowed)
            raise Refused(
                f"Invalid value: {kind!r} for '{where}.content[{index}].type'. Supported values are: {known}."
            )
        if _PARTS[kind] not in part:
            raise Refused(f"Missing required parameter: '{where}.content[{index}].{_PARTS[kind]}'.")


def _tools(request: dict[str, Any], strict: bool) -> None:
    if "tools" not in request:
        for key in ("tool_choice", "parallel_tool_calls"):
            if key in request and strict:
                raise Refused(f"Invalid value for '{key}': '{key}' is only allowed when 'tools' are specified.")
        return
    tools = as_list(request["tools"])
    if not tools:
        raise Refused("Invalid 'tools': empty array. Expected an array with minimum length 1.")
    names: list[str] = []
    for index, item in enumerate(tools):
        tool = as_object(item) or {}
        if strict and tool.get("type") not in ("function", "custom"):
            raise Refused(f"Invalid value: {tool.get('type')!r}. Supported values are: 'function' and 'custom'.")
        if tool.get("type") == "custom":
            names.append(str((as_object(tool.get("custom")) or {}).get("name")))
        if tool.get("type") != "function":
            continue  # hosts have tools of their own
        function = as_object(tool.get("function")) or {}
        if not matches(_NAME, function.get("name")):
            raise Refused(f"Invalid 'tools[{index}].function.name': string does not match pattern '^[a-zA-Z0-9_-]+$'.")
        parameters = function.get("parameters", {"type": "object"})
        if (as_object(parameters) or {}).get("type") != "object":
            raise Refused(f"Invalid schema for function {function['name']!r}: schema must be of type 'object'.")
        names.append(function["name"])
    if len(set(names)) < len(names):
        raise Refused("Invalid 'tools': names of functions must be unique.")
    if strict:
        _tool_choice(request.get("tool_choice", "auto"), names)


def _tool_choice(choice: Any, names: list[str]) -> None:
    if choice in ("none", "auto", "required", "any"):
        return
    chosen = as_object(choice) or {}
    named = as_object(chosen.get("function")) or as_object(chosen.get("custom")) or {}
    if named.get("name") not in names:
        raise Refused("Invalid value for 'tool_choice': it is neither a mode nor one of the functions in 'tools'.")


def _parameters(given: dict[str, Any], strict: bool) -> None:
    request = {key: value for key, value in given.items() if value is not None}
    for key, low, high in (("temperature", 0, 2), ("top_p", 0, 1)):
        if key in request and not (is_number(request[key]) and low <= request[key] <= high):
            raise Refused(f"Invalid '{key}': expected a number between {low} and {high}.")
    for key in ("max_tokens", "max_completion_tokens"):
        if key in request and not (is_integer(request[key]) and request[key] > 0):
            raise Refused(f"Invalid '{key}': integer below minimum value. Expected a value >= 1.")
    if strict and "max_tokens" in request and "max_completion_tokens" in request:
        raise Refused("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
    for key in ("seed", "random_seed"):
        if key in request and not is_integer(request[key]):
            raise Refused(f"Invalid type for '{key}': expected an integer.")
    if not isinstance(request.get("stream", True), bool):
        raise Refused("Invalid type for 'stream': expected a boolean.")
    if strict and "stream_options" in request and request.get("stream") is not True:
        raise Refused("The 'stream_options' parameter is only allowed when 'stream' is enabled.")
    _stop(request.get("stop", ""), strict)


def _stop(stop: Any, strict: bool) -> None:
    if isinstance(stop, str):
        return
    many = as_list(stop)
    if many is None or not all(isinstance(text, str) for text in many):
        raise Refused("Invalid type for 'stop': expected a string or an array of strings.")
    if strict and not 0 < len(many) <= 4:
        raise Refused("Invalid 'stop': expected an array of 1 to 4 strings.")


def _response_format(value: Any, strict: bool) -> None:
    if value is None:
        return
    form = as_object(value) or {}
    kind = form.get("type")
    if kind not in ("text", "json_object", "json_schema"):
        raise Refused(f"Invalid value: {kind!r} for 'response_format.type'.")
    if kind == "json_schema":
        schema = as_object(form.get("json_schema")) or {}
        if strict and not matches(_NAME, schema.get("name")):
            raise Refused("Missing required parameter: 'response_format.json_schema.name'.")
        if as_object(schema.get("schema")) is None:
            raise Refused("Missing required parameter: 'response_format.json_schema.schema'.")
