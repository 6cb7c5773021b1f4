"""Ollama's own wire from the server's side: JSON lines, calls that come whole.

Source: Ollama docs, "API", and the server's own types, read 2026-11; recorded streams.
"""

from typing import Any

from ...codecs.base64 import encode
from ...types.response import FinishReason
from ..answer import Answer
from . import ollama_rules, ollama_verbs
from .base import Received, Route
from .pieces import arguments_of, deltas, finish_of, image_bytes, known, made_id, model_of, write
from .rules import as_object, refusal

# Calls end with "stop"; there is no filter.
_DONE_REASONS = {
    FinishReason.stop: "stop",
    FinishReason.tool_calls: "stop",
    FinishReason.length: "length",
    FinishReason.other: "other",
}
_DAY = "2026-11-20T09:00:"
_CONTEXT = 40_960


class OllamaChat:
    """POST /api/chat, GET /api/tags. A local server asks for no key; one that is sent must be right.

    finish_reason error: the stream breaks off in an error line; a body is that envelope. content_filter: likewise,
    since the wire has no word for it.
    """

    name = "ollama_chat"
    base_path = ""
    routes = (Route("chat", "POST", "/api/chat"), Route("models", "GET", "/api/tags"), *ollama_verbs.ROUTES)
    stream_type = "application/x-ndjson"

    def key(self, request: Received) -> str | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def wants_stream(self, request: Received) -> bool:
        return (as_object(request.body) or {}).get("stream") is not False  # true by default

    def check(self, request: Received) -> str | None:
        return refusal(ollama_rules.check, request.body)

    def stream(self, answer: Answer, request: Received) -> list[bytes]:
        messages: list[dict[str, Any]] = []
        messages += [{"content": "", "thinking": piece} for piece in deltas(answer.thinking, answer.chunk)]
        messages += [{"content": piece} for piece in deltas(answer.text, answer.chunk)]
        messages += [{"content": "", "images": [image]} for image in _images(answer)]
        if answer.tool_calls:
            messages.append({"content": "", "tool_calls": _calls(answer, request)})
        lines = [
            _line(answer, request, number, {"role": "assistant", **message}, done=False)
            for number, message in enumerate(messages)
        ]
        events = [f"{write(line)}\n".encode() for line in lines]
        if finish_of(answer) not in _DONE_REASONS:
            return [*events, self.error_event(_failure(answer))]
        last = _line(answer, request, len(lines), {"role": "assistant", "content": ""}, done=True)
        return [*events, f"{write(last | _end(answer))}\n".encode()]

    def body(self, answer: Answer, request: Received) -> bytes:
        if finish_of(answer) not in _DONE_REASONS:
            return self.error(500, _failure(answer))
        message: dict[str, Any] = {"role": "assistant", "content": answer.text}
        if answer.thinking:
            message["thinking"] = answer.thinking
        if answer.images:
            message["images"] = _images(answer)
        if answer.tool_calls:
            message["tool_calls"] = _calls(answer, request)
        return write(_line(answer, request, 0, message, done=True) | _end(answer)).encode()

    def check_further(self, request: Received) -> str | None:
        return ollama_verbs.check(request)

    def further(self, answer: Answer, request: Received) -> bytes:
        return ollama_verbs.body(answer, request)

    def error(self, status: int, message: str, code: str = "") -> bytes:
        return write({"error": message}).encode()

    def error_event(self, message: str, code: str = "") -> bytes:
        return f"{write({'error': message})}\n".encode()

    def models(self, names: tuple[str, ...], request: Received) -> bytes:
        return write({"models": [_model(name) for name in names]}).encode()


def _failure(answer: Answer) -> str:
    return answer.message or "an error was encountered while running the model"


def _line(answer: Answer, request: Received, number: int, message: dict[str, Any], *, done: bool) -> dict[str, Any]:
    return {
        "model": model_of(answer, request),
        "created_at": f"{_DAY}{number // 10 % 60:02}.{number % 10}23456Z",
        "message": message,
        "done": done,
    }


def _end(answer: Answer) -> dict[str, Any]:
    """Counts that are None, and zeros, are left out; durations are nanoseconds."""
    usage = answer.usage
    return {
        "done_reason": _DONE_REASONS[finish_of(answer)],
        "total_duration": 912_000_111,
        "load_duration": 40_100_200,
        **known(prompt_eval_count=usage.input_tokens or None),
        "prompt_eval_duration": 50_200_300,
        **known(eval_count=usage.output_tokens or None),
        "eval_duration": 300_400_500,
    }


def _images(answer: Answer) -> list[str]:
    return [encode(image_bytes(image)) for image in answer.images]


def _calls(answer: Answer, request: Received) -> list[dict[str, Any]]:
    """The arguments are an object here."""
    return [
        {
            "id": call.id or "call_" + made_id(answer, request, 8, str(index), "abcdefghijklmnopqrstuvwxyz0123456789"),
            "function": {"index": index, "name": call.name, "arguments": arguments_of(call)},
        }
        for index, call in enumerate(answer.tool_calls)
    ]


def _model(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "model": name,
        "modified_at": "2026-10-02T11:00:00+02:00",
        "size": 5_225_388_164,
        "digest": made_id(Answer(text=name), Received("GET", "", {}, {}), 64, letters="0123456789abcdef"),
        "details": {
            "parent_model": "",
            "format": "gguf",
            "family": "qwen3",
            "families": ["qwen3"],
            "parameter_size": "8.2B",
            "quantization_level": "Q4_K_M",
            "context_length": _CONTEXT,
        },
        "capabilities": ["completion", "tools", "thinking"],
    }
