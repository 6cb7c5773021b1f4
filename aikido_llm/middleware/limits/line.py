"""Those who wait for a ledger, first come first served, from any number of event loops and threads."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from threading import RLock

from attrs import define

from ...errors import RateLimitedError
from ...types.exchange import RateLimits
from .estimate import Tokens
from .ledger import NEVER, Ledger

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[object]]

PATIENCE = 300.0  # s: what a host asks to wait beyond this, the caller is told at once


@define(eq=False)
class _Waiter:
    tokens: Tokens
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Tokens]"
    taken: bool = False


class Line:
    """One queue before one ledger. Nobody polls: whoever changes the books lets those pass who can, and one timer, in
    the loop of the first in line, looks again when time alone will do.

    Each is told in its own loop. A loop that is gone has lost its place.
    """

    def __init__(self, ledger: Ledger, clock: Clock, sleep: Sleep) -> None:
        self._ledger = ledger
        self.answered = ledger.answered
        self._clock = clock
        self._sleep = sleep
        self._lock = RLock()  # a stream that is collected may settle in the middle of anything
        self._waiting: deque[_Waiter] = deque()
        self._due = NEVER  # when the timer looks again, and
        self._where: asyncio.AbstractEventLoop | None = None  # in which loop
        self._timers: dict[asyncio.Task[None], asyncio.AbstractEventLoop] = {}

    async def enter(self, tokens: Tokens) -> Tokens:
        """Wait for one's turn, and take. Raises RateLimitedError where the host asks to wait longer than `PATIENCE`."""
        with self._lock:
            if self.at_once(tokens) is not None:
                return tokens
            loop = asyncio.get_running_loop()
            waiter = _Waiter(tokens, loop, loop.create_future())
            self._waiting.append(waiter)
            self._let_pass()
        try:
            return await waiter.answer
        except BaseException:
            self._leave(waiter)
            raise

    def at_once(self, tokens: Tokens) -> Tokens | None:
        """Take, where nobody waits and there is so much; None where one has to wait."""
        with self._lock:
            if self._waiting or self._ledger.wait(tokens, self._clock()):
                return None
            return self._ledger.take(tokens)

    def join(self, tokens: Tokens) -> Tokens:
        """Take without waiting: somebody else has let it pass."""
        with self._lock:
            return self._ledger.take(tokens)

    def give_back(self, tokens: Tokens) -> None:
        """Nothing was sent."""
        with self._lock:
            self._ledger.undo(tokens, self._clock())
            self._let_pass()

    def held(self, tokens: Tokens) -> float:
        """Seconds that the host asks to wait. Raises RateLimitedError where that is longer than `PATIENCE`."""
        with self._lock:
            held = self._ledger.held(tokens, self._clock())
        if held > PATIENCE:
            raise too_long(held)
        return held

    def settle(self, tokens: Tokens, total: float | None) -> None:
        """It is over, and took so many tokens (None: what it was guessed to take)."""
        with self._lock:
            self._ledger.settle(tokens, total, self._clock())
            self._let_pass()

    def told(self, tokens: Tokens, limits: RateLimits) -> None:
        """What the reply to it says of the host's limits."""
        with self._lock:
            self._ledger.told(tokens, limits, self._clock())
            self._let_pass()

    def empty(self) -> None:
        """Nothing is there yet."""
        with self._lock:
            self._ledger.empty(self._clock())

    def refused(self, retry_after: float | None) -> float:
        """The host asks to wait so many seconds; None: it does not say how long. Returns what is waited."""
        with self._lock:
            seconds = self._ledger.refused(retry_after, self._clock())
            self._let_pass()
        return seconds

    def _leave(self, waiter: _Waiter) -> None:
        """It was cancelled, in line or just as it was let pass."""
        with self._lock:
            if waiter.taken:
                self._ledger.undo(waiter.tokens, self._clock())
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            self._let_pass()

    def _let_pass(self) -> None:
        if not self._waiting and not self._timers and self._due == NEVER:
            return
        now = self._clock()
        while self._waiting:
            waiter = self._waiting[0]
            wait = 0.0 if waiter.loop.is_closed() else self._ledger.wait(waiter.tokens, now)
            held = self._ledger.held(waiter.tokens, now) if wait else 0.0
            if wait and held <= PATIENCE:
                self._look_again(waiter.loop, now + wait)
                return
            self._waiting.popleft()
            if held:
                run_in(waiter.loop, _refuse, waiter, held)
            elif not waiter.loop.is_closed():
                self._ledger.take(waiter.tokens)
                waiter.taken = True
                run_in(waiter.loop, _admit, waiter)
        for task, loop in list(self._timers.items()):
            run_in(loop, task.cancel)
        self._due = NEVER

    def _look_again(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        if due < self._due or (self._where is not None and self._where.is_closed()):
            self._due, self._where = due, loop
            run_in(loop, self._start, loop, due)

    def _start(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        task = loop.create_task(self._timer(due))
        self._timers[task] = loop
        task.add_done_callback(self._timers.pop)

    async def _timer(self, due: float) -> None:
        await self._sleep(max(0.0, due - self._clock()))
        with self._lock:
            if self._due == due:
                self._due = NEVER
            self._let_pass()


def run_in(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *args: object) -> None:
    """Call it in that loop: at once when it is this one. In one that is gone nobody waits."""
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is loop:
        function(*args)
        return
    if not loop.is_closed():
        loop.call_soon_threadsafe(function, *args)


def _admit(waiter: _Waiter) -> None:
    if waiter.taken and not waiter.answer.done():
        waiter.answer.set_result(waiter.tokens)


def _refuse(waiter: _Waiter, seconds: float) -> None:
    if not waiter.answer.done():
        waiter.answer.set_exception(too_long(seconds))


def too_long(seconds: float) -> RateLimitedError:
    """What a host asks to wait, and nobody shall wait for unasked."""
    return RateLimitedError(f"the host asks to wait {seconds:.0f} s before the next request", retry_after=seconds)
