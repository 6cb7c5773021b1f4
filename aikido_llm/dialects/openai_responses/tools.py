"""What a request offers -> `tools`, and the word that makes the model call one of them.

source: OpenAI API reference, "Create a response", tools and tool_choice, read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from ...types.request import Request
from ...types.server_tools import ServerTool
from ...types.tools import CustomTool, Tool, ToolDef
from ..schemas import is_strict, tool_parameters
from ..tool_choice import ChoiceWords

# Where the wires agree on a name and not on the word for it. Code runs in a container, a new one unless options say.
_SHORT: Mapping[str, Mapping[str, Any]] = {
    "code_execution": {"type": "code_interpreter", "container": {"type": "auto"}},
}


def tool_of(tool: Tool) -> dict[str, Any]:
    match tool:
        case ToolDef():
            return _function(tool)
        case CustomTool():
            said = {"description": tool.description, "format": tool.format and dict(tool.format)}
            return {"type": "custom", "name": tool.name, **{name: value for name, value in said.items() if value}}
        case ServerTool():
            return {**_SHORT.get(tool.name, {"type": tool.name}), **tool.options}


def choice_words(request: Request) -> ChoiceWords:
    def named(name: str) -> dict[str, Any]:
        tool = next((tool for tool in request.tools if tool.name == name), None)
        match tool:
            case CustomTool():
                return {"type": "custom", "name": name}
            case ServerTool():
                return {key: value for key, value in tool_of(tool).items() if key in ("type", "server_label")}
            case _:
                return {"type": "function", "name": name}

    return ChoiceWords("auto", "none", "required", named)


def _function(tool: ToolDef) -> dict[str, Any]:
    """`strict` is always said, for leaving it out means something else here than on the chat wire. A ToolDef promises a
    JSON Schema and no more, and a strict one that breaks the rules is refused: so it is True only where the schema
    keeps every rule as it stands."""
    flat: dict[str, Any] = {"type": "function", "name": tool.name}
    if tool.description:
        flat["description"] = tool.description
    parameters = tool_parameters(tool.parameters)
    return flat | {"parameters": parameters, "strict": is_strict(parameters)}
