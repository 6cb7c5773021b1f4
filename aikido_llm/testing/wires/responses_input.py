"""What OpenAI refuses in the `input` of a Responses request. Source: OpenAI API reference, read 2026-11."""

import re
from typing import Any

from .responses_kinds import ANSWERS, ITEMS, call_of, waits
from .rules import Refused, as_list, as_object, matches, unknown_keys

_ROLES = ("user", "system", "developer", "assistant")
_PARTS: dict[str, set[str]] = {
    "input_text": {"type", "text", "prompt_cache_breakpoint"},
    "input_image": {"type", "image_url", "file_id", "detail", "prompt_cache_breakpoint"},
    "input_file": {"type", "filename", "file_data", "file_url", "file_id", "detail", "prompt_cache_breakpoint"},
    "output_text": {"type", "text", "annotations", "logprobs"},
    "refusal": {"type", "refusal"},
}
_SPOKEN = {"output_text", "refusal"}
_KEYS: dict[str, set[str]] = {
    "message": {"type", "role", "content", "id", "status", "phase"},
    "function_call": {"type", "call_id", "name", "arguments", "id", "status", "namespace", "caller"},
    "function_call_output": {"type", "call_id", "output", "id", "status", "caller"},
    "reasoning": {"type", "id", "summary", "encrypted_content", "content", "status"},
}
# the id of an item begins with what it is
_PREFIX = {"message": "msg", "function_call": "fc", "reasoning": "rs"}


def check_input(request: dict[str, Any]) -> None:
    value = request.get("input")
    if isinstance(value, str):
        return
    items = as_list(value)
    earlier = request.get("previous_response_id") or request.get("conversation") or request.get("prompt")
    if items is None and not earlier:
        raise Refused("Missing required parameter: 'input'.")
    objects = [as_object(item) or {} for item in items or ()]
    for index, item in enumerate(objects):
        _check_item(item, f"input[{index}]", stored=request.get("store") is not False)
    _check_pairs(objects, earlier=bool(earlier))
    for index, item in enumerate(objects):
        if item.get("type") == "reasoning" and _kind(objects, index + 1) in ("", "user"):
            raise Refused(
                f"Item '{item.get('id', f'input[{index}]')}' of type 'reasoning' was provided without its required "
                "following item."
            )


def _kind(items: list[dict[str, Any]], index: int) -> str:
    """What stands there: an item's type, `user` for anything that the model did not say, "" behind the end."""
    if index >= len(items):
        return ""
    item = items[index]
    said_to_it = item.get("type") in ANSWERS.values() or item.get("role") in ("user", "system", "developer")
    return "user" if said_to_it else str(item.get("type", "message"))


def _check_item(item: dict[str, Any], path: str, *, stored: bool) -> None:
    kind = str(item.get("type") or ("message" if "role" in item else ""))
    if kind in ITEMS:
        _check_other(item, kind, path)
        return
    if kind not in _KEYS:
        raise Refused(f"Invalid value: '{kind}' at '{path}.type'.")
    for key in unknown_keys(item, _KEYS[kind]):
        raise Refused(f"Unknown parameter: '{path}.{key}'.")
    prefix, identity = _PREFIX.get(kind), item.get("id")
    if prefix and isinstance(identity, str) and not identity.startswith(prefix):
        raise Refused(f"Invalid '{path}.id': '{identity}'. Expected an ID that begins with '{prefix}'.")
    if kind == "message":
        _check_message(item, path)
    elif kind == "function_call":
        _check_call(item, path)
    elif kind == "function_call_output":
        _check_output(item, path)
    else:
        _check_reasoning(item, path, stored=stored)


def _check_other(item: dict[str, Any], kind: str, path: str) -> None:
    needed, allowed = ITEMS[kind]
    for key in needed:
        if item.get(key) is None:
            raise Refused(f"Missing required parameter: '{path}.{key}'.")
    for key in unknown_keys(item, {"type", *needed, *allowed}):
        raise Refused(f"Unknown parameter: '{path}.{key}'.")
    if kind == "custom_tool_call_output":
        _check_output(item, path)
    elif kind == "computer_call_output":
        shown = as_object(item["output"]) or {}
        if shown.get("type") != "computer_screenshot":
            raise Refused(f"Invalid value: '{shown.get('type')}' at '{path}.output.type'.")
        _check_image(shown, f"{path}.output")
    elif kind == "shell_call_output":
        for index, chunk in enumerate(as_list(item["output"]) or ()):
            for key in ("stdout", "stderr", "outcome"):
                if key not in (as_object(chunk) or {}):
                    raise Refused(f"Missing required parameter: '{path}.output[{index}].{key}'.")
    elif kind == "apply_patch_call_output" and item["status"] not in ("completed", "failed"):
        raise Refused(f"Invalid value: '{item['status']}' at '{path}.status'.")
    elif kind == "mcp_approval_response" and not isinstance(item["approve"], bool):
        raise Refused(f"Invalid type for '{path}.approve': expected a boolean, but got another type instead.")


def _check_message(item: dict[str, Any], path: str) -> None:
    role, content = item.get("role"), item.get("content")
    if role not in _ROLES:
        raise Refused(
            f"Invalid value: '{role}' at '{path}.role'. Supported values are: 'assistant', 'system', 'developer', "
            "and 'user'."
        )
    if isinstance(content, str):
        return
    parts = as_list(content)
    if parts is None:
        raise Refused(f"Missing required parameter: '{path}.content'.")
    for index, part in enumerate(parts):
        _check_part(part, f"{path}.content[{index}]", assistant=role == "assistant")


def _check_part(value: Any, path: str, *, assistant: bool) -> None:
    part = as_object(value) or {}
    kind = str(part.get("type"))
    allowed = _SPOKEN if assistant else _PARTS.keys() - _SPOKEN
    if kind not in allowed:
        supported = ", ".join(repr(name) for name in sorted(allowed))
        raise Refused(f"Invalid value: '{kind}' at '{path}.type'. Supported values are: {supported}.")
    for key in unknown_keys(part, _PARTS[kind]):
        raise Refused(f"Unknown parameter: '{path}.{key}'.")
    said = "refusal" if kind == "refusal" else "text"
    if kind in ("input_text", *_SPOKEN) and not isinstance(part.get(said), str):
        raise Refused(f"Missing required parameter: '{path}.{said}'.")
    if kind == "input_image":
        _check_image(part, path)
    elif kind == "input_file":
        _check_file(part, path)


def _check_image(part: dict[str, Any], path: str) -> None:
    url = part.get("image_url")
    if url is None and part.get("file_id") is None:
        raise Refused(f"Missing required parameter: '{path}.image_url'.")
    if url is None:
        return
    if not isinstance(url, str):
        raise Refused(f"Invalid type for '{path}.image_url': expected an image URL, but got an object instead.")
    if not url.startswith(("https://", "http://", "data:image/")):
        raise Refused(f"Invalid '{path}.image_url'. Expected a valid URL, but got a value with an invalid format.")


def _check_file(part: dict[str, Any], path: str) -> None:
    data = part.get("file_data")
    if data is None:
        if not (part.get("file_url") or part.get("file_id")):
            raise Refused(f"Missing required parameter: '{path}.file_id'.")
        return
    if not part.get("filename"):
        raise Refused(f"Missing required parameter: '{path}.filename'.")
    media_type = re.match(r"data:([^;,]+)", str(data))
    if media_type is None or media_type[1].startswith(("audio/", "video/")):
        raise Refused(
            f"Invalid file data: '{path}.file_data'. Expected a base64-encoded data URL with a valid file MIME type, "
            f"but got {'unsupported MIME type ' + repr(media_type[1]) if media_type else 'a value without one'}."
        )


def _check_call(item: dict[str, Any], path: str) -> None:
    for key in ("call_id", "name", "arguments"):
        if key not in item:
            raise Refused(f"Missing required parameter: '{path}.{key}'.")
        if not isinstance(item[key], str):
            raise Refused(f"Invalid type for '{path}.{key}': expected a string, but got another type instead.")
    if not matches(r"[a-zA-Z0-9_-]{1,128}", item["name"]):
        raise Refused(f"Invalid '{path}.name': string does not match pattern. Expected '^[a-zA-Z0-9_-]+$'.")
    _check_call_id(item["call_id"], path)


def _check_call_id(value: str, path: str) -> None:
    if not value:
        raise Refused(f"Invalid '{path}.call_id': empty string. Expected a string with minimum length 1.")
    if len(value) > 64:
        raise Refused(
            f"Invalid '{path}.call_id': string too long. Expected a string with maximum length 64, but got a string "
            f"with length {len(value)} instead."
        )


def _check_output(item: dict[str, Any], path: str) -> None:
    if not isinstance(item.get("call_id"), str):
        raise Refused(f"Missing required parameter: '{path}.call_id'.")
    _check_call_id(item["call_id"], path)
    output = item.get("output")
    if isinstance(output, str):
        return
    parts = as_list(output)
    if parts is None:
        raise Refused(f"Missing required parameter: '{path}.output'.")
    for index, part in enumerate(parts):
        _check_part(part, f"{path}.output[{index}]", assistant=False)


def _check_reasoning(item: dict[str, Any], path: str, *, stored: bool) -> None:
    if as_list(item.get("summary")) is None:
        raise Refused(f"Missing required parameter: '{path}.summary'.")
    if item.get("encrypted_content"):
        return
    if not item.get("id"):
        raise Refused(f"Missing required parameter: '{path}.id'.")
    if not stored:
        raise Refused(
            f"Item with id '{item['id']}' not found. Items are not persisted when `store` is set to false. Try again "
            "with `store` set to true, or remove this item from your input."
        )


def _check_pairs(items: list[dict[str, Any]], *, earlier: bool) -> None:
    """Every call has its output behind it, and every output its call before it, here or in the stored conversation."""
    calls: dict[str, str] = {}  # id -> the type of the answer that is due
    callers: dict[str, Any] = {}
    for item in items:
        kind, id = str(item.get("type")), call_of(item)
        if waits(item):
            calls[id], callers[id] = ANSWERS[kind], item.get("caller")
        elif kind in ANSWERS.values() and item.get("execution") != "server":
            if calls.get(id) == kind:
                del calls[id]
                if item.get("caller") != callers[id]:
                    raise Refused(f"The caller of the output of {id} is not that of its call.")
            elif not earlier and not (kind == "shell_call_output" and id not in calls):
                raise Refused(f"No tool call found for {kind.replace('_', ' ')} with call_id {id}.")
    for id, kind in calls.items():
        raise Refused(f"No tool output found for {kind.removesuffix('_output').replace('_', ' ')} {id}.")
