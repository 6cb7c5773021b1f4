"""One timer ends every wait; before the headers it cancels the task, which is told from a cancellation by others."""

import asyncio
import contextlib
import gc
import weakref
from collections.abc import Awaitable
from typing import Any, TypeVar

import pytest

import aikido_llm as llm
from aikido_llm.call.clocks import Clocks

T = TypeVar("T")

SOON = llm.Timeouts(connect=None, first_event=0.01, idle=None, total=None)
LATE = llm.Timeouts(connect=None, first_event=60.0, idle=60.0, total=60.0)


async def forever() -> None:
    await asyncio.Event().wait()


async def before_answer(clocks: Clocks, sending: Awaitable[T]) -> T:
    with clocks.attempt():
        return await sending
    raise clocks.error()


def current() -> "asyncio.Task[object]":
    task = asyncio.current_task()
    assert task is not None
    return task


async def test_a_clock_that_runs_out_is_our_error_and_leaves_no_cancellation() -> None:
    with pytest.raises(llm.TimedOutError) as caught:
        await before_answer(Clocks(SOON), forever())
    assert caught.value.phase == "first_event"
    assert caught.value.__context__ is None
    assert current().cancelling() == 0
    await asyncio.sleep(0)


async def test_the_whole_call_has_its_own_clock_between_attempts_too() -> None:
    clocks = Clocks(llm.Timeouts(connect=None, first_event=0.001, idle=None, total=0.05))
    with pytest.raises(llm.TimedOutError) as caught:
        await clocks.sleep(60)  # where no event is waited for
    assert caught.value.phase == "total"


async def test_what_is_there_at_once_costs_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, timers = asyncio.get_running_loop(), list[float]()
    call_at = loop.call_at

    def counted(when: float, *args: Any, **options: Any) -> asyncio.TimerHandle:
        timers.append(when)
        return call_at(when, *args, **options)

    monkeypatch.setattr(loop, "call_at", counted)

    async def at_once() -> str:
        return "here"

    async def later() -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "there"

    assert await Clocks(LATE).outside(at_once()) == "here"
    assert not timers
    clocks = Clocks(LATE)
    assert await clocks.outside(later()) == "there"
    assert len(timers) == 1
    clocks.stop()


async def test_what_is_waited_for_answers_a_cancellation_itself() -> None:
    async def stubborn() -> str:
        with contextlib.suppress(asyncio.CancelledError):
            await forever()
        await asyncio.sleep(0)
        return "tidied up"

    clocks = Clocks(LATE)
    waiting = asyncio.ensure_future(clocks.outside(stubborn()))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await waiting == "tidied up"
    clocks.stop()
    refused = asyncio.ensure_future(Clocks(LATE).outside(forever()))
    await asyncio.sleep(0)
    refused.cancel()
    with pytest.raises(asyncio.CancelledError):
        await refused


async def test_a_cancellation_from_outside_stays_one() -> None:
    waiting = asyncio.create_task(before_answer(Clocks(LATE), forever()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert waiting.cancelled()


async def test_a_cancellation_from_outside_wins_over_a_clock_at_the_same_moment() -> None:
    waiting = asyncio.create_task(before_answer(Clocks(SOON), forever()))
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    loop.call_later(0.01, waiting.cancel)
    both_due = loop.time() + 0.02
    while loop.time() < both_due:  # the loop finds both at once
        pass
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert waiting.cancelling() == 1


async def test_what_ends_by_itself_while_it_is_cancelled_counts() -> None:
    async def answers_late() -> str:
        try:
            await forever()
        except asyncio.CancelledError:
            return "answer"
        return ""

    assert await before_answer(Clocks(SOON), answers_late()) == "answer"
    assert current().cancelling() == 0


async def test_another_error_on_the_way_out_is_that_error() -> None:
    async def breaks() -> None:
        try:
            await forever()
        finally:
            raise llm.ConnectError("broke")

    with pytest.raises(llm.ConnectError):
        await before_answer(Clocks(SOON), breaks())
    assert current().cancelling() == 0


async def test_ended_by_somebody_else() -> None:
    clocks = Clocks(LATE)
    waiting = asyncio.create_task(before_answer(clocks, forever()))
    await asyncio.sleep(0)
    clocks.end()
    with pytest.raises(llm.StreamTruncated, match="closed"):
        await waiting


async def test_ended_before_it_began() -> None:
    clocks = Clocks(LATE)
    clocks.end()
    with pytest.raises(llm.StreamTruncated, match="closed"):
        await before_answer(clocks, forever())


@pytest.mark.parametrize("total", [0.0, None])
async def test_what_needs_no_waiting_is_not_cancelled_afterwards(total: float | None) -> None:
    async def at_once() -> str:
        return "answer"

    clocks = Clocks(llm.Timeouts(connect=None, first_event=0.0, idle=None, total=total))
    clocks.end()
    assert await before_answer(clocks, at_once()) == "answer"
    clocks.stop()
    await asyncio.sleep(0.01)
    assert current().cancelling() == 0


@pytest.mark.parametrize("failing", [True, False])
async def test_the_timer_keeps_nothing_alive(failing: bool) -> None:
    async def fails() -> None:
        raise llm.ConnectError("no")

    async def call() -> "weakref.ref[llm.Timeouts]":
        timeouts = llm.Timeouts(first_event=60.0)
        clocks = Clocks(timeouts)
        if failing:
            with pytest.raises(llm.ConnectError):
                await before_answer(clocks, fails())
        else:
            await before_answer(clocks, asyncio.sleep(0))
            clocks.watch(lambda: None)
            clocks.stop()
        return weakref.ref(timeouts)

    held = await call()
    gc.collect()
    assert held() is None


async def test_an_idle_time_of_nothing_does_not_make_the_loop_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: list[float] = []
    loop = asyncio.get_running_loop()
    call_soon = loop.call_soon

    def counted(*args: Any, **options: Any) -> asyncio.Handle:
        ticks.append(loop.time())
        return call_soon(*args, **options)

    clocks = Clocks(llm.Timeouts(connect=None, first_event=60.0, idle=0.0, total=None))
    monkeypatch.setattr(loop, "call_soon", counted)
    await before_answer(clocks, asyncio.sleep(0.05))
    clocks.stop()
    assert len(ticks) < 20


async def test_the_body_is_watched_by_the_timer_that_ran_before() -> None:
    clocks = Clocks(llm.Timeouts(connect=None, first_event=0.02, idle=0.02, total=None))
    await before_answer(clocks, asyncio.sleep(0))
    due = asyncio.Event()
    clocks.watch(due.set)
    clocks.begin_wait()
    await asyncio.wait_for(due.wait(), 5)
    failure = clocks.failure()
    assert isinstance(failure, llm.TimedOutError)
    assert failure.phase == "first_event"


async def test_idle_is_not_held_up_by_a_long_first_event() -> None:
    clocks = Clocks(llm.Timeouts(connect=None, first_event=60.0, idle=0.02, total=None))
    await before_answer(clocks, asyncio.sleep(0))
    due = asyncio.Event()
    clocks.watch(due.set)
    clocks.begin_wait()
    clocks.end_wait()
    clocks.begin_wait()
    await asyncio.wait_for(due.wait(), 5)
    failure = clocks.failure()
    assert isinstance(failure, llm.TimedOutError)
    assert failure.phase == "idle"
