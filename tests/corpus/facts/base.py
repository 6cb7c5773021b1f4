"""The facts, the draft that the protocols fill in, and the rules that hold for every protocol."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, cast

Json = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """What a user must be told about an exchange. `id` and `model` are '' when the wire does not say them."""

    text: str = ""
    thinking: str = ""
    tool_calls: tuple[tuple[str, str], ...] = ()  # (name, canonical arguments)
    images: tuple[tuple[str, str], ...] = ()  # (content type, sha256 of the bytes or the URL)
    audio: str = ""  # sha256 of all audio bytes
    finish_reason: str | None = None
    raw_finish_reason: str | None = None
    usage: dict[str, int | None] | None = None
    error: str | None = None
    id: str = ""
    model: str = ""


@dataclass
class Draft:
    """The facts while they are collected: arguments, finish reason and audio still raw."""

    text: str = ""
    thinking: str = ""
    tool_calls: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    images: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    audio: bytes = b""
    finish: str | None = None
    raw_finish: str | None = None
    usage: dict[str, int | None] | None = None
    error: str | None = None
    id: str = ""
    model: str = ""


# ---------------------------------------------------------------- looking into JSON whose shape is not known


def get(value: object, *path: str) -> Any:
    for key in path:
        value = cast("Json", value).get(key) if isinstance(value, dict) else None
    return value


def string(value: object, *path: str) -> str:
    found = get(value, *path)
    return found if isinstance(found, str) else ""


def number(value: object, *path: str) -> int | None:
    found = get(value, *path)
    return int(found) if isinstance(found, (int, float)) and not isinstance(found, bool) else None


def objects(value: object, *path: str) -> list[Json]:
    found = get(value, *path)
    items = cast("list[object]", found) if isinstance(found, list) else []
    return [cast("Json", item) for item in items if isinstance(item, dict)]


# ---------------------------------------------------------------- splitting a whole body


def is_plain_json(body: bytes) -> bool:
    return body.lstrip()[:1] in {b"{", b"["}


def lines(body: bytes) -> list[str]:
    return body.decode("utf-8").replace("\r\n", "\n").split("\n")


def sse_data(body: bytes) -> list[str]:
    """The data of every event: no recording spreads one event over two `data:` lines."""
    return [line[5:].strip() for line in lines(body) if line.startswith("data:")]


def sse_objects(body: bytes) -> list[Json]:
    """Every event's JSON, and at the end whatever JSON stands in the stream without a `data:` before it."""
    found: list[Json] = [json.loads(data) for data in sse_data(body) if data and data != "[DONE]"]
    fields = ("data:", "event:", "id:", "retry:", ":")
    stray = "\n".join(line for line in lines(body) if not line.startswith(fields)).strip()
    return [*found, json.loads(stray)] if stray else found


# ---------------------------------------------------------------- small conversions


def canonical(arguments: str) -> str:
    if not arguments.strip():
        return "{}"
    return json.dumps(json.loads(arguments), sort_keys=True) if parses(arguments) else arguments


def parses(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def decoded(data: str) -> bytes:
    return base64.b64decode(data + "=" * (-len(data) % 4))  # one recording has no padding


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def image(url: str) -> tuple[str, str]:
    """(content type, sha256) of a data: URI, ('', URL) of any other."""
    if not url.startswith("data:"):
        return "", url
    head, _, data = url.partition(",")
    return head.removeprefix("data:").partition(";")[0], sha256(decoded(data))


def usage(
    input_tokens: int | None,
    output_tokens: int | None,
    cache_read: int | None = None,
    cache_write: int | None = None,
    reasoning: int | None = None,
) -> dict[str, int | None] | None:
    """The five counts, or None when not one was sent. A part is never larger than its whole."""
    if cache_read is not None and input_tokens is not None:
        cache_read = min(cache_read, input_tokens)
    if reasoning is not None and output_tokens is not None:
        reasoning = min(reasoning, output_tokens)
    counts: dict[str, int | None] = {
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "cache_read_tokens": cache_read,
        "cache_write_tokens": cache_write,
        "reasoning_tokens": reasoning,
    }
    return counts if any(count is not None for count in counts.values()) else None


# ---------------------------------------------------------------- the rules for all


def settle(draft: Draft) -> Facts:
    """From what the wire said to what the user is told. A draft without a finish is an answer that was cut off."""
    finish, error = draft.finish, draft.error
    if error is None and finish is None:
        error = "StreamTruncated"
    if error is None and finish == "error":
        error = "ServerError"
    if error is None and finish == "content_filter":
        error = "ContentFilteredError"
    if error is not None:
        finish = "content_filter" if error == "ContentFilteredError" else "error"
    # Where the answer was cut, a call with half its arguments (or none yet) is not a call.
    cut = finish in {"length", "error", "content_filter"} or (finish == "other" and draft.raw_finish is None)
    calls = [(name, arguments) for name, arguments in draft.tool_calls if not cut or parses(arguments)]
    return Facts(
        text=draft.text,
        thinking=draft.thinking,
        tool_calls=tuple((name, canonical(arguments)) for name, arguments in calls),
        images=tuple(draft.images),
        audio=sha256(draft.audio) if draft.audio else "",
        finish_reason="tool_calls" if finish == "stop" and calls else finish,
        raw_finish_reason=draft.raw_finish,
        usage=draft.usage,
        error=error,
        id=draft.id,
        model=draft.model,
    )
