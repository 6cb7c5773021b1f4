"""What Bedrock refuses in a Converse request.

source: the service model of botocore 1.44, bedrock-runtime/2023-09-30, and the API reference, "Message", read 2026-11;
recorded 400s. That roles alternate is not here: a recording shows the service accepting two user messages in a row.
"""

from collections.abc import Mapping
from typing import Any

from .rules import Refused, as_list, as_object, is_integer, is_number, matches, unknown_keys

_TOP = {
    *("messages", "system", "inferenceConfig", "toolConfig", "guardrailConfig", "projectIdentifier"),
    *("additionalModelRequestFields", "additionalModelResponseFieldPaths", "promptVariables", "requestMetadata"),
    *("performanceConfig", "serviceTier", "outputConfig"),
}
_OF_ROLES = {
    "user": {"text", "image", "document", "video", "audio", "toolResult", "guardContent", "cachePoint", "searchResult"},
    "assistant": {"text", "toolUse", "toolResult", "reasoningContent", "citationsContent", "cachePoint"},
}
_OF_RESULTS = {"json", "text", "image", "document", "video", "searchResult"}
_FORMATS = {
    "image": {"png", "jpeg", "gif", "webp"},
    "document": {"pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"},
    "video": {"mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"},
    "audio": {
        *("mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm"),
        "webm",
    },
}
_MEMBERS: Mapping[str, tuple[set[str], set[str]]] = {  # of structures: (needed, allowed beside)
    "image": ({"format", "source"}, set()),
    "document": ({"name", "source"}, {"format", "context", "citations"}),
    "video": ({"format", "source"}, set()),
    "audio": ({"format", "source"}, set()),
    "toolUse": ({"toolUseId", "name", "input"}, {"type"}),
    "toolResult": ({"toolUseId", "content"}, {"status", "type"}),
    "cachePoint": ({"type"}, {"ttl"}),
    "citationsContent": (set(), {"content", "citations"}),
    "searchResult": ({"source", "title", "content"}, {"citations"}),
    "guardContent": (set(), {"text", "image"}),
    "toolSpec": ({"name", "inputSchema"}, {"description", "strict"}),
    "systemTool": ({"name"}, set()),
    "toolConfig": ({"tools"}, {"toolChoice"}),
    "inferenceConfig": (set(), {"maxTokens", "temperature", "topP", "stopSequences"}),
    "outputConfig": (set(), {"textFormat", "effort"}),
    "guardrailConfig": (set(), {"guardrailIdentifier", "guardrailVersion", "trace", "streamProcessingMode"}),
}
_NAME = r"[a-zA-Z0-9_-]{1,64}"
_ID = r"[a-zA-Z0-9_.:-]{1,64}"
_LABEL = r"[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}"
_DOCUMENT_NAME = r"(?!.*\s\s)[a-zA-Z0-9_\s()\[\]-]{1,200}"  # the underscore is accepted, seen
_MOST_CACHE_POINTS = 4


def check(body: Any) -> None:
    request = as_object(body)
    if request is None:
        raise Refused("The body is not a JSON object.")
    for key in unknown_keys(request, _TOP):
        raise Refused(f"Malformed input request: extraneous key [{key}] is not permitted")
    _check_sampling(request.get("inferenceConfig"))
    _check_labels(request.get("requestMetadata"))
    _check_output(request.get("outputConfig"))
    if "guardrailConfig" in request:
        _members("guardrailConfig", request["guardrailConfig"])
    declared = _check_tools(request.get("toolConfig"))
    for index, block in enumerate(as_list(request.get("system")) or ()):
        kind, value = _union(block, {"text", "guardContent", "cachePoint"}, f"system.{index}")
        if kind == "text" and not value:
            raise Refused(f"system.{index}.text: minimum length 1")
    called = _check_messages(as_list(request.get("messages")) or [])
    if called and not declared:
        raise Refused("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
    if _cache_points(request) > _MOST_CACHE_POINTS:
        raise Refused(f"A maximum of {_MOST_CACHE_POINTS} blocks with cache_control may be provided.")


def _members(kind: str, value: Any) -> dict[str, Any]:
    """The structure, with what it needs and no more."""
    found = as_object(value)
    if found is None:
        raise Refused(f"{kind} is not a structure")
    needed, beside = _MEMBERS[kind]
    for key in sorted(needed - found.keys()):
        raise Refused(f"1 validation error detected: Value at '{kind}.{key}' failed: Member must not be null")
    for key in unknown_keys(found, needed | beside):
        raise Refused(f"Malformed input request: {kind}: extraneous key [{key}] is not permitted")
    return found


def _union(block: Any, kinds: set[str], at: str) -> tuple[str, Any]:
    """The one member of a union."""
    found = as_object(block) or {}
    if len(found) != 1 or not found.keys() <= kinds:
        raise Refused(f"{at}: exactly one of {', '.join(sorted(kinds))} must be set, not {', '.join(found) or 'none'}")
    return next(iter(found.items()))


def _check_sampling(config: Any) -> None:
    if config is None:
        return
    said = _members("inferenceConfig", config)
    for key in ("temperature", "topP"):
        value = said.get(key, 0)
        if not is_number(value) or not 0 <= value <= 1:
            raise Refused(f"Value at 'inferenceConfig.{key}' failed: Member must be between 0 and 1")
    tokens = said.get("maxTokens", 1)
    if not is_integer(tokens) or tokens < 1:
        raise Refused("Value at 'inferenceConfig.maxTokens' failed: Member must have value greater than or equal to 1")
    if not all(isinstance(text, str) and text for text in as_list(said.get("stopSequences")) or ()):
        raise Refused("Value at 'inferenceConfig.stopSequences' failed: Member must have length of at least 1")


def _check_labels(labels: Any) -> None:
    for name, value in (as_object(labels) or {}).items():
        if not (name and matches(_LABEL, name) and matches(_LABEL, value)):
            raise Refused("Value at 'requestMetadata' failed: Member must satisfy the pattern")
    if len(as_object(labels) or {}) > 16:
        raise Refused("Value at 'requestMetadata' failed: Map must have at most 16 entries")


def _check_output(config: Any) -> None:
    if config is None:
        return
    wanted = as_object(_members("outputConfig", config).get("textFormat"))
    if wanted is None:
        return
    schema = as_object((as_object(wanted.get("structure")) or {}).get("jsonSchema"))
    if wanted.get("type") != "json_schema" or schema is None or not isinstance(schema.get("schema"), str):
        raise Refused("Value at 'outputConfig.textFormat' failed: structure.jsonSchema.schema must be a string")


def _check_tools(config: Any) -> bool:
    """Whether there are tools."""
    if config is None:
        return False
    said = _members("toolConfig", config)
    tools = as_list(said["tools"])
    if not tools:
        raise Refused("Value at 'toolConfig.tools' failed: Member must have length greater than or equal to 1")
    names: list[str] = []
    for index, tool in enumerate(tools):
        kind, value = _union(tool, {"toolSpec", "systemTool", "cachePoint"}, f"toolConfig.tools.{index}")
        one = _members(kind, value)
        if kind != "cachePoint":
            names.append(_named(one))
        if kind == "toolSpec":
            schema = as_object((as_object(one["inputSchema"]) or {}).get("json"))
            if schema is None or schema.get("type") != "object":
                raise Refused(f"toolConfig.tools.{index}.toolSpec.inputSchema.json.type must be object")
            if one.get("description") == "":
                raise Refused(f"toolConfig.tools.{index}.toolSpec.description: minimum length 1")
    if len(names) != len(set(names)):
        raise Refused("The toolConfig contains duplicate tool names")
    _check_choice(said.get("toolChoice"), names)
    return True


def _named(value: dict[str, Any]) -> str:
    if not matches(_NAME, value.get("name")):
        raise Refused(f"Value {str(value.get('name'))[:80]!r} at 'name' failed to satisfy constraint: {_NAME}")
    return str(value["name"])


def _check_choice(choice: Any, names: list[str]) -> None:
    if choice is None:
        return
    kind, value = _union(choice, {"auto", "any", "tool"}, "toolConfig.toolChoice")
    if kind == "tool" and (as_object(value) or {}).get("name") not in names:
        raise Refused("toolConfig.toolChoice.tool.name is none of the tools")


def _check_messages(messages: list[Any]) -> bool:
    """Whether a turn calls a tool."""
    if not messages:
        raise Refused("The messages field is required and must not be empty.")
    waiting: list[str] = []
    names: list[str] = []
    called = False
    for index, item in enumerate(messages):
        message = as_object(item) or {}
        role, content = str(message.get("role")), as_list(message.get("content"))
        if role not in _OF_ROLES or unknown_keys(message, ("role", "content")):
            raise Refused(f"messages.{index}: role must be user or assistant, beside it content alone")
        if role != "user" and index == 0:
            raise Refused("A conversation must start with a user message.")
        if not content:
            raise Refused(f"The content field in the Message object at messages.{index} is empty.")
        blocks = [_union(block, _OF_ROLES[role], f"messages.{index}") for block in content]
        for kind, value in blocks:
            _check_block(kind, value, f"messages.{index}", names)
        own = [value for kind, value in blocks if _is_of_client(kind, value)]
        called = called or bool(own)
        if role == "user":
            _check_results(waiting, [str(value["toolUseId"]) for value in own], index)
            _check_words(blocks, index)
        waiting = [str(value["toolUseId"]) for value in own] if role == "assistant" else []
    if waiting:
        raise Refused(f"Expected toolResult blocks for the following Ids: {', '.join(waiting)}")
    if len(names) != len(set(names)):
        raise Refused("Document names must be unique")
    return called


def _is_of_client(kind: str, value: dict[str, Any]) -> bool:
    """Whether it is a call that the client answers, or the answer. The service takes `tool_use` for a type as well."""
    if kind == "toolUse":
        return value.get("type") != "server_tool_use"
    return kind == "toolResult" and "type" not in value


def _check_words(blocks: list[tuple[str, Any]], index: int) -> None:
    kinds = {kind for kind, _ in blocks}
    if "document" in kinds and "text" not in kinds:
        raise Refused(f"messages.{index}: a message with a document needs a text block")


def _check_results(waiting: list[str], results: list[str], index: int) -> None:
    """The results of a user's turn, by the ids of the calls before it."""
    if len(set(waiting)) != len(waiting):
        raise Refused(f"messages.{index - 1}: toolUse ids must be unique")
    if len(results) > len(waiting):
        raise Refused(
            f"The number of toolResult blocks at messages.{index}.content exceeds the number of toolUse blocks of "
            "previous turn."
        )
    if sorted(results) != sorted(waiting):
        raise Refused(f"Expected toolResult blocks at messages.{index}.content for the following Ids: {waiting}")


def _check_block(kind: str, value: Any, at: str, names: list[str]) -> None:
    """names: of documents, to which this one's is added."""
    match kind:
        case "text":
            if not isinstance(value, str) or not value.strip():
                raise Refused(
                    f"The text field in the ContentBlock object at {at} is blank. Add text to the text field."
                )
        case "json":
            pass
        case "reasoningContent":
            inner, said = _union(value, {"reasoningText", "redactedContent"}, at)
            if inner == "reasoningText" and not isinstance((as_object(said) or {}).get("text"), str):
                raise Refused(f"{at}.reasoningContent.reasoningText.text must not be null")
        case "toolUse":
            use = _members(kind, value)
            _named(use)
            _check_id(use, at)
            if as_object(use["input"]) is None:
                raise Refused(f"The format of the value at {at}.toolUse.input is invalid. Provide a json object.")
        case "toolResult":
            result = _members(kind, value)
            _check_id(result, at)
            if result.get("status", "success") not in ("success", "error"):
                raise Refused(f"{at}.toolResult.status: Member must satisfy enum value set: [success, error]")
            for block in as_list(result["content"]) or ():
                _check_block(*_union(block, _OF_RESULTS, f"{at}.toolResult"), f"{at}.toolResult", names)
        case "cachePoint":
            point = _members(kind, value)
            if point["type"] != "default" or point.get("ttl", "5m") not in ("5m", "1h"):
                raise Refused(f"{at}.cachePoint is of type default, for 5m or 1h")
        case "image" | "document" | "video" | "audio":
            _check_media(kind, _members(kind, value), at, names)
        case _:
            _members(kind, value)


def _check_id(value: dict[str, Any], at: str) -> None:
    if not matches(_ID, value.get("toolUseId")):
        raise Refused(f"Value {value.get('toolUseId')!r} at {at} 'toolUseId' failed to satisfy constraint: {_ID}")


def _check_media(kind: str, value: dict[str, Any], at: str, names: list[str]) -> None:
    if str(value.get("format", "pdf" if kind == "document" else "")) not in _FORMATS[kind]:
        raise Refused(f"{at}.{kind}.format: Member must satisfy enum value set: {sorted(_FORMATS[kind])}")
    sources = {"bytes", "s3Location", *(("text", "content") if kind == "document" else ())}
    source, said = _union(value["source"], sources, f"{at}.{kind}.source")
    if source == "bytes" and not (isinstance(said, str) and said):
        raise Refused(f"{at}.{kind}.source.bytes: Member must have length greater than or equal to 1")
    uri = (as_object(said) or {}).get("uri")
    if source == "s3Location" and not matches(r"s3://[a-z0-9][.a-z0-9-]{1,61}[a-z0-9](/.*)?", uri):
        raise Refused(f"{at}.{kind}.source.s3Location.uri must be of the form s3://bucket/key")
    if kind == "document":
        if not matches(_DOCUMENT_NAME, value["name"]):
            raise Refused(
                "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, "
                "parentheses, and square brackets, and no two whitespace characters side by side."
            )
        names.append(str(value["name"]))


def _cache_points(value: Any) -> int:
    """How many there are at any depth."""
    inner = [*(as_object(value) or {}).values(), *(as_list(value) or ())]
    return ("cachePoint" in (as_object(value) or {})) + sum(map(_cache_points, inner))
