"""Anthropic's counts. Source: Anthropic API reference, "Count tokens in a Message", Google Cloud docs, "Claude: count
tokens", read 2026-11; recorded exchanges."""

from typing import Any

from ..answer import Answer
from . import anthropic_rules
from .base import Received, Route
from .pieces import write
from .rules import Refused, as_object, refusal, unknown_keys

ROUTES = (
    Route("count", "POST", "(?:/anthropic)?/v1/messages/count_tokens"),
    Route("count", "POST", ".*/models/count-tokens:rawPredict"),
)
_TOP = {
    *("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "mcp_servers"),
    *("context_management", "cache_control", "speed"),
}


def check(request: Received) -> str | None:
    return refusal(lambda body: _check(body, hosted=request.path.endswith(":rawPredict")), request.body)


def _check(body: Any, *, hosted: bool) -> None:
    """The message as it would be sent, without what is said of its answer."""
    asked = as_object(body) or {}
    for key in unknown_keys(asked, {*_TOP, "anthropic_version"} if hosted else _TOP):
        raise Refused(f"{key}: Extra inputs are not permitted")
    whole = {key: value for key, value in asked.items() if key != "anthropic_version"}
    anthropic_rules.check({**whole, "max_tokens": 64_000})


def body(answer: Answer, request: Received) -> bytes:
    return write({"input_tokens": answer.usage.input_tokens}).encode()
