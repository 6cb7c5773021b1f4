"""`bulk.ray` on a real Ray: actors, a node and a job that are killed, limits that actors share."""

import asyncio
import importlib.util
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from attrs import Factory, define

from aikido_llm.testing import Answer, Received, WireServer

from ..bulk.killing import whole_lines
from ..services import RedisServer
from .program import MOMENTS

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None, reason="Ray has an environment of its own; there it runs by: make ray"
    ),
    pytest.mark.timeout(240),
]

_PROGRAM = Path(__file__).parent / "program.py"
_ROOT = Path(__file__).parent.parent.parent
_PACE = 0.02  # s between the events of an answer
CONCURRENCY = 16


@define
class Server:
    """Answers each key, and looks in the log whether it was there when it is asked for again."""

    wire: WireServer
    folder: Path
    asked: Counter[str] = Factory(Counter[str])
    times: list[float] = Factory(list[float])
    late: list[str] = Factory(list[str])
    moved: asyncio.Condition = Factory(asyncio.Condition)
    status: int = 200

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def pids(self) -> Path:
        return self.folder / "pids"

    async def answer(self, request: Received) -> Answer:
        key = str(request.body["messages"][-1]["content"])
        self.asked[key] += 1
        self.times.append(time.monotonic())
        if self.asked[key] > 1 and key in self.durable():
            self.late.append(key)
        async with self.moved:
            self.moved.notify_all()
        if self.status != 200:
            return Answer(status=self.status)
        return Answer(f"re: {key}", pace=_PACE)

    def durable(self) -> set[str]:
        parts = self.log.glob("*.jsonl") if self.log.exists() else ()
        return {json.loads(call["row"]) for part in parts for call in whole_lines(part) if "error" not in call}

    async def requests(self, total: int) -> None:
        """Wait until so many have come in all. Raises TimeoutError when they do not come."""
        async with asyncio.timeout(60), self.moved:
            await self.moved.wait_for(lambda: len(self.times) >= total)

    async def job(self, **options: Any) -> asyncio.subprocess.Process:
        job = {"url": self.wire.dsn("vllm"), "log": str(self.log), "pids": str(self.pids), "actors": 2, "blocks": 20,
               "concurrency": CONCURRENCY, "redis": "", "gone": "", "moments": (), "taken": str(self.taken),
               "guide": False, **options}  # fmt: skip
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        environment["PYTHONPATH"] = str(_ROOT)
        return await asyncio.create_subprocess_exec(
            sys.executable, str(_PROGRAM), json.dumps(job), stdout=asyncio.subprocess.PIPE, env=environment
        )

    @property
    def taken(self) -> Path:
        return self.folder / "taken"

    def alive(self) -> list[int]:
        """The actors that have begun and are not gone."""
        return [int(file.name) for file in self.pids.iterdir() if Path(f"/proc/{file.name}").exists()]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    for folder in ("pids", "taken"):
        (tmp_path / folder).mkdir()
    async with WireServer() as wire:
        made = Server(wire, tmp_path)
        wire.respond(made.answer)
        yield made


async def ended(job: asyncio.subprocess.Process) -> dict[str, Any]:
    """What a job has printed of its rows."""
    out, _ = await job.communicate()
    assert job.returncode == 0, out
    [told] = [json.loads(line) for line in out.splitlines() if line.startswith(b"{")]
    return dict(told)


async def test_no_answer_is_lost_and_none_that_is_durable_is_paid_twice(server: Server) -> None:
    """2,000 rows, two actors: three actors are killed, then the job; the next one ends it."""
    job = await server.job(count=2000)
    for total in (150, 400, 650):
        await server.requests(total)
        victim = max(server.alive(), key=lambda pid: (server.pids / str(pid)).stat().st_mtime)
        os.kill(victim, signal.SIGKILL)
    await server.requests(1100)
    job.kill()
    await job.communicate()
    while server.alive():  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    assert len(server.asked) < 2000, "nothing was left to take up"
    durable = server.durable()
    assert len(durable) >= 1100 - 6 * CONCURRENCY
    result = await ended(await server.job(count=2000))
    assert result["keys"] == list(range(2000))
    assert not result["wrong"]
    assert not result["errors"]
    assert result["cached"] == len(durable)
    assert set(server.asked) == server.durable() == {f"k{number}" for number in range(2000)}
    assert not server.late, f"asked for though they were in the log: {server.late}"
    twice = sum(times - 1 for times in server.asked.values())
    assert twice <= 5 * CONCURRENCY, f"{twice} were asked for again after 3 actors and a job of 2 were killed"
    print(f"asked for again: {twice} of at most {5 * CONCURRENCY}; the second run took {result['seconds']:.1f} s")


async def test_actors_that_die_at_named_moments_lose_no_answer(server: Server) -> None:
    result = await ended(await server.job(count=1000, moments=MOMENTS))
    assert {file.name for file in server.taken.iterdir()} == set(MOMENTS)
    gone = len([*server.pids.iterdir()])
    assert gone >= len(MOMENTS) + 1, "those that died, and one that has ended it"
    assert result["keys"] == list(range(1000))
    assert not result["wrong"]
    assert not result["errors"]
    assert not server.late, f"asked for though they were in the log: {server.late}"
    twice = sum(times - 1 for times in server.asked.values())
    assert twice <= len(MOMENTS) * CONCURRENCY, f"{twice} were asked for again"
    print(f"asked for again: {twice} of at most {len(MOMENTS) * CONCURRENCY}, after {len(MOMENTS)} named moments")


async def test_what_a_node_had_answered_before_it_died_is_not_asked_again(server: Server) -> None:
    gone = server.folder / "gone"
    job = await server.job(count=1500, gone=str(gone))
    await server.requests(500)
    gone.touch()
    result = await ended(job)
    assert result["keys"] == list(range(1500))
    assert not result["wrong"]
    assert not result["errors"]
    assert len(list(server.pids.iterdir())) >= 2, "an actor of each node; whether another one begins is Ray's choice"
    assert not server.late, f"asked for though they were in the log: {server.late}"
    twice = sum(times - 1 for times in server.asked.values())
    assert twice <= 2 * CONCURRENCY, f"{twice} were asked for again"


async def test_actors_share_a_limit_over_redis(server: Server, redis_server: RedisServer) -> None:
    a_minute, burst = 3000, 20
    job = await server.job(count=400, redis=redis_server.url, a_minute=a_minute, burst=burst)
    result = await ended(job)
    assert result["keys"] == list(range(400))
    assert not result["errors"]
    assert len(list(server.pids.iterdir())) == 2
    times = server.times
    assert len(times) == 400
    excess = max(
        last - first + 1 - burst - a_minute / 60 * (times[last] - times[first])
        for first in range(len(times))
        for last in range(first, len(times))
    )
    print(f"at most {excess:+.1f} requests above the limit in any time, over {times[-1] - times[0]:.1f} s")
    assert excess <= 10, "what waits on this machine between its permit and the server comes closer together"


async def test_what_would_meet_every_row_ends_the_job(server: Server) -> None:
    server.status = 401
    result = await ended(await server.job(count=2000))
    assert "AuthError" in result["text"]
    assert len(server.times) <= 2 * 2 * CONCURRENCY


async def test_the_guide_goes_on_with_what_the_laptop_has_asked(server: Server) -> None:
    result = await ended(await server.job(guide=True))
    assert (result["keys"], result["cached"]) == (1000, 1000)
    assert "summaries" in result["written"]
