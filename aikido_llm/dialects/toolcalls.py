"""Argument fragments -> whole tool calls, however they arrive: in pieces, whole, interleaved, without index or id.

A call is finished only when the answer is (`finish`), never because its arguments parse: some servers send a blank
after a complete object, and a client that had started the tool by then would run it twice.
"""

import re
from hashlib import blake2b
from os import urandom
from typing import Any

from ..codecs import json
from ..types.events import Event, ToolCallDelta, ToolCallEvent, ToolCallStart
from ..types.tools import ToolCall
from .values import is_object


class _Open:
    """A call that is being received. key, id: the wire's index and id; None and "" when it gave none."""

    __slots__ = ("_balance", "arguments", "data", "id", "index", "key", "name", "our_id", "started")

    def __init__(self, key: int | None) -> None:
        self.key = key
        self.index = -1  # ours, given when the call starts
        self.id = ""
        self.our_id = ""  # the wire's, unless that is missing or taken
        self.name = ""
        self.arguments: list[str] = []
        self.started = False
        self.data: dict[str, Any] | None = None
        self._balance = _Balance()

    def is_whole(self) -> bool:
        """Whether the arguments are one JSON object, and not the empty one that some gateways send first. They are
        parsed only where their brackets are closed, and once."""
        if not self._balance.closed(self.arguments):
            return False
        text = "".join(self.arguments)
        if text.strip() != "{}" and _is_json(text):
            return True
        self._balance.broken = text.strip() != "{}"
        return False


class _Balance:
    """Follows brackets through pieces of text, each of which it reads once. broken: it is no JSON, whatever follows."""

    __slots__ = ("_depth", "_escaped", "_quoted", "_seen", "broken")

    def __init__(self) -> None:
        self._seen = 0
        self._depth = 0
        self._quoted = False
        self._escaped = False
        self.broken = False

    def closed(self, pieces: list[str]) -> bool:
        """pieces: those that it has read, and more. Whether every bracket is closed behind the last of them."""
        for piece in pieces[self._seen :]:
            self._read(piece[1:] if self._escaped and piece else piece)
        self._seen = len(pieces)
        return not (self.broken or self._quoted or self._depth)

    def _read(self, text: str) -> None:
        self._escaped = False
        for mark in _MARK.findall(text):
            if mark == "\\":
                self._escaped = True
            elif mark == '"':
                self._quoted = not self._quoted
            elif not self._quoted and len(mark) == 1:
                self._depth += 1 if mark in "[{" else -1


_MARK = re.compile(r'\\.|["\[\]{}]|\\\Z', re.DOTALL)


class ToolCalls:
    """The calls of one answer. seed: something of this answer (its id) from which missing call ids are made."""

    def __init__(self, seed: str = "") -> None:
        self.seed = seed
        self._calls: list[_Open] = []
        self._by_key: dict[int, _Open] = {}  # the latest call of each index
        self._by_id: dict[str, _Open] = {}
        self._ids: set[str] = set()
        self.finished: list[ToolCall] = []

    def __bool__(self) -> bool:
        return bool(self._calls)

    def delta(
        self,
        out: list[Event],
        key: int | None = None,
        id: str | None = None,
        name: str | None = None,
        arguments: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """A fragment. Empty and None mean absent; an id, once given, wins over the key; names are never joined: another
        name is another call."""
        if id == "null":  # what one vendor's own SDK writes for no id
            id = None
        call = self._find(key, id) or self._open(key)
        if name and call.name and _begins_anew(call, name, id, arguments):
            call = self._open(key)
        if id and not call.id:
            call.id = id
            self._by_id[id] = call
        if name and not call.name:
            call.name = name
        if data:
            call.data = {**(call.data or {}), **data}
        if not call.started and call.name:
            self._start(call, out)
        if arguments:
            call.arguments.append(arguments)
            if call.started:
                out.append(ToolCallDelta(call.index, arguments))

    def piece(self, out: list[Event], key: int | None, arguments: str | None) -> bool:
        """The next fragment of a call that is under way, as most are: told by its key alone. False when there is no
        such call: then it is a `delta` like any other."""
        call = self._by_key.get(key) if key is not None else None
        if call is None or not call.started:
            return False
        if arguments:
            call.arguments.append(arguments)
            out.append(ToolCallDelta(call.index, arguments))
        return True

    def finish(self, out: list[Event], *, cut: bool = False) -> None:
        """The answer is over: append a ToolCallEvent for each call. cut: it hit the token limit, so a call whose
        arguments are not whole JSON is left out (it must not be run). A call that never got a name is left out too."""
        for call in self._calls:
            text = "".join(call.arguments)
            if not call.started or (cut and not _is_json(text)):  # no arguments yet is cut off too
                continue
            done = ToolCall(call.our_id, call.name, whole_arguments(text), call.data)
            self.finished.append(done)
            out.append(ToolCallEvent(call.index, done))
        self._calls.clear()
        self._by_key.clear()
        self._by_id.clear()

    def _find(self, key: int | None, id: str | None) -> _Open | None:
        if id:
            known = self._by_id.get(id)
            if known is not None and (key is None or known.key is None or known.key == key):
                return known
        latest = self._by_key.get(key) if key is not None else (self._calls[-1] if self._calls else None)
        if latest is not None and id and latest.id and latest.id != id:
            return None
        return latest

    def _open(self, key: int | None) -> _Open:
        call = _Open(key)
        self._calls.append(call)
        if key is not None:
            self._by_key[key] = call
        return call

    def _start(self, call: _Open, out: list[Event]) -> None:
        call.started = True
        call.index = len(self._ids)
        taken = not call.id or call.id in self._ids
        call.our_id = made_id(self.seed, call.index, call.name) if taken else call.id
        self._ids.add(call.our_id)
        out.append(ToolCallStart(call.index, call.our_id, call.name))
        if call.arguments:
            out.append(ToolCallDelta(call.index, "".join(call.arguments)))


def _begins_anew(call: _Open, name: str, id: str | None, arguments: str | None) -> bool:
    """Whether a named fragment that the index and the id put to this call is the next call, told by neither of them.

    Some gateways repeat the name with every fragment, so the same name begins a call only when both are whole."""
    if name != call.name:
        return True
    if id or not arguments or arguments[:1] != "{" or not call.arguments:
        return False
    return call.is_whole() and _is_json(arguments)


def made_id(seed: str, index: int, name: str) -> str:
    """An id for a call that came without one: the same for the same answer, another in every other answer.

    Without a seed there is nothing to know the answer by, and the id is random."""
    seed = seed or urandom(16).hex()
    return "call_" + blake2b(f"{seed}\0{index}\0{name}".encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()


def whole_arguments(text: str) -> str:
    """Arguments as they shall be kept: `{}` for none, and without the empty object that some gateways send first."""
    stripped = text.strip()
    if stripped in ("", "null"):
        return "{}"
    if stripped.startswith("{}") and len(stripped) > 2 and not _is_json(text) and _is_json(stripped[2:]):
        return text[text.index("}") + 1 :]
    return text


def arguments_text(value: Any) -> str:
    """Arguments as a wire gave them (text, an object, nothing) -> JSON text."""
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.text(value)


def arguments_object(text: str) -> dict[str, Any]:
    """A call's arguments as the object that wires want. What a model wrote instead of one is kept inside it, so that it
    sees its mistake beside the result that tells of it."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        value = text
    return value if is_object(value) else {"input": value}


def arguments_json(text: str) -> str:
    """The same for wires that take the object as JSON text, as the model wrote it whenever it is one: some servers
    parse it again and refuse the whole conversation for what is none."""
    try:
        json.loads_object(text)
    except ValueError:
        return json.text(arguments_object(text))
    return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
