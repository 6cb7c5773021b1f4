"""What Gemini refuses in a generateContent request. Source: Gemini API reference, read 2026-11; recorded 400s."""

import re
from typing import Any

from .rules import Refused, as_list, as_object, is_integer, is_number, matches, refusal, schema_nodes, unknown_keys

_FIELDS: dict[str, set[str]] = {
    "": {
        *("contents", "systemInstruction", "generationConfig", "tools", "toolConfig", "safetySettings"),
        "continuationToken",
        *("cachedContent", "model", "serviceTier", "labels", "store"),
    },
    "generationConfig": {
        *("temperature", "topP", "topK", "maxOutputTokens", "stopSequences", "candidateCount", "seed"),
        *("presencePenalty", "frequencyPenalty", "responseLogprobs", "logprobs", "responseMimeType"),
        *("responseSchema", "responseJsonSchema", "responseModalities", "imageConfig", "thinkingConfig"),
        *("mediaResolution", "speechConfig", "enableEnhancedCivicAnswers"),
    },
    "thinkingConfig": {"includeThoughts", "thinkingBudget", "thinkingLevel"},
    "imageConfig": {"aspectRatio", "imageSize"},
    "content": {"role", "parts"},
    "part": {
        *("text", "thought", "thoughtSignature", "inlineData", "fileData", "functionCall", "functionResponse"),
        *("executableCode", "codeExecutionResult", "toolCall", "toolResponse", "videoMetadata", "mediaResolution"),
    },
    "functionCall": {"name", "args", "id", "partialArgs", "willContinue"},
    "functionResponse": {"name", "response", "id", "parts", "willContinue", "scheduling"},
    "inlineData": {"mimeType", "data", "displayName"},
    "fileData": {"mimeType", "fileUri", "displayName"},
    "tool": {
        *("functionDeclarations", "googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext"),
        *("fileSearch", "googleMaps", "computerUse", "mcpServers"),
    },
    "functionDeclaration": {
        *("name", "description", "parameters", "parametersJsonSchema", "response", "responseJsonSchema", "behavior"),
    },
    "toolConfig": {"functionCallingConfig", "retrievalConfig", "includeServerSideToolInvocations"},
    "functionCallingConfig": {"mode", "allowedFunctionNames", "streamFunctionCallArguments"},
}
_DATA = {"text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult"}
_SERVER_TOOLS = {"toolCall", "toolResponse"}
# keywords of JSON Schema that the OpenAPI subset of `parameters` and `responseSchema` does not have
_NOT_IN_SCHEMAS = {
    *("$schema", "$id", "const", "oneOf", "allOf", "not", "exclusiveMinimum", "exclusiveMaximum", "examples"),
    *("discriminator", "patternProperties", "if", "then", "else"),
}
# what users name or fill in themselves: its keys are not fields
_OPAQUE = {
    *("args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema", "labels"),
    *("partialArgs", "toolCall", "toolResponse"),
}


def refusal_of(body: Any, model: str, *, stream: bool) -> str | None:
    def check(value: Any) -> None:
        _check(value, model, stream)

    return refusal(check, body)


def _check(body: Any, model: str, stream: bool) -> None:
    if not matches(r"[A-Za-z0-9._-]+", model):
        raise Refused("* GenerateContentRequest.model: unexpected model name format")
    request = as_object(_camel(body))
    if request is None:
        raise Refused("Invalid JSON payload received. Root element must be a message.")
    _known(request, "", "")
    contents = _several(request.get("contents"))
    if not contents:
        raise Refused("* GenerateContentRequest.contents: contents is not specified")
    _check_generation(as_object(request.get("generationConfig")) or {}, stream)
    _check_tools(request)
    system = as_object(request.get("systemInstruction"))
    if system is not None:
        _known(system, "content", "system_instruction")
        if any("text" not in (as_object(part) or {}) for part in _several(system.get("parts"))):
            raise Refused("System instruction only supports text parts.")
    turns = [_turn(item, index, len(contents)) for index, item in enumerate(contents)]
    _check_order(turns)
    if "gemini-3" in model:
        _check_signatures(turns)


def _camel(value: Any) -> Any:
    """The body with the names it could also be written in, and without nulls: proto JSON takes both spellings."""
    whole = as_object(value)
    if whole is not None:
        named = {re.sub(r"_([a-z])", lambda letter: letter[1].upper(), key): item for key, item in whole.items()}
        return {key: item if key in _OPAQUE else _camel(item) for key, item in named.items() if item is not None}
    items = as_list(value)
    return value if items is None else [_camel(item) for item in items]


def _several(value: Any) -> list[Any]:
    """A repeated field; proto JSON takes a single message for a list of one."""
    return [value] if isinstance(value, dict) else as_list(value) or []


def _known(value: dict[str, Any], kind: str, path: str) -> None:
    for key in unknown_keys(value, _FIELDS[kind]):
        where = f" at '{path}'" if path else ""
        raise Refused(f'Invalid JSON payload received. Unknown name "{key}"{where}: Cannot find field.')


def _check_generation(config: dict[str, Any], stream: bool) -> None:
    _known(config, "generationConfig", "generation_config")
    temperature = config.get("temperature", 1)
    if not is_number(temperature) or not 0 <= temperature <= 2:
        raise Refused(f"* GenerateContentRequest.generation_config.temperature: {temperature} is not in [0.0, 2.0]")
    top_p = config.get("topP", 1)
    if not is_number(top_p) or not 0 <= top_p <= 1:
        raise Refused(f"* GenerateContentRequest.generation_config.top_p: {top_p} is not in [0.0, 1.0]")
    most = config.get("maxOutputTokens", 1)
    if not is_integer(most) or most < 1:
        raise Refused(
            "* GenerateContentRequest.generation_config.max_output_tokens: max_output_tokens must be positive."
        )
    if len(_several(config.get("stopSequences"))) > 5:
        raise Refused("* GenerateContentRequest.generation_config.stop_sequences: at most 5 stop sequences are allowed")
    if stream and config.get("responseLogprobs"):
        raise Refused("LogProbs is not supported in streaming mode")
    _check_thinking(as_object(config.get("thinkingConfig")) or {})
    _known(as_object(config.get("imageConfig")) or {}, "imageConfig", "generation_config.image_config")
    if "responseSchema" in config and "responseJsonSchema" in config:
        raise Refused(
            "* GenerateContentRequest.generation_config: response_schema and response_json_schema are exclusive"
        )
    for key in ("responseSchema", "responseJsonSchema"):
        if key in config and config.get("responseMimeType", "text/plain") == "text/plain":
            raise Refused("Function calling with a response mime type: a response schema needs 'application/json'")
    _check_schema(config.get("responseSchema"), "generation_config.response_schema")


def _check_thinking(thinking: dict[str, Any]) -> None:
    _known(thinking, "thinkingConfig", "generation_config.thinking_config")
    if "thinkingBudget" in thinking and "thinkingLevel" in thinking:
        raise Refused("You can only set one of thinking budget and thinking level.")
    if str(thinking.get("thinkingLevel", "low")).lower() not in ("minimal", "low", "medium", "high"):
        raise Refused("Invalid value at 'generation_config.thinking_config.thinking_level'")
    budget = thinking.get("thinkingBudget", 0)
    if not is_integer(budget) or not -1 <= budget <= 32768:
        raise Refused(f"The thinking budget {budget} is invalid. Please choose a value between -1 and 32768.")


def _check_tools(request: dict[str, Any]) -> None:
    declared: list[str] = []
    for index, item in enumerate(_several(request.get("tools"))):
        tool, path = as_object(item) or {}, f"tools[{index}]"
        _known(tool, "tool", path)
        for number, declaration in enumerate(_several(tool.get("functionDeclarations"))):
            declared.append(_check_declaration(as_object(declaration) or {}, f"{path}.function_declarations[{number}]"))
    for name in declared:
        if declared.count(name) > 1:
            raise Refused(f"Duplicate function declaration found: {name}")
    config = as_object(request.get("toolConfig")) or {}
    _known(config, "toolConfig", "tool_config")
    calling = as_object(config.get("functionCallingConfig"))
    if calling is None:
        return
    _known(calling, "functionCallingConfig", "tool_config.function_calling_config")
    mode = calling.get("mode", "AUTO")
    if not declared and (mode != "AUTO" or not request.get("tools")):  # AUTO stands beside the service's own tools
        raise Refused("Function calling config is set without function_declarations.")
    if mode not in ("AUTO", "ANY", "NONE", "VALIDATED", "MODE_UNSPECIFIED"):
        raise Refused(f"Invalid value at 'tool_config.function_calling_config.mode': {mode!r}")
    allowed = _several(calling.get("allowedFunctionNames"))
    if allowed and mode not in ("ANY", "VALIDATED"):
        raise Refused("Allowed function names can only be set with the function calling modes ANY and VALIDATED.")
    for name in allowed:
        if name not in declared:
            raise Refused(f"Allowed function name {name!r} is not among the function declarations.")


def _check_declaration(declaration: dict[str, Any], path: str) -> str:
    _known(declaration, "functionDeclaration", path)
    name = declaration.get("name")
    if not isinstance(name, str) or not matches(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}", name):
        raise Refused(
            f"* GenerateContentRequest.{path}.name: Invalid function name. Must start with a letter or an underscore."
        )
    if "parameters" in declaration and "parametersJsonSchema" in declaration:
        raise Refused(f"* GenerateContentRequest.{path}: parameters and parameters_json_schema are exclusive")
    _check_schema(declaration.get("parameters"), f"{path}.parameters")
    return name


def _check_schema(schema: Any, path: str) -> None:
    for where, node in schema_nodes(schema):
        for key in node:
            if key in _NOT_IN_SCHEMAS:
                raise Refused(
                    f"Invalid JSON payload received. Unknown name \"{key}\" at '{path}{where}': Cannot find field."
                )
        if isinstance(node.get("type"), list):
            raise Refused(
                f"Invalid JSON payload received. Proto field is not repeating, cannot start list: {path}{where}.type"
            )
        if not node.get("type") and not node.keys() & {"anyOf", "$ref", "enum"} and where:
            raise Refused(f"* GenerateContentRequest.{path}{where}.type: must be specified")
        object_type = str(node.get("type", "")).upper() in ("OBJECT", "6")  # enums may come as their numbers
        if node.get("properties") and not object_type:
            raise Refused(f"* GenerateContentRequest.{path}{where}.properties: only allowed for OBJECT type")
        if where and object_type and not node.get("properties") and "additionalProperties" not in node:
            raise Refused(f"* GenerateContentRequest.{path}{where}.properties: should be non-empty for OBJECT type")
        if any(not isinstance(value, str) for value in as_list(node.get("enum")) or ()):
            raise Refused(f"Invalid value at '{path}{where}.enum' (TYPE_STRING)")


def _turn(item: Any, index: int, count: int) -> tuple[str, list[dict[str, Any]]]:
    content, path = as_object(item) or {}, f"contents[{index}]"
    _known(content, "content", path)
    role = content.get("role", "user" if count == 1 else None)
    if role not in ("user", "model", "function"):
        raise Refused("Please use a valid role: user, model.")
    parts = [as_object(part) or {} for part in _several(content.get("parts"))]
    if not parts:
        raise Refused(f"* GenerateContentRequest.{path}.parts: contents.parts must not be empty.")
    for number, part in enumerate(parts):
        _check_part(part, f"{path}.parts[{number}]")
    return "user" if role == "function" else role, parts


def _check_part(part: dict[str, Any], path: str) -> None:
    _known(part, "part", path)
    data = [key for key in part if key in _DATA | _SERVER_TOOLS]
    if len(data) != 1:
        raise Refused(
            f"* GenerateContentRequest.{path}.data: required oneof field 'data' must have one initialized field"
        )
    inner = as_object(part[data[0]])
    if data[0] in _FIELDS:
        if inner is None:
            raise Refused(f"Invalid value at '{path}.{data[0]}'")
        _known(inner, data[0], f"{path}.{data[0]}")
    if data[0] in ("functionCall", "functionResponse"):
        name, filled = (inner or {}).get("name"), "args" if data[0] == "functionCall" else "response"
        if not name:
            raise Refused(f"* GenerateContentRequest.{path}.{data[0]}.name: Name cannot be empty.")
        if as_object((inner or {}).get(filled, {})) is None:
            raise Refused(f"Invalid value at '{path}.{data[0]}.{filled}' (type.googleapis.com/google.protobuf.Struct)")


def _named(parts: list[dict[str, Any]], key: str) -> list[str]:
    return [str(part[key]["name"]) for part in parts if key in part]


def _check_order(turns: list[tuple[str, list[dict[str, Any]]]]) -> None:
    """Who speaks first, and where calls and their results stand."""
    if turns[0][0] != "user":
        raise Refused("Please ensure that multiturn requests begin with a user turn.")
    before: list[str] = []
    for index, (role, parts) in enumerate(turns):
        results, calls = _named(parts, "functionResponse"), _named(parts, "functionCall")
        if calls and (role != "model" or turns[index - 1][0] != "user"):
            raise Refused(
                "Please ensure that function call turn comes immediately after a user turn or after a function "
                "response turn."
            )
        if results and not before:
            raise Refused("Please ensure that function response turn comes immediately after a function call turn.")
        if results and len(results) != len(parts):
            raise Refused("Function responses and other parts must not stand in one content.")
        if before and len(results) != len(before):
            raise Refused(
                "Please ensure that the number of function response parts is equal to the number of function call "
                "parts of the function call turn."
            )
        if before and sorted(results) != sorted(before):
            raise Refused("Please ensure that the names of the function responses are those of the function calls.")
        before = calls


def _check_signatures(turns: list[tuple[str, list[dict[str, Any]]]]) -> None:
    """Gemini 3 wants the signature back on the first call of each step since the user last spoke."""
    spoken = [
        index for index, (role, parts) in enumerate(turns) if role == "user" and not _named(parts, "functionResponse")
    ]
    for index in range(spoken[-1] if spoken else 0, len(turns)):
        calls = [part for part in turns[index][1] if "functionCall" in part]
        if calls and not calls[0].get("thoughtSignature"):
            raise Refused(
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to "
                f"work correctly. Function call `default_api:{calls[0]['functionCall']['name']}`, position {index + 1}."
            )
