"""Which output item an event is about, and what of each item has been handed out so far.

Finished values come again and again (`.done` of a part, `output_item.done`, the last event). They fill in what no delta
brought, and are never said twice; where they differ from the deltas, the deltas stand, for the caller has seen them,
unless a piece of them never came.
"""

from typing import Any

from ...errors import MalformedStream
from ..values import as_text
from .wire import StreamEvent

KINDS = {"text": "message", "summary": "reasoning", "reasoning": "reasoning"} | {
    "arguments": "function_call",
    "input": "custom_tool_call",
}
"""Lanes, in which the text of an item comes (a refusal is text), and the type of the items that have them."""


class Part:
    """What was handed out of one part of an item. base: characters of its lane's text in all items before it. over: its
    end has said all of it again."""

    __slots__ = ("_counted", "_length", "base", "over", "pieces")

    def __init__(self, base: int) -> None:
        self.base = base
        self.over = False
        self.pieces: list[str] = []
        self._counted = self._length = 0

    def length(self) -> int:
        """Characters so far; every piece is counted once."""
        self._length += sum(map(len, self.pieces[self._counted :]))
        self._counted = len(self.pieces)
        return self._length


class Item:
    """One output item. key: ours, by arrival. index, id: the wire's. whole: the finished item."""

    __slots__ = ("call_id", "id", "index", "key", "kind", "parts", "whole")

    def __init__(self, key: int, index: int | None, id: str, kind: str, call_id: str) -> None:
        self.key = key
        self.index = index
        self.id = id
        self.kind = kind
        self.call_id = call_id
        self.parts: dict[tuple[str, int], Part] = {}
        self.whole: dict[str, Any] | None = None

    def place(self) -> tuple[int, int]:
        """Where it stands in the answer."""
        return (self.key if self.index is None else self.index, self.key)

    @property
    def over(self) -> bool:
        """Every part of it has said at its end what it holds."""
        return all(part.over for part in self.parts.values())

    def fits(self, kind: str, call_id: str = "") -> bool:
        """Whether it can be an item of this type that answers to this id."""
        other_call = self.call_id and call_id and self.call_id != call_id
        return self.kind in ("", kind) and not other_call

    def asks(self, arguments: Any) -> bool:
        """Whether the arguments of a call have come that stand here."""
        part = self.parts.get(("arguments", 0))
        return part is not None and bool(arguments) and "".join(part.pieces) == arguments


class Items:
    """The items of one answer. An id that is known says which is meant, else the index: some proxies change an item's
    id on every event, others use one index for all, old servers leave either out."""

    def __init__(self) -> None:
        self.all: list[Item] = []
        self._by_index: dict[int, Item] = {}
        self._by_id: dict[str, Item] = {}
        self._latest: dict[str, Part] = {}  # by lane
        self._at: tuple[int, str, str, Item] | None = None  # the latest place that was looked up: index, id, lane
        self._accounted: set[int] = set()  # of the last event's output, as is the next
        self._unnamed: dict[str, list[Item]] = {}

    def ordered(self) -> list[Item]:
        """In the order of the answer, which is that of `output_index`."""
        return sorted(self.all, key=Item.place)

    def new(self, index: int | None, id: str, kind: str, call_id: str = "") -> Item:
        item = Item(len(self.all), index, id, kind, call_id)
        self.all.append(item)
        self._named(item, index, id)
        return item

    def at(self, event: StreamEvent, lane: str) -> Item:
        """The item that a delta or a finished part belongs to."""
        if self._at is not None:  # the same as before, as nearly always
            at, named, of, latest = self._at
            if event.output_index == at and event.item_id == named and lane == of and latest.whole is None:
                return latest
        index, id, kind = _index(event), as_text(event.item_id), KINDS[lane]
        item = self._known(index, id, kind) or self._open(index, id, kind) or self.new(index, id, kind)
        if type(event.output_index) is int and type(event.item_id) is str:
            self._at = (event.output_index, event.item_id, lane, item)
        return item

    def added(self, event: StreamEvent, item: dict[str, Any]) -> Item:
        """An item that is announced, which happens once: an index that was announced means another item."""
        index, id = _index(event), as_text(item.get("id"))
        kind, call_id = as_text(item.get("type")), as_text(item.get("call_id"))
        known = self._known(index, id, kind, call_id)
        if known is None:
            known = self._open(index, id, kind, call_id)
            if known is not None and known.id and id and known.id != id:
                known = None
        if known is None:
            return self.new(index, id, kind, call_id)
        self._named(known, index, id)
        known.call_id = known.call_id or call_id
        return known

    def done(self, event: StreamEvent, item: dict[str, Any]) -> Item | None:
        """An item that is complete; None when it was before."""
        index, id = _index(event), as_text(item.get("id")) or as_text(event.item_id)
        kind, call_id = as_text(item.get("type")), as_text(item.get("call_id"))
        known = self._known(index, id, kind, call_id)
        if known is not None:
            self._named(known, index, id)
            return None if known.whole is not None else known
        known = self._open(index, id, kind, call_id)
        if known is not None:
            self._named(known, index, id)
            return known
        here = self._by_index.get(index) if index is not None else None
        if here is not None and here.whole is not None and _same(here.whole, item):
            return None
        if here is not None and here.whole is None and here.kind == kind and here.asks(item.get("arguments")):
            return here  # its ids are new, the call is not
        return self.new(index, id, kind, call_id)

    def of_output(self, place: int, item: dict[str, Any], ids: set[str]) -> Item:
        """The item that stands there in the last event's output. ids: of all that stand in it."""
        found = self._in_output(place, item, ids)
        if found is None:
            found = self.new(None, as_text(item.get("id")), as_text(item.get("type")), as_text(item.get("call_id")))
        if found.index is None:
            self._named(found, place, "")
        self._accounted.add(found.key)
        return found

    def knows_all(self, output: list[dict[str, Any]]) -> bool:
        """Whether every one of these items, of which only what identifies them is there, has been finished."""
        known = [self._by_id.get(as_text(item.get("id"))) for item in output]
        return all(
            (item := known[place] or self._by_index.get(place)) is not None
            and item.whole is not None
            and item.fits(as_text(head.get("type")), as_text(head.get("call_id")))
            for place, head in enumerate(output)
        )

    def part(self, item: Item, lane: str, number: Any) -> Part:
        """One part of an item; append to its pieces what is handed out next."""
        key = (lane, number if type(number) is int else 0)
        part = item.parts.get(key)
        if part is None:
            before = self._latest.get(lane)
            part = item.parts[key] = self._latest[lane] = Part(0 if before is None else before.base + before.length())
        return part

    def _named(self, item: Item, index: int | None, id: str) -> None:
        """Note what the wire calls it. The first id stays: those that change with every event name nothing."""
        self._at = None
        if index is not None and item.index in (None, index):
            item.index = index
            self._by_index[index] = item
        if id and item.id in ("", id):
            item.id = id
            self._by_id.setdefault(id, item)

    def _known(self, index: int | None, id: str, kind: str, call_id: str = "") -> Item | None:
        """The item of that id; one that is finished is not meant where the index is another."""
        known = self._by_id.get(id)
        if known is None or not known.fits(kind, call_id):
            return None
        elsewhere = index is not None and known.index not in (None, index)
        return None if elsewhere and known.whole is not None else known

    def _open(self, index: int | None, id: str, kind: str, call_id: str = "") -> Item | None:
        """The unfinished item of this type at the index; where events name an item in different ways, the latest
        unfinished one that nothing speaks against."""
        here = self._by_index.get(index) if index is not None else None
        if here is not None and here.whole is None and here.fits(kind, call_id):
            return here
        for item in reversed(self.all[-_LOOKED_AT:]):
            other_index = item.index is not None and index is not None and item.index != index
            other_id = bool(item.id and id and item.id != id)
            if item.whole is None and item.fits(kind, call_id) and not other_index and not other_id:
                return item
        return None

    def _in_output(self, place: int, item: dict[str, Any], ids: set[str]) -> Item | None:
        kind, call_id, id = as_text(item.get("type")), as_text(item.get("call_id")), as_text(item.get("id"))
        for known in (self._by_id.get(id), self._by_index.get(place)):
            if known is None or known.key in self._accounted or not known.fits(kind, call_id):
                continue
            if known.id == id or known.id not in ids:
                return known
        if not self._unnamed:  # the items that the output does not call by their ids, by type
            for other in reversed(self.all):
                if other.id not in ids:
                    self._unnamed.setdefault(other.kind, []).append(other)
        waiting = self._unnamed.get(kind, [])
        while waiting and waiting[-1].key in self._accounted:
            waiting.pop()
        if waiting and waiting[-1].fits(kind, call_id):
            first = waiting[-1]
            return first if first.whole is None or _same(first.whole, item) else None
        here = self._by_index.get(place)
        if here is None or here.whole is None or here.key in self._accounted or here.id in ids:
            return None
        return here if _same(here.whole, {**item, "call_id": here.whole.get("call_id")}) else None


_LOOKED_AT = 64  # of the latest items: an answer has few that are open at once


def _index(event: StreamEvent) -> int | None:
    return event.output_index if type(event.output_index) is int else None


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two finished items say the same, whatever they are called."""
    return {**one, "id": None, "status": None} == {**other, "id": None, "status": None}


def rest(full: str, sent: str, *, checked: bool, gaps: bool = False) -> str:
    """What is still to be handed out. checked: the caller must not be left without a piece out of the middle. gaps: the
    server's own count says that something is missing, be it a blank.

    raises: MalformedStream when one is missing."""
    if full.startswith(sent):
        return full[len(sent) :]
    if gaps or (checked and len(full) > len(sent) and len(_solid(full)) > len(_solid(sent))):
        raise MalformedStream("the pieces that came are not what the server says it has sent: one of them is missing")
    return ""


def _solid(text: str) -> str:
    """Without blanks, which gateways trim."""
    return "".join(text.split())
