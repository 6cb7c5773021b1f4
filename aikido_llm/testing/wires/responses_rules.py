"""What OpenAI refuses in a Responses request. Source: OpenAI API reference, read 2026-11; recorded 400s."""

from typing import Any

from .responses_input import check_input
from .rules import Refused, as_list, as_object, is_integer, is_number, matches, schema_nodes, unknown_keys

_TOP = {
    *("model", "input", "instructions", "max_output_tokens", "stream", "temperature", "top_p", "tools", "tool_choice"),
    *("parallel_tool_calls", "store", "previous_response_id", "conversation", "include", "reasoning", "text"),
    *("truncation", "background", "metadata", "service_tier", "user", "safety_identifier", "prompt_cache_key"),
    *("prompt_cache_retention", "prompt_cache_options", "stream_options", "top_logprobs", "max_tool_calls", "prompt"),
    *("context_management", "moderation"),
}
_FUNCTION = {
    *("type", "name", "description", "parameters", "strict", "defer_loading", "output_schema", "allowed_callers"),
    "function",  # the form of Chat, which recordings show to be passed over as long as the name stands flat as well
}
_INCLUDE = (
    "reasoning.encrypted_content",
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "message.output_text.logprobs",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
)
_EFFORTS = {"none", "minimal", "low", "medium", "high", "xhigh", "max"}
_NAME = r"[a-zA-Z0-9_-]{1,64}"


def check(body: Any) -> None:
    request = as_object(body)
    if request is None:
        raise Refused("We could not parse the JSON body of your request.")
    for key in unknown_keys(request, _TOP):
        raise Refused(f"Unknown parameter: '{key}'.")
    if not request.get("model"):
        raise Refused("Missing required parameter: 'model'.")
    _check_numbers(request)
    names = _check_tools(as_list(request.get("tools")) or [])
    _check_choice(request, names)
    _check_reasoning(as_object(request.get("reasoning")) or {})
    for index, wanted in enumerate(as_list(request.get("include")) or ()):
        if wanted not in _INCLUDE:
            raise Refused(
                f"Invalid value: '{wanted}' at 'include[{index}]'. Supported values are: {', '.join(_INCLUDE)}."
            )
    check_input(request)
    _check_format(request)


def _check_numbers(request: dict[str, Any]) -> None:
    for key, least, most in (("temperature", 0, 2), ("top_p", 0, 1), ("top_logprobs", 0, 20)):
        value = request.get(key)
        if value is None:
            continue
        if not is_number(value):
            raise Refused(f"Invalid type for '{key}': expected a decimal, but got another type instead.")
        if not least <= value <= most:
            raise Refused(f"Invalid '{key}': expected a value between {least} and {most}, but got {value} instead.")
    tokens = request.get("max_output_tokens")
    if tokens is not None and (not is_integer(tokens) or tokens < 16):
        raise Refused(
            f"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got {tokens} "
            "instead."
        )
    metadata = as_object(request.get("metadata")) or {}
    if len(metadata) > 16 or any(not isinstance(value, str) for value in metadata.values()):
        raise Refused("Invalid 'metadata': expected at most 16 keys with string values.")


def _check_tools(tools: list[Any]) -> list[str]:
    """The names of the functions, all tools being valid. The keys stand flat here, not under `function`."""
    names: list[str] = []
    for index, item in enumerate(tools):
        tool, path = as_object(item) or {}, f"tools[{index}]"
        if not tool.get("type"):
            raise Refused(f"Missing required parameter: '{path}.type'.")
        if tool["type"] != "function":
            continue
        if not tool.get("name"):
            raise Refused(f"Missing required parameter: '{path}.name'.")
        for key in unknown_keys(tool, _FUNCTION):
            raise Refused(f"Unknown parameter: '{path}.{key}'.")
        if not matches(_NAME, tool["name"]):
            raise Refused(f"Invalid '{path}.name': string does not match pattern. Expected '^[a-zA-Z0-9_-]+$'.")
        schema = as_object(tool.get("parameters"))
        if schema is not None and schema.get("type") != "object":
            raise Refused(f"Invalid schema for function '{tool['name']}': schema must be of type \"object\".")
        if schema is not None and tool.get("strict"):
            _check_strict(schema, f"function '{tool['name']}'")
        names.append(str(tool["name"]))
    return names


def _check_strict(schema: dict[str, Any], what: str) -> None:
    for path, node in schema_nodes(schema):
        properties = as_object(node.get("properties")) or {}
        if node.get("type") == "object" and node.get("additionalProperties") is not False:
            raise Refused(
                f"Invalid schema for {what}: In context={path or '()'}, 'additionalProperties' is required to be "
                "supplied and to be false."
            )
        missing = [name for name in properties if name not in (as_list(node.get("required")) or ())]
        if missing:
            raise Refused(
                f"Invalid schema for {what}: In context={path or '()'}, 'required' is required to be supplied and to "
                f"be an array including every key in properties. Missing '{missing[0]}'."
            )
        for key in ("oneOf", "allOf", "not"):
            if key in node:
                raise Refused(f"Invalid schema for {what}: In context={path or '()'}, '{key}' is not permitted.")


def _check_choice(request: dict[str, Any], names: list[str]) -> None:
    choice = request.get("tool_choice")
    if choice is None or choice in ("auto", "none"):
        return
    if choice == "required":
        if not request.get("tools"):
            raise Refused("Tool choice 'required' must be specified with 'tools' parameter.")
        return
    named = as_object(choice)
    if named is None or not named.get("type"):
        raise Refused(
            f"Invalid value: {choice!r} at 'tool_choice'. Supported values are: 'none', 'auto', and 'required'."
        )
    if named["type"] != "function":
        return
    if not named.get("name"):
        raise Refused("Missing required parameter: 'tool_choice.name'.")
    if named["name"] not in names:
        raise Refused("Tool choice 'function' not found in 'tools' parameter.")


def _check_reasoning(reasoning: dict[str, Any]) -> None:
    for key in unknown_keys(reasoning, ("effort", "summary", "generate_summary", "mode", "context")):
        raise Refused(f"Unknown parameter: 'reasoning.{key}'.")
    if reasoning.get("effort") not in (None, *_EFFORTS):
        raise Refused(f"Invalid value: '{reasoning['effort']}' at 'reasoning.effort'.")
    if reasoning.get("summary") not in (None, "auto", "concise", "detailed"):
        raise Refused(f"Invalid value: '{reasoning['summary']}' at 'reasoning.summary'.")


def _check_format(request: dict[str, Any]) -> None:
    text = as_object(request.get("text")) or {}
    for key in unknown_keys(text, ("format", "verbosity")):
        raise Refused(f"Unknown parameter: 'text.{key}'.")
    form = as_object(text.get("format"))
    if form is None:
        return
    kind = form.get("type")
    if kind not in ("text", "json_object", "json_schema"):
        raise Refused(f"Invalid value: '{kind}' at 'text.format.type'.")
    if kind == "json_object" and "json" not in str([request.get("input"), request.get("instructions")]).lower():
        raise Refused(
            "Response input messages must contain the word 'json' in some form to use 'text.format' of type "
            "'json_object'."
        )
    if kind != "json_schema":
        return
    for key in unknown_keys(form, ("type", "name", "schema", "strict", "description")):
        raise Refused(f"Unknown parameter: 'text.format.{key}'.")
    if not matches(_NAME, form.get("name")):
        raise Refused("Missing required parameter: 'text.format.name'.")
    schema = as_object(form.get("schema"))
    if schema is None:
        raise Refused("Missing required parameter: 'text.format.schema'.")
    if form.get("strict"):
        _check_strict(schema, f"response_format '{form['name']}'")
