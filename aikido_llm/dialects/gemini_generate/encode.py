"""Request -> generateContent body (source: Gemini API reference, models.generateContent, v1beta, read 2026-11)."""

from typing import Any

from ...errors import InvalidRequestError, UnsupportedFeatureError
from ...types.extra import EACH
from ...types.messages import Message, Role
from ...types.request import Request, ThinkingConfig
from ..base import WireRequest
from ..extra import TOOLS, with_extra
from ..lacking import refuse
from ..ranges import effort_of
from ..turns import conversation
from ..values import as_text
from .contents import contents, system_parts
from .names import model_path
from .quirks import Quirks
from .replay import CONTINUATION
from .schema import to_json_schema, to_openapi
from .tools import tool_fields

EFFORT_BUDGETS = {"low": 1024, "medium": 8192, "high": 24576}  # tokens; the last is the most that all 2.5 models take

LISTS = TOOLS | {("tools", EACH, "functionDeclarations")}
_MOST_STOPS = 5
_CACHED = ("systemInstruction", "tools", "toolConfig")


def encode(request: Request, quirks: Quirks, *, stream: bool, provider: str, wire: str) -> WireRequest:
    """The method is in the path, and so is the wish for server-sent events. `extra` is merged
    last."""
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    if stream and request.logprobs:
        raise UnsupportedFeatureError("this wire tells logprobs with complete alone: it refuses them on a stream")
    return WireRequest(f"{model_path(request.model or '')}:{method}", _body(request, quirks, provider, wire))


def _body(request: Request, quirks: Quirks, provider: str, wire: str) -> dict[str, Any]:
    refuse(request, "background", "previous_response_id", "conversation")
    messages, token = _asked(request.messages, provider, wire)
    sorted_out = conversation(messages, quirks.late_system)
    turns = contents(sorted_out.turns, quirks, provider, wire)
    system = system_parts(sorted_out.opening)
    body: dict[str, Any] = {"contents": turns}
    if token:
        body[CONTINUATION] = token
    if system and quirks.system_instruction:
        body["systemInstruction"] = {"parts": system}
    elif system:
        _lead(turns, system)
    body |= tool_fields(request, quirks)
    config = _generation_config(request, quirks)
    if config:
        body["generationConfig"] = config
    body = with_extra(body, request, LISTS)
    if "cachedContent" in body and any(key in body for key in _CACHED):
        raise InvalidRequestError(
            "cachedContent already holds the system text and the tools: leave them and tool_choice out of the request"
        )
    return body


def _asked(messages: tuple[Message, ...], provider: str, wire: str) -> tuple[tuple[Message, ...], str]:
    """The conversation, and the token of a paused turn at its end: the service wants the question again with it, and
    not what it has answered (source: Gemini API guide, "Long decode", read 2026-11)."""
    token, end = "", len(messages)
    while end and messages[end - 1].role is Role.assistant:
        found = as_text(messages[end - 1].state_for(provider, wire).get(CONTINUATION))
        if not found:
            break
        token, end = token or found, end - 1
    return messages[:end], token


def _lead(turns: list[dict[str, Any]], system: list[dict[str, Any]]) -> None:
    """The system text in front of the first user turn, whose filler it replaces."""
    first = turns[0]["parts"]
    turns[0]["parts"] = system if first == [{"text": ""}] else system + first


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
        "candidateCount": request.n,
        "responseLogprobs": True if request.logprobs else None,
        "logprobs": request.logprobs if request.logprobs is not True and request.logprobs else None,
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


_LEVELS = ("minimal", "low", "medium", "high")  # Gemini 4 has no more (Google's guide to it, 2026-10)


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
