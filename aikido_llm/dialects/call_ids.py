"""Tool-call ids where a wire is strict: letters, digits, _ and -, never twice in a conversation, answered in the very
next turn."""

import re
from collections import deque
from hashlib import blake2b

from ..errors import InvalidRequestError

_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")


_LONGEST = 64  # characters of an id; the strictest wire takes no more
_DIGEST = 9  # characters that tell shortened or changed ids apart
_COUNT = 5  # those that tell apart ids that came several times


def clean_id(id: str) -> str:
    """An id of any provider in the wire's alphabet: the same for the same id, and different ids stay different."""
    cleaned = _FOREIGN.sub("_", id)[: _LONGEST - _COUNT]
    if cleaned == id and id:
        return id
    cleaned = cleaned[: _LONGEST - _COUNT - _DIGEST]
    return f"{cleaned or 'call'}_{blake2b(id.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"


def clean_name(name: str) -> str:
    """A tool's name from a turn of another provider, which may allow more."""
    return _FOREIGN.sub("_", name)[:128] or "tool"


class CallIds:
    """Follows the calls of a conversation in order. Some servers count their ids anew in each turn; here they stay
    apart, and a result is matched with the call of the turn before it."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._counts: dict[str, int] = {}  # how often an id has come
        self._open: dict[str, deque[str]] = {}  # id as the conversation has it -> ids on the wire, not yet answered

    def call(self, id: str) -> str:
        """The wire's id for a call of the current assistant turn."""
        base = wire_id = clean_id(id)
        count = self._counts.get(base, 1)
        while wire_id in self._used:
            count += 1
            wire_id = f"{base}_{count}"
        self._counts[base] = count
        self._used.add(wire_id)
        self._open.setdefault(id, deque()).append(wire_id)
        return wire_id

    def result(self, id: str | None) -> str:
        """The wire's id for the result of such a call. Raises InvalidRequestError when the turn before has no such."""
        waiting = self._open.get(id or "")
        if not waiting:
            raise InvalidRequestError(
                f"the tool result {id!r} answers no call of the assistant turn before it; a result must follow its "
                "call, once"
            )
        return waiting.popleft()

    def next_turn(self) -> None:
        """The user's turn is over. Raises InvalidRequestError when a call went unanswered."""
        if not self._open:
            return
        missing = [id for id, waiting in self._open.items() if waiting]
        if missing:
            raise InvalidRequestError(
                f"the tool calls {', '.join(missing)} have no result; append tool(call_id, ...) for each right after "
                "the assistant turn, also for a call that was not run"
            )
        self._open.clear()
