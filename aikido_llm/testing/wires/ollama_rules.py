"""What Ollama refuses with a 400: wrong JSON types, in the words of Go's decoder. Keys it does not know are ignored.

So that a test sees them, parameters in the wrong place, which would do nothing there, are refused here.
Source: the server's request types and handlers, read 2026-11.
"""

import re
from typing import Any

from .rules import Refused, as_list, as_object, is_integer, is_number, matches

_MISPLACED = (
    "temperature", "top_p", "top_k", "seed", "stop", "num_predict", "num_ctx", "max_tokens", "max_completion_tokens",
    "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort",
)  # fmt: skip
_ROLES = ("system", "user", "assistant", "tool")
_NUMBERS = ("temperature", "top_p", "min_p", "typical_p", "repeat_penalty", "presence_penalty", "frequency_penalty")
_INTEGERS = (
    "num_predict",
    "num_ctx",
    "seed",
    "top_k",
    "repeat_last_n",
    "num_keep",
    "num_batch",
    "num_gpu",
    "num_thread",
)
_BASE64 = r"[A-Za-z0-9+/]*={0,2}"
_DURATION = r"-?(\d+(\.\d+)?(ns|us|ms|s|m|h))+"


def check(body: Any) -> None:
    """Raises Refused."""
    request = as_object(body)
    if request is None:
        raise Refused("json: cannot unmarshal the body into Go value of type api.ChatRequest")
    if not isinstance(request.get("model"), str) or not request["model"]:
        raise Refused("model is required")
    misplaced = [key for key in request if key in _MISPLACED]
    if misplaced:
        raise Refused(f"the server would ignore {', '.join(misplaced)}: that is no field of a chat request")
    messages = as_list(request.get("messages", []))
    if messages is None:
        raise _unmarshal("messages", "[]api.Message")
    for message in messages:
        _message(as_object(message))
    _options(request.get("options"))
    _others(request)


def _unmarshal(field: str, kind: str) -> Refused:
    return Refused(f"json: cannot unmarshal value into Go struct field ChatRequest.{field} of type {kind}")


def _message(message: dict[str, Any] | None) -> None:
    if message is None:
        raise _unmarshal("messages", "api.Message")
    if message.get("role") not in _ROLES:
        raise Refused(f"invalid role {message.get('role')!r}, must be one of {', '.join(_ROLES)}")
    for key in ("content", "thinking", "tool_name", "tool_call_id"):
        if key in message and not isinstance(message[key], str):
            raise _unmarshal(f"messages.{key}", "string")
    images = as_list(message.get("images", []))
    if images is None:
        raise _unmarshal("messages.images", "[]api.ImageData")
    for image in images:
        if not isinstance(image, str) or len(image) % 4 or re.fullmatch(_BASE64, image) is None:
            raise Refused("illegal base64 data at input byte 4")
    for call in as_list(message.get("tool_calls", [])) or ():
        function = as_object((as_object(call) or {}).get("function")) or {}
        if not isinstance(function.get("name"), str):
            raise _unmarshal("messages.tool_calls.function.name", "string")
        if as_object(function.get("arguments")) is None:
            raise _unmarshal("messages.tool_calls.function.arguments", "api.ToolCallFunctionArguments")


def _options(value: Any) -> None:
    if value is None:
        return
    options = as_object(value)
    if options is None:
        raise _unmarshal("options", "map[string]interface {}")
    for key, setting in options.items():
        if setting is None:
            continue
        if key in _NUMBERS and not is_number(setting):
            raise Refused(f'option "{key}" must be of type float32')
        if key in _INTEGERS and not is_number(setting):
            raise Refused(f'option "{key}" must be of type integer')
        if key == "stop" and not all(isinstance(text, str) for text in as_list(setting) or [0]):
            raise Refused('option "stop" must be of type array')


def _others(request: dict[str, Any]) -> None:
    tools = as_list(request.get("tools", []))
    if tools is None:
        raise _unmarshal("tools", "api.Tools")
    for tool in tools:
        function = as_object((as_object(tool) or {}).get("function")) or {}
        if not isinstance(function.get("name"), str) or as_object(function.get("parameters")) is None:
            raise _unmarshal("tools.function", "api.ToolFunction")
    if request.get("format") not in (None, "", "json") and as_object(request["format"]) is None:
        raise Refused('invalid format: expected "json" or a JSON schema')
    if not isinstance(request.get("stream", True), bool):
        raise _unmarshal("stream", "bool")
    if request.get("think") not in (None, True, False, "low", "medium", "high", "max"):
        raise Refused('invalid think value: must be "high", "medium", "low", "max", true, or false')
    keep_alive = request.get("keep_alive")
    if keep_alive is not None and not is_number(keep_alive) and not matches(_DURATION, keep_alive):
        raise Refused(f'time: missing unit in duration "{keep_alive}"')
    top = request.get("top_logprobs", 0)
    if not is_integer(top) or not 0 <= top <= 20:
        raise Refused("top_logprobs must be between 0 and 20")
