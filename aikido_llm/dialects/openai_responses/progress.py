"""What of each output item has been handed out so far.

Finished values come again and again (`.done` of a part, `output_item.done`, the last event). They fill in what no delta
brought, and are never said twice; where they differ from the deltas, the deltas stand, for the caller has seen them.
"""

from typing import Any

from ..values import as_text
from .wire import StreamEvent

_Parts = dict[int, list[str]]  # content or summary index -> pieces


class Progress:
    """Items have keys of our own, counted from 0: some proxies change an item's id on every event, old servers leave
    indexes out, others use one again, and a key must survive all three.

    Text of one item comes in lanes: text (refusals too), summary, reasoning, arguments.
    """

    def __init__(self) -> None:
        self.count = 0
        self.finished: dict[int, dict[str, Any]] = {}
        self._by_index: dict[int, int] = {}
        self._by_id: dict[str, int] = {}
        self._lanes: dict[tuple[int, str], _Parts] = {}

    def new_key(self) -> int:
        self.count += 1
        return self.count - 1

    def key(self, event: StreamEvent) -> int:
        """The event's item: by output_index, else by item id, else the latest one."""
        index = event.output_index
        if type(index) is int:
            if index not in self._by_index:
                self._by_index[index] = self.new_key()
            return self._by_index[index]
        if isinstance(event.item_id, str) and event.item_id in self._by_id:
            return self._by_id[event.item_id]
        return self.count - 1 if self.count else self.new_key()

    def added(self, event: StreamEvent, item: dict[str, Any]) -> int:
        """The key of an item that is announced. An index whose item is finished means another item."""
        index = event.output_index
        key = self._by_index.get(index) if type(index) is int else None
        if key is None or key in self.finished:
            key = self.new_key()
        if type(index) is int:
            self._by_index[index] = key
        if as_text(item.get("id")):
            self._by_id[item["id"]] = key
        return key

    def done(self, event: StreamEvent, item: dict[str, Any]) -> int | None:
        """The key of an item that is complete; None when it was before."""
        event.item_id = event.item_id or item.get("id")
        key = self.key(event)
        if key not in self.finished:
            return key
        return None if type(event.output_index) is int else self.new_key()

    def pieces(self, event: StreamEvent, lane: str, part: Any) -> list[str]:
        """What was handed out of one part; append to it what is handed out next."""
        parts = self._lanes.setdefault((self.key(event), lane), {})
        return parts.setdefault(part if type(part) is int else 0, [])

    def rest_of_part(self, event: StreamEvent, lane: str, part: Any, full: str) -> str:
        """What is still to be handed out of a part whose full text is known now."""
        pieces = self.pieces(event, lane, part)
        return _noted(pieces, _rest(full, "".join(pieces)))

    def rest_of_item(self, key: int, lane: str, full: str) -> str:
        """What is still to be handed out of an item, all parts of the lane together."""
        parts = self._lanes.setdefault((key, lane), {})
        sent = "".join(piece for part in sorted(parts) for piece in parts[part])
        return _noted(parts.setdefault(max(parts, default=0), []), _rest(full, sent))


def _rest(full: str, sent: str) -> str:
    return full[len(sent) :] if len(full) > len(sent) and full.startswith(sent) else ""


def _noted(pieces: list[str], rest: str) -> str:
    if rest:
        pieces.append(rest)
    return rest
