"""What a request offers -> `tools`, and the word that makes the model call one of them.

source: OpenAI API reference, "Create chat completion", tools and tool_choice, and openai-python,
types/chat/chat_completion_custom_tool_param.py, read 2026-11. Tools that hosts run: see their rows.
"""

from typing import Any

from ...errors import UnsupportedFeatureError
from ...types.request import Request
from ...types.server_tools import ServerTool
from ...types.tools import CustomTool, Tool, ToolDef
from ..schemas import tool_parameters
from ..tool_choice import ChoiceWords, offers_tools, word_for
from .parts import cache_control
from .quirks import Quirks
from .wire import Json


def tools(request: Request, quirks: Quirks) -> Json:
    """The keys of the body that tell of tools. Raises UnsupportedFeatureError for a tool that the host cannot have."""
    if request.tool_choice is None and not offers_tools(request):
        return {}
    choice = word_for(request, _choice_words(request, quirks))
    omitted = request.tool_choice == "none" and quirks.none_omits_tools and not request.extra.get("tools")
    if omitted or not offers_tools(request):
        return {}  # hosts refuse `tools: []`, and the two keys below without tools
    body: Json = {}
    if request.tools:
        body["tools"] = [_tool(tool, quirks) for tool in request.tools]
    if choice is not None:
        body["tool_choice"] = choice
    if request.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = request.parallel_tool_calls
    return body


def _choice_words(request: Request, quirks: Quirks) -> ChoiceWords:
    def named(name: str) -> Json:
        tool = next((tool for tool in request.tools if tool.name == name), None)
        match tool:
            case ServerTool():
                return {"type": _server_tool(tool, quirks)["type"]}
            case CustomTool():
                return {"type": "custom", "custom": {"name": name}}
            case _:
                return {"type": "function", "function": {"name": name}}

    return ChoiceWords("auto", "none", quirks.required_word, named)


def _tool(tool: Tool, quirks: Quirks) -> Json:
    match tool:
        case ToolDef():
            return _function(tool, quirks)
        case CustomTool():
            return _custom(tool, quirks)
        case ServerTool():
            return _server_tool(tool, quirks)


def _function(tool: ToolDef, quirks: Quirks) -> Json:
    described = {"description": tool.description} if tool.description else {}
    mark = {"cache_control": cache_control(tool.cache)} if tool.cache is not None and quirks.cache_marks else {}
    return {
        "type": "function",
        "function": {"name": tool.name, **described, "parameters": tool_parameters(tool.parameters)},
        **mark,
    }


def _custom(tool: CustomTool, quirks: Quirks) -> Json:
    if not quirks.custom_tools:
        raise UnsupportedFeatureError(
            f"this provider's wire has no place for the CustomTool {tool.name!r}: offer a function that takes a text"
        )
    said: dict[str, Any] = {"description": tool.description, "format": tool.format and _format(dict(tool.format))}
    return {"type": "custom", "custom": {"name": tool.name, **{key: value for key, value in said.items() if value}}}


def _format(said: Json) -> Json:
    """A grammar stands one level deeper here than on Responses; both ways of writing it are taken."""
    if said.get("type") != "grammar" or "grammar" in said:
        return said
    return {"type": "grammar", "grammar": {key: value for key, value in said.items() if key != "type"}}


def _server_tool(tool: ServerTool, quirks: Quirks) -> Json:
    if quirks.server_tools is None:
        raise UnsupportedFeatureError(
            f"this provider's wire has no place for the ServerTool {tool.name!r}: if the server runs it all the same, "
            "ask for it with extra"
        )
    return {"type": quirks.server_tools.get(tool.name, tool.name), **tool.options}
