"""Time that passes when a test says so."""

import asyncio
import heapq
from itertools import count

_TURNS = 20  # of the event loop, after which whoever can go on has gone on


class Time:
    """A clock and a sleep that belong together; time stands still until `pass_until`."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._numbers), wake))
        await wake

    async def pass_until(self, when: float) -> None:
        """Let time pass, from one sleeper to the next."""
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= when:
            due, _, wake = heapq.heappop(self._sleepers)
            if wake.done():
                continue
            self.now = max(self.now, due)
            wake.set_result(None)
            await self.settle()
        self.now = max(self.now, when)

    async def settle(self) -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)
