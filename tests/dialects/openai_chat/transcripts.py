"""Makers of hand-written answers, as bytes."""

import json
from typing import Any

HEAD: dict[str, Any] = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1790000000, "model": "m-1"}


def data(value: Any) -> bytes:
    """One event; bytes and text go in as they are."""
    payload = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return f"data: {payload}\n\n".encode()


def chunk(delta: Any = None, finish: str | None = None, **top: Any) -> bytes:
    """A chunk with one choice."""
    return data({**HEAD, "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}], **top})


def text(*pieces: str) -> bytes:
    return b"".join(chunk({"content": piece}) for piece in pieces)


def call(index: int | None = 0, id: Any = None, name: Any = None, arguments: Any = None, **more: Any) -> dict[str, Any]:
    """A piece of a tool call; None leaves the key out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    piece = {key: value for key, value in (("index", index), ("id", id)) if value is not None}
    return {**piece, "function": function, **more}


def calls(*pieces: dict[str, Any], finish: str | None = None, **top: Any) -> bytes:
    return chunk({"tool_calls": list(pieces)}, finish, **top)


def usage(prompt: int = 9, completion: int = 2, **more: Any) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion, **more}


STOP = chunk(finish="stop")
DONE = b"data: [DONE]\n\n"
END = STOP + DONE


def body(message: dict[str, Any], finish: str | None = "stop", **top: Any) -> bytes:
    """A whole completion."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return json.dumps({**HEAD, "object": "chat.completion", "choices": [choice], **top}).encode()
