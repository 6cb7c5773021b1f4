"""Attributes of spans and metrics, by the names of `semconv`. Pure."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ...errors import LLMError
from ...types.request import Request
from ...types.response import FinishReason, Response
from ...types.usage import Usage
from . import semconv as names

Attributes = dict[str, Any]

_PORTS = {"https": 443, "http": 80}


def of_server(base_url: str) -> Attributes:
    """Where requests go, {} where that is not known."""
    url = urlsplit(base_url)
    if not url.hostname or "{" in url.hostname:  # a place that a credential fills
        return {}
    try:
        port = url.port
    except ValueError:
        port = None
    return {names.ADDRESS: url.hostname, names.PORT: port or _PORTS.get(url.scheme, 443)}


def of_request(request: Request, *, stream: bool) -> Attributes:
    """What is asked for; what is unset is left out."""
    thinking = request.thinking
    found = {
        "gen_ai.request.stream": True if stream else None,
        "gen_ai.request.temperature": request.temperature,
        "gen_ai.request.top_p": request.top_p,
        "gen_ai.request.top_k": request.top_k,
        "gen_ai.request.max_tokens": request.max_tokens,
        "gen_ai.request.stop_sequences": request.stop or None,
        "gen_ai.request.seed": request.seed,
        "gen_ai.request.choice.count": request.n if request.n != 1 else None,
        "gen_ai.request.reasoning.level": thinking.effort if thinking else None,
        "gen_ai.request.previous_response.id": request.previous_response_id,
        "gen_ai.conversation.id": request.conversation,
        "gen_ai.output.type": _output_type(request),
    }
    return {name: value for name, value in found.items() if value is not None}


def _output_type(request: Request) -> str | None:
    if request.response_format is not None:
        return "json"
    return next((_OUTPUT[modality] for modality in request.modalities if modality in _OUTPUT), None)


_OUTPUT: Mapping[str, str] = {"image": "image", "audio": "speech"}


def of_response(response: Response, version: names.Names, first_chunk: float | None) -> Attributes:
    """What came. first_chunk: seconds, of a stream."""
    found = {
        "gen_ai.response.id": response.id or None,
        names.RESPONSE_MODEL: response.model or None,
        names.FINISH_REASONS: tuple(_reason(each.finish_reason) for each in (response, *response.choices)),
        names.FIRST_CHUNK: first_chunk,
        "aikido_llm.attempts": response.attempts if response.attempts > 1 else None,
        "aikido_llm.continuations": response.continuations or None,
        "aikido_llm.cached": True if response.cached else None,
        **of_usage(response.usage, version),
    }
    return {name: value for name, value in found.items() if value is not None}


def of_usage(usage: Usage, version: names.Names) -> Attributes:
    """Tokens; counts that the server did not send are None."""
    return {
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read_tokens,
        version.cache_write: usage.cache_write_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
        "aikido_llm.cost_usd": usage.cost_usd,
    }


def error_type(error: BaseException) -> str:
    """The class: of ours its name alone (the tree is in `aikido_llm.errors`)."""
    kind = type(error)
    return kind.__name__ if isinstance(error, LLMError) else f"{kind.__module__}.{kind.__qualname__}"


def facts(error: BaseException) -> str:
    """Why, in facts alone: a message may quote what was sent."""
    found = [error_type(error)]
    if isinstance(error, LLMError):
        found += [f"HTTP {error.status}"] if error.status else []
        found += [f"retry after {error.retry_after:g} s"] if error.retry_after is not None else []
    return ", ".join(found)


def _reason(reason: FinishReason) -> str:
    """The conventions' word (`gen-ai-output-messages.json`, FinishReason) where they have one."""
    return "tool_call" if reason is FinishReason.tool_calls else reason.value
