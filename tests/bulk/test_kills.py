"""A sample of `python -m tests.bulk` (make kills): no answer that is durable is asked for again."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aikido_llm.testing import WireServer

from .killing import MOMENTS, Killed, Server, at_moments, at_random, several


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Killed]:
    async with WireServer() as wire:
        server = Server(wire)
        wire.respond(server.answer)
        yield Killed(server, tmp_path / "log.db", count=150)


async def test_killed_at_random(run: Killed) -> None:
    await at_random(run, 2, random.Random(1))
    await run.finish()


async def test_killed_at_random_with_parts(run: Killed) -> None:
    run.log.mkdir()
    await at_random(run, 2, random.Random(4))
    await run.finish()


async def test_killed_at_named_moments(run: Killed) -> None:
    await at_moments(run, MOMENTS, random.Random(2))
    await run.finish()


async def test_one_of_several_is_killed(run: Killed) -> None:
    run.server.pace = 0.1
    await several(run, 1, random.Random(3))
    await run.finish()
