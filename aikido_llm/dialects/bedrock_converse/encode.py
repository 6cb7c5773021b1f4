"""Request -> the body of `Converse` and `ConverseStream`.

What only some models know goes into `additionalModelRequestFields` in the words of Claude, which most users of this
wire call; for other models `extra` says it in theirs.

source: Amazon Bedrock API reference, "Converse"; botocore 1.44, bedrock-runtime/2023-09-30; read 2026-11.
"""

import re
from typing import Any

from ...codecs import json
from ...errors import InvalidRequestError, UnsupportedFeatureError
from ...types.request import Request
from ...types.server_tools import ServerTool
from ...types.tools import CustomTool, Tool, ToolDef
from .. import paths
from ..base import WireRequest
from ..extra import TOOLS, with_extra
from ..lacking import refuse
from ..ranges import effort_of, nearest
from ..schemas import closed, schema_name, tool_parameters
from ..tool_choice import ChoiceWords, word_for
from ..turns import conversation
from . import cache
from .conversation import NAME, called_in, encode_system, encode_turns
from .quirks import Quirks

Body = dict[str, Any]
LISTS = TOOLS | {("toolConfig", "tools"), ("additionalModelResponseFieldPaths",)}

SHORT = {"web_search": "nova_grounding", "code_execution": "nova_code_interpreter"}
"""Short names -> the tools that the service runs itself."""

_CHOICE = ChoiceWords({"auto": {}}, None, {"any": {}}, lambda name: {"tool": {"name": name}})
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_MOST_METADATA = 16
_LABEL = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}")


def encode(request: Request, quirks: Quirks, *, stream: bool, provider: str, wire: str) -> WireRequest:
    """The whole request. Raises UnsupportedFeatureError, InvalidRequestError."""
    _refuse(request)
    sorted_out = conversation(request.messages, quirks.late_system)
    turns = encode_turns(sorted_out.turns, provider, wire, quirks.empty_tool_result)
    body: Body = {"messages": turns}
    system = encode_system(sorted_out.opening)
    sections = {
        "system": system,
        "inferenceConfig": _sampling(request, quirks),
        "toolConfig": _tools(request, called_in(turns)),
        "additionalModelRequestFields": _for_the_model(request),
        "outputConfig": _output(request),
        "requestMetadata": _metadata(request),
    }
    body |= {name: section for name, section in sections.items() if section}
    cache.settle(body, quirks.cache_points)
    verb = "converse-stream" if stream else "converse"
    return WireRequest(
        f"/model/{paths.segment(request.model or '', 'a model')}/{verb}", with_extra(body, request, LISTS)
    )


def _refuse(request: Request) -> None:
    refuse(request, "n", "logprobs", "background", "previous_response_id", "conversation")
    if request.seed is not None:
        raise UnsupportedFeatureError("this wire has no seed; leave it out, and set temperature=0 for steadier answers")
    if any(kind != "text" for kind in request.modalities) or request.image_config is not None:
        raise UnsupportedFeatureError("this wire has no word for other answers than text; leave modalities unset")
    if request.tools and request.parallel_tool_calls is False:
        raise UnsupportedFeatureError("this wire cannot forbid parallel tool calls; leave parallel_tool_calls unset")


def _sampling(request: Request, quirks: Quirks) -> Body:
    budget = request.thinking.budget_tokens if request.thinking is not None else None
    fields = {
        "maxTokens": request.max_tokens or (budget + quirks.answer_room if budget else None),
        "temperature": nearest("temperature", request.temperature, 0.0, quirks.max_temperature),
        "topP": nearest("top_p", request.top_p, 0.0, 1.0),
        "stopSequences": list(request.stop) or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _for_the_model(request: Request) -> Body:
    fields: Body = {} if request.top_k is None else {"top_k": request.top_k}
    thinking = request.thinking
    if thinking is None:
        return fields
    if thinking.effort == "none" or thinking.budget_tokens == 0:
        said: Body = {"type": "disabled"}
    elif thinking.budget_tokens:
        said = {"type": "enabled", "budget_tokens": thinking.budget_tokens}
    else:
        said = {"type": "adaptive"}
    return fields | {"thinking": said}


def _output(request: Request) -> Body:
    config: Body = {}
    thinking = request.thinking
    if thinking is not None and thinking.effort not in (None, "none"):
        config["effort"] = effort_of(thinking, _EFFORTS)
    wanted = request.response_format
    if wanted is None:
        return config
    if wanted.schema is None:
        raise UnsupportedFeatureError(
            "this wire has no JSON mode without a schema; use ResponseFormat.json_schema(...), or a tool whose "
            "arguments are the answer"
        )
    schema = closed(wanted.schema) if wanted.strict else dict(wanted.schema)
    said = {"name": schema_name(wanted.name), "schema": json.text(schema)}
    return config | {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": said}}}


def _metadata(request: Request) -> Body:
    """Labels for the account's logs: a few texts, and of few characters."""
    pairs = ((name, value) for name, value in request.metadata.items() if isinstance(value, str) and value)
    labels = {name: value for name, value in pairs if name and _LABEL.fullmatch(name) and _LABEL.fullmatch(value)}
    return dict(list(labels.items())[:_MOST_METADATA])


def _tools(request: Request, called: list[str]) -> Body:
    """called: by turns of the conversation. The service refuses such turns without any tool, so where the request has
    none, these are declared by their names alone."""
    if request.tool_choice == "none" and not called:
        return {}
    if request.tool_choice == "none":
        raise UnsupportedFeatureError(
            'this wire has no tool_choice "none", and turns that called a tool want the tools with them: leave '
            "tool_choice out, and ask in the prompt for an answer without a call"
        )
    choice = word_for(request, _CHOICE)
    bare = [] if request.tools or "toolConfig" in request.extra else [ToolDef(name) for name in called]
    blocks = [block for tool in (*request.tools, *bare) for block in _tool(tool)]
    return ({"tools": blocks} if blocks else {}) | ({"toolChoice": choice} if choice is not None else {})


def _tool(tool: Tool) -> list[Body]:
    match tool:
        case ToolDef():
            if not NAME.fullmatch(tool.name):
                raise InvalidRequestError(
                    f"the tool name {tool.name!r} is refused on this wire: up to 64 of the letters A to Z, digits, _ "
                    "and -"
                )
            described = {"description": tool.description} if tool.description else {}
            schema = tool_parameters(tool.parameters)
            return [
                {"toolSpec": {"name": tool.name, **described, "inputSchema": {"json": schema}}},
                *cache.point(tool.cache),
            ]
        case ServerTool():
            if tool.options:
                raise UnsupportedFeatureError(f"this wire takes no options of {tool.name!r}, only its name")
            return [{"systemTool": {"name": SHORT.get(tool.name, tool.name)}}]
        case CustomTool():
            raise UnsupportedFeatureError(
                f"this wire has no tools with free text for input: make {tool.name!r} a ToolDef with one text parameter"
            )
