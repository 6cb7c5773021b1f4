"""Argument fragments -> whole tool calls, however they arrive: in pieces, whole, interleaved, without index or id.

A call is finished only when the answer is (`end`), never because its arguments parse: some servers send a blank after a
complete object, and a client that had started the tool by then would run it twice.

How an answer with calls ends is the same on every wire, and `end` holds it:
  cut by the token limit, or no word on why: whole calls are handed out, one whose arguments are not whole is not;
  "stop" with calls: tool_calls;
  a word that says "tools", and no call: MalformedStream, for a call that the model made may not vanish;
  a call without a name that has arguments: MalformedStream, for the same reason;
  a name that is only the beginning of a declared tool's: what follows under the same index and id goes on with it;
  arguments that are several objects behind one another: the last when each says the one before it again, as far as it
  had come (see `restated`), else MalformedStream: nobody could tell which was meant.
Arguments that are no JSON in another way are the model's own mistake, and the caller's to answer.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from os import urandom
from typing import Any

from ..codecs import json
from ..errors import MalformedStream
from ..types.events import Event, ToolCallDelta, ToolCallEvent, ToolCallStart
from ..types.response import FinishReason
from ..types.tools import ToolCall
from .brackets import Brackets
from .restated import grows, is_json, only_value, restated
from .values import is_object


class _Open:
    """A call that is being received. key, id: the wire's index and id; None and "" when it gave none."""

    __slots__ = ("_balance", "arguments", "data", "id", "index", "key", "kind", "name", "our_id", "started", "whole")

    def __init__(self, key: int | None) -> None:
        self.key = key
        self.kind = ""  # "" while no fragment has said it
        self.index = -1  # ours, given when the call starts
        self.id = ""
        self.our_id = ""  # the wire's, unless that is missing or taken
        self.name = ""
        self.arguments: list[str] = []
        self.started = False
        self.whole = False  # its wire has said that nothing more comes
        self.data: dict[str, Any] | None = None
        self._balance = Brackets()

    def is_whole(self) -> bool:
        """Whether the arguments are one JSON object, and not the empty one that some gateways send first. They are
        parsed only where their brackets are closed, and once."""
        if not self._balance.closed(self.arguments) or self._balance.empty:
            return False
        if is_json("".join(self.arguments)):
            return True
        self._balance.broken = True
        return False

    def is_open(self) -> bool:
        return not self._balance.closed(self.arguments)

    def continues(self, arguments: str | None) -> bool:
        """Whether a fragment that names no call can be the next piece of this one: it is not whole yet."""
        return self.kind in ("", "function") and bool(arguments) and not self.is_whole()

    def text(self) -> str:
        """The arguments as they shall be kept. Raises MalformedStream when that cannot be told."""
        joined = "".join(self.arguments)
        return whole_arguments(joined, self.arguments) if self.kind in ("", "function") else joined


_MAY_CUT = (FinishReason.length, FinishReason.other, None)


class ToolCalls:
    """The calls of one answer. seed: something of this answer (its id) from which missing call ids are made. declared:
    the tools' names, where a wire's servers may send a name in pieces."""

    def __init__(self, seed: str = "", declared: Iterable[str] = ()) -> None:
        self.seed = seed
        self._declared = frozenset(declared)
        self._calls: list[_Open] = []
        self._by_key: dict[int, _Open] = {}  # the latest call of each index
        self._by_id: dict[str, _Open] = {}
        self._ids: set[str] = set()
        self._count = 0  # of calls and of the provider's own tools
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
        kind: str = "",
        whole: bool = False,
    ) -> None:
        """A fragment. Empty and None mean absent; an id, once given, wins over the key; names are never joined: another
        name is another call. kind: as in ToolCall; of another than a function the arguments are any text. whole: the
        wire says that this was the last of it."""
        if id == "null":  # what one vendor's own SDK writes for no id
            id = None
        call = self._find(key, id, name, arguments) or self._open(key)
        if name and call.name and not call.started and (longer := self._longer(call.name, name)):
            call.name = longer
        elif name and call.name and _begins_anew(call, name, id, arguments):
            call = self._open(key)
        if id and not call.id:
            call.id = id
            self._by_id[id] = call
        if name and not call.name:
            call.name = name
        if kind:
            call.kind = kind
        call.whole = call.whole or whole
        if data:
            call.data = {**(call.data or {}), **data}
        if not call.started and call.name and not self._may_grow(call.name, name, arguments):
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

    def next_index(self) -> int:
        """The next key in the stream's one count of calls and of tools that the provider runs."""
        self._count += 1
        return self._count - 1

    def end(self, out: list[Event], reason: FinishReason | None) -> FinishReason:
        """The answer is over: append its whole calls, and say how it ended, by the rules above.

        reason: what the wire's word means, None when it gave none. Raises MalformedStream.
        """
        self.finish(out, cut=reason in _MAY_CUT, bare=reason is FinishReason.other)
        if reason is FinishReason.tool_calls and not self.finished:
            raise MalformedStream("the answer says that it ends in tool calls, and has none")
        if reason is FinishReason.stop and self.finished:
            return FinishReason.tool_calls
        return reason or FinishReason.other

    @property
    def unfinished(self) -> bool:
        """Whether the arguments of a function have begun and their brackets are not closed."""
        return any(call.arguments and call.kind in ("", "function") and call.is_open() for call in self._calls)

    def finish(self, out: list[Event], *, cut: bool = False, bare: bool = False) -> None:
        """Append a ToolCallEvent for each call. cut: the answer may have broken off, so a call that is not whole is
        left out (it must not be run); bare: a call without arguments counts as whole. Raises MalformedStream for a
        call that cannot be told."""
        last = self._calls[-1] if self._calls else None
        for call in self._calls:
            if not call.started and call.name:
                self._start(call, out)
            if not call.started:
                if cut or not call.arguments:  # a stub with nothing in it is no call
                    continue
                raise MalformedStream("a tool call has no name")
            if cut and not _is_all(call, is_last=call is last, bare=bare):
                continue
            done = ToolCall(call.our_id, call.name, call.text(), call.data, kind=call.kind or "function")
            self.finished.append(done)
            out.append(ToolCallEvent(call.index, done))
        self._calls.clear()
        self._by_key.clear()
        self._by_id.clear()

    def _find(self, key: int | None, id: str | None, name: str | None, arguments: str | None) -> _Open | None:
        """The call that a fragment belongs to, None for a new one. Where index and id disagree, or tell nothing, a
        fragment that cannot begin a call goes on with one that is not whole."""
        known = self._by_id.get(id) if id else None
        if known is not None and (key is None or known.key is None or known.key == key):
            return known
        latest = self._calls[-1] if self._calls else None
        here = self._by_key.get(key) if key is not None else latest
        if here is not None and not (id and here.id and here.id != id):
            return here
        before = here or known or latest
        if before is None or not before.name or (name and (name != before.name or _begins(arguments))):
            return None
        return before if before.continues(arguments) else None

    def _open(self, key: int | None) -> _Open:
        call = _Open(key)
        self._calls.append(call)
        if key is not None:
            self._by_key[key] = call
        return call

    def _may_grow(self, known: str, name: str | None, arguments: str | None) -> bool:
        """Whether more of the name may come: it is the beginning of a tool's, and no tool's own behind which something
        else came already."""
        if known in self._declared and (arguments or not name):
            return False
        return any(tool != known and tool.startswith(known) for tool in self._declared)

    def _longer(self, known: str, name: str) -> str | None:
        """The name of the tool of which `known` was the beginning and `name` the rest, or more of it from the start."""
        for grown in (known + name, name if name.startswith(known) else ""):
            if grown in self._declared or any(tool.startswith(grown) for tool in self._declared if grown):
                return grown
        return None

    def _start(self, call: _Open, out: list[Event]) -> None:
        call.started = True
        call.index = self.next_index()
        taken = not call.id or call.id in self._ids
        call.our_id = made_id(self.seed, call.index, call.name) if taken else call.id
        self._ids.add(call.our_id)
        out.append(ToolCallStart(call.index, call.our_id, call.name))
        if call.arguments:
            out.append(ToolCallDelta(call.index, "".join(call.arguments)))


def _is_all(call: _Open, *, is_last: bool, bare: bool) -> bool:
    """Of an answer that may have broken off: whether this call has all its arguments. Where the wire does not say so,
    only the next call tells that free text is over."""
    if call.whole:
        return True
    if call.kind not in ("", "function"):
        return not is_last
    if not "".join(call.arguments).strip():
        return bare
    try:
        return is_json(call.text())
    except MalformedStream:
        return False


def _begins(arguments: str | None) -> bool:
    return not arguments or arguments.lstrip()[:1] == "{"


def _begins_anew(call: _Open, name: str, id: str | None, arguments: str | None) -> bool:
    """Whether a named fragment that the index and the id put to this call is the next call, told by neither of them.

    Some gateways repeat the name with every fragment, so the same name begins a call only when both are whole, and
    under one index only when it does not say the same call again."""
    if name != call.name:
        return True
    if id or not arguments or arguments[:1] != "{" or not call.arguments:
        return False
    if not call.is_whole() or not is_json(arguments):
        return False
    return call.key is None or not grows(only_value(call.arguments), only_value((arguments,)))


def made_id(seed: str, index: int, name: str) -> str:
    """An id for a call that came without one: the same for the same answer, another in every other answer.

    Without a seed there is nothing to know the answer by, and the id is random."""
    seed = seed or urandom(16).hex()
    return "call_" + blake2b(f"{seed}\0{index}\0{name}".encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()


def whole_arguments(text: str, pieces: Sequence[str] = ()) -> str:
    """Arguments as they shall be kept: `{}` for none, what was said several times once, and without the empty object
    that some gateways send first. pieces: those that the text came in. Raises MalformedStream for objects glued
    together."""
    stripped = text.strip()
    if stripped.startswith("null") and stripped[4:].lstrip()[:1] == "{":  # nothing, before what counts
        text = text.lstrip()[4:].lstrip()
        stripped = text.strip()
    if stripped in ("", "null"):
        return "{}"
    if stripped[0] != "{" or is_json(text):
        return text
    kept = restated(text, pieces)
    if kept is None:
        raise MalformedStream("the arguments of a tool call are several objects, and they do not agree")
    return kept


def arguments_text(value: Any) -> str:
    """Arguments as a wire gave them (text, an object, nothing) -> JSON text. Raises MalformedStream."""
    if value is None or value == "":
        return ""
    try:
        return value if isinstance(value, str) else json.text(value)
    except (ValueError, RecursionError) as error:
        raise MalformedStream(f"the arguments of a call cannot be written as JSON: {error}") from None


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
