"""What one event loop has to do with the books in Redis: whose turn it is to ask, what is to be told, what is held."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from .redis import Gone

_SOON = 0.002  # s that what is over may wait for a question to go with

Step = Callable[[dict[str, Any]], Awaitable[tuple[int, float]]]
"""One step in Redis: (1 granted, 0 wait, -1 nothing was asked; seconds to wait). Raises Gone."""


class Desk:
    """turn: of the one who asks, first come first served. What leases are open is told every `renew_after` seconds."""

    def __init__(self, step: Step, renew_after: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.turn = asyncio.Lock()
        self._step = step
        self._renew_after = renew_after
        self._open: dict[str, bool] = {}  # lease -> whether Redis knows of it
        self._talking = asyncio.Lock()
        self._changed = asyncio.Event()
        self._over: list[tuple[str, float, float]] = []
        self._leave: list[str] = []
        self._renew: set[str] = set()
        self._pause = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._soon: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._carrying = False

    # ---------------------------------------------------------------- asking

    async def ask(self, id: str, tokens: float) -> tuple[bool, float]:
        """(whether the place is ours, seconds to wait: below nothing while only an end of another can help).

        Whoever is cancelled meanwhile leaves the line, and what was granted too late is given back. Raises Gone.
        """
        task = self._task(self._tell({"ask": (id, tokens)}))
        try:
            granted, wait = await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: self._give_back(done, id, tokens))
            raise
        if granted:
            self.opened(id, known=True)
        return granted == 1, wait

    async def wait(self, seconds: float) -> None:
        """Until something has changed here, for so long at most."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    def leave(self, id: str) -> None:
        """It no longer waits."""
        self._leave.append(id)
        self.carry()

    # ---------------------------------------------------------------- telling

    def opened(self, id: str, *, known: bool) -> None:
        """A lease is open. known: Redis gave it."""
        self._open[id] = known
        if self._timer is None:
            self._timer = self.loop.call_later(self._renew_after, self.renew)

    def settle(self, id: str, requests: float, tokens: float) -> None:
        """A lease is over, which took so many more than it was given for."""
        self._renew.discard(id)
        if self._open.pop(id, True):
            self._over.append((id, requests, tokens))
        if not self._open and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.look()
        if self._soon is None:
            self._soon = self.loop.call_later(_SOON, self._carry_soon)

    def pause(self, seconds: float) -> None:
        """Nobody shall ask the host for so long."""
        self._pause = max(self._pause, seconds)
        self.look()
        self.carry()

    def look(self) -> None:
        """Something has changed: who waits shall look again."""
        self._changed.set()

    def renew(self) -> None:
        """What is open goes on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._open:
            self._renew.update(self._open)
            self._timer = self.loop.call_later(self._renew_after, self.renew)
            self.carry()

    def carry(self, *, now: bool = False) -> None:
        """Tell Redis what there is to tell. now: even if that is nothing."""
        if not self._carrying and (now or self._any):
            self._carrying = True
            self._task(self._carry(now))

    async def told(self) -> None:
        """Wait until Redis has been told, or is gone; what is open is no longer renewed."""
        self._carry_soon()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._tasks:
            await asyncio.wait(self._tasks)

    # ---------------------------------------------------------------- inside

    def _carry_soon(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        self.carry()

    @property
    def _any(self) -> bool:
        return bool(self._over or self._leave or self._renew or self._pause)

    async def _carry(self, now: bool) -> None:
        try:
            while now or self._any:
                now = False
                await self._tell({})
        except Gone:
            pass  # it is told when Redis is back
        finally:
            self._carrying = False

    async def _tell(self, message: dict[str, Any]) -> tuple[int, float]:
        """One step: the message, and all that there is to tell. One behind the other: none overtakes another."""
        async with self._talking:
            return await self._step_with(message)

    async def _step_with(self, message: dict[str, Any]) -> tuple[int, float]:
        over, leave, renew, pause = self._over, self._leave, self._renew, self._pause
        self._over, self._leave, self._renew, self._pause = [], [], set(), 0.0
        self._open.update(dict.fromkeys(renew, True))
        message |= {"over": over, "leave": leave, "renew": sorted(renew)}
        if pause:
            message["pause"] = pause
        try:
            answer = await self._step(message)
        except Gone:
            # what was given too much is not given back to books that may be new and never gave it
            owed = [(id, max(0.0, requests), max(0.0, tokens)) for id, requests, tokens in over]
            self._over, self._leave = owed + self._over, leave + self._leave
            raise
        if over:
            self.look()
        return answer

    def _give_back(self, task: "asyncio.Task[tuple[int, float]]", id: str, tokens: float) -> None:
        if task.cancelled() or task.exception() is not None:
            return
        if task.result()[0] == 1:
            self.settle(id, -1.0, -tokens)
        else:  # it was put in line behind its leaving
            self.leave(id)

    def _task(self, work: Any) -> "asyncio.Task[Any]":
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
