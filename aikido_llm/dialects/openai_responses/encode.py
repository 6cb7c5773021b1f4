"""Request -> body. source: OpenAI API reference, "Create a response", read 2026-11."""

from typing import Any

from ...errors import InvalidRequestError, UnsupportedFeatureError
from ...types.request import ImageConfig, Request, ResponseFormat, ThinkingConfig
from ..base import WireRequest
from ..extra import TOOLS, with_extra
from ..lacking import refuse
from ..ranges import effort_of
from ..schemas import answer_schema, schema_name
from ..tool_choice import offers_tools, word_for
from .input import has_reasoning, instructions_and_input
from .quirks import Quirks, in_background, is_stored
from .tools import choice_words, tool_of

LISTS = TOOLS | {("include",)}

_DRAW = {"type": "image_generation"}
_MOST_LOGPROBS = 20


def encode(request: Request, quirks: Quirks, *, stream: bool, provider: str, wire: str) -> WireRequest:
    """The POST that asks for an answer. What is None or empty is left out; `extra` is merged last."""
    _refuse(request)
    free = quirks.instructions and "instructions" not in request.extra  # else one of the two texts would be lost
    instructions, items = instructions_and_input(request.messages, quirks, provider, wire, instructions=free)
    body: dict[str, Any] = {"model": request.model, "input": items}
    if instructions:
        body["instructions"] = instructions
    if stream:
        body["stream"] = True
    if in_background(request):
        body["background"] = body["store"] = True  # what goes on without a reader must be kept for one
    elif quirks.store is not None:
        body["store"] = quirks.store
    body |= _stored_before(request)
    body |= _limits(request, quirks)
    body |= _tools(request, quirks)
    body |= _thinking(request.thinking, quirks)
    if request.logprobs is not False:
        body |= _logprobs(request.logprobs)
    include = _includes(request, items, quirks)
    if include:
        body["include"] = include
    if request.response_format is not None:
        body["text"] = {"format": _format(request.response_format, quirks)}
    if request.metadata and body.get("store"):  # labels of stored answers; without one they have no place
        body["metadata"] = {name: str(value) for name, value in request.metadata.items()}
    return WireRequest(quirks.path, with_extra(body, request, LISTS), once=in_background(request))


def _refuse(request: Request) -> None:
    """What this wire has no word for, and what would change the answer if it were left out."""
    refuse(request, "top_k", "n")
    if request.stop:
        raise UnsupportedFeatureError("this wire has no stop strings: cut the text where it arrives")
    if request.seed is not None:
        # Best effort or not, a caller who asks for the same answer twice must know that nothing was even tried.
        raise UnsupportedFeatureError("this wire has no seed: leave it out")
    if "audio" in request.modalities:
        raise UnsupportedFeatureError("this wire does not speak: leave modalities 'audio' out")


def _limits(request: Request, quirks: Quirks) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if request.max_tokens is not None:
        least = quirks.min_output_tokens
        if request.max_tokens < least:  # raising it would break what the caller was promised
            raise UnsupportedFeatureError(f"max_tokens={request.max_tokens} is too few for this wire: ask for {least}")
        limits["max_output_tokens"] = request.max_tokens
    if request.temperature is not None:
        limits["temperature"] = request.temperature
    if request.top_p is not None:
        limits["top_p"] = request.top_p
    return limits


def _stored_before(request: Request) -> dict[str, Any]:
    """What the provider keeps, to go on from."""
    if request.previous_response_id and request.conversation:
        raise InvalidRequestError(
            "previous_response_id and conversation cannot go together: each says what came before"
        )
    kept = {"previous_response_id": request.previous_response_id, "conversation": request.conversation}
    return {name: value for name, value in kept.items() if value}


def _logprobs(wanted: bool | int) -> dict[str, Any]:
    """How many alternatives; that there are any logprobs at all is asked by `include`."""
    if wanted is True:
        return {}
    if wanted > _MOST_LOGPROBS:
        raise UnsupportedFeatureError(f"this wire gives at most {_MOST_LOGPROBS} alternatives for a token")
    return {"top_logprobs": int(wanted)}


# ------------------------------------------------------------------------------------------------------ tools


def _tools(request: Request, quirks: Quirks) -> dict[str, Any]:
    """`tools` and what is only allowed beside them."""
    tools = [tool_of(tool) for tool in request.tools]
    draws = "image" in request.modalities or request.image_config is not None
    if draws:
        tools.append(_drawing(request.image_config or ImageConfig(), quirks))
    fields: dict[str, Any] = {"tools": tools} if tools else {}
    choice = word_for(request, choice_words(request), offered=draws)
    if request.tool_choice is None and request.modalities == ("image",):
        choice = _DRAW
    if choice is not None:
        fields["tool_choice"] = choice
    if request.parallel_tool_calls is not None and (draws or offers_tools(request)):
        fields["parallel_tool_calls"] = request.parallel_tool_calls
    return fields


_SIZES = {"1:1": "1024x1024", "3:2": "1536x1024", "2:3": "1024x1536"}


def _drawing(config: ImageConfig, quirks: Quirks) -> dict[str, Any]:
    """The built-in tool that draws."""
    if not quirks.draws_images:
        raise UnsupportedFeatureError("this server draws no pictures: leave out modalities 'image' and image_config")
    if config.image_size not in ("", "1K"):
        raise UnsupportedFeatureError(f"no pictures of size {config.image_size} here: 1K is the only one")
    if not config.aspect_ratio:
        return dict(_DRAW)
    if config.aspect_ratio not in _SIZES:
        raise UnsupportedFeatureError(f"no pictures of {config.aspect_ratio} here: there are {', '.join(_SIZES)}")
    return {**_DRAW, "size": _SIZES[config.aspect_ratio]}


# ------------------------------------------------------------------------------------------------------ the rest


def _thinking(config: ThinkingConfig | None, quirks: Quirks) -> dict[str, Any]:
    """An effort, with a summary to read. A budget is sent as the nearest effort, one of 0 as "none"."""
    if config is None:
        return {}
    reasoning: dict[str, str] = {"effort": effort_of(config)}
    if quirks.reasoning_summary and reasoning["effort"] != "none":
        reasoning["summary"] = quirks.reasoning_summary
    return {"reasoning": reasoning}


def _includes(request: Request, items: list[Any], quirks: Quirks) -> list[str]:
    wanted = ["reasoning.encrypted_content"] if _asks_encrypted(request, items, quirks) else []
    return [*wanted, "message.output_text.logprobs"] if request.logprobs is not False else wanted


def _asks_encrypted(request: Request, items: list[Any], quirks: Quirks) -> bool:
    """Only what is not stored at the server must come along, and only models that reason may be asked for it."""
    if quirks.encrypted_reasoning != "asked":
        return quirks.encrypted_reasoning == "always"
    if is_stored(request, quirks):
        return False
    config = request.thinking
    return (config is not None and config.budget_tokens != 0) or "reasoning" in request.extra or has_reasoning(items)


def _format(wanted: ResponseFormat, quirks: Quirks) -> dict[str, Any]:
    """A strict schema has its objects closed (`additionalProperties: false`), which the wire insists on."""
    if wanted.schema is None:
        return {"type": "json_object"}
    schema = answer_schema(wanted.schema, strict=wanted.strict, needs_required=quirks.strict_needs_required)
    return {"type": "json_schema", "name": schema_name(wanted.name), "schema": schema, "strict": wanted.strict}
