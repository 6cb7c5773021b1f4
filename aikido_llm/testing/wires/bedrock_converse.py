"""Amazon Bedrock's Converse from the server's side: JSON in, AWS event streams or JSON out.

source: the service model of botocore 1.44, bedrock-runtime/2023-09-30, read 2026-11; recorded streams.
"""

import json
import re
import struct
from typing import Any
from zlib import crc32

from ...types.response import FinishReason
from ...types.tools import ToolCall
from ...types.usage import Usage
from ..answer import Answer
from . import bedrock_rules, bedrock_verbs
from .base import Received, Route
from .bedrock_hosted import grown, started, text_blocks, tool_blocks
from .pieces import arguments_of, deltas, finish_of, fragments, known, made_signature, no_images, word_for, write
from .rules import refusal

_CHAT = re.compile(r"/model/[^/]+/(?P<method>converse|converse-stream)")
_FINISH_REASONS = {
    FinishReason.stop: "end_turn",
    FinishReason.tool_calls: "tool_use",
    FinishReason.length: "max_tokens",
    FinishReason.content_filter: "guardrail_intervened",
    FinishReason.error: "malformed_model_output",
}
_EXCEPTIONS = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class BedrockConverse:
    """POST /model/NAME/converse and /converse-stream; GET /foundation-models, which the control plane has.

    finish_reason content_filter: a guardrail stepped in. finish_reason error: `code` of the answer instead of
    malformed_model_output. An error inside of a stream is an exception, named by its code.
    """

    name = "bedrock_converse"
    hosts = ("server_tools", "citations")
    base_path = ""
    routes = (*bedrock_verbs.ROUTES, Route("chat", "POST", _CHAT), Route("models", "GET", "/foundation-models"))
    stream_type = "application/vnd.amazon.eventstream"

    def key(self, request: Received) -> str | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return key if scheme.lower() == "bearer" and key else None

    def wants_stream(self, request: Received) -> bool:
        return request.path.endswith("/converse-stream")

    def check(self, request: Received) -> str | None:
        return refusal(bedrock_rules.check, request.body)

    def stream(self, answer: Answer, request: Received) -> list[bytes]:
        no_images(self.name, answer)
        events = [_event("messageStart", role="assistant")]
        for index, block in enumerate(_blocks(answer, request)):
            events += _block_events(index, block, answer)
        counts = {"usage": said} if (said := _usage(answer.usage)) else {}
        return [*events, _event("messageStop", **_stop(answer)), _event("metadata", **counts, metrics=_METRICS)]

    def body(self, answer: Answer, request: Received) -> bytes:
        no_images(self.name, answer)
        message = {"content": [_whole(block) for block in _blocks(answer, request)], "role": "assistant"}
        counts = {"usage": said} if (said := _usage(answer.usage)) else {}
        return write({"metrics": _METRICS, "output": {"message": message}, **_stop(answer), **counts}).encode()

    def check_further(self, request: Received) -> str | None:
        return bedrock_verbs.check(request)

    def further(self, answer: Answer, request: Received) -> bytes:
        return bedrock_verbs.body(answer, request)

    def error(self, status: int, message: str, code: str = "") -> bytes:
        """The exception's name is in a header that proxies drop, and in `__type` here."""
        return write(
            {"__type": code or _EXCEPTIONS.get(status, "InternalServerException"), "message": message}
        ).encode()

    def error_event(self, message: str, code: str = "") -> bytes:
        name = code or "internalServerException"
        headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
        return framed(headers, write({"message": message}).encode())

    def models(self, names: tuple[str, ...], request: Received) -> bytes:
        return write({"modelSummaries": [_model(name) for name in names]}).encode()

    # ---------------------------------------------------------------- what faults do to events that are no text

    def noise(self, size: int) -> bytes:
        """An event that nobody knows, with so many bytes in it."""
        return _event("ping", padding="x" * size) if size else _event("ping")

    def endless(self) -> bytes:
        return endless()

    def halved(self, event: bytes) -> bytes:
        """The same with half of its JSON, and with lengths and checksums that hold."""
        head, payload = parsed(event)
        return with_payload(head, payload[: (len(payload) + 1) // 2])


_METRICS = {"latencyMs": 412}


def framed(headers: dict[str, str], payload: bytes) -> bytes:
    """A message of an event stream. headers: texts."""
    pairs = ((name.encode(), value.encode()) for name, value in headers.items())
    return with_payload(
        b"".join(struct.pack(f">B{len(n)}sBH{len(v)}s", len(n), n, 7, len(v), v) for n, v in pairs), payload
    )


def parsed(message: bytes) -> tuple[bytes, bytes]:
    """(headers, payload) of one."""
    behind = 12 + int.from_bytes(message[4:8], "big")
    return message[12:behind], message[behind:-4]


def with_payload(head: bytes, payload: bytes) -> bytes:
    """A message of these headers."""
    body = _prelude(16 + len(head) + len(payload), len(head)) + head + payload
    return body + struct.pack(">I", crc32(body))


def endless() -> bytes:
    """How a message begins whose length is the largest that there is."""
    return _prelude(0xFFFF_FFFF, 0)


def _prelude(total: int, headers: int) -> bytes:
    lengths = struct.pack(">II", total, headers)
    return lengths + struct.pack(">I", crc32(lengths))


def _event(kind: str, **said: Any) -> bytes:
    """p pads an event to hide how long its token is."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    padding = _LETTERS[: len(write(said)) * 7 % 40 + 1]
    return framed(headers, write({**said, "p": padding}).encode())


def _blocks(answer: Answer, request: Received) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if answer.thinking:
        signature = answer.signature or made_signature(answer, request)
        blocks.append({"reasoningContent": {"text": answer.thinking, "signature": signature}})
    for tool in answer.server_tools:
        blocks += tool_blocks(tool)
    if answer.text:
        blocks += text_blocks(answer.text, answer.citations)
    return [*blocks, *({"toolUse": call} for call in answer.tool_calls)]


def _block_events(index: int, block: dict[str, Any], answer: Answer) -> list[bytes]:
    """Text and reasoning begin by their first delta."""
    (kind, value), *_ = block.items()
    opened: list[bytes] = []
    if kind == "text":
        changes: list[Any] = [{"text": piece} for piece in deltas(value, answer.chunk)]
    elif kind == "reasoningContent":
        pieces = [{"text": piece} for piece in deltas(value["text"], answer.chunk)]
        changes = [{kind: piece} for piece in [*pieces, {"signature": value["signature"]}]]
    elif not isinstance(value, ToolCall):
        start = started(kind, value)
        opened = [_event("contentBlockStart", contentBlockIndex=index, start=start)] if start else []
        changes = grown(kind, value, answer.chunk)
    else:
        start = {kind: {"name": value.name, "toolUseId": value.id}}
        opened = [_event("contentBlockStart", contentBlockIndex=index, start=start)]
        given = [] if value.arguments == "{}" else fragments(value.arguments, answer.chunk)
        changes = [{kind: {"input": piece}} for piece in ["", *given]]
    events = [_event("contentBlockDelta", contentBlockIndex=index, delta=change) for change in changes]
    return [*opened, *events, _event("contentBlockStop", contentBlockIndex=index)]


def _whole(block: dict[str, Any]) -> dict[str, Any]:
    if "reasoningContent" in block:
        return {"reasoningContent": {"reasoningText": block["reasoningContent"]}}
    call = block.get("toolUse")
    if isinstance(call, ToolCall):
        return {"toolUse": {"input": _arguments(call), "name": call.name, "toolUseId": call.id}}
    return block


def _arguments(call: ToolCall) -> dict[str, Any]:
    """Of a call that was cut, the service tells nothing."""
    try:
        json.loads(call.arguments)
    except ValueError:
        return {}
    return arguments_of(call)


def _stop(answer: Answer) -> dict[str, Any]:
    finish = finish_of(answer)
    word = word_for("bedrock_converse", _FINISH_REASONS, finish)
    return {"stopReason": answer.code or word if finish is FinishReason.error else word}


def _usage(usage: Usage) -> dict[str, Any]:
    """inputTokens leaves out what the cache gave or took."""
    cached = (usage.cache_read_tokens or 0) + (usage.cache_write_tokens or 0)
    fresh = None if usage.input_tokens is None else usage.input_tokens - cached
    counts = known(
        cacheReadInputTokens=usage.cache_read_tokens,
        cacheWriteInputTokens=usage.cache_write_tokens,
        inputTokens=fresh,
        outputTokens=usage.output_tokens,
    )
    return counts | ({"totalTokens": sum(counts.values())} if counts else {})


def _model(name: str) -> dict[str, Any]:
    return {
        "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{name}",
        "modelId": name,
        "modelName": name,
        "providerName": "Amazon",
        "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE"},
    }
