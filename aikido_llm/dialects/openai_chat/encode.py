"""Request -> body of `POST /chat/completions`."""

from ...errors import UnsupportedFeatureError
from ...types.request import Request, ResponseFormat, ThinkingConfig
from ..base import WIRE_REQUESTS, WireRequest
from ..extra import with_extra
from ..lacking import refuse
from ..ranges import effort_of
from ..schemas import answer_schema, schema_name
from .messages import encode_messages
from .quirks import Quirks
from .tools import tools
from .wire import Json

_VOICE = "alloy"  # a spoken answer needs one; `extra` names another


def encode(request: Request, quirks: Quirks, *, stream: bool, provider: str, wire: str) -> WireRequest:
    """Optional keys that are not set are left out: several hosts refuse nulls."""
    refuse(request, "background", "previous_response_id", "conversation")
    body: Json = {"model": request.model, "messages": encode_messages(request.messages, quirks, provider, wire)}
    if stream:
        body["stream"] = True
        if quirks.stream_options is not None:
            body["stream_options"] = dict(quirks.stream_options)
    body |= _limits(request, quirks)
    body |= _logprobs(request, quirks)
    body |= tools(request, quirks)
    if request.response_format is not None:
        body["response_format"] = _response_format(request.response_format, quirks)
    if request.thinking is not None:
        body |= _thinking(request.thinking, quirks)
    body |= _modalities(request, quirks, stream=stream)
    headers = {"Accept": "text/event-stream"} if stream else {}
    return WIRE_REQUESTS.by(path="/chat/completions", body=with_extra(body, request), headers=headers)


def _limits(request: Request, quirks: Quirks) -> Json:
    if request.seed is not None and quirks.seed_field is None:
        raise UnsupportedFeatureError("this provider has no seed; leave it out")
    if request.stop and quirks.stop_field is None:
        raise UnsupportedFeatureError("this provider has no stop strings; cut the text where it arrives")
    if request.top_k is not None and quirks.top_k_field is None:
        raise UnsupportedFeatureError("this provider has no top_k; leave it out, or put its own word for it in extra")
    if request.n not in (None, 1) and not quirks.several_answers:
        raise UnsupportedFeatureError(
            "this provider gives one answer to a request; leave n out, and ask more than once"
        )
    values = {
        quirks.max_tokens_field: request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        quirks.top_k_field: request.top_k,
        "n": request.n if quirks.several_answers else None,
        quirks.stop_field: list(request.stop) or None,
        quirks.seed_field: request.seed,
        "metadata": request.metadata if request.metadata and quirks.metadata else None,
    }
    return {key: value for key, value in values.items() if key is not None and value is not None}


def _logprobs(request: Request, quirks: Quirks) -> Json:
    count = request.logprobs
    if not count:
        return {}
    match quirks.logprobs:
        case "flag":
            return {"logprobs": True} if count is True else {"logprobs": True, "top_logprobs": count}
        case "count":
            return {"logprobs": int(count)}
        case None:
            raise UnsupportedFeatureError("this provider tells no logprobs; leave them out")


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
        case "chat_template_kwargs" | "chat_template_args" as key:
            return {key: _switches(effort, word)} | _own_budget(budget, quirks)
        case "enable_thinking":
            return {"enable_thinking": effort != "none"} | _own_budget(budget, quirks)
        case "switch" | "thinking" if effort == "none":
            return {"thinking": {"type": "disabled"}}
        case "switch":
            return {"thinking": {"type": quirks.thinking_on}}
        case "thinking":
            return {"thinking": {"type": quirks.thinking_on}, "reasoning_effort": word}
        case "none":
            raise UnsupportedFeatureError("this provider has no switch for thinking; leave it out")


def _switches(effort: str, word: str) -> Json:
    """Engines hand these to the model's chat template; which of them it looks at is the template's affair."""
    if effort == "none":
        return {"enable_thinking": False, "thinking": False}
    return {"enable_thinking": True, "thinking": True, "reasoning_effort": word}


def _own_budget(budget: int | None, quirks: Quirks) -> Json:
    """Tokens, where the host has a key for them and the model is to think."""
    return {quirks.thinking_budget_field: budget} if budget and quirks.thinking_budget_field else {}


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
