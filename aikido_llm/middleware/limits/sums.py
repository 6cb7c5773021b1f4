"""What has been spent and reserved of a budget: in this process, or in Redis for several.

Money is counted in billionths of a dollar. It and tokens are whole numbers, and what is added may be below nothing.
"""

import asyncio
import logging
from threading import RLock
from typing import Any, Protocol
from weakref import WeakSet

from attrs import frozen

from .redis import Gone, RedisStore, numbers
from .scripts import SUMS

log = logging.getLogger("aikido_llm")


@frozen
class Most:
    """The bounds of a budget; None is without one."""

    usd: int | None = None
    tokens: int | None = None

    def part(self, usd: int, tokens: int, of: int) -> "Most":
        """What one of so many processes may still spend, where so much is."""
        return Most(
            None if self.usd is None else max(0, self.usd - usd) // of,
            None if self.tokens is None else max(0, self.tokens - tokens) // of,
        )


class Sums(Protocol):
    """Adds what is spent and reserved."""

    @property
    def usd(self) -> int: ...
    @property
    def tokens(self) -> int: ...
    async def reserve(self, usd: int, tokens: int) -> bool:
        """Whether it still fits, and is then added. One atomic step."""
        ...

    def correct(self, usd: int, tokens: int) -> None:
        """Add in any case. Never waits."""
        ...


class OwnSums:
    """The sums of one process, safe from its threads."""

    def __init__(self, most: Most) -> None:
        self._most = most
        self._lock = RLock()
        self.usd = 0
        self.tokens = 0

    async def reserve(self, usd: int, tokens: int) -> bool:
        return self.add(usd, tokens)

    def add(self, usd: int, tokens: int) -> bool:
        """Whether it fitted, and was added."""
        most = self._most
        with self._lock:
            usd += self.usd
            tokens += self.tokens
            if (most.usd is not None and usd > most.usd) or (most.tokens is not None and tokens > most.tokens):
                return False
            self.usd = usd
            self.tokens = tokens
            return True

    def correct(self, usd: int, tokens: int) -> None:
        with self._lock:
            self.usd += usd
            self.tokens += tokens


class SharedSums:
    """The sums of several processes, in Redis. What is corrected goes with the next step, or by itself.

    Without Redis this process may spend its part of what was left when it last knew, and tells it later.
    """

    def __init__(self, store: RedisStore, name: str, most: Most) -> None:
        self._store = store
        self._name = name
        self._keys = (f"aikido_llm:{{{name}}}:sums",)
        self._most = most
        self._lock = RLock()
        self._seen = 0, 0
        self._unsaid = 0, 0
        self._under_way = 0, 0
        self._alone: OwnSums | None = None  # while Redis is gone
        self._carrying: asyncio.Task[None] | None = None
        self._loops: WeakSet[asyncio.AbstractEventLoop] = WeakSet()

    @property
    def usd(self) -> int:
        """As this process knows it."""
        return self._seen[0] + self._unsaid[0] + self._under_way[0]

    @property
    def tokens(self) -> int:
        """As this process knows it."""
        return self._seen[1] + self._unsaid[1] + self._under_way[1]

    async def reserve(self, usd: int, tokens: int) -> bool:
        task = asyncio.ensure_future(self._reserved(usd, tokens))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: self._undo(done, usd, tokens))
            raise

    def correct(self, usd: int, tokens: int) -> None:
        with self._lock:
            self._unsaid = _sum(self._unsaid, (usd, tokens))
            if self._alone is not None:
                self._alone.correct(usd, tokens)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # it goes with the next step
        if self._carrying is None or self._carrying.done():
            self._carrying = loop.create_task(self._carry())

    async def told(self) -> None:
        """Say what there is to say."""
        if self._carrying is not None and not self._carrying.done():
            await asyncio.wait([self._carrying])
        await self._carry()

    async def _reserved(self, usd: int, tokens: int) -> bool:
        try:
            return await self._step(usd, tokens)
        except Gone as gone:
            with self._lock:
                if self._alone is None:
                    self._alone = OwnSums(self._most.part(self.usd, self.tokens, self._store.processes))
                    log.warning("budget %r: no Redis (%s); until it is back this process spends 1/%d of what was left",
                                self._name, gone, self._store.processes)  # fmt: skip
                fits = self._alone.add(usd, tokens)
                if fits:
                    self._unsaid = _sum(self._unsaid, (usd, tokens))
            return fits

    async def _carry(self) -> None:
        while any(self._unsaid):
            try:
                await self._step(0, 0)
            except Gone:
                return  # it goes with the next step

    async def _step(self, usd: int, tokens: int) -> bool:
        self._note_loop()
        with self._lock:
            over, self._unsaid = self._unsaid, (0, 0)
            self._under_way = _sum(self._under_way, over)
        message: dict[str, Any] = {
            "over": {"usd": over[0], "tokens": over[1]},
            "add": {"usd": usd, "tokens": tokens},
            "seen": {"usd": self._seen[0], "tokens": self._seen[1]},
            "most": {kind: most for kind in ("usd", "tokens") if (most := getattr(self._most, kind)) is not None},
        }
        try:
            fits, *seen = numbers(await self._store.step(SUMS, self._keys, message), self._keys)
        except BaseException:
            with self._lock:
                self._under_way = _without(self._under_way, over)
                self._unsaid = _sum(self._unsaid, over)
            raise
        with self._lock:
            self._under_way = _without(self._under_way, over)
            self._seen = int(seen[0]), int(seen[1])
            if self._alone is not None:
                self._alone = None
                log.info("budget %r: Redis is back", self._name)
        return int(fits) == 1

    def _undo(self, task: "asyncio.Task[bool]", usd: int, tokens: int) -> None:
        if not task.cancelled() and task.exception() is None and task.result():
            self.correct(-usd, -tokens)

    def _note_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if loop not in self._loops:
            self._loops.add(loop)
            self._store.at_close(self.told)


def _sum(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]


def _without(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] - other[0], one[1] - other[1]
