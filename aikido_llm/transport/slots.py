"""Admission: at most so many requests at the same time, first come, first served.

aiohttp's own limit lets a newcomer take a connection that was just given back before those who have been waiting for
it: a task that asks again and again keeps them out for ever.
"""

import asyncio

from .base import timed_out


class Slots:
    """A slot is held from sending a request until its response is closed or released."""

    def __init__(self, limit: int) -> None:
        self._free = asyncio.Semaphore(limit)

    async def take(self, seconds: float | None) -> float | None:
        """Wait for a slot, so long at most. Returns the seconds that are left. Raises TimedOutError, phase connect."""
        if not self._free.locked():
            await self._free.acquire()  # without waiting
            return seconds
        loop = asyncio.get_running_loop()
        due = None if seconds is None else loop.time() + seconds
        try:
            async with asyncio.timeout_at(due):
                await self._free.acquire()
        except TimeoutError:
            pass
        else:
            return None if due is None else max(due - loop.time(), 0.001)
        raise timed_out("connect")

    def give(self) -> None:
        self._free.release()
