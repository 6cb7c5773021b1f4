"""The provider with no network: a transport that answers with the last user message, word by word when streamed.

It speaks the chat-completions wire, so that the whole road under a client is the same as with a real server. A token of
this model is a word.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from ..codecs import json
from .base import HTTPRequest, HTTPResponse, pieces


class EchoTransport:
    """Answers `POST .../chat/completions` and `GET .../models` by itself."""

    async def send(self, request: HTTPRequest) -> HTTPResponse:
        if request.body is None:
            return EchoResponse("application/json", [json.dumps({"object": "list", "data": [{"id": "echo"}]})])
        asked = json.loads_object(b"".join(pieces(request.body)))
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
