"""What is done to a recorded answer: changes that mean nothing, and changes that harm."""

import json
import random
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from attrs import evolve, field, frozen

from aikido_llm.dialects.values import is_list, is_object
from tests import binary

OPAQUE = ("arguments", "args", "input", "parameters", "partialArgs", "error", "metadata", "toolResponse", "toolResult")
"""Keys of what belongs to the model or the caller: a field more in there is another answer."""


@frozen
class Sent:
    """An answer as a server sends it. blocks: events of a stream or its lines, in order; a whole body is one.
    kind: sse, ndjson, binary or whole. end: what stands behind a block."""

    blocks: tuple[bytes, ...]
    kind: str
    label: str
    end: bytes = field(default=b"")

    @property
    def body(self) -> bytes:
        return b"".join(block + self.end for block in self.blocks)


Change: TypeAlias = Callable[[Sent, random.Random, Sent], Sent | None]
"""(answer, dice, another answer of the same wire and kind) -> the changed one, None where it has no room for it."""


def sent(body: bytes, label: str) -> Sent:
    """A recorded body in its parts."""
    if body[:1] == b"\0":
        return Sent(tuple(binary.messages(body)), "binary", label)
    plain = body.replace(b"\r\n", b"\n")
    if re.match(rb"\s*(?:data|event|id|:)", plain):
        return Sent(tuple(block for block in re.split(rb"\n{2,}", plain.strip(b"\n"))), "sse", label, b"\n\n")
    if label == "application/x-ndjson":
        return Sent(tuple(line for line in plain.split(b"\n") if line.strip()), "ndjson", label, b"\n")
    return Sent((body,), "whole", label)


# ---------------------------------------------------------------- JSON inside


_WRAPPED = b"wrapped"  # stands behind the JSON of a message that held it so


def _payload(block: bytes, kind: str) -> tuple[bytes, Any, bytes] | None:
    """(what stands before its JSON, the JSON, what stands behind it)."""
    if kind == "binary":
        headers, _ = binary.parts(block)
        return headers, json.loads(binary.inside(block)), _WRAPPED if binary.is_wrapped(block) else b""
    found = (
        re.search(rb"^data: ?(\{.*\})\s*$", block, re.MULTILINE) if kind == "sse" else re.search(rb"(?s)(.*)", block)
    )
    if found is None:
        return None
    try:
        return block[: found.start(1)], json.loads(found[1]), block[found.end(1) :]
    except ValueError:
        return None


def _block(kind: str, before: bytes, value: Any, behind: bytes) -> bytes:
    """A block with other JSON in it."""
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if kind == "binary":
        return binary.message(before, binary.wrapping(text) if behind == _WRAPPED else text)
    return before + text + behind


def _rewritten(answer: Sent, change: Callable[[Any], Any]) -> Sent | None:
    blocks: list[bytes] = []
    for block in answer.blocks:
        parts = _payload(block, answer.kind)
        if parts is None:
            blocks.append(block)
            continue
        before, value, behind = parts
        blocks.append(_block(answer.kind, before, change(value), behind))
    return evolve(answer, blocks=tuple(blocks))


def _walk(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if is_list(value):
        return [_walk(item, change) for item in value]
    if not is_object(value):
        return value
    fields: dict[str, Any] = value
    kind = str(fields.get("type"))
    if kind.endswith(("_result", "_call", "_output", "_tools")) and kind not in ("function_call", "custom_tool_call"):
        return fields  # what a server's tool was asked and gave back is handed on as it came
    return change({key: item if key in OPAQUE else _walk(item, change) for key, item in fields.items()})


def _counted(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        key: str(item) if re.search(r"(?i)_?tokens$|TokenCount$|_count$", key) and type(item) is int else item
        for key, item in fields.items()
    }


# ---------------------------------------------------------------- harmless


_BEATS = (
    b": keep-alive", b"data: {}", b"data: :", b"data: : keepalive", b"data:", b"event: ping\ndata: {}",
    b"event: keepalive\ndata: ok", b'event: keepalive\ndata: {"type":"keepalive","message":"here","code":0}',
    b'data: {"type": "ping"}', b"event: x.unknown\ndata: <wait>", b"retry: 3000", b"id: 7",
)  # fmt: skip
_LINES = (b"{}", b"", b": keepalive", b'{"type": "ping"}', b"null")
_MESSAGES = (
    binary.event("ping"), binary.event("keepalive", b'{"type":"keepalive","message":"here"}'),
    binary.event("x.unknown", b"<wait>"), binary.event("initial-response"),
)  # fmt: skip
_LABELS = ("text/plain", "text/event-stream", "application/json", "application/octet-stream", "text/html", "")


def heartbeats(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    if answer.kind == "whole":
        return evolve(answer, blocks=(b" \n\n " + answer.blocks[0],))
    beats = {"sse": _BEATS, "ndjson": _LINES, "binary": _MESSAGES}[answer.kind]
    blocks = [dice.choice(beats)]
    for block in answer.blocks:
        blocks += [block, dice.choice(beats)]
    return evolve(answer, blocks=tuple(blocks))


def unknown_fields(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    def more(value: Any) -> Any:
        return {"x_new": {"a": [1, "b"]}, **value, "x_more": 3.5} if is_object(value) else value

    return _rewritten(answer, more)


def nulls(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    return _rewritten(answer, lambda value: _walk(value, lambda fields: {**fields, "x_null": None}))


ONCE = "said-in-one-frame"
_REPEATED = ("service_tier", "system_fingerprint", "provider", "request_id", "generationId", "model_version")
"""Fields that hosts of the chat wire repeat with every chunk."""


def said_once(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    """One frame says what no other does: in the answer's own fields, a choice's or a message's."""
    places: list[tuple[int, int]] = []
    for at, block in enumerate(answer.blocks):
        parts = _payload(block, answer.kind)
        places += [(at, number) for number in range(len(_holders(parts[1])))] if parts is not None else []
    if not places:
        return None
    at, number = dice.choice(places[1:-1] or places)
    parts = _payload(answer.blocks[at], answer.kind)
    assert parts is not None
    before, value, behind = parts
    names = (
        [name for name in _REPEATED if name.encode() not in answer.body] if "choices" in value and not number else []
    )
    _holders(value)[number][dice.choice([*names, "x_once"])] = ONCE
    block = _block(answer.kind, before, value, behind)
    return evolve(answer, blocks=(*answer.blocks[:at], block, *answer.blocks[at + 1 :]))


def _holders(value: Any) -> list[dict[str, Any]]:
    """Where a frame says something of the answer, by what stands in it on the six wires."""
    if not is_object(value):
        return []
    response, kind = value.get("response"), value.get("type")
    if "stopReason" in value:
        return [value]
    if is_object(response):
        return [response] if kind != "response.queued" else []
    if kind == "message_start":
        return [value["message"]]
    if kind in ("message_delta", "content-delta", "message") or value.get("object") == "response":
        return [value]
    inner = next((value[key][0] for key in ("choices", "candidates") if value.get(key)), None)
    if is_object(inner) and not inner.get("index"):
        said = inner.get("delta") or inner.get("message")
        return [value, inner, *([said] if is_object(said) else [])]
    message = value.get("message")
    return [value, message] if is_object(message) and "error" not in value else []


def reordered_keys(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    return _rewritten(answer, lambda value: _walk(value, lambda fields: dict(reversed(fields.items()))))


def numbers_as_text(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    return _rewritten(answer, lambda value: _walk(value, _counted))


def end_again(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    return None if answer.kind == "whole" else evolve(answer, blocks=(*answer.blocks, answer.blocks[-1]))


def line_ends(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    if answer.kind in ("whole", "binary"):
        return None
    blocks = tuple(block.replace(b"\n", b"\r\n") for block in answer.blocks)
    return evolve(answer, blocks=blocks, end=answer.end.replace(b"\n", b"\r\n"))


def other_label(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    return evolve(answer, label=dice.choice([label for label in _LABELS if label != answer.label]))


def comments(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    if answer.kind != "sse":
        return None
    return evolve(answer, blocks=tuple(b": a comment\n" + block + b"\n:" for block in answer.blocks))


def blank_end(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    return evolve(answer, blocks=(*answer.blocks[:-1], answer.blocks[-1] + answer.end + b"\n\n\n"))


def mark_before(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    if answer.kind == "binary":
        return None
    return evolve(answer, blocks=(b"\xef\xbb\xbf" + answer.blocks[0], *answer.blocks[1:]))


HARMLESS: dict[str, Change] = {
    "heartbeats between any two events": heartbeats,
    "unknown fields": unknown_fields,
    "nulls everywhere": nulls,
    "a field in one frame alone": said_once,
    "keys in another order": reordered_keys,
    "counts as text": numbers_as_text,
    "the last event again": end_again,
    "CRLF": line_ends,
    "another label": other_label,
    "comments": comments,
    "blank lines at the end": blank_end,
    "a byte order mark": mark_before,
}

# ---------------------------------------------------------------- harmful


def halved(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    """One frame loses its second half, and what stands behind it follows."""
    places = [at for at, block in enumerate(answer.blocks) if _payload(block, answer.kind) is not None]
    if not places:
        return None
    at = dice.choice(places)
    block = answer.blocks[at]
    start = max(block.find(b"{"), 0)
    half = block[: start + max((len(block) - start) // 2, 1)]
    return evolve(answer, blocks=(*answer.blocks[:at], half, *answer.blocks[at + 1 :]))


def broken_off(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    """The bytes end inside a frame."""
    body = answer.body
    size = dice.randrange(len(body))
    return evolve(answer, blocks=(body[:size],), end=b"")


def end_lost(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    """The last events are missing, whole."""
    if len(answer.blocks) < 3:
        return None
    return evolve(answer, blocks=answer.blocks[: dice.randrange(1, len(answer.blocks) - 1)])


def mixed(answer: Sent, dice: random.Random, other: Sent) -> Sent | None:
    """The middle of another answer comes in the middle of this one."""
    if min(len(answer.blocks), len(other.blocks)) < 4:
        return None
    at, half = len(answer.blocks) // 2, len(other.blocks) // 2
    return evolve(answer, blocks=(*answer.blocks[:at], *other.blocks[:half], *answer.blocks[at:]))


def numbered_lost(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    """One of the events that the server counts is missing, of those that bring the answer."""
    numbered = [at for at, block in enumerate(answer.blocks) if b'"sequence_number"' in block and b".delta" in block]
    if not numbered:
        return None
    at = dice.choice(numbered)
    return evolve(answer, blocks=(*answer.blocks[:at], *answer.blocks[at + 1 :]))


def dropped(answer: Sent, dice: random.Random, _: Sent) -> Sent | None:
    """One frame is missing."""
    if len(answer.blocks) < 3:
        return None
    at = dice.randrange(1, len(answer.blocks) - 1)
    return evolve(answer, blocks=(*answer.blocks[:at], *answer.blocks[at + 1 :]))


HARMFUL: dict[str, Change] = {
    "a frame halved": halved,
    "the bytes break off": broken_off,
    "the last events lost": end_lost,
    "two answers mixed": mixed,
    "one frame lost": dropped,
    "one that is numbered lost": numbered_lost,
}
