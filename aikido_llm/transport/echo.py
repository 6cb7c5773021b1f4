"""The provider with no network: a transport that answers with the last user message, word by word when streamed.

It speaks the chat-completions wire, so that the whole road under a client is the same as with a real server. A token of
this model is a word.
"""

import asyncio
import math
import re
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from ..codecs import json
from .base import HTTPRequest, HTTPResponse, pieces


class EchoTransport:
    """Answers `POST .../chat/completions`, `/embeddings`, `/rerank`, `/count` and `GET .../models` by itself."""

    async def send(self, request: HTTPRequest) -> HTTPResponse:
        if request.body is None:
            return EchoResponse("application/json", [json.dumps({"object": "list", "data": [{"id": "echo"}]})])
        asked = json.loads_object(b"".join(pieces(request.body)))
        for ending, answer in _VERBS.items():
            if request.url.endswith(ending):
                return EchoResponse("application/json", [json.dumps(answer(asked))])
        words = re.findall(r"\s*\S+\s*$|\s*\S+", _last_user_text(asked.get("messages", [])))
        usage = {"prompt_tokens": _count(asked.get("messages", [])), "completion_tokens": len(words)}
        if not asked.get("stream"):
            message = {"role": "assistant", "content": "".join(words)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return EchoResponse("application/json", [json.dumps(_frame(asked, [choice], usage))])
        deltas = [_frame(asked, [{"index": 0, "delta": {"content": word}}]) for word in words]
        deltas.append(_frame(asked, [{"index": 0, "delta": {}, "finish_reason": "stop"}], usage))
        events = [b"data: " + json.dumps(delta) + b"\n\n" for delta in deltas]
        return EchoResponse("text/event-stream", [*events, b"data: [DONE]\n\n"])

    async def aclose(self) -> None:
        """Nothing is open."""


class EchoResponse:
    """A 200 whose body is these pieces, one per read."""

    def __init__(self, content_type: str, pieces: list[bytes]) -> None:
        self.status = 200
        self.headers: Mapping[str, str] = {"content-type": content_type}
        self._pieces = pieces[::-1]

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        return self._pieces.pop() if self._pieces else b""

    def close(self) -> None:
        self._pieces.clear()

    def release(self) -> None:
        self._pieces.clear()


def _frame(asked: dict[str, Any], choices: list[dict[str, Any]], usage: dict[str, int] | None = None) -> dict[str, Any]:
    frame = {"id": "echo", "model": asked.get("model", "echo"), "choices": choices}
    return {**frame, "usage": usage} if usage else frame


def _last_user_text(messages: list[dict[str, Any]]) -> str:
    said = [_text(message.get("content")) for message in messages if message.get("role") == "user"]
    return said[-1] if said else ""


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts: list[dict[str, Any]] = content or []
    return "".join(str(part.get("text", "")) for part in parts)


def _count(messages: list[dict[str, Any]]) -> int:
    return sum(len(_text(message.get("content")).split()) for message in messages)


_DIMENSIONS = 16


def _embed(asked: dict[str, Any]) -> dict[str, Any]:
    """A vector of a text counts its words, each at one of a few places: texts that share words are near each other."""
    texts: list[str] = asked.get("input", [])
    size = int(asked.get("dimensions") or _DIMENSIONS)
    data = [{"index": index, "embedding": _vector(text, size)} for index, text in enumerate(texts)]
    return {"model": asked.get("model"), "data": data, "usage": {"prompt_tokens": sum(map(_words, texts))}}


def _vector(text: str, size: int) -> list[float]:
    places = [0.0] * size
    for word in _words_of(text):
        places[crc32(word.encode("utf-8", "replace")) % size] += 1.0
    length = math.hypot(*places)
    return [place / length for place in places] if length else [1.0, *places[1:]]


def _rank(asked: dict[str, Any]) -> dict[str, Any]:
    """Of the words of a query, the share that a document has."""
    documents: list[str] = asked.get("documents", [])
    wanted = set(_words_of(asked.get("query", "")))
    scores = [len(wanted & set(_words_of(document))) / max(1, len(wanted)) for document in documents]
    results = [{"index": index, "relevance_score": score} for index, score in enumerate(scores)]
    results.sort(key=lambda result: -result["relevance_score"])
    read = sum(map(_words, documents)) + _words(asked.get("query", ""))
    return {"model": asked.get("model"), "results": results[: asked.get("top_n")], "usage": {"total_tokens": read}}


def _count_all(asked: dict[str, Any]) -> dict[str, Any]:
    return {"input_tokens": _count(asked.get("messages", []))}


def _words(text: str) -> int:
    return len(text.split())


def _words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


_VERBS = {"/embeddings": _embed, "/rerank": _rank, "/count": _count_all}
