"""OpenAI chat completions from the server's side. Source: OpenAI API reference, the other hosts' references, read
2026-11; recorded streams."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from ...codecs.base64 import encode
from ...types.parts import ImagePart
from ...types.response import FinishReason
from ...types.tools import ToolCall
from ...types.usage import Usage
from ..answer import Answer
from . import batches, openai_hosted, openai_rules, openai_verbs
from .base import Proof, Received, Route
from .openai_hosts import Host, bearer_or_api_key, host
from .pieces import deltas, finish_of, fragments, known, made_id, model_of, write
from .rules import as_list, as_object, refusal

_FINISH = {reason: reason.value for reason in FinishReason}
_ERRORS: dict[int, tuple[str, str | None]] = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    402: ("insufficient_quota", "insufficient_quota"),
    403: ("permission_error", None),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
    503: ("service_unavailable_error", "server_is_overloaded"),
}
_CREATED = 1_790_000_000
_DONE = b"data: [DONE]\n\n"


class OpenAIChat:
    """POST .../chat/completions, GET .../models, behind any base path.

    It answers as the host by whose name it is addressed does, else as OpenAI itself.
    finish_reason error: the stream breaks off in an error event; a body is that envelope.
    """

    name = "openai_chat"
    base_path = "/v1"
    hosts = ("server_tools", "citations")
    routes = (
        Route("chat", "POST", ".*/chat/completions"),
        Route("models", "GET", ".*/(?:models|language-models)"),  # the latter is xAI's, with prices
        *batches.OPENAI,
        *openai_verbs.CHAT,
    )
    stream_type = "text/event-stream; charset=utf-8"

    def key(self, request: Received) -> str | None:
        return bearer_or_api_key(request)

    def wants_stream(self, request: Received) -> bool:
        return (as_object(request.body) or {}).get("stream") is True

    def check(self, request: Received) -> str | None:
        kind = host(request.provider)
        rules = partial(openai_rules.check, strict=kind.fingerprints, needs_model=kind.needs_model)
        return refusal(rules, request.body)

    def issued(self, answer: Answer, request: Received) -> list[Proof]:
        return _proofs([_message(answer, host(request.provider))])

    def returned(self, request: Received) -> list[Proof]:
        return _proofs(as_list((as_object(request.body) or {}).get("messages")) or [])

    def stream(self, answer: Answer, request: Received) -> list[bytes]:
        kind = host(request.provider)
        openai_hosted.check(answer, kind)
        asked = as_object((as_object(request.body) or {}).get("stream_options")) or {}
        chunks = _Chunks(answer, request, kind, asked=asked.get("include_usage") is True)
        events = [chunks.write(delta) for delta in _deltas(answer, kind)]
        events[0] = kind.comment + events[0]
        finish = finish_of(answer)
        if finish is FinishReason.error:
            return [*events, self.error_event(answer.message or "Internal server error", answer.code)]
        return [*events, *chunks.end(_FINISH[finish]), _DONE]

    def end_mark(self, events: list[bytes]) -> int:
        return next(at for at, event in enumerate(events) if b'"finish_reason":"' in event)

    def body(self, answer: Answer, request: Received) -> bytes:
        finish = finish_of(answer)
        if finish is FinishReason.error:
            return self.error(500, answer.message or "Internal server error", answer.code)
        kind = host(request.provider)
        openai_hosted.check(answer, kind)
        choice: dict[str, Any] = {"index": 0, "message": _message(answer, kind), "finish_reason": _FINISH[finish]}
        if kind.fingerprints:
            choice["logprobs"] = None
        usage = _usage(answer.usage, kind)
        return write(
            {
                "id": answer.id or "chatcmpl-" + made_id(answer, request, 29),
                "object": "chat.completion",
                "created": _CREATED,
                "model": model_of(answer, request),
                "choices": [choice],
                **openai_hosted.beside(answer, kind),
                **({"usage": usage} if usage else {}),
                **({"service_tier": "default", "system_fingerprint": None} if kind.fingerprints else {}),
            }
        ).encode()

    def check_further(self, request: Received) -> str | None:
        return openai_verbs.check(request)

    def further(self, answer: Answer, request: Received) -> bytes:
        return openai_verbs.body(answer, request)

    def error(self, status: int, message: str, code: str = "") -> bytes:
        return write(_envelope(status, message, code)).encode()

    def error_event(self, message: str, code: str = "") -> bytes:
        return f"data: {write(_envelope(500, message, code))}\n\n".encode()

    def models(self, names: tuple[str, ...], request: Received) -> bytes:
        shape = host(request.provider).models
        if shape == "prices":
            return write({"data": [_priced(name) for name in names]}).encode()
        if request.path.endswith("/language-models"):
            return write({"models": [_language_model(name) for name in names]}).encode()
        own = {"object": "model", "created": _CREATED, "owned_by": "test-server"}
        entries: list[dict[str, Any]] = [{"id": name, **own} for name in names]
        if shape == "cards":
            entries = [entry | _card(name) for name, entry in zip(names, entries, strict=True)]
        return write(entries if shape == "array" else {"object": "list", "data": entries}).encode()


def _proofs(messages: list[Any]) -> list[Proof]:
    """Of reasoning details; a stream has the signature in a detail of its own, and the text in others."""
    found: list[Proof] = []
    for message in messages:
        details = [as_object(one) or {} for one in as_list((as_object(message) or {}).get("reasoning_details")) or ()]
        said = "".join(str(detail.get("text") or "") for detail in details)
        found += [Proof(said, str(detail["signature"])) for detail in details if detail.get("signature")]
    return found


class _Chunks:
    """What all chunks of one stream share."""

    def __init__(self, answer: Answer, request: Received, kind: Host, *, asked: bool) -> None:
        self._kind = kind
        self._beside = openai_hosted.beside(answer, kind)
        self._usage = _usage(answer.usage, kind)
        self._own_chunk = bool(self._usage) and (kind.usage == "always" or (kind.usage == "asked" and asked))
        self._null_usage = asked and kind.fingerprints
        self._base: dict[str, Any] = {
            "id": answer.id or "chatcmpl-" + made_id(answer, request, 29),
            "object": "chat.completion.chunk",
            "created": _CREATED,
            "model": model_of(answer, request),
        }
        if kind.fingerprints:
            self._base |= {"service_tier": "default", "system_fingerprint": None}

    def write(self, delta: dict[str, Any], finish: str | None = None, usage: dict[str, Any] | None = None) -> bytes:
        beside = self._beside if finish else {}
        return self._event([{"index": 0, "delta": delta, "finish_reason": finish}], usage, beside)

    def end(self, finish: str) -> list[bytes]:
        """The chunk with the finish reason, and what the host sends behind it."""
        usage = self._usage or None
        if self._kind.usage == "finish":
            return [self.write({}, finish, usage)]
        events = [self.write({}, finish)]
        if self._kind.usage == "repeated":
            events.append(self.write({"role": "assistant", "content": ""}, finish, usage))
        elif self._own_chunk:
            events.append(self._event([], usage))
        return events

    def _event(
        self, choices: list[Any], usage: dict[str, Any] | None, beside: Mapping[str, Any] | None = None
    ) -> bytes:
        chunk = {**self._base, "choices": choices, **(beside or {})}
        if usage is not None or self._null_usage:
            chunk["usage"] = usage
        if self._kind.fingerprints:
            chunk["obfuscation"] = "x" * (len(str(choices)) % 13)
        return f"data: {write(chunk)}\n\n".encode()


def _deltas(answer: Answer, kind: Host) -> list[dict[str, Any]]:
    """The answer, delta by delta; the first one names the role."""
    every: dict[str, Any] = {"role": "assistant", "content": ""} if kind.reasoning == "details" else {}
    first: dict[str, Any] = {"role": "assistant", "content": ""}
    if kind.fingerprints:
        first |= {"content": None if answer.tool_calls and not answer.text else "", "refusal": None}
    changes = [first, *({**every, **delta} for delta in _thoughts(answer, kind))]
    changes += [{**every, "executed_tools": [tool]} for tool in openai_hosted.executed(answer)]
    changes += [{**every, "content": piece} for piece in deltas(answer.text, answer.chunk)]
    changes += [{**every, key: value} for key, value in openai_hosted.in_message(answer, kind).items()]
    changes += [{**every, "images": [_image(image, index)]} for index, image in enumerate(answer.images)]
    for index, call in enumerate(answer.tool_calls):
        changes += [{**every, "tool_calls": [part]} for part in _call_parts(call, index, answer.chunk, kind)]
    return changes


def _thoughts(answer: Answer, kind: Host) -> list[dict[str, Any]]:
    pieces = deltas(answer.thinking, answer.chunk)
    if kind.reasoning == "parts":
        return [{"content": [_thought(piece)]} for piece in pieces]
    if kind.reasoning != "details":
        return [{kind.reasoning: piece} for piece in pieces]
    thoughts = [{"reasoning": piece, "reasoning_details": [_detail(text=piece)]} for piece in pieces]
    return [*thoughts, {"reasoning_details": [_detail(signature=answer.signature)]}] if answer.signature else thoughts


def _thought(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def _detail(**fields: str) -> dict[str, Any]:
    return {"type": "reasoning.text", **fields, "format": "anthropic-claude-v1", "index": 0}


def _image(image: ImagePart, index: int) -> dict[str, Any]:
    url = image.url
    if image.data is not None:
        url = f"data:{image.content_type or 'image/png'};base64,{encode(image.data)}"
    return {"type": "image_url", "index": index, "image_url": {"url": url}}


def _call(call: ToolCall, arguments: str) -> dict[str, Any]:
    if call.kind == "custom":
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _call_parts(call: ToolCall, index: int, size: int, kind: Host) -> list[dict[str, Any]]:
    if kind.whole_calls:
        return [{"index": index, **_call(call, call.arguments)}]
    said, key = ("custom", "input") if call.kind == "custom" else ("function", "arguments")
    rest = [{"index": index, said: {key: piece}} for piece in fragments(call.arguments, size)]
    return [{"index": index, **_call(call, "")}, *rest]


def _message(answer: Answer, kind: Host) -> dict[str, Any]:
    """The message of a whole body."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": answer.text or None if answer.tool_calls else answer.text,
    }
    if kind.fingerprints:
        message["refusal"] = None
    message |= openai_hosted.in_message(answer, kind)
    if answer.server_tools:
        message["executed_tools"] = openai_hosted.executed(answer)
    if answer.thinking and kind.reasoning == "parts":
        text = [{"type": "text", "text": answer.text}] if answer.text else []
        message["content"] = [_thought(answer.thinking), *text]
    elif answer.thinking and kind.reasoning == "details":
        signature = {"signature": answer.signature} if answer.signature else {}
        message |= {"reasoning": answer.thinking, "reasoning_details": [_detail(text=answer.thinking, **signature)]}
    elif answer.thinking:
        message[kind.reasoning] = answer.thinking
    if answer.images:
        message["images"] = [_image(image, index) for index, image in enumerate(answer.images)]
    if answer.tool_calls:
        message["tool_calls"] = [_call(call, call.arguments) for call in answer.tool_calls]
    return message


def _usage(usage: Usage, kind: Host) -> dict[str, Any]:
    """{} when nothing is known."""
    completion = usage.output_tokens
    if kind.apart and completion is not None:
        completion -= usage.reasoning_tokens or 0
    counts = known(prompt_tokens=usage.input_tokens, completion_tokens=completion, total_tokens=usage.total_tokens)
    prompt = known(cached_tokens=usage.cache_read_tokens, cache_write_tokens=usage.cache_write_tokens)
    generated = known(reasoning_tokens=usage.reasoning_tokens)
    if prompt:
        counts["prompt_tokens_details"] = prompt
    if generated:
        counts["completion_tokens_details"] = generated
    if usage.cost_usd is not None:
        counts["cost"] = usage.cost_usd
    return counts


def _envelope(status: int, message: str, code: str) -> dict[str, Any]:
    default = ("invalid_request_error", None) if status < 500 else ("server_error", None)
    kind, usual = _ERRORS.get(status, default)
    return {"error": {"message": message, "type": kind, "param": None, "code": code or usual}}


def _card(name: str) -> dict[str, Any]:
    """What Mistral adds to an entry; its SDK reads none without `type` and `capabilities`."""
    abilities = ("completion_chat", "function_calling", "reasoning", "vision", "audio", "fine_tuning")
    return {
        "name": name, "description": "A model of the test server.", "max_context_length": 131072, "aliases": [],
        "capabilities": dict.fromkeys(abilities, True), "deprecation": None, "deprecation_replacement_model": None,
        "default_model_temperature": 0.7, "type": "base",
    }  # fmt: skip


def _priced(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "canonical_slug": name,
        "name": name.replace("-", " ").title(),
        "created": _CREATED,
        "context_length": 200_000,
        "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        "pricing": {"prompt": "0.000001", "completion": "0.000005"},
        "top_provider": {"context_length": 200_000, "max_completion_tokens": 64_000, "is_moderated": False},
    }


def _language_model(name: str) -> dict[str, Any]:
    """Prices are US cents per 100 million tokens."""
    return {
        "id": name,
        "fingerprint": "fp_test",
        "created": _CREATED,
        "object": "model",
        "owned_by": "xai",
        "version": "1.0",
        "input_modalities": ["text"],
        "output_modalities": ["text"],
        "prompt_text_token_price": 10_000,
        "completion_text_token_price": 50_000,
        "aliases": [],
    }
