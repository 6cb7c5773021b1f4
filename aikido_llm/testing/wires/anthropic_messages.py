"""Anthropic Messages from the server's side. Source: Anthropic API reference, read 2026-11; recorded streams."""

import re
from typing import Any
from urllib.parse import unquote

from attrs import evolve

from ...types.response import FinishReason
from ...types.tools import ToolCall
from ...types.usage import Usage
from ..answer import Answer
from . import anthropic_rules, anthropic_verbs, batches
from .anthropic_hosted import text_blocks, tool_blocks
from .base import Proof, Received, Route
from .pieces import (
    arguments_of,
    deltas,
    finish_of,
    fragments,
    known,
    made_id,
    made_signature,
    model_of,
    no_images,
    page_size,
    word_for,
    write,
)
from .rules import as_list, as_object, refusal

_STOP_REASONS = {
    FinishReason.stop: "end_turn",
    FinishReason.tool_calls: "tool_use",
    FinishReason.length: "max_tokens",
    FinishReason.content_filter: "refusal",
    FinishReason.paused: "pause_turn",
    FinishReason.other: "compaction",
}
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_PREDICT = re.compile(r".*/models/(?P<model>[^/:]+):(?P<method>rawPredict|streamRawPredict)")
_HOSTED_VERSION = "vertex-2023-10-16"
_PING = b'event: ping\ndata: {"type": "ping"}\n\n'  # the one event that the service writes with a space


def _as_first_party(request: Received) -> Received:
    """The request as Anthropic itself would get it."""
    hosted, body = _PREDICT.fullmatch(request.path), as_object(request.body)
    if hosted is None or body is None:
        return request
    rest = {key: value for key, value in body.items() if key != "anthropic_version"}
    return evolve(request, body={**rest, "model": unquote(hosted["model"])})


def _refused_by_host(request: Received, hosted: re.Match[str]) -> str | None:
    """source: Vertex AI docs, "Use Claude models", read 2026-11."""
    body = as_object(request.body) or {}
    if "model" in body:
        return "model: Extra inputs are not permitted"
    if body.get("anthropic_version") != _HOSTED_VERSION:
        return f"anthropic_version: Input should be '{_HOSTED_VERSION}'"
    if (body.get("stream") is True) != (hosted["method"] == "streamRawPredict"):
        return "stream: does not fit the method"
    return refusal(anthropic_rules.check, _as_first_party(request).body)


class AnthropicMessages:
    """POST /v1/messages, GET /v1/models; and POST .../models/NAME:rawPredict and :streamRawPredict, as Google Cloud has
    it: the model in the path, the API's version in the body.

    finish_reason content_filter: a refusal, whose category is the answer's `code` and whose explanation its `message`.
    finish_reason error: the stream breaks off in an error event of type `code`; a body is that envelope.
    """

    name = "anthropic_messages"
    base_path = ""
    routes = (
        *anthropic_verbs.ROUTES,
        Route("chat", "POST", "(?:/anthropic)?/v1/messages"),
        Route("chat", "POST", _PREDICT),
        Route("models", "GET", "(?:/anthropic)?/v1/models"),
        *batches.ANTHROPIC,
    )
    stream_type = "text/event-stream; charset=utf-8"
    hosts = ("server_tools", "citations", "container")

    def key(self, request: Received) -> str | None:
        key = request.headers.get("x-api-key")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        bearer = token if scheme.lower() == "bearer" else None
        return None if key and bearer else key or bearer  # both at once are refused

    def wants_stream(self, request: Received) -> bool:
        return (as_object(request.body) or {}).get("stream") is True

    def check(self, request: Received) -> str | None:
        if (hosted := _PREDICT.fullmatch(request.path)) is not None:
            return _refused_by_host(request, hosted)
        if "anthropic-version" not in request.headers:
            return "anthropic-version: header is required"
        return refusal(anthropic_rules.check, request.body) or refusal(
            lambda body: anthropic_rules.check_version(body, request.headers["anthropic-version"]), request.body
        )

    def issued(self, answer: Answer, request: Received) -> list[Proof]:
        return _proofs(_blocks(answer, request))

    def returned(self, request: Received) -> list[Proof]:
        turns = as_list((as_object(request.body) or {}).get("messages")) or []
        return _proofs([block for turn in turns for block in as_list((as_object(turn) or {}).get("content")) or []])

    def stream(self, answer: Answer, request: Received) -> list[bytes]:
        no_images(self.name, answer)
        request = _as_first_party(request)
        events = [_event("message_start", message=_message(answer, request, [], None))]
        for index, block in enumerate(_blocks(answer, request)):
            start, changes = _opened(block, answer)
            events.append(_event("content_block_start", index=index, content_block=start))
            events += [_PING] if index == 0 else []
            events += [_event("content_block_delta", index=index, delta=change) for change in changes]
            events.append(_event("content_block_stop", index=index))
        if finish_of(answer) is FinishReason.error:
            return [*events, self.error_event(answer.message or "Internal server error", answer.code or "api_error")]
        return [*events, _event("message_delta", **_end(answer)), _event("message_stop")]

    def body(self, answer: Answer, request: Received) -> bytes:
        no_images(self.name, answer)
        request = _as_first_party(request)
        finish = finish_of(answer)
        if finish is FinishReason.error:
            return self.error(500, answer.message or "Internal server error", answer.code)
        content = [_whole(block, finish) for block in _blocks(answer, request)]
        return write(_message(answer, request, content, _end(answer)["delta"])).encode()

    def check_further(self, request: Received) -> str | None:
        return anthropic_verbs.check(request)

    def further(self, answer: Answer, request: Received) -> bytes:
        return anthropic_verbs.body(answer, request)

    def error(self, status: int, message: str, code: str = "") -> bytes:
        kind = code or _ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
        return write({"type": "error", "error": {"type": kind, "message": message}, "request_id": _REQUEST}).encode()

    def error_event(self, message: str, code: str = "") -> bytes:
        error = {"details": None, "type": code or "overloaded_error", "message": message}
        return f"event: error\ndata: {write({'type': 'error', 'error': error, 'request_id': _REQUEST})}\n\n".encode()

    def models(self, names: tuple[str, ...], request: Received) -> bytes:
        limit = page_size(request.query.get("limit"), 20)
        after = request.query.get("after_id")
        start = names.index(after) + 1 if after in names else 0
        page = names[start : start + limit]
        listed = {
            "data": [_model(name) for name in page],
            "has_more": start + limit < len(names),
            "first_id": page[0] if page else None,
            "last_id": page[-1] if page else None,
        }
        return write(listed).encode()


def _proofs(blocks: list[Any]) -> list[Proof]:
    thoughts = [block for item in blocks if (block := as_object(item)) is not None and block.get("type") == "thinking"]
    return [Proof(str(thought.get("thinking")), str(thought.get("signature"))) for thought in thoughts]


_REQUEST = "req_011CeTestServerAnswers01"


def _event(kind: str, /, **fields: Any) -> bytes:
    """One event. Blanks stand before the last brace, more or fewer, as on the real wire: lengths mean nothing."""
    data = write({"type": kind, **fields})
    return f"event: {kind}\ndata: {data[:-1]}{' ' * (len(data) % 16)}}}\n\n".encode()


def _message(answer: Answer, request: Received, content: list[Any], end: dict[str, Any] | None) -> dict[str, Any]:
    """The message object, as message_start opens it (end None) and as a body holds it."""
    end = end or {"stop_reason": None, "stop_sequence": None, "stop_details": None}
    usage = _usage(answer.usage, whole=bool(end["stop_reason"]))
    return {
        "model": model_of(answer, request),
        "id": answer.id or "msg_01" + made_id(answer, request, 22),
        "type": "message",
        "role": "assistant",
        "content": content,
        **end,
        "usage": {**usage, "service_tier": "standard", "inference_geo": "not_available"},
    }


def _end(answer: Answer) -> dict[str, Any]:
    """What message_delta says: the stop, and the usage so far, which replaces the one of message_start."""
    reason = word_for("anthropic_messages", _STOP_REASONS, finish_of(answer))
    details = None
    if reason == "refusal":
        details = {"type": "refusal", "category": answer.code or None, "explanation": answer.message or None}
    usage = _prompt(answer.usage) | _generated(answer.usage)
    delta = {"stop_reason": reason, "stop_sequence": None, "stop_details": details}
    if answer.container:
        delta["container"] = {"id": answer.container, "expires_at": "2030-01-01T00:00:00Z"}
    return {"delta": delta, "usage": usage}


def _usage(usage: Usage, *, whole: bool) -> dict[str, Any]:
    written = usage.cache_write_tokens
    counts = _prompt(usage)
    if written is not None:
        counts["cache_creation"] = {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0}
    if whole:
        return counts | _generated(usage)
    # message_start counts the first few tokens, which the end replaces
    return counts | known(output_tokens=None if usage.output_tokens is None else min(usage.output_tokens, 2))


def _prompt(usage: Usage) -> dict[str, Any]:
    """input_tokens is only what the cache neither gave nor took."""
    cached = (usage.cache_read_tokens or 0) + (usage.cache_write_tokens or 0)
    return known(
        input_tokens=None if usage.input_tokens is None else usage.input_tokens - cached,
        cache_creation_input_tokens=usage.cache_write_tokens,
        cache_read_input_tokens=usage.cache_read_tokens,
    )


def _generated(usage: Usage) -> dict[str, Any]:
    counts = known(output_tokens=usage.output_tokens)
    if usage.reasoning_tokens is not None:
        counts["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return counts


def _blocks(answer: Answer, request: Received) -> list[dict[str, Any] | ToolCall]:
    """The content in wire order; a call stays a call, since stream and body write it differently."""
    blocks: list[dict[str, Any] | ToolCall] = []
    if answer.thinking or answer.signature:
        signature = answer.signature or made_signature(answer, request)
        blocks.append({"type": "thinking", "thinking": answer.thinking, "signature": signature})
    for tool in answer.server_tools:
        blocks += tool_blocks(tool)
    return [*blocks, *text_blocks(answer.text, answer.citations), *answer.tool_calls]


def _opened(block: dict[str, Any] | ToolCall, answer: Answer) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block as content_block_start shows it, and the deltas that fill it."""
    if isinstance(block, ToolCall):
        # the first fragment is empty; a call without arguments has no other
        pieces = ["", *([] if block.arguments == "{}" else fragments(block.arguments, answer.chunk))]
        return _call(block, {}), [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    if block["type"] == "thinking":
        thoughts = deltas(block["thinking"], answer.chunk)
        changes = [{"type": "thinking_delta", "thinking": piece} for piece in thoughts]
        return block | {"thinking": "", "signature": ""}, [
            *changes,
            {"type": "signature_delta", "signature": block["signature"]},
        ]
    if block["type"] in ("server_tool_use", "mcp_tool_use"):
        written = fragments(write(block["input"]), answer.chunk)
        return block | {"input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in written]
    if block["type"] != "text":
        return block, []
    said = [{"type": "text_delta", "text": piece} for piece in deltas(block["text"], answer.chunk)]
    cited = [{"type": "citations_delta", "citation": citation} for citation in block.get("citations", ())]
    return block | {"text": ""} | ({"citations": []} if cited else {}), [*cited, *said]


def _whole(block: dict[str, Any] | ToolCall, finish: FinishReason) -> dict[str, Any]:
    if not isinstance(block, ToolCall):
        return block
    try:
        return _call(block, arguments_of(block))
    except ValueError:
        if finish is FinishReason.length:  # cut inside the arguments: a body holds none of them
            return _call(block, {})
        raise


def _call(call: ToolCall, arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "tool_use",
        "id": call.id,
        "name": call.name,
        "input": arguments,
        "caller": (call.provider_data or {}).get("caller", {"type": "direct"}),
    }


def _model(name: str) -> dict[str, Any]:
    yes = {"supported": True}
    return {
        "type": "model",
        "id": name,
        "display_name": name.replace("-", " ").title(),
        "created_at": "2026-06-30T00:00:00Z",
        "max_input_tokens": 1_000_000,
        "max_tokens": 128_000,
        "capabilities": {"image_input": yes, "pdf_input": yes, "structured_outputs": yes, "thinking": yes},
    }
