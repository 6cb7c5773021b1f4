"""Cohere v2 Chat from the server's side. Source: Cohere API reference, read 2026-11; recorded streams."""

from typing import Any

from ...types.citations import Citation
from ...types.response import FinishReason
from ...types.tools import ToolCall
from ...types.usage import Usage
from ..answer import Answer
from . import cohere_rules, cohere_verbs
from .base import Received, Route
from .pieces import (
    deltas,
    finish_of,
    fragments,
    known,
    made_uuid,
    model_of,
    no_images,
    page_size,
    page_start,
    page_token,
    word_for,
    write,
)
from .rules import as_object, refusal

_FINISH_REASONS = {
    FinishReason.stop: "COMPLETE",
    FinishReason.tool_calls: "TOOL_CALL",
    FinishReason.length: "MAX_TOKENS",
    FinishReason.content_filter: "ERROR_TOXIC",  # of v1; v2 says HTTP 498 before an answer, and plain text in one
    FinishReason.error: "ERROR",
}


class CohereChat:
    """POST /v2/chat, GET /v1/models.

    finish_reason error: message-end with ERROR (or `code`, e.g. TIMEOUT) and the answer's `message`.
    Thinking before calls is the plan (`tool_plan`), except for the models that reason, which think in a block.
    """

    name = "cohere_chat"
    base_path = ""
    hosts = ("citations",)
    routes = (Route("chat", "POST", "/v2/chat"), Route("models", "GET", "/v1/models"), *cohere_verbs.ROUTES)
    stream_type = "text/event-stream"

    def key(self, request: Received) -> str | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return key if scheme.lower() == "bearer" and key else None

    def wants_stream(self, request: Received) -> bool:
        return (as_object(request.body) or {}).get("stream") is True

    def check(self, request: Received) -> str | None:
        return refusal(cohere_rules.check, request.body)

    def stream(self, answer: Answer, request: Received) -> list[bytes]:
        no_images(self.name, answer)
        empty: dict[str, Any] = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        identity = answer.id or made_uuid(answer, request)
        events = [_named({"id": identity, "type": "message-start", "delta": {"message": empty}})]
        for index, block in enumerate(_blocks(answer, request)):
            cited = _cited(answer, index) if block["type"] == "text" else []
            events += _block_events(index, block, answer.chunk, cited)
        for piece in deltas(_plan(answer, request), answer.chunk):
            events.append(_event("tool-plan-delta", None, tool_plan=piece))
        for index, call in enumerate(answer.tool_calls):
            events += _call_events(index, call, answer.chunk)
        return [*events, _end(_finish(answer))]

    def body(self, answer: Answer, request: Received) -> bytes:
        no_images(self.name, answer)
        message: dict[str, Any] = {"role": "assistant"}
        blocks, plan = _blocks(answer, request), _plan(answer, request)
        if blocks:
            message["content"] = blocks
        if answer.citations:
            message["citations"] = _cited(answer, len(blocks) - 1)
        if plan:
            message["tool_plan"] = plan
        if answer.tool_calls:
            message["tool_calls"] = [_call(call, call.arguments) for call in answer.tool_calls]
        return write({"id": answer.id or made_uuid(answer, request), "message": message, **_finish(answer)}).encode()

    def check_further(self, request: Received) -> str | None:
        return cohere_verbs.check(request)

    def further(self, answer: Answer, request: Received) -> bytes:
        return cohere_verbs.body(answer, request)

    def error(self, status: int, message: str, code: str = "") -> bytes:
        error = {"id": "c4683f92-4cf9-4d33-a190-64ef83fac1c6", "message": message}
        return write(error | ({"error_type": code} if code else {})).encode()

    def error_event(self, message: str, code: str = "") -> bytes:
        return _end({"finish_reason": code or "ERROR", "usage": {}, "error": message})

    def models(self, names: tuple[str, ...], request: Received) -> bytes:
        size = page_size(request.query.get("page_size"), 20)
        start = page_start(request.query.get("page_token"))
        listed: dict[str, Any] = {"models": [_model(name) for name in names[start : start + size]]}
        if start + size < len(names):
            listed["next_page_token"] = page_token(start + size)
        return write(listed).encode()


def _named(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {write(event)}\n\n".encode()


def _event(kind: str, index: int | None, **message: Any) -> bytes:
    """One event; everything but its index stands in delta.message."""
    event: dict[str, Any] = {"type": kind}
    event |= {} if index is None else {"index": index}
    return _named(event | ({"delta": {"message": message}} if message else {}))


def _end(delta: dict[str, Any]) -> bytes:
    """The last event, which is the end mark, and the unnamed line that comes behind it."""
    return _named({"type": "message-end", "delta": delta}) + b"data: [DONE]\n\n"


def _reasons(answer: Answer, request: Received) -> bool:
    model = model_of(answer, request)
    return "reasoning" in model or "plus" in model


def _plan(answer: Answer, request: Received) -> str:
    """What a model that does not reason says before it calls."""
    planned = answer.tool_calls and not answer.text and not _reasons(answer, request)
    return answer.thinking if planned else ""


def _blocks(answer: Answer, request: Received) -> list[dict[str, Any]]:
    """The content: thinking first, then text. Calls count from 0 again, beside it."""
    blocks: list[dict[str, Any]] = []
    if answer.thinking and not _plan(answer, request):
        blocks.append({"type": "thinking", "thinking": answer.thinking})
    if answer.text:
        blocks.append({"type": "text", "text": answer.text})
    return blocks


def _block_events(index: int, block: dict[str, Any], chunk: int, cited: list[dict[str, Any]]) -> list[bytes]:
    """A block, and the sources of its text, which count from 0 on their own."""
    kind = block["type"]
    events = [_event("content-start", index, content={"type": kind, kind: ""})]
    events += [_event("content-delta", index, content={kind: piece}) for piece in deltas(block[kind], chunk)]
    for number, citation in enumerate(cited):
        events += [_event("citation-start", number, citations=citation), _event("citation-end", number)]
    return [*events, _event("content-end", index)]


def _cited(answer: Answer, block: int) -> list[dict[str, Any]]:
    """The pieces of text that have sources, each with all of its own. Raises ValueError for a source without a
    place."""
    found: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for citation in answer.citations:
        if citation.start is None or citation.end is None:
            raise ValueError("Cohere's citations have places in the text: give start and end")
        found.setdefault((citation.start, citation.end), []).append(_source(citation))
    return [
        {"start": start, "end": end, "text": answer.text[start:end], "sources": sources, "type": "TEXT_CONTENT"}
        | {"content_index": block}
        for (start, end), sources in found.items()
    ]


def _source(citation: Citation) -> dict[str, Any]:
    said = {"url": citation.url, "title": citation.title, "snippet": citation.cited_text}
    id = citation.document or citation.url or citation.title
    return {"type": "document", "id": id, "document": {"id": id, **{key: text for key, text in said.items() if text}}}


def _call_events(index: int, call: ToolCall, chunk: int) -> list[bytes]:
    """A call: an object in the stream, not a list. One without arguments has no delta at all."""
    pieces = [] if call.arguments == "{}" else fragments(call.arguments, chunk)
    filled = [_event("tool-call-delta", index, tool_calls={"function": {"arguments": piece}}) for piece in pieces]
    return [_event("tool-call-start", index, tool_calls=_call(call, "")), *filled, _event("tool-call-end", index)]


def _call(call: ToolCall, arguments: str) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _finish(answer: Answer) -> dict[str, Any]:
    finish = finish_of(answer)
    said: dict[str, Any] = {"finish_reason": word_for("cohere_chat", _FINISH_REASONS, finish)}
    said["usage"] = _usage(answer.usage)
    if finish is FinishReason.error:
        said["finish_reason"] = answer.code or said["finish_reason"]
        said["error"] = answer.message or "No valid response generated. Try updating messages"
    return said


def _usage(usage: Usage) -> dict[str, Any]:
    """tokens holds all counts, billed_units the same ones here; the cache's stands beside both."""
    billed = known(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)
    if not billed:
        return {}
    tokens = billed | known(reasoning_tokens=usage.reasoning_tokens)
    return {"billed_units": billed, "tokens": tokens, **known(cached_tokens=usage.cache_read_tokens)}


def _model(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "endpoints": ["chat"],
        "finetuned": False,
        "context_length": 288_000,
        "tokenizer_url": f"https://storage.googleapis.com/cohere-public/tokenizers/{name}.json",
        "features": ["tools", "tool_choice", "json_schema", "citations"],
        "default_endpoints": [],
    }
