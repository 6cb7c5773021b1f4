"""What has been spent and reserved of a budget: in this process, or in Redis for several.

Amounts are pairs (money, tokens), both whole numbers; money in billionths of a dollar.
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
class Amount:
    """Money in billionths of a dollar, and tokens; both are whole numbers, and may be below nothing."""

    usd: int = 0
    tokens: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.usd + other.usd, self.tokens + other.tokens)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.usd - other.usd, self.tokens - other.tokens)


@frozen
class Most:
    """The bounds of a budget; None is without one."""

    usd: int | None = None
    tokens: int | None = None

    def allows(self, amount: Amount) -> bool:
        return (self.usd is None or amount.usd <= self.usd) and (self.tokens is None or amount.tokens <= self.tokens)

    def part(self, spent: Amount, of: int) -> "Most":
        """What one of so many processes may still spend."""
        return Most(
            None if self.usd is None else max(0, self.usd - spent.usd) // of,
            None if self.tokens is None else max(0, self.tokens - spent.tokens) // of,
        )


class Sums(Protocol):
    """Adds what is spent and reserved."""

    @property
    def spent(self) -> Amount: ...
    async def reserve(self, amount: Amount) -> bool:
        """Whether it still fits, and is then added. One atomic step."""
        ...

    def correct(self, more: Amount) -> None:
        """Add in any case. Never waits."""
        ...


class OwnSums:
    """The sums of one process, safe from its threads."""

    def __init__(self, most: Most) -> None:
        self._most = most
        self._lock = RLock()
        self.spent = Amount()

    async def reserve(self, amount: Amount) -> bool:
        return self.add(amount)

    def add(self, amount: Amount) -> bool:
        """Whether it fitted, and was added."""
        with self._lock:
            if not self._most.allows(self.spent + amount):
                return False
            self.spent += amount
            return True

    def correct(self, more: Amount) -> None:
        with self._lock:
            self.spent += more


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
        self._seen = Amount()
        self._unsaid = Amount()
        self._alone: OwnSums | None = None  # while Redis is gone
        self._carrying: asyncio.Task[None] | None = None
        self._loops: WeakSet[asyncio.AbstractEventLoop] = WeakSet()

    @property
    def spent(self) -> Amount:
        """As this process knows it."""
        return self._seen + self._unsaid

    async def reserve(self, amount: Amount) -> bool:
        task = asyncio.ensure_future(self._reserved(amount))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: self._undo(done, amount))
            raise

    def correct(self, more: Amount) -> None:
        self._say_later(more)
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

    async def _reserved(self, amount: Amount) -> bool:
        try:
            return await self._step(amount)
        except Gone as gone:
            with self._lock:
                if self._alone is None:
                    self._alone = OwnSums(self._most.part(self._seen, self._store.processes))
                    log.warning("budget %r: no Redis (%s); until it is back this process spends 1/%d of what was left",
                                self._name, gone, self._store.processes)  # fmt: skip
                fits = self._alone.add(amount)
            if fits:
                self._say_later(amount)
            return fits

    async def _carry(self) -> None:
        while self._unsaid != Amount():
            try:
                await self._step(Amount())
            except Gone:
                return  # it goes with the next step

    async def _step(self, add: Amount) -> bool:
        self._note_loop()
        with self._lock:
            over, self._unsaid = self._unsaid, Amount()
        message: dict[str, Any] = {
            "over": {"usd": over.usd, "tokens": over.tokens},
            "add": {"usd": add.usd, "tokens": add.tokens},
            "seen": {"usd": self._seen.usd, "tokens": self._seen.tokens},
            "most": {kind: most for kind in ("usd", "tokens") if (most := getattr(self._most, kind)) is not None},
        }
        try:
            fits, usd, tokens = numbers(await self._store.step(SUMS, self._keys, message), self._keys)
        except Gone:
            self._say_later(over)
            raise
        with self._lock:
            self._seen = Amount(int(usd), int(tokens))
            if self._alone is not None:
                self._alone = None
                log.info("budget %r: Redis is back", self._name)
        return int(fits) == 1

    def _say_later(self, more: Amount) -> None:
        with self._lock:
            self._unsaid += more
            if self._alone is not None and more.tokens < 0:
                self._alone.correct(more)

    def _undo(self, task: "asyncio.Task[bool]", amount: Amount) -> None:
        if not task.cancelled() and task.exception() is None and task.result():
            self.correct(Amount() - amount)

    def _note_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if loop not in self._loops:
            self._loops.add(loop)
            self._store.at_close(self.told)
