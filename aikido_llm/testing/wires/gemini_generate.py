"""Gemini generateContent from the server's side. Source: Gemini API reference, read 2026-11; recorded streams."""

import re
from typing import Any
from urllib.parse import unquote

from ...codecs.base64 import encode
from ...types.response import FinishReason
from ...types.usage import Usage
from ..answer import Answer
from . import batches, gemini_rules, gemini_verbs
from .base import Proof, Received, Route
from .gemini_hosted import notes, tool_parts
from .pieces import (
    arguments_of,
    deltas,
    finish_of,
    image_bytes,
    made_id,
    made_signature,
    page_size,
    page_start,
    page_token,
    word_for,
    write,
    write_pretty,
)
from .rules import as_list, as_object

_CHAT = re.compile(  # one wire under three names of its version, of which a client chooses one
    r"/v1(?:alpha|beta|beta1)?/(?:(?:projects/[^/]+/locations/[^/]+/)?publishers/google/)?"
    r"(?:models|tunedModels)/(?P<model>[^:/]+):(?:generateContent|streamGenerateContent)"
)
_FINISH_REASONS = {
    FinishReason.stop: "STOP",
    FinishReason.tool_calls: "STOP",
    FinishReason.length: "MAX_TOKENS",
    FinishReason.content_filter: "SAFETY",
    FinishReason.paused: "CONTINUATION",
    FinishReason.error: "MALFORMED_RESPONSE",
}
_STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_HARMS = ("HATE_SPEECH", "DANGEROUS_CONTENT", "HARASSMENT", "SEXUALLY_EXPLICIT")


class GeminiGenerate:
    """POST /v1beta/models/NAME:generateContent and :streamGenerateContent, GET /v1beta/models.

    A stream without `alt=sse` is one JSON array, as the service writes it (`media_type` says which it is).
    finish_reason content_filter without text: a blocked prompt. `code` of the answer is the reason instead of SAFETY,
    or, with finish_reason error, the word instead of MALFORMED_RESPONSE.
    """

    name = "gemini_generate"
    base_path = "/v1beta"
    hosts = ("server_tools", "citations")
    routes = (
        *gemini_verbs.ROUTES,
        Route("chat", "POST", _CHAT),
        Route("models", "GET", r"/v1(?:alpha|beta)?/models"),
        *batches.GEMINI,
    )
    stream_type = "text/event-stream"

    def key(self, request: Received) -> str | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")  # Google Cloud takes a token
        return token if scheme.lower() == "bearer" else request.headers.get("x-goog-api-key")

    def wants_stream(self, request: Received) -> bool:
        return request.path.endswith(":streamGenerateContent")

    def media_type(self, request: Received) -> str:
        """What an answer to this request is: an event stream only where the query asks for one."""
        if self.wants_stream(request) and request.query.get("alt") == "sse":
            return self.stream_type
        return "application/json; charset=UTF-8"

    def check(self, request: Received) -> str | None:
        return gemini_rules.refusal_of(request.body, _asked_model(request), stream=self.wants_stream(request))

    def issued(self, answer: Answer, request: Received) -> list[Proof]:
        return _proofs(_calls(answer, request))

    def returned(self, request: Received) -> list[Proof]:
        turns = as_list((as_object(request.body) or {}).get("contents")) or []
        return _proofs([part for turn in turns for part in as_list((as_object(turn) or {}).get("parts")) or []])

    def stream(self, answer: Answer, request: Received) -> list[bytes]:
        turns = _parts_by_chunk(answer, request)
        chunks = [_chunk(answer, request, turns, number) for number in range(1, len(turns) + 1)]
        if self.media_type(request) == self.stream_type:
            return [f"data: {write(chunk, (',', ': '))}\r\n\r\n".encode() for chunk in chunks]
        between = ["[", *[",\r\n"] * (len(chunks) - 1)]
        written = [f"{mark}{write_pretty(chunk)}\n" for mark, chunk in zip(between, chunks, strict=True)]
        written[-1] += "]"
        return [text.encode() for text in written]

    def body(self, answer: Answer, request: Received) -> bytes:
        turns = [_whole_parts(answer, request)]
        return f"{write_pretty(_chunk(answer, request, turns, 1))}\n".encode()

    def check_further(self, request: Received) -> str | None:
        return gemini_verbs.check(request)

    def further(self, answer: Answer, request: Received) -> bytes:
        return gemini_verbs.body(answer, request)

    def error(self, status: int, message: str, code: str = "") -> bytes:
        return f"{write_pretty({'error': _error(status, message, code)})}\n".encode()

    def error_event(self, message: str, code: str = "") -> bytes:
        statuses = [status for status, word in _STATUS_WORDS.items() if word == code]
        error = _error(statuses[0] if statuses else 503, message, code)
        return f"data: {write({'error': error}, (',', ': '))}\r\n\r\n".encode()

    def models(self, names: tuple[str, ...], request: Received) -> bytes:
        size = page_size(request.query.get("pageSize"), 50)
        start = page_start(request.query.get("pageToken"))
        listed: dict[str, Any] = {"models": [_model(name) for name in names[start : start + size]]}
        if start + size < len(names):
            listed["nextPageToken"] = page_token(start + size)
        return f"{write_pretty(listed)}\n".encode()


def _proofs(parts: list[Any]) -> list[Proof]:
    """Of the calls; the proof of a text stands in a part of its own in a stream, with nothing beside it."""
    signed = [part for item in parts if (part := as_object(item)) is not None and part.get("thoughtSignature")]
    calls = [(as_object(part.get("functionCall")), str(part["thoughtSignature"])) for part in signed]
    return [Proof(f"{call.get('name')} {write(call.get('args') or {})}", proof) for call, proof in calls if call]


def _asked_model(request: Received) -> str:
    match = _CHAT.fullmatch(request.path)
    return unquote(match["model"]) if match else ""


def _newest(answer: Answer, request: Received) -> bool:
    """Gemini 3: gives its calls ids, and signs the first of them whatever was thought."""
    model = answer.model or _asked_model(request)
    return "gemini-3" in model or model.endswith("-latest")


def _signature(answer: Answer, request: Received) -> str:
    """The thought signature, or "" where this answer has none."""
    if answer.signature:
        return answer.signature
    if answer.thinking or (answer.tool_calls and _newest(answer, request)):
        return made_signature(answer, request)
    return ""


def _blocked(answer: Answer) -> bool:
    """Whether the prompt was refused, so that there is no candidate at all."""
    content = answer.text or answer.thinking or answer.images or answer.tool_calls
    return finish_of(answer) is FinishReason.content_filter and not content


def _parts_by_chunk(answer: Answer, request: Received) -> list[list[dict[str, Any]]]:
    """The parts of every chunk of the stream: text in pieces, images and calls whole."""
    if _blocked(answer):
        return [[]]
    chunks = [[{"text": piece, "thought": True}] for piece in deltas(answer.thinking, answer.chunk)]
    chunks += [[part] for part in tool_parts(answer, request)]
    chunks += [[{"text": piece}] for piece in deltas(answer.text, answer.chunk)]
    chunks += [[part] for part in _images(answer)]
    calls, signature = _calls(answer, request), _signature(answer, request)
    if calls:
        return [*chunks, calls]
    # the signature of an answer without calls comes behind its last text, in a part of its own
    return [*chunks, [{"text": "", "thoughtSignature": signature}]] if signature else chunks or [[{"text": ""}]]


def _whole_parts(answer: Answer, request: Received) -> list[dict[str, Any]]:
    if _blocked(answer):
        return []
    calls, signature = _calls(answer, request), _signature(answer, request)
    parts: list[dict[str, Any]] = [{"text": answer.thinking, "thought": True}] if answer.thinking else []
    parts += tool_parts(answer, request)
    if answer.text or (signature and not calls):
        parts.append({"text": answer.text} | ({"thoughtSignature": signature} if signature and not calls else {}))
    return [*parts, *_images(answer), *calls]


def _images(answer: Answer) -> list[dict[str, Any]]:
    return [
        {"inlineData": {"mimeType": image.content_type or "image/png", "data": encode(image_bytes(image))}}
        for image in answer.images
    ]


def _calls(answer: Answer, request: Received) -> list[dict[str, Any]]:
    """The calls, whole; one that the token limit cut does not appear. Only the first is signed."""
    parts: list[dict[str, Any]] = []
    for call in answer.tool_calls:
        try:
            arguments = arguments_of(call)
        except ValueError:
            if finish_of(answer) is FinishReason.length:
                continue
            raise
        wanted: dict[str, Any] = {"name": call.name, "args": arguments}
        if _newest(answer, request):
            wanted["id"] = call.id
        parts.append({"functionCall": wanted})
    signature = _signature(answer, request)
    if parts and signature:
        parts[0]["thoughtSignature"] = signature
    return parts


def _chunk(answer: Answer, request: Received, turns: list[list[dict[str, Any]]], number: int) -> dict[str, Any]:
    """Chunk `number` (from 1) of the answer; the last one says why it ended."""
    last = number == len(turns)
    chunk: dict[str, Any] = {}
    if _blocked(answer):
        chunk["promptFeedback"] = {"blockReason": answer.code or "SAFETY", "safetyRatings": _ratings("HIGH")}
    else:
        candidate: dict[str, Any] = {"content": {"parts": turns[number - 1], "role": "model"}}
        candidate |= {"finishReason": _finish_word(answer)} if last else {}
        candidate["index"] = 0
        candidate |= {**_finish_notes(answer), **notes(answer, request)} if last else {}
        chunk["candidates"] = [candidate]
        if last and finish_of(answer) is FinishReason.paused:
            chunk["continuationToken"] = made_id(answer, request, 12)
    return chunk | {
        "usageMetadata": _usage(answer.usage, number / len(turns)) | {"serviceTier": "standard"},
        "modelVersion": answer.model or _asked_model(request),
        "responseId": answer.id or made_id(answer, request, 23),
    }


def _finish_word(answer: Answer) -> str:
    finish = finish_of(answer)
    named = answer.code if finish in {FinishReason.content_filter, FinishReason.error} else ""
    return named or word_for("gemini_generate", _FINISH_REASONS, finish)


def _finish_notes(answer: Answer) -> dict[str, Any]:
    notes: dict[str, Any] = {}
    if answer.tool_calls:
        notes["finishMessage"] = "Model generated function call(s)."
    if answer.message:
        notes["finishMessage"] = answer.message
    if finish_of(answer) is FinishReason.content_filter:
        notes["safetyRatings"] = _ratings("MEDIUM")
    return notes


def _ratings(worst: str) -> list[dict[str, Any]]:
    levels = [worst, *["NEGLIGIBLE"] * (len(_HARMS) - 1)]
    return [
        {"category": f"HARM_CATEGORY_{harm}", "probability": level} for harm, level in zip(_HARMS, levels, strict=True)
    ]


def _usage(usage: Usage, share: float) -> dict[str, Any]:
    """Counts so far. The visible answer grows from chunk to chunk; thoughts stand beside it; zeros are not written."""
    reasoning = usage.reasoning_tokens or 0
    visible = None if usage.output_tokens is None else int((usage.output_tokens - reasoning) * share)
    total = None
    if usage.input_tokens is not None and visible is not None:
        total = usage.input_tokens + visible + reasoning
    counts: dict[str, Any] = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": visible,
        "totalTokenCount": total,
        "cachedContentTokenCount": usage.cache_read_tokens,
        "promptTokensDetails": _by_modality(usage.input_tokens),
        "cacheTokensDetails": _by_modality(usage.cache_read_tokens),
        "thoughtsTokenCount": usage.reasoning_tokens,
    }
    return {name: count for name, count in counts.items() if count}


def _by_modality(count: int | None) -> list[dict[str, Any]]:
    return [{"modality": "TEXT", "tokenCount": count}] if count else []


def _error(status: int, message: str, code: str) -> dict[str, Any]:
    """google.rpc.Status. code: one of its words, or else the reason that its details give (API_KEY_INVALID)."""
    word = _STATUS_WORDS.get(status, "INVALID_ARGUMENT" if status < 500 else "INTERNAL")
    error: dict[str, Any] = {"code": status, "message": message, "status": word}
    details: list[dict[str, Any]] = []
    if code in {*_STATUS_WORDS.values(), "FAILED_PRECONDITION"}:
        error["status"] = code
    elif code:
        metadata = {"service": "generativelanguage.googleapis.com"}
        info = {"@type": _DETAIL + "ErrorInfo", "reason": code, "domain": "googleapis.com", "metadata": metadata}
        details += [info, {"@type": _DETAIL + "LocalizedMessage", "locale": "en-US", "message": message}]
    wait = re.search(r"retry in (\d+)[\d.]*s", message)
    if wait:  # the delay in the details is that of the message, cut to whole seconds
        details.append({"@type": _DETAIL + "RetryInfo", "retryDelay": f"{wait[1]}s"})
    return error | ({"details": details} if details else {})


_DETAIL = "type.googleapis.com/google.rpc."


def _model(name: str) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name.replace("-", " ").title(),
        "description": "A model of the test server.",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
        "thinking": True,
    }
