"""Bedrock's counts. Source: Amazon Bedrock API reference, "CountTokens", read 2026-11; recorded exchanges."""

from typing import Any

from ..answer import Answer
from . import bedrock_rules
from .base import Received, Route
from .pieces import write
from .rules import Refused, as_object, refusal, unknown_keys

ROUTES = (Route("count", "POST", "/model/[^/]+/count-tokens"),)
_READ = ("messages", "system", "toolConfig", "additionalModelRequestFields")


def check(request: Received) -> str | None:
    return refusal(_check, request.body)


def _check(body: Any) -> None:
    asked = as_object((as_object(body) or {}).get("input")) or {}
    said = as_object(asked.get("converse"))
    if said is None:
        raise Refused("input: one of converse and invokeModel must be set")
    for key in unknown_keys(said, _READ):
        raise Refused(f"input.converse: {key} is not a member")
    bedrock_rules.check(said)


def body(answer: Answer, request: Received) -> bytes:
    return write({"inputTokens": answer.usage.input_tokens}).encode()
