"""The request of a conversation that goes on: of what was sent before nothing is encoded again.

What is kept is the front of a conversation as its wire has it, up to a message of the user's behind a turn of the
assistant. It is used where the very same messages come again with everything else of the request as it was; the
messages behind them are then encoded alone, behind the instructions. Nothing is kept unless the request that was just
encoded comes out the same in both ways. It goes with the first of its messages that goes, and pictures stand in it by
reference.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeAlias
from weakref import ReferenceType, ref

from attrs import evolve

from ..dialects.base import Dialect, WireRequest
from ..errors import LLMError
from ..types.messages import Message, Role
from ..types.request import Request, others_of, with_messages

_FROM = 8  # messages; fewer are encoded as quickly as they are looked up
_LOOKED_AT = 64  # messages at the end, among which is the last of a front that is kept
_MOST = 64  # conversations of one client

_INSTRUCT = ("system", "developer")

Entries: TypeAlias = list[Any]


class _Front:
    """The first messages of a conversation. last: the id of the last of them. entries: as the wire has them. others:
    all else of the request that they were encoded for. ids: of their calls."""

    __slots__ = ("__weakref__", "entries", "ids", "last", "messages", "others")

    def __init__(self, others: Any) -> None:
        self.others = others
        self.last = 0
        self.messages: list[ReferenceType[Message]] = []
        self.entries: Entries = []
        self.ids: set[str] = set()

    def begins(self, messages: Sequence[Message]) -> bool:
        return len(messages) > len(self.messages) and all(
            kept() is message for kept, message in zip(self.messages, messages, strict=False)
        )


class _Fronts(dict[int, _Front]):
    """By the id of the last message."""

    def put(self, front: _Front, messages: Sequence[Message], entries: Entries, ids: set[str]) -> None:
        """It goes on by these, and stands where it stood no longer: whoever goes on from there begins anew."""
        self.pop(front.last, None)
        if len(self) >= _MOST:
            del self[next(iter(self))]
        gone = partial(_drop, ref(self), ref(front))
        front.messages += [ref(message, gone) for message in messages]
        front.entries += entries
        front.ids |= ids
        front.last = id(messages[-1])
        self[front.last] = front


def _drop(fronts: "ReferenceType[_Fronts]", front: "ReferenceType[_Front]", _: object) -> None:
    """One of its messages is gone."""
    kept, ended = fronts(), front()
    if kept is not None and ended is not None and kept.get(ended.last) is ended:
        del kept[ended.last]


class Conversations:
    """Encodes the requests of one client. provider: the row's name."""

    def __init__(self, dialect: Dialect, provider: str) -> None:
        self._dialect = dialect
        self._provider = provider
        self._turns = getattr(dialect, "turns", "")  # the body's key for them
        self._fronts = _Fronts()

    def encode(self, request: Request, *, stream: bool) -> WireRequest:
        """As the dialect encodes it. Raises what that raises."""
        messages = request.messages
        if len(messages) < _FROM or not self._turns:
            return self._encoded(request, stream)
        opening = _opening(messages)
        front = self._front_of(request, stream)
        wire = None if front is None else self._behind(front, request, opening, stream)
        if front is None or wire is None:
            front, wire = None, self._encoded(request, stream)
        self._keep(front, request, wire, opening, stream)
        return wire

    def _encoded(self, request: Request, stream: bool) -> WireRequest:
        return self._dialect.encode(request, stream=stream, provider=self._provider)

    def _front_of(self, request: Request, stream: bool) -> _Front | None:
        """The longest that is kept of this conversation."""
        messages = request.messages
        for at in range(len(messages) - 2, max(-1, len(messages) - 2 - _LOOKED_AT), -1):
            front = self._fronts.get(id(messages[at]))
            if front is not None and len(front.messages) == at + 1 and front.begins(messages):
                return front if front.others == (stream, others_of(request)) else None
        return None

    def _behind(self, front: _Front, request: Request, opening: int, stream: bool) -> WireRequest | None:
        """The request, of which the messages behind the front alone are encoded; None where they hang together."""
        messages = request.messages
        rest = messages[len(front.messages) :]
        if not _stands_alone(rest) or not front.ids.isdisjoint(_ids_of(rest)):
            return None
        try:
            wire = self._encoded(with_messages(request, (*messages[:opening], *rest)), stream)
        except LLMError:
            return None  # all of it together is refused in the words that fit
        body = dict(wire.body or {})
        entries: Entries = body[self._turns]
        body[self._turns] = [*front.entries, *entries[_begun(entries) :]]
        return evolve(wire, body=body)

    def _keep(self, before: _Front | None, request: Request, wire: WireRequest, opening: int, stream: bool) -> None:
        """The front of what was just encoded, where it can be told. before: a shorter one, in its place."""
        messages = request.messages
        known = 0 if before is None else len(before.messages)
        cut = next((at for at in range(len(messages) - 1, known, -1) if _is_cut(messages, at)), 0)
        new = messages[known:cut]
        if cut <= max(opening, known) or any(map(_is_marked, new)) or not _stands_alone(messages[cut:]):
            return
        try:
            alone = self._encoded(with_messages(request, (*messages[:opening], *messages[cut:])), stream)
        except LLMError:
            return
        entries, rest = _split(wire, self._turns), _split(alone, self._turns)
        begun = _begun(rest[0])
        at = len(entries[0]) - len(rest[0]) + begun
        same = entries[1] == rest[1] and entries[0][at:] == rest[0][begun:] and entries[0][:begun] == rest[0][:begun]
        front, ids = before or _Front((stream, others_of(request))), _ids_of(new)
        if same and at >= begun and (front.ids | ids).isdisjoint(_ids_of(messages[cut:])):
            self._fronts.put(front, new, entries[0][len(front.entries) : at], ids)


def _opening(messages: Sequence[Message]) -> int:
    """How many instructions it begins with."""
    return next((at for at, message in enumerate(messages) if message.role is not Role.system), len(messages))


def _is_cut(messages: Sequence[Message], at: int) -> bool:
    """Whether a turn of the user begins there, behind one of the assistant."""
    before = messages[at - 1]
    return messages[at].role is Role.user and before.role is Role.assistant and not before.tool_calls


def _stands_alone(messages: Sequence[Message]) -> bool:
    """Whether these, which stand behind others, say nothing that wires put elsewhere, and mark nothing."""
    return not any(message.role is Role.system or _is_marked(message) for message in messages)


def _is_marked(message: Message) -> bool:
    """Whether it has a mark for the provider's cache: of several the wires take the last ones alone."""
    return message.cache is not None or (
        not isinstance(message.content, str) and any(getattr(part, "cache", None) for part in message.content)
    )


def _ids_of(messages: Sequence[Message]) -> set[str]:
    """Of their calls and results."""
    ids = {call.id for message in messages for call in message.tool_calls}
    return ids | {message.tool_call_id for message in messages if message.tool_call_id}


def _begun(entries: Entries) -> int:
    """How many instructions the entries begin with, on wires that have them there. What follows need not be the user's:
    a turn without words is no entry on some."""
    return next((at for at, entry in enumerate(entries) if entry.get("role") not in _INSTRUCT), len(entries))


def _split(wire: WireRequest, turns: str) -> tuple[Entries, Any]:
    """(the turns, all else)."""
    body = dict(wire.body or {})
    return body.pop(turns, []), (body, wire.path, wire.headers, wire.method, wire.once)
