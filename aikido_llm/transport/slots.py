"""Admission: at most so many requests at the same time, first come, first served.

aiohttp's own limit lets a newcomer take a connection that was just given back before those who have been waiting for
it: a task that asks again and again keeps them out for ever.
"""

import asyncio
from collections import deque

from .base import timed_out


class Slots:
    """A slot is held from sending a request until its response is closed or released. (asyncio.Semaphore takes ten
    steps of Python for what is nearly always a number to count down.)"""

    def __init__(self, limit: int) -> None:
        self._free = limit  # 0 while anybody waits: who gives hands on
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take_at_once(self) -> bool:
        """Take a slot, if there is one."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def take(self, seconds: float | None) -> float | None:
        """Wait for a slot, so long at most. Returns the seconds that are left. Raises TimedOutError, phase connect."""
        if self.take_at_once():
            return seconds
        loop = asyncio.get_running_loop()
        due = None if seconds is None else loop.time() + seconds
        try:
            async with asyncio.timeout_at(due):
                await self._handed(loop.create_future())
        except TimeoutError:
            pass
        else:
            return None if due is None else max(due - loop.time(), 0.001)
        raise timed_out("connect")

    async def _handed(self, slot: asyncio.Future[None]) -> None:
        self._waiting.append(slot)
        try:
            await slot
        except BaseException:
            if slot.done() and not slot.cancelled():  # it was handed over in the same turn of the loop
                self.give()
            elif slot in self._waiting:
                self._waiting.remove(slot)
            raise

    def give(self) -> None:
        while self._waiting:
            slot = self._waiting.popleft()
            if not slot.done():
                slot.set_result(None)
                return
        self._free += 1
