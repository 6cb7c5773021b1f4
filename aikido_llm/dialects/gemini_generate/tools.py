"""Request.tools -> tools and toolConfig (source: Gemini API reference, Tool and ToolConfig, v1beta, read 2026-11)."""

import re
from collections.abc import Mapping
from typing import Any

from ...errors import InvalidRequestError, UnsupportedFeatureError
from ...types.request import Request
from ...types.server_tools import ServerTool
from ...types.tools import CustomTool, ToolDef
from ..tool_choice import ChoiceWords, is_forced, word_for
from .quirks import Quirks
from .schema import to_json_schema, to_openapi

_CHOICE = ChoiceWords(
    {"mode": "AUTO"}, {"mode": "NONE"}, {"mode": "ANY"}, lambda name: {"mode": "ANY", "allowedFunctionNames": [name]}
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
_SHORT = {"web_search": "googleSearch"}  # what the wires agree on; any other name is this wire's own


def tool_fields(request: Request, quirks: Quirks) -> dict[str, Any]:
    """Functions beside what the service runs. `none` is a word about functions: the others are then left out.

    Raises UnsupportedFeatureError for free-text tools, and for a call that only functions can be made to have."""
    functions = [_declaration(tool, quirks) for tool in request.tools if isinstance(tool, ToolDef)]
    served = [tool for tool in request.tools if isinstance(tool, ServerTool)]
    if any(isinstance(tool, CustomTool) for tool in request.tools):
        raise UnsupportedFeatureError("this wire has no tools that take free text: use a function with one parameter")
    if request.tools and request.parallel_tool_calls is False:
        raise UnsupportedFeatureError(
            "this wire cannot be told to make one call at a time: leave parallel_tool_calls out, run the calls in turn"
        )
    if is_forced(request) and served and (not functions or request.tool_choice in [tool.name for tool in served]):
        raise UnsupportedFeatureError(f"this wire can make a model call functions only, not {request.tool_choice!r}")
    choice = word_for(request, _CHOICE)
    fields: dict[str, Any] = {}
    tools: list[dict[str, Any]] = [{"functionDeclarations": functions}] if functions else []
    if request.tool_choice != "none":
        tools += [{_served_name(tool.name): dict(tool.options)} for tool in served]
    config = {"functionCallingConfig": choice} if choice and (functions or not served) else {}
    if len(tools) > 1 and functions and quirks.tells_server_tools:
        config["includeServerSideToolInvocations"] = True
    if tools:
        fields["tools"] = tools
    if config:
        fields["toolConfig"] = config
    return fields


def _served_name(name: str) -> str:
    """The key of its Tool: a short name, or the wire's own in either of its spellings."""
    return _SHORT.get(name) or re.sub(r"_([a-z])", lambda letter: letter[1].upper(), name)


def _declaration(tool: ToolDef, quirks: Quirks) -> dict[str, Any]:
    if not _NAME.fullmatch(tool.name):
        raise InvalidRequestError(
            f"this wire takes no tool named {tool.name!r}: a letter or _, then letters, digits, _ . : -, up to 128"
        )
    declaration: dict[str, Any] = {"name": tool.name, "description": tool.description}
    if not tool.description:
        del declaration["description"]
    if tool.parameters.keys() - {"type", "properties"} or tool.parameters.get("properties"):
        if quirks.schema_form == "json_schema":
            declaration["parametersJsonSchema"] = to_json_schema(tool.parameters)
        else:
            _older_parameters(declaration, tool.parameters)
    return declaration


def _older_parameters(declaration: dict[str, Any], parameters: Mapping[str, Any]) -> None:
    """An object without properties is refused there; a function without parameters has none."""
    schema = to_openapi(parameters)
    if schema.get("properties") or schema.get("anyOf"):
        declaration["parameters"] = schema
