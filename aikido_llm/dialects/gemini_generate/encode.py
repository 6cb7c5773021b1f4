"""Request -> generateContent body (source: Gemini API reference, models.generateContent, v1beta, read 2026-11)."""

import re
from collections.abc import Mapping
from typing import Any

from ...errors import InvalidRequestError, UnsupportedFeatureError
from ...types.extra import EACH
from ...types.request import Request, ThinkingConfig
from ...types.tools import ToolDef
from ..base import WireRequest
from ..extra import TOOLS, with_extra
from ..lacking import functions, refuse
from ..paths import segment
from ..ranges import effort_of
from ..tool_choice import ChoiceWords, word_for
from ..turns import conversation
from .contents import contents, system_parts
from .quirks import Quirks
from .schema import to_json_schema, to_openapi

EFFORT_BUDGETS = {"low": 1024, "medium": 8192, "high": 24576}  # tokens; the last is the most that all 2.5 models take

LISTS = TOOLS | {("tools", EACH, "functionDeclarations")}
_CHOICE = ChoiceWords(
    {"mode": "AUTO"}, {"mode": "NONE"}, {"mode": "ANY"}, lambda name: {"mode": "ANY", "allowedFunctionNames": [name]}
)
_MOST_STOPS = 5
_COLLECTIONS = ("models", "tunedModels")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
_CACHED = ("systemInstruction", "tools", "toolConfig")


def encode(request: Request, quirks: Quirks, *, stream: bool, provider: str, wire: str) -> WireRequest:
    """The method is in the path, and so is the wish for server-sent events. `extra` is merged
    last."""
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return WireRequest(f"{_model_path(request.model or '')}:{method}", _body(request, quirks, provider, wire))


def _model_path(model: str) -> str:
    """`gemini-x` and `models/gemini-x` are one; what is tuned has a collection of its own (`tunedModels/x`)."""
    collection, mark, name = model.partition("/")
    if not mark or collection not in _COLLECTIONS:
        collection, name = "models", model
    return f"/{collection}/{segment(name, 'a model name')}"


def _body(request: Request, quirks: Quirks, provider: str, wire: str) -> dict[str, Any]:
    refuse(request, "n", "logprobs", "background", "previous_response_id", "conversation")
    sorted_out = conversation(request.messages, quirks.late_system)
    turns = contents(sorted_out.turns, quirks, provider, wire)
    system = system_parts(sorted_out.opening)
    body: dict[str, Any] = {"contents": turns}
    if system and quirks.system_instruction:
        body["systemInstruction"] = {"parts": system}
    elif system:
        _lead(turns, system)
    if request.tools:
        body["tools"] = [{"functionDeclarations": [_declaration(tool, quirks) for tool in functions(request.tools)]}]
    calling = _calling(request)
    if calling:
        body["toolConfig"] = {"functionCallingConfig": calling}
    config = _generation_config(request, quirks)
    if config:
        body["generationConfig"] = config
    body = with_extra(body, request, LISTS)
    if "cachedContent" in body and any(key in body for key in _CACHED):
        raise InvalidRequestError(
            "cachedContent already holds the system text and the tools: leave them and tool_choice out of the request"
        )
    return body


def _lead(turns: list[dict[str, Any]], system: list[dict[str, Any]]) -> None:
    """The system text in front of the first user turn, whose filler it replaces."""
    first = turns[0]["parts"]
    turns[0]["parts"] = system if first == [{"text": ""}] else system + first


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


def _calling(request: Request) -> Any:
    if request.tools and request.parallel_tool_calls is False:
        raise UnsupportedFeatureError(
            "this wire cannot be told to make one call at a time: leave parallel_tool_calls out, run the calls in turn"
        )
    return word_for(request, _CHOICE)


def _generation_config(request: Request, quirks: Quirks) -> dict[str, Any]:
    if len(request.stop) > _MOST_STOPS:
        raise InvalidRequestError(f"this wire takes at most {_MOST_STOPS} stop strings, not {len(request.stop)}")
    config: dict[str, Any] = {
        "temperature": request.temperature,
        "topP": request.top_p,
        "topK": request.top_k,
        "maxOutputTokens": request.max_tokens,
        "stopSequences": list(request.stop) or None,
        "seed": request.seed,
        "responseModalities": [name.upper() for name in request.modalities] or None,
        "imageConfig": _image_config(request),
        "thinkingConfig": _thinking(request.thinking, quirks) if request.thinking else None,
    }
    if request.response_format is not None:
        config["responseMimeType"] = "application/json"
        schema = request.response_format.schema
        if schema is not None and quirks.schema_form == "json_schema":
            config["responseJsonSchema"] = to_json_schema(schema)
        elif schema is not None:
            config["responseSchema"] = to_openapi(schema)
    return {name: value for name, value in config.items() if value is not None}


def _image_config(request: Request) -> dict[str, str] | None:
    asked = request.image_config
    if asked is None:
        return None
    config = {"aspectRatio": asked.aspect_ratio, "imageSize": asked.image_size}
    return {name: value for name, value in config.items() if value} or None


_LEVELS = ("minimal", "low", "medium", "high", "xhigh")  # xhigh: Gemini 4


def _thinking(thinking: ThinkingConfig, quirks: Quirks) -> dict[str, Any]:
    """Level or budget, never both, which the wire refuses. Thoughts can be shown only while the model may think."""
    budget = thinking.budget_tokens
    if thinking.effort == "none":
        budget = 0
    elif thinking.effort is not None and quirks.effort_field == "level":
        return {"includeThoughts": True, "thinkingLevel": effort_of(thinking, _LEVELS)}
    elif thinking.effort is not None:
        budget = EFFORT_BUDGETS[effort_of(thinking, tuple(EFFORT_BUDGETS))]
    return {"thinkingBudget": budget, **({"includeThoughts": True} if budget else {})}
