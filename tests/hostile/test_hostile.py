"""Every script once, on one wire and road each, in turn; all of them on all wires: `make hostile`."""

import asyncio

import pytest

from tests.hostile.case import BUSY, check, play
from tests.hostile.scripts import SERVERS, Hostile
from tests.hostile.server import Road

_AT_ONCE = 16
CASES: list[tuple[Hostile, str, Road]] = [
    (hostile, hostile.wires[number % len(hostile.wires)], hostile.roads[number % len(hostile.roads)])
    for number, hostile in enumerate(SERVERS)
]
_BATCHES = -(-len(CASES) // _AT_ONCE)
BATCHES = [CASES[number::_BATCHES] for number in range(_BATCHES)]  # the floods apart from each other


@pytest.mark.parametrize("batch", BATCHES, ids=[batch[0][0].name for batch in BATCHES])
async def test_what_a_call_costs_is_bounded(batch: list[tuple[Hostile, str, Road]]) -> None:
    """Several at the same time, for most of their time is waiting; again alone where one may have held up another."""
    costs = await asyncio.gather(*(play(*case) for case in batch))
    for (hostile, dialect, road), cost in zip(batch, costs, strict=True):
        try:
            check(hostile, dialect, cost, BUSY)
        except AssertionError as failure:
            alone = await play(hostile, dialect, road)
            failure.add_note(f"{hostile.name}, {dialect}, {road}; alone: {alone}")
            check(hostile, dialect, alone, BUSY)


def test_the_servers_are_many_and_each_has_its_name() -> None:
    assert len(SERVERS) >= 50
    assert len({hostile.name for hostile in SERVERS}) == len(SERVERS)
