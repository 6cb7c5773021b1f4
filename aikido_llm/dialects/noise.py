"""What is nothing on any wire, and what only looks like it.

Gateways say "I am still here" in ways that no wire has: events of a name of their own, empty objects, comments behind
`data:`. All of it is nothing. What carries a frame of the wire is content, wherever it stands: a damaged `dat: {...}`,
a bare line of JSON, an event whose name is a gateway's. What is half of one is a fault, and an event named `error` is
an error, whatever it holds.

Only frames that a wire's quick road did not take come here.
source: WHATWG HTML, section 9.2; reports of the hosts' users, read 2026-11.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from ..codecs import json
from ..errors import LLMError, MalformedStream
from ..framing import STRAY
from . import envelope
from .status import page_text
from .values import as_object, is_list

_HEARTBEAT = re.compile(
    r"(?:\w{1,20}[-_. :])?"
    r"(?:ping|pong|heart[-_. ]?beat|keep[-_. ]?alive|still[-_. ]?alive|noop|no-op|waiting|processing)",
    re.IGNORECASE,
)
_FIELD = re.compile(rb"\A(data|event|id|retry):[ \t]*(.*)\Z", re.DOTALL)  # a line of an event stream
_UNNAMED = "message"  # what the standard calls an event without a name
_WORD = 40  # bytes; no heartbeat's word is longer
_MOST_OF_NOTHING = 200  # bytes of an event that may be one
_END_MARK = b"[DONE]"
_DATA = b"data:"
_MOST_APART = 8 * 1024 * 1024  # bytes that are parsed to see whether they are several documents
_BETWEEN = re.compile(r"(?:\s|data:|(?:event|id|retry):[^\n]*\n|:[^\n]*\n)*")
_KINDS = ("type", "event", "object", "kind", "status", "message", "comment", "data")  # where a heartbeat has its word
_EMPTY = re.compile(rb'\{\s*\}|\[\s*\]|""')
_NO_WORD = re.compile(rb"[-+.,;:!*#_ ]*")


class Marks:
    """By what a wire knows its own frames. keys: an object with one of them, and no mere text under it, is one.
    types: a pattern of the words that its events have as their `type` or name. end: it has the end mark `[DONE]`.
    lines: its frames are lines of JSON, and fields of events may stand between them."""

    def __init__(
        self, keys: Iterable[str] = (), types: str = "(?!)", *, end: bool = False, lines: bool = False
    ) -> None:
        self._keys = frozenset(keys)
        self._types = re.compile(types)
        named = "|".join(re.escape(key) for key in sorted(self._keys)) or "(?!)"
        self._in_bytes = re.compile(rf'"(?:{named})"\s*:|"(?:{types})"'.encode())
        self.begin = re.compile(rf'\s*\{{\s*"type"\s*:\s*"(?:{types})"'.encode()).match  # as nearly all frames do
        self.end = end
        self.lines = lines

    def named(self, name: str) -> bool:
        """Whether the wire has events of this name."""
        return self._types.fullmatch(name) is not None

    def on(self, value: Any) -> bool:
        """Whether a JSON value is a frame of the wire."""
        said = as_object(value)
        held = any(not isinstance(said[key], str) for key in self._keys.intersection(said))
        return held or self.named(str(said.get("type", "")))

    def within(self, data: bytes) -> bool:
        """Whether data, which is no JSON, looks like one that was damaged."""
        return self._in_bytes.search(data) is not None


def sift(name: str, data: bytes, marks: Marks, failed: Callable[[Any], LLMError]) -> Iterable[bytes]:
    """The payloads in a frame that are the wire's: itself as a rule, none when it says nothing.

    raises: what `failed` makes of an error envelope, MalformedStream for half a frame where none belongs.
    """
    if name.lower() == "error":
        raise failed(envelope.of_event(data))
    if (b"\n" in data or data.startswith(_DATA)) and name != STRAY and (parts := apart(data)):
        return [payload for part in parts for payload in sift(name, part, marks, failed)]
    if marks.begin(data) and name != STRAY:
        return (data,)
    if marks.lines and not name:
        data = _FIELD.sub(_payload, data)
    if not name or name == _UNNAMED or marks.named(name):
        if len(data) > _MOST_OF_NOTHING:
            return (data,)
        return () if says_nothing(data, end=not marks.end) or _says_that_it_lives(data, marks) else (data,)
    return _stray(data, marks, failed) if name == STRAY else _of_another_name(name, data, marks, failed)


def apart(data: bytes) -> list[bytes]:
    """The documents in data that is not one: events with no blank line between them, `data:` said twice, two on one
    line, an error behind an event that never ended. Nothing when that is not what it is."""
    try:
        text = data.decode() if len(data) <= _MOST_APART else ""
    except UnicodeDecodeError:
        return []
    found: list[bytes] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        if between := _BETWEEN.match(text, at):
            at = between.end()
        value = json.value_at(text, at)
        if value is None and not text.startswith("[DONE]", at):
            last = text[text.rstrip().rfind("\n", at) + 1 :].encode()
            return [*found, last] if last.startswith(b"{") and len(last) < end and envelope.told(last) else []
        ends = at + len(_END_MARK) if value is None else value[1]
        found.append(text[at:ends].encode())
        at = ends
    return found if len(found) > 1 or data.startswith(_DATA) else []


def _payload(field: re.Match[bytes]) -> bytes:
    return field[2] if field[1] == b"data" else b""


def says_nothing(data: bytes, *, end: bool = False) -> bool:
    """Whether the data of an event is no word of any wire. end: nor is its end mark."""
    text = data.strip()
    if not text or text[:1] == b":" or _EMPTY.fullmatch(text) or b"null".startswith(text):
        return True
    if end and (text.startswith(_END_MARK) or (len(text) > 1 and _END_MARK.startswith(text))):
        return True
    if len(text) > _WORD:
        return False
    word = text.decode("utf-8", "replace").strip('"[]<>()')
    return _NO_WORD.fullmatch(text) is not None or _HEARTBEAT.fullmatch(word) is not None


def _says_that_it_lives(data: bytes, marks: Marks) -> bool:
    try:
        value = json.loads(data)
    except ValueError:
        return False
    return not marks.on(value) and is_heartbeat(value)


def is_heartbeat(value: Any) -> bool:
    """Whether an object that holds nothing of the wire has a heartbeat's word as its type, its message or a key
    (`{"type": "ping"}`, `{"keepalive": 1}`), or says nothing at all."""
    said = as_object(value)
    if said != value or any(said.get(key) for key in ("error", "errors")):
        return False
    words = [*map(str, said), *(str(said[key]) for key in _KINDS if key in said)]
    return not any(said.values()) or any(len(word) <= _WORD and _HEARTBEAT.fullmatch(word) for word in words)


def _of_another_name(name: str, data: bytes, marks: Marks, failed: Callable[[Any], LLMError]) -> Iterable[bytes]:
    try:
        value = json.loads(data)
    except ValueError:
        if marks.end and data.strip() == _END_MARK:
            return (data,)
        if marks.within(data):
            raise _half(data) from None
        return ()
    if marks.on(value):
        return (data,)
    if envelope.fails(value) and not (_HEARTBEAT.fullmatch(name) or is_heartbeat(value)):
        raise failed(value)
    return ()


def _stray(data: bytes, marks: Marks, failed: Callable[[Any], LLMError]) -> Iterable[bytes]:
    """Lines that stood where none belongs: one JSON over all of them, or one in each."""
    try:
        value = json.loads(data)
    except ValueError:
        lines = data.split(b"\n")
        found = [payload for line in lines for payload in _in_line(line, marks, failed)]
        if not found and data.lstrip()[:1] in (b"{", b"[") and b'"error"' in data and json.cut_short(data):
            raise _half(data) from None
        return found
    return _whole(value, data, marks, failed)


def _in_line(line: bytes, marks: Marks, failed: Callable[[Any], LLMError]) -> Iterable[bytes]:
    start = min((at for bracket in (b"{", b"[") if (at := line.find(bracket)) >= 0), default=-1)
    if start < 0:
        return ()
    text = line[start:]
    try:
        value = json.loads(text)
    except ValueError:
        if marks.within(text):
            raise _half(text) from None
        return ()
    return _whole(value, text, marks, failed)


def _whole(value: Any, text: bytes, marks: Marks, failed: Callable[[Any], LLMError]) -> Iterable[bytes]:
    if marks.on(value):
        return (text,)
    if is_list(value) and any(marks.on(item) for item in value):
        return [json.dumps(item) for item in value if marks.on(item)]
    if marks.end and text.strip() == _END_MARK:
        return (text,)
    if envelope.is_error(value) and not is_heartbeat(value):
        raise failed(value)
    return ()


def _half(data: bytes) -> MalformedStream:
    shown = page_text(data[:400].decode("utf-8", "replace"))
    return MalformedStream(f"JSON that is not whole stands between the events: {shown}")
