"""Slots: as many as there are, first come, first served, and none is lost with who waited for it."""

import asyncio

import pytest

import aikido_llm as llm
from aikido_llm.transport.slots import Slots


def left(slots: Slots) -> int:
    """How many can be taken."""
    count = 0
    while slots.take_at_once():
        count += 1
    return count


async def test_who_came_first_is_served_first_and_no_newcomer_before_them() -> None:
    slots, served = Slots(1), list[int]()

    async def ask(number: int) -> None:
        await slots.take(None)
        served.append(number)

    assert slots.take_at_once()
    asking = [asyncio.create_task(ask(number)) for number in range(3)]
    await asyncio.sleep(0)
    for number in range(3):
        slots.give()
        assert not slots.take_at_once(), "it belongs to the first of them, who has not had his turn yet"
        await asking[number]
    assert served == [0, 1, 2]
    slots.give()
    assert left(slots) == 1


async def test_a_slot_handed_to_one_who_is_cancelled_in_the_same_turn_goes_on() -> None:
    slots = Slots(1)
    assert slots.take_at_once()
    first, second = (asyncio.create_task(slots.take(None)) for _ in range(2))
    await asyncio.sleep(0)
    slots.give()
    first.cancel()
    assert await second is None
    with pytest.raises(asyncio.CancelledError):
        await first
    slots.give()
    assert left(slots) == 1


async def test_who_gives_up_waits_no_longer() -> None:
    slots = Slots(1)
    assert slots.take_at_once()
    cancelled = asyncio.create_task(slots.take(None))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(llm.TimedOutError) as timed_out:
        await slots.take(0.001)
    assert timed_out.value.phase == "connect"
    slots.give()
    assert left(slots) == 1


async def test_the_seconds_that_are_left() -> None:
    slots = Slots(1)
    assert await slots.take(5.0) == 5.0
    waiting = asyncio.create_task(slots.take(5.0))
    await asyncio.sleep(0)
    slots.give()
    seconds = await waiting
    assert seconds is not None
    assert 4.0 < seconds <= 5.0
