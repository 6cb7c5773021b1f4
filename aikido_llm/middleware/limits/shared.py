"""The line of one process before the books in Redis: its first asks there, the others wait behind it.

Without Redis the process keeps to its part of the limits, in books of its own.
"""

import asyncio
import logging
import uuid
from itertools import count
from typing import Any

from attrs import define

from ...types.exchange import RateLimits
from .bucket import LONGEST_DEBT
from .desk import Desk
from .estimate import Tokens
from .ledger import Bounds, Ledger
from .line import PATIENCE, Clock, Line, Sleep, run_in
from .redis import Gone, RedisStore, forget_closed, numbers
from .scripts import LIMITS

log = logging.getLogger("aikido_llm")

_LOOK = 0.02  # s after which the first looks again while all places are taken
_LONGEST_LOOK = 0.5  # s after which it does in any case: what others give back may let it pass before its time
_VALID = 2.0  # s for which the first of a process keeps its place before Redis without asking
_GRACE = 1.5  # s in which a Redis that has lost its books grants nothing: the other processes tell it what they hold
_TRY_AGAIN = 1.0  # s after which a Redis that was gone is asked again


@define(eq=False)
class Place:
    """What one request has taken: in the books of this process in any case. shared: Redis gave it."""

    tokens: Tokens
    id: str
    desk: Desk
    shared: bool


class SharedLine:
    """Asks as `Line` does, and keeps the books in Redis. What hosts say is kept by each process; a pause by all."""

    def __init__(self, store: RedisStore, name: str, bounds: Bounds, clock: Clock, sleep: Sleep) -> None:
        self._store = store
        self._name = name
        self._keys = tuple(f"aikido_llm:{{{name}}}:{what}" for what in ("books", "leases", "line", "asks"))
        self._settings = _settings(bounds, store.lease_seconds)
        self._clock = clock
        self._desks: dict[asyncio.AbstractEventLoop, Desk] = {}
        self._own = Line(Ledger(bounds.part(store.processes), clock()), clock, sleep)
        self._process = uuid.uuid4().hex[:12]
        self._numbers = count()
        self._known = False  # Redis has answered once
        self._lost = False
        self._losses = 0  # steps that Redis did not answer, of those under way at the same time one
        self._again = 0.0  # when Redis is asked again that was gone

    async def enter(self, tokens: Tokens) -> Place:
        """Wait for one's turn, and take. Raises RateLimitedError where the host asks to wait longer than `PATIENCE`."""
        desk = self._desk()
        id = f"{self._process}-{next(self._numbers)}"
        async with desk.turn:
            while True:
                try:
                    while wait := self._own.held(tokens) or await self._ask(desk, id, tokens):
                        await desk.wait(min(wait, _LONGEST_LOOK))
                except BaseException:
                    desk.leave(id)
                    raise
                if not self._lost:
                    return Place(self._own.join(tokens), id, desk, shared=True)
                await self._own.enter(tokens)
                if self._lost:
                    desk.opened(id, known=False)
                    return Place(tokens, id, desk, shared=False)
                self._own.give_back(tokens)  # Redis came back meanwhile: it decides

    def at_once(self, tokens: Tokens) -> None:
        """Redis has to be asked."""

    def settle(self, place: Place, total: float | None) -> None:
        """It is over, and took so many tokens (None: what it was guessed to take)."""
        self._own.settle(place.tokens, None if place.shared else total)
        more = 0.0 if total is None or not place.shared else total - place.tokens.total
        run_in(place.desk.loop, place.desk.settle, place.id, 0.0, more)

    def told(self, place: Place, limits: RateLimits) -> None:
        """What the reply to it says of the host's limits."""
        self._own.told(place.tokens, limits)
        run_in(place.desk.loop, place.desk.look)

    def answered(self) -> None:
        """The host took a request."""
        self._own.answered()

    def refused(self, retry_after: float | None) -> None:
        """The host asks to wait so many seconds; None: it does not say how long."""
        seconds = self._own.refused(retry_after)
        for desk in list(self._desks.values()):
            run_in(desk.loop, desk.pause, seconds)

    # ---------------------------------------------------------------- Redis, or this process alone

    def _desk(self) -> Desk:
        loop = asyncio.get_running_loop()
        desk = self._desks.get(loop)
        if desk is None:
            forget_closed(self._desks)
            desk = self._desks[loop] = Desk(self._step, self._store.lease_seconds / 3)
            self._store.at_close(desk.told)
        return desk

    async def _ask(self, desk: Desk, id: str, tokens: Tokens) -> float:
        """Seconds to wait before asking again; 0.0: the place is ours, or (`_lost`) nobody can be asked for it."""
        if self._lost:
            self._look_for_redis(desk)
            return 0.0
        try:
            granted, wait = await desk.ask(id, tokens.total)
        except Gone:
            return 0.0
        return 0.0 if granted else wait if wait > 0 else _LOOK

    async def _step(self, message: dict[str, Any]) -> tuple[int, float]:
        # books that are gone were full when nobody had used them; after a loss, others have what was in them
        message |= self._settings | {"start": 0 if self._known and self._lost else 1}
        losses = self._losses
        try:
            granted, wait, held = numbers(await self._store.step(LIMITS, self._keys, message), self._keys)
        except Gone as gone:
            if losses == self._losses:  # of several that were under way one tells it
                self._lose(gone)
            raise
        self._known = True
        if float(held) > PATIENCE:  # another process was told so: nobody here waits for that either
            self._own.refused(float(held))
        if self._lost and losses == self._losses:
            self._found()
        return int(granted), float(wait)

    def _lose(self, gone: Gone) -> None:
        self._again = self._clock() + _TRY_AGAIN
        self._losses += 1
        if self._lost:
            return
        self._lost = True
        if self._known:
            self._own.empty()
        part = f"1/{self._store.processes}" if self._store.processes > 1 else "all"
        log.warning("limiter %r: no Redis (%s); until it is back this process keeps to %s of the limits, by itself",
                    self._name, gone, part)  # fmt: skip

    def _found(self) -> None:
        self._lost = False
        log.info("limiter %r: Redis is back", self._name)
        for desk in list(self._desks.values()):
            run_in(desk.loop, desk.renew)

    def _look_for_redis(self, desk: Desk) -> None:
        if self._clock() >= self._again:
            self._again = self._clock() + _TRY_AGAIN
            desk.carry(now=True)


def _settings(bounds: Bounds, keep: float) -> dict[str, Any]:
    """What every step is told of the limits."""
    rate = {"requests": bounds.requests_per_minute, "tokens": bounds.tokens_per_minute}
    burst = {"requests": bounds.requests_burst, "tokens": bounds.tokens_burst}
    set_ = [kind for kind, minute in rate.items() if minute is not None]
    settings = {
        "rate": {kind: (rate[kind] or 0.0) / 60 for kind in set_},
        "burst": {kind: burst[kind] for kind in set_},
        "keep": keep,
        "valid": _VALID,
        "grace": _GRACE,
        "owe": LONGEST_DEBT,
    }
    return settings if bounds.concurrent is None else settings | {"places": bounds.concurrent}
