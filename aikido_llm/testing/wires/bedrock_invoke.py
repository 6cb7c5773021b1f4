"""Amazon Bedrock's InvokeModel from the server's side: Anthropic's Messages inside AWS's own wire, and vectors.

source: the service model of botocore 1.44, bedrock-runtime/2023-09-30; Amazon Bedrock User Guide, "Anthropic Claude
Messages API"; read 2026-11; recorded exchanges.
"""

import json
import re
from typing import Any
from urllib.parse import unquote

from attrs import evolve

from ...codecs.base64 import decode, encode
from ..answer import Answer
from . import anthropic_rules, invoke_verbs
from .anthropic_messages import AnthropicMessages
from .base import Proof, Received, Route
from .bedrock_converse import BedrockConverse, endless, framed, parsed, with_payload
from .pieces import write
from .rules import as_list, as_object, refusal

_CHAT = re.compile(r"/model/(?P<model>[^/]+)/(?P<method>invoke|invoke-with-response-stream)")
_VERSION = "bedrock-2023-05-31"
_HEADERS = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
_METRICS = {
    "inputTokenCount": 11,
    "outputTokenCount": 7,
    "invocationLatency": 412,
    "firstByteLatency": 181,
}
_MESSAGES = AnthropicMessages()
_SERVICE = BedrockConverse()


class BedrockInvoke:
    """POST /model/NAME/invoke and /invoke-with-response-stream: Claude's answers, and where NAME speaks of embeddings
    the vectors of Titan, Cohere and Nova. GET /v1/models, which no endpoint of the service has.

    What an answer of the kit says comes out as in Messages; the last event has the service's metrics beside.
    """

    name = "bedrock_invoke"
    hosts = _MESSAGES.hosts
    base_path = ""
    routes = (
        *invoke_verbs.ROUTES,
        Route("chat", "POST", _CHAT),
        Route("models", "GET", "/v1/models"),
    )
    stream_type = "application/vnd.amazon.eventstream"

    def key(self, request: Received) -> str | None:
        return _SERVICE.key(request)

    def wants_stream(self, request: Received) -> bool:
        return request.path.endswith("-stream")

    def check(self, request: Received) -> str | None:
        body = as_object(request.body) or {}
        for key in ("model", "stream"):
            if key in body:
                return f"{key}: Extra inputs are not permitted"
        if body.get("anthropic_version") != _VERSION:
            return f"anthropic_version: Input should be '{_VERSION}'"
        betas = body.get("anthropic_beta", [])
        if not all(isinstance(beta, str) for beta in as_list(betas) or ([] if betas == [] else [None])):
            return "anthropic_beta: Input should be a valid list"
        return refusal(anthropic_rules.check, _as_first_party(request).body)

    def issued(self, answer: Answer, request: Received) -> list[Proof]:
        return _MESSAGES.issued(answer, _as_first_party(request))

    def returned(self, request: Received) -> list[Proof]:
        return _MESSAGES.returned(request)

    def stream(self, answer: Answer, request: Received) -> list[bytes]:
        events = [_data(event) for event in _MESSAGES.stream(answer, _as_first_party(request))]
        told = [event for event in events if event.get("type") != "ping"]
        if told[-1].get("type") == "error":
            failed = told.pop()["error"]
            return [*map(_wrapped, told), self.error_event(failed["message"], answer.code)]
        told[-1] = {**told[-1], "amazon-bedrock-invocationMetrics": _METRICS}
        return [*map(_wrapped, told)]

    def body(self, answer: Answer, request: Received) -> bytes:
        return _MESSAGES.body(answer, _as_first_party(request))

    def check_further(self, request: Received) -> str | None:
        return invoke_verbs.check(request)

    def further(self, answer: Answer, request: Received) -> bytes:
        return invoke_verbs.body(answer, request)

    def error(self, status: int, message: str, code: str = "") -> bytes:
        return _SERVICE.error(status, message, code)

    def error_event(self, message: str, code: str = "") -> bytes:
        return _SERVICE.error_event(message, code)

    def models(self, names: tuple[str, ...], request: Received) -> bytes:
        return _MESSAGES.models(names, request)

    # ---------------------------------------------------------------- what faults do to events that are no text

    def noise(self, size: int) -> bytes:
        """Its bytes are those that go over the wire."""
        return _wrapped({"type": "ping", "padding": "x" * (size * 3 // 4)} if size else {"type": "ping"})

    def endless(self) -> bytes:
        return endless()

    def halved(self, event: bytes) -> bytes:
        """With half of the JSON that it holds."""
        head, payload = parsed(event)
        held = _held(payload)
        return with_payload(head, _payload(held[: (len(held) + 1) // 2]))


def _as_first_party(request: Received) -> Received:
    """The request as Anthropic itself would get it."""
    hosted, body = _CHAT.fullmatch(request.path), as_object(request.body)
    if hosted is None or body is None:
        return request
    rest = {key: value for key, value in body.items() if key not in ("anthropic_version", "anthropic_beta")}
    stream = {"stream": True} if hosted["method"].endswith("-stream") else {}
    return evolve(request, body={**rest, **stream, "model": unquote(hosted["model"])})


def _data(event: bytes) -> dict[str, Any]:
    """What a server-sent event holds."""
    found: dict[str, Any] = json.loads(event.partition(b"\ndata:")[2])
    return found


def _wrapped(event: dict[str, Any]) -> bytes:
    return framed(_HEADERS, _payload(write(event).encode()))


def _payload(held: bytes) -> bytes:
    """p pads a message to hide how long its token is."""
    return write({"bytes": encode(held), "p": "abcdefghijklmnopqrstuvwxyzABCD"[: len(held) * 7 % 30 + 1]}).encode()


def _held(payload: bytes) -> bytes:
    return decode(json.loads(payload).get("bytes", ""))
