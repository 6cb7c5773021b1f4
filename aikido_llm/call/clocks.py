"""The four clocks of one call, and the two ways in which they end a wait: before the headers, and in the body."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from types import TracebackType, coroutine
from typing import Any, TypeVar, cast

from ..errors import ConfigError, LLMError, Phase, StreamTruncated
from ..transport.base import Timeouts, timed_out
from ..types.exchange import ResumeToken

T = TypeVar("T")

_NEVER = float("inf")


def running_loop() -> asyncio.AbstractEventLoop:
    """The running event loop. Raises ConfigError where asyncio does not run."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigError(
            "this client needs asyncio's event loop, and none runs here; use aikido_llm.sync instead "
            "(under trio: by trio.to_thread.run_sync)"
        ) from None


class Clocks:
    """Three deadlines and an idle time on one timer of the loop; and `end`, by which others stop the call.

    Before the headers are there, the timer ends the wait by cancelling the task (`first_event` and `total`; `connect`
    is the transport's). From then on it closes the response: it costs nothing per event, moves itself forward when it
    fires early, cancels no task, and stands still for `idle` while nobody reads.

    resume: how the answer of this call is taken up, where it outlives the call.
    """

    __slots__ = (
        "_content_due",
        "_ended",
        "_expired",
        "_granted",
        "_idle",
        "_on_due",
        "_seen_content",
        "_timeouts",
        "_timer",
        "_total_due",
        "_waiting",
        "loop",
        "now",
        "resume",
    )

    def __init__(self, timeouts: Timeouts) -> None:
        self.loop = running_loop()
        self.now = _clock_of(self.loop)
        self._timeouts = timeouts
        self._idle = _or_never(timeouts.idle)
        self._total_due = self._in(timeouts.total)
        self._content_due = _NEVER
        self._seen_content = False
        self._granted: tuple[float, bool] | None = None  # the two before `grows`, which `was_nothing` restores
        self._timer: asyncio.Handle | None = None
        self._on_due: Callable[[], None] | None = None
        self._waiting = False
        self._expired: Phase | None = None
        self._ended = False
        self.resume: Callable[[], ResumeToken | None] | None = None

    # ---------------------------------------------------------------- before the headers

    def attempt(self) -> "_Bounded":
        """A new attempt, and with it a new wait for the first event:

        with clocks.attempt():
            return await sending
        raise clocks.error()  # the block was left because a clock ran out, or because of `end`
        """
        self._content_due = self._in(self._timeouts.first_event)
        self._seen_content = False
        self._idle = _or_never(self._timeouts.idle)
        self._waiting = True
        return _Bounded(self)

    async def sleep(self, seconds: float) -> None:
        """Between two attempts."""
        await self.outside(asyncio.sleep(seconds))

    @coroutine
    def outside(self, waiting: Awaitable[T]) -> Generator[Any, Any, T]:
        """Something that is waited for while no attempt is under way: only `total` bounds it. What need not be waited
        for, as a gate nearly always lets pass, costs no timer."""
        steps = waiting.__await__()
        try:
            first = next(steps)
        except StopIteration as done:
            there: T = done.value
            return there
        self._waiting = False
        with _Bounded(self):
            return (yield from _from(first, steps))
        raise self.error()

    def error(self) -> LLMError:
        """Why a block was left."""
        failure = self.failure()
        assert failure is not None
        return failure

    def interrupt_by(self, on_due: Callable[[], None]) -> None:
        """Call on_due, once, when a clock runs out or `end` is called."""
        self._expired = None
        self._arm(on_due)

    def keep_running(self) -> None:
        """Nothing waits before the headers any more; the timer goes on for the body."""
        self._on_due = None

    # ---------------------------------------------------------------- in the body

    def watch(self, on_due: Callable[[], None]) -> None:
        """The headers are there: call on_due, once, when a clock runs out or `end` is called; `failure` says why."""
        if self._timer is None:
            self._arm(on_due)
        else:  # it goes on
            self._on_due = on_due

    def begin_wait(self) -> None:
        """A reader waits for content."""
        self._waiting = True
        if self._seen_content:
            self._content_due = self.now() + self._idle

    def end_wait(self) -> None:
        """The reader has content."""
        self._waiting = False
        self._granted = None
        if not self._seen_content:
            self._seen_content = True
            self._content_due = self.now() + self._idle

    def grows(self) -> None:
        """A large event is arriving: content, unless it comes to nothing."""
        if self._granted is None:
            self._granted = self._content_due, self._seen_content
        self._seen_content = True
        self._content_due = self.now() + self._idle

    def was_nothing(self) -> None:
        """The event that grew is whole and holds no content: what it was granted is taken back."""
        if self._granted is not None:
            self._content_due, self._seen_content = self._granted
            self._granted = None
            if self._on_due is not None:
                self._arm(self._on_due)

    def shorten(self, idle: float) -> None:
        """From now on nothing more need come: what does has so many seconds, whatever else comes in between."""
        if idle < self._idle:
            self._idle = idle
            self._seen_content = True
            self._granted = None
            self._content_due = min(self._content_due, self.now() + idle)
            if self._on_due is not None:
                self._arm(self._on_due)

    def hurry(self, seconds: float) -> None:
        """Wait at most so many seconds more for what is being read (an error's body)."""
        self._content_due = min(self._content_due, self.now() + seconds)
        self.stop()

    def stop(self) -> None:
        """The body is over."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._on_due = None

    # ---------------------------------------------------------------- the end

    def end(self) -> None:
        """Somebody else ends the call, whatever it waits for."""
        self._ended = True
        on_due = self._on_due
        self.stop()
        if on_due is not None:
            on_due()

    def failure(self) -> LLMError | None:
        """Why the call was ended from here; None when it was not."""
        if self._ended:
            return StreamTruncated("the stream was closed before its answer was whole; what arrived is in .partial",
                                   permanent=True)  # fmt: skip
        return None if self._expired is None else timed_out(self._expired)

    def _arm(self, on_due: Callable[[], None]) -> None:
        """Never calls on_due before it returns: a task that cancels itself would find out only after its wait."""
        self.stop()
        self._on_due = on_due
        self._set_timer()

    def _in(self, seconds: float | None) -> float:
        return _NEVER if seconds is None else self.now() + seconds

    def _tick(self) -> None:
        now = self.now()
        if now >= self._total_due:
            self._expired = "total"
        elif self._waiting and now >= self._content_due:
            self._expired = "idle" if self._seen_content else "first_event"
        on_due = self._on_due
        self._timer = None
        if on_due is None:
            return
        if self._ended or self._expired is not None:
            self.stop()
            on_due()
        else:
            self._set_timer()

    def _set_timer(self) -> None:
        now, idle = self.now(), self._idle
        pause = idle or 1.0  # with an idle time of 0 the loop shall not spin
        # with no reader waiting the content deadline is ignored; `begin_wait` sets a new one
        due = self._content_due if self._waiting or now < self._content_due else now + pause
        due = min(due, now + pause, self._total_due)  # `idle` begins with the first event, which may come at any time
        if self._ended or due <= now:
            self._timer = self.loop.call_soon(self._tick)  # before what the task itself asks the loop for
        elif due != _NEVER:
            self._timer = self.loop.call_at(due, self._tick)


def _clock_of(loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    """The loop's clock. asyncio's own loops only pass on another, which is read here without them: once an event."""
    return time.monotonic if getattr(type(loop), "time", None) is asyncio.BaseEventLoop.time else loop.time


def _from(first: Any, steps: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    """`yield from steps`, whose first one has been taken."""
    step = first
    try:
        while True:
            try:
                sent = yield step
            except BaseException as error:  # a cancellation, as a rule: it is theirs to answer
                step = steps.throw(error)
            else:
                step = steps.send(sent)
    except StopIteration as done:
        return cast("T", done.value)


def _or_never(seconds: float | None) -> float:
    return _NEVER if seconds is None else seconds


class _Bounded:
    """A block that is left when a clock of its call runs out: what `asyncio.timeout` does, on the one timer of the call
    (an `asyncio.timeout` more costs a twentieth of a small request). The timer cancels the task, and the block keeps
    that cancellation to itself; one by anybody else passes through it.
    """

    __slots__ = ("_clocks", "_interrupted", "_others", "_task")

    def __init__(self, clocks: Clocks) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._clocks = clocks
        self._interrupted = False

    def __enter__(self) -> None:
        self._others = self._task.cancelling()
        self._clocks.interrupt_by(self._interrupt)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            self._clocks.keep_running()
        else:
            self._clocks.stop()
        if not self._interrupted:
            return False
        alone = self._task.cancelling() == self._others + 1  # nobody else wants the task to end
        self._task.uncancel()
        return alone and isinstance(error, asyncio.CancelledError)

    def _interrupt(self) -> None:
        self._interrupted = True
        self._task.cancel()
