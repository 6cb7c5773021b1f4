"""Request -> the body of `POST /v1/messages`.

source: Anthropic API reference, "Create a Message", read 2026-11.
"""

from typing import Any

from ...errors import InvalidRequestError, UnsupportedFeatureError
from ...types.checks import strings
from ...types.request import Request, ThinkingConfig
from ..base import WIRE_REQUESTS, WireRequest
from ..extra import TOOLS, with_extra
from ..lacking import refuse
from ..paths import segment
from ..ranges import effort_of, nearest
from ..tool_choice import is_forced
from ..turns import conversation
from ..values import is_mapping
from . import cache
from .conversation import encode_system, encode_turns, lacks_own_thinking
from .quirks import Quirks
from .schema import rewrite
from .tools import offer

Body = dict[str, Any]
LISTS = TOOLS | {("betas",), ("mcp_servers",), ("container", "skills"), ("context_management", "edits")}
BETA, VERSION = "anthropic-beta", "anthropic-version"

_EFFORTS = ("low", "medium", "high", "xhigh", "max")


def encode(request: Request, quirks: Quirks, *, stream: bool, provider: str, wire: str) -> WireRequest:
    """The whole request. Raises UnsupportedFeatureError, InvalidRequestError."""
    _refuse_foreign(request)
    _refuse_with_thinking(request, quirks)
    sorted_out = conversation(request.messages, quirks.late_system)
    turns = encode_turns(sorted_out.turns, provider, wire, quirks.empty_tool_result)
    body: Body = {"model": request.model, "max_tokens": _max_tokens(request, quirks), "messages": turns}
    system = encode_system(sorted_out.opening)
    if system:
        body["system"] = system
    if stream:
        body["stream"] = True
    if quirks.body_version:
        body["anthropic_version"] = quirks.body_version
    body |= _sampling(request, quirks)
    tools = offer(request)
    body |= tools.fields
    body |= _container(request, provider, wire)
    body |= _thinking(request, quirks, turns)
    output = _output_config(request, quirks, turns)
    if output:
        body["output_config"] = output
    user_id = request.metadata.get("user_id")
    if isinstance(user_id, str) and user_id:
        body["metadata"] = {"user_id": user_id}  # the only label there is a place for
    body = with_extra(body, request, LISTS)
    cache.settle(body, quirks.cache_breakpoints - ("cache_control" in body))
    asked = strings(body.pop("betas", None), "extra: betas")  # a body key of the SDKs, a header on the wire
    betas = ",".join(dict.fromkeys((*tools.betas, *asked)))
    path, headers = _path(body, quirks, stream=stream), {BETA: betas} if betas else {}
    return WIRE_REQUESTS.by(path=path, body=body, headers=headers)


def _path(body: Body, quirks: Quirks, *, stream: bool) -> str:
    """Where it goes; the model is in the path, or in the body."""
    path = (stream and quirks.stream_path) or quirks.path
    return path.replace("{model}", segment(body.pop("model"), "a model name")) if "{model}" in path else path


def _refuse_foreign(request: Request) -> None:
    """What this wire has no word for; an unknown key would be refused by the server."""
    refuse(request, "n", "logprobs", "background", "previous_response_id", "conversation")
    if request.seed is not None:
        raise UnsupportedFeatureError("this wire has no seed; leave it out, and set temperature=0 for steadier answers")
    foreign = [kind for kind in request.modalities if kind != "text"]
    if foreign or request.image_config is not None:
        raise UnsupportedFeatureError(f"this wire answers in text, not {', '.join(foreign) or 'images'}")


def _container(request: Request, provider: str, wire: str) -> Body:
    """Where the code of the turns before ran: what waits there for a tool's result is refused without it. `extra` may
    add to it (skills), name another, or leave it out."""
    states = (message.state_for(provider, wire) for message in reversed(request.messages))
    id = next((state["container"] for state in states if state.get("container")), None)
    if id is None:
        return {}
    return {"container": {"id": id} if is_mapping(request.extra.get("container")) else id}


def _budget(thinking: ThinkingConfig | None, quirks: Quirks) -> int | None:
    """The thinking budget in tokens; None when the request has none, or has an effort that is sent as one."""
    if thinking is None:
        return None
    if thinking.effort is not None:
        if thinking.effort == "none":
            return 0
        budgets = quirks.effort_budgets
        return budgets[effort_of(thinking, tuple(budgets))] if budgets is not None else None
    return thinking.budget_tokens


def _refuse_with_thinking(request: Request, quirks: Quirks) -> None:
    """What a thinking budget excludes."""
    budget = _budget(request.thinking, quirks)
    if not budget:
        return
    if budget < quirks.min_thinking_budget:
        raise InvalidRequestError(
            f"a thinking budget is at least {quirks.min_thinking_budget} tokens on this wire, or 0 to turn thinking off"
        )
    if request.max_tokens is not None and request.max_tokens <= budget and "thinking" not in request.extra:
        raise InvalidRequestError(
            f"max_tokens={request.max_tokens} counts thinking too on this wire, so it must be above the budget of "
            f"{budget}; raise it, or leave it out"
        )
    if request.temperature not in (None, 1) or request.top_p is not None or request.top_k is not None:
        raise UnsupportedFeatureError(
            "with a thinking budget this wire takes no temperature, no top_p and no top_k; leave them out"
        )
    if is_forced(request):
        raise UnsupportedFeatureError('with a thinking budget this wire takes no tool_choice but "auto" and "none"')


def _max_tokens(request: Request, quirks: Quirks) -> int:
    """The wire has no default. A budget must leave room for the answer."""
    if request.max_tokens is not None:
        return request.max_tokens
    budget = _budget(request.thinking, quirks) or 0
    return max(quirks.default_max_tokens, budget + quirks.answer_room)


def _sampling(request: Request, quirks: Quirks) -> Body:
    body: Body = {"stop_sequences": list(request.stop)} if request.stop else {}
    if _version(request, quirks) >= quirks.no_sampling_since:
        _refuse_sampling(request)
        return body
    if quirks.temperature_or_top_p and request.temperature is not None and request.top_p is not None:
        raise UnsupportedFeatureError("models on this wire take temperature or top_p, not both; leave one out")
    if request.temperature is not None:
        body["temperature"] = nearest("temperature", request.temperature, 0.0, quirks.max_temperature)
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.top_k is not None:
        body["top_k"] = request.top_k
    return body


def _version(request: Request, quirks: Quirks) -> str:
    """The version of the API that the request is sent under; dates, so they sort as text."""
    return next((value for name, value in request.extra_headers.items() if name.lower() == VERSION), quirks.version)


def _refuse_sampling(request: Request) -> None:
    """What is refused even at its default. Where the default is wanted, leaving it out says the same."""
    for name, default in (("temperature", 1), ("top_p", 1), ("top_k", None)):
        if getattr(request, name) not in (None, default):
            raise UnsupportedFeatureError(
                f"this version of the API takes no {name}, for any model; leave it out, or open the client with "
                "version=2023-06-01 for a model that still takes it"
            )


def _thinking(request: Request, quirks: Quirks, turns: list[Body]) -> Body:
    if request.thinking is None:
        return {}
    budget = _budget(request.thinking, quirks)
    if budget is None:
        display = {"display": quirks.thinking_display} if quirks.thinking_display else {}
        return {"thinking": {"type": "adaptive", **display}}
    if budget == 0:
        return {"thinking": {"type": "disabled"}}
    if lacks_own_thinking(turns):
        # A tool turn of another provider (or an edited one) cannot begin with the signed thinking that models with a
        # budget insist on; without it the conversation goes on, and the next turn thinks again.
        return {}
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _output_config(request: Request, quirks: Quirks, turns: list[Body]) -> Body:
    config: Body = {}
    if request.thinking is not None and _budget(request.thinking, quirks) is None:
        config["effort"] = effort_of(request.thinking, _EFFORTS)
    wanted = request.response_format
    if wanted is None:
        return config
    if wanted.schema is None:
        raise UnsupportedFeatureError(
            "this wire has no JSON mode without a schema; use ResponseFormat.json_schema(...), or a tool whose "
            "arguments are the answer"
        )
    if turns[-1]["role"] == "assistant":
        raise UnsupportedFeatureError(
            "structured output on this wire cannot begin with a prefilled assistant turn; end with a user message"
        )
    config["format"] = {"type": "json_schema", "schema": rewrite(wanted.schema)}
    return config
