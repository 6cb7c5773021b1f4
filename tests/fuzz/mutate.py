"""Changes of an input that keep most of it sound: of one JSON value, of a line, of a few bytes. Seeded."""

import json
import random
from collections.abc import Callable
from typing import Any, TypeAlias, cast

_HUGE = 10**300
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 3, 2**31, -(2**31), 2**63, _HUGE, 1e308, -0.0, float("nan"), float("inf"), "", "x",
    "null", "[DONE]", "\ud800", "\udc00x", "\x00", "\u2028", "data:image/png;base64,AAAA", "data:,", '{"a":1}', '{"a":',
    "stop", "length", "tool_calls", "error", [], [[]], [None], {}, {"": None}, [1, "a", {}], {"text": ["x"]},
    {"type": "text"}, {"error": {"message": "m"}},
)  # fmt: skip
TOKENS = (
    b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"data: ", b"data:", b"data", b"event: x\n", b"id: 1\n", b"retry: 9\n",
    b": c\n", b"error: ", b"\xef\xbb\xbf", b"\0", b'"', b"\\", b'\\"', b"{", b"}", b"[", b"]", b",", b" ", b"\xff",
    b"\xf0\x9f", b"[DONE]", b'{"error":{"message":"m"}}',
)  # fmt: skip
Rng: TypeAlias = random.Random


def mutate(data: bytes, rng: Rng) -> bytes:
    """One to four changes; the first two bytes, which choose the road, change at times only."""
    head, body = data[:2].ljust(2, b"\0"), data[2:]
    if rng.random() < 0.2:
        head = bytes((rng.randrange(256), rng.randrange(256)))
    for _ in range(rng.randrange(1, 5)):
        body = rng.choice(_CHANGES)(body, rng)
    return head + body


def _json_value(body: bytes, rng: Rng) -> bytes:
    """One value inside one line's JSON."""
    lines = body.split(b"\n")
    at = rng.choice([number for number, line in enumerate(lines) if b"{" in line] or [0])
    start = lines[at].find(b"{")
    try:
        value = json.loads(lines[at][start:]) if start >= 0 else None
    except (ValueError, RecursionError):
        return _bytes(body, rng)
    if value is None:
        return _bytes(body, rng)
    lines[at] = lines[at][:start] + _written(_changed(value, rng), rng)
    return b"\n".join(lines)


def _written(value: Any, rng: Rng) -> bytes:
    text = json.dumps(value, ensure_ascii=rng.random() < 0.7)
    return text.encode("utf-8", "surrogatepass")


def _changed(value: Any, rng: Rng) -> Any:
    places = _places(value)
    if not places:
        return rng.choice(ODD)
    holder, key = rng.choice(places)
    choice = rng.randrange(6)
    if choice == 0:
        del holder[key]
    elif choice == 1:  # a value from elsewhere in it
        other, name = rng.choice(places)
        if other is not holder:  # which has just lost it, perhaps
            holder[key] = json.loads(json.dumps(other[name]))
    elif choice == 2 and isinstance(holder, dict):  # under another name
        other, name = rng.choice(places)
        named = cast("dict[str, Any]", holder)
        named[str(name)] = named.pop(key)
    elif choice == 3 and isinstance(holder, list):
        listed = cast("list[object]", holder)
        listed.insert(rng.randrange(len(listed) + 1), listed[key])
    elif choice == 4 and isinstance(holder[key], str):
        text: str = holder[key]
        cut = rng.randrange(len(text) + 1)
        holder[key] = text[:cut] + str(rng.choice(ODD)) + text[cut + rng.randrange(3) :]
    else:
        holder[key] = rng.choice(ODD)
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    """(container, key) of every value inside."""
    found: list[tuple[Any, Any]] = []
    todo = [value]
    while todo:
        holder = todo.pop()
        keys = list(cast("dict[str, Any]", holder)) if isinstance(holder, dict) else list(range(len(holder)))
        found += [(holder, key) for key in keys]
        todo += [holder[key] for key in keys if isinstance(holder[key], dict | list)]
    return found


def _line(body: bytes, rng: Rng) -> bytes:
    """A line left out, repeated, moved or cut."""
    lines = body.split(b"\n")
    at = rng.randrange(len(lines))
    choice = rng.randrange(4)
    if choice == 0:
        del lines[at]
    elif choice == 1:
        lines.insert(rng.randrange(len(lines) + 1), lines[at])
    elif choice == 2:
        lines.insert(rng.randrange(len(lines)), lines.pop(at))
    else:
        lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
    return b"\n".join(lines)


def _bytes(body: bytes, rng: Rng) -> bytes:
    at = rng.randrange(len(body) + 1)
    choice = rng.randrange(4)
    if choice == 0:
        return body[:at] + rng.randbytes(rng.randrange(1, 4)) + body[at + rng.randrange(4) :]
    if choice == 1:
        return body[:at] + body[at + rng.randrange(1, 40) :]
    if choice == 2:
        return body[:at]
    return body[:at] + rng.choice(TOKENS) + body[at:]


_CHANGES: tuple[Callable[[bytes, Rng], bytes], ...] = (_json_value, _json_value, _json_value, _line, _bytes)
