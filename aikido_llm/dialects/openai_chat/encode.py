"""Request -> body of `POST /chat/completions`."""

from functools import cache

from ...errors import UnsupportedFeatureError
from ...types.request import Request, ResponseFormat, ThinkingConfig
from ...types.tools import ToolDef
from ..base import WireRequest
from ..extra import with_extra
from ..lacking import functions, refuse
from ..ranges import effort_of
from ..schemas import answer_schema, schema_name, tool_parameters
from ..tool_choice import ChoiceWords, offers_tools, word_for
from .messages import encode_messages
from .parts import cache_control
from .quirks import Quirks
from .wire import Json

_VOICE = "alloy"  # a spoken answer needs one; `extra` names another


def encode(request: Request, quirks: Quirks, *, stream: bool, provider: str, wire: str) -> WireRequest:
    """Optional keys that are not set are left out: several hosts refuse nulls."""
    refuse(request, "top_k", "n", "logprobs", "background", "previous_response_id", "conversation")
    body: Json = {"model": request.model, "messages": encode_messages(request.messages, quirks, provider, wire)}
    if stream:
        body["stream"] = True
        if quirks.stream_options is not None:
            body["stream_options"] = dict(quirks.stream_options)
    body |= _limits(request, quirks)
    body |= _tools(request, quirks)
    if request.response_format is not None:
        body["response_format"] = _response_format(request.response_format, quirks)
    if request.thinking is not None:
        body |= _thinking(request.thinking, quirks)
    body |= _modalities(request, quirks, stream=stream)
    return WireRequest(
        "/chat/completions", with_extra(body, request), {"Accept": "text/event-stream"} if stream else {}
    )


def _limits(request: Request, quirks: Quirks) -> Json:
    if request.seed is not None and quirks.seed_field is None:
        raise UnsupportedFeatureError("this provider has no seed; leave it out")
    if request.stop and quirks.stop_field is None:
        raise UnsupportedFeatureError("this provider has no stop strings; cut the text where it arrives")
    values = {
        quirks.max_tokens_field: request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        quirks.stop_field: list(request.stop) or None,
        quirks.seed_field: request.seed,
        "metadata": request.metadata if request.metadata and quirks.metadata else None,
    }
    return {key: value for key, value in values.items() if key is not None and value is not None}


def _tools(request: Request, quirks: Quirks) -> Json:
    choice = word_for(request, _choice_words(quirks.required_word))
    omitted = request.tool_choice == "none" and quirks.none_omits_tools and not request.extra.get("tools")
    if omitted or not offers_tools(request):
        return {}  # hosts refuse `tools: []`, and the two keys below without tools
    body: Json = {}
    if request.tools:
        body["tools"] = [_tool(tool, quirks) for tool in functions(request.tools)]
    if choice is not None:
        body["tool_choice"] = choice
    if request.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = request.parallel_tool_calls
    return body


@cache
def _choice_words(required: str) -> ChoiceWords:
    return ChoiceWords("auto", "none", required, lambda name: {"type": "function", "function": {"name": name}})


def _tool(tool: ToolDef, quirks: Quirks) -> Json:
    described = {"description": tool.description} if tool.description else {}
    mark = {"cache_control": cache_control(tool.cache)} if tool.cache is not None and quirks.cache_marks else {}
    return {
        "type": "function",
        "function": {"name": tool.name, **described, "parameters": tool_parameters(tool.parameters)},
        **mark,
    }


def _response_format(wanted: ResponseFormat, quirks: Quirks) -> Json:
    if wanted.schema is None:
        return {"type": "json_object"}
    if not quirks.json_schema:
        raise UnsupportedFeatureError(
            "this provider cannot enforce a JSON schema; ask for ResponseFormat.json() and put the schema in the prompt"
        )
    schema = answer_schema(wanted.schema, strict=wanted.strict, needs_required=quirks.strict_needs_required)
    named = {"name": schema_name(wanted.name), "strict": wanted.strict, "schema": schema}
    return {"type": "json_schema", "json_schema": named}


def _thinking(thinking: ThinkingConfig, quirks: Quirks) -> Json:
    budget = thinking.budget_tokens
    effort = effort_of(thinking)
    word = quirks.efforts.get(effort, effort)
    match quirks.thinking:
        case "reasoning_effort":
            return {"reasoning_effort": word}
        case "reasoning":
            if budget is None:
                return {"reasoning": {"effort": word}}
            return {"reasoning": {"max_tokens": budget} if budget else {"enabled": False}}
        case "chat_template_kwargs":
            return _template_thinking(budget, effort, word, quirks)
        case "thinking":
            if effort == "none":
                return {"thinking": {"type": "disabled"}}
            return {"thinking": {"type": "enabled"}, "reasoning_effort": word}
        case "none":
            raise UnsupportedFeatureError("this provider has no switch for thinking; leave it out")


def _template_thinking(budget: int | None, effort: str, word: str, quirks: Quirks) -> Json:
    """Engines hand these to the model's chat template; which of them it looks at is the template's affair."""
    if effort == "none":
        return {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}}
    switches = {"enable_thinking": True, "thinking": True, "reasoning_effort": word}
    if budget is not None and quirks.thinking_budget_field:
        return {"chat_template_kwargs": switches, quirks.thinking_budget_field: budget}
    return {"chat_template_kwargs": switches}


def _modalities(request: Request, quirks: Quirks, *, stream: bool) -> Json:
    for modality in request.modalities:
        if modality not in quirks.output_modalities:
            raise UnsupportedFeatureError(
                f"this provider's wire cannot ask for {modality!r}; it has {', '.join(quirks.output_modalities)}"
            )
    body: Json = {}
    if request.modalities and quirks.output_modalities != ("text",):
        body["modalities"] = list(request.modalities)
    if "audio" in request.modalities:
        body["audio"] = {"voice": _VOICE, "format": "pcm16" if stream else "wav"}  # only pcm16 streams
    if request.image_config is not None:
        body |= _image_config(request, quirks)
    return body


def _image_config(request: Request, quirks: Quirks) -> Json:
    if "image" not in quirks.output_modalities:
        raise UnsupportedFeatureError("this provider's wire draws no pictures; leave image_config out")
    config = request.image_config
    sizes = {"aspect_ratio": config and config.aspect_ratio, "image_size": config and config.image_size}
    chosen = {key: value for key, value in sizes.items() if value}
    return {"image_config": chosen} if chosen else {}
