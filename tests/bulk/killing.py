"""Runs that are killed and begun again, beside a server that counts.

What must hold: whatever a run was handed is in the log; the server is never asked for what was in the log before; at
the end every row is handed out. What was under way at a kill may be asked for twice, and nothing else.
"""

import asyncio
import json
import random
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from attrs import Factory, define

from aikido_llm.testing import Answer, Received, WireServer

MOMENTS = ("sending", "answered", "committing", "told")
_PROGRAM = Path(__file__).parent / "program.py"
_ROOT = Path(__file__).parent.parent.parent


@define
class Server:
    """Answers each key, and knows what is durable. late: keys that were asked for though they were. pace: at most, in
    seconds between two events."""

    wire: WireServer
    asked: Counter[str] = Factory(Counter[str])
    durable: set[str] = Factory(set[str])
    late: list[str] = Factory(list[str])
    total: int = 0
    pace: float = 0.004
    moved: asyncio.Condition = Factory(asyncio.Condition)

    async def answer(self, request: Received) -> Answer:
        key = str(request.body["messages"][-1]["content"])
        self.asked[key] += 1
        if key in self.durable:
            self.late.append(key)
        async with self.moved:
            self.total += 1
            self.moved.notify_all()
        return Answer(f"re: {key}", pace=random.uniform(0, self.pace))

    async def requests(self, more: int) -> None:
        """Wait until so many more have come."""
        async with self.moved:
            wanted = self.total + more
            await self.moved.wait_for(lambda: self.total >= wanted)


def kept(log: Path) -> set[str]:
    """The rows whose answers are in the log."""
    if log.is_dir():
        return {call["row"].strip('"') for part in log.iterdir() for call in whole_lines(part) if "error" not in call}
    if not log.exists():
        return set()
    with closing(sqlite3.connect(log, timeout=30)) as connection:
        try:
            rows = connection.execute("SELECT row FROM calls WHERE outcome = 'answered'").fetchall()
        except sqlite3.OperationalError:  # killed before it had a schema
            return set()
    return {row.strip('"') for (row,) in rows}


def whole_lines(part: Path) -> Iterator[dict[str, Any]]:
    """The calls of a part, but one that a kill has torn."""
    for line in part.read_bytes().split(b"\n")[:-1]:
        yield json.loads(line)


@define
class Killed:
    """One log, one server, and the processes that work on them. handed: what any of them was handed."""

    server: Server
    log: Path
    count: int
    concurrency: int = 8
    handed: set[str] = Factory(set[str])
    kills: int = 0

    async def begin(self, moment: str = "never", number: int = 1) -> asyncio.subprocess.Process:
        moment = "parts" if self.log.is_dir() else moment
        command = (str(_PROGRAM), self.server.wire.dsn("vllm"), str(self.log), str(self.count), str(self.concurrency))
        return await asyncio.create_subprocess_exec(
            sys.executable, *command, moment, str(number), stdout=asyncio.subprocess.PIPE, cwd=_ROOT
        )

    async def end(self, process: asyncio.subprocess.Process, *, kill: bool = True) -> bool:
        """Kill it, or wait until it ends. Returns whether it was done."""
        if kill and process.returncode is None:
            process.kill()
        assert process.stdout is not None
        told = (await process.stdout.read()).decode().split()
        status = await process.wait()
        assert status in (0, -signal.SIGKILL), status
        self.kills += status != 0
        done = "done" in told
        self.look(key for key in told if key != "done")
        return done

    def look(self, handed: Iterable[str]) -> None:
        """What is in the log now is never asked for again."""
        durable = kept(self.log)
        mine = set(handed)
        assert mine <= durable, f"handed out, and not kept: {mine - durable}"
        self.handed |= mine
        self.server.durable |= durable

    async def finish(self) -> None:
        """A last run, which nobody kills; and what must hold."""
        assert await self.end(await self.begin(), kill=False)
        assert not self.server.late, f"asked for though they were in the log: {self.server.late}"
        assert self.handed == {f"k{number}" for number in range(self.count)}
        twice = sum(times - 1 for times in self.server.asked.values())
        assert twice <= self.kills * self.concurrency, f"{twice} were asked for again after {self.kills} kills"


async def at_random(run: Killed, kills: int, rng: random.Random) -> None:
    """One process, killed so often at a random moment."""
    for _ in range(kills):
        process = await run.begin()
        await run.server.requests(rng.randint(1, 2 * run.concurrency))
        await asyncio.sleep(rng.uniform(0, 0.02))
        await run.end(process)


async def at_moments(run: Killed, moments: Iterable[str], rng: random.Random) -> None:
    """One process, which kills itself at each of these."""
    for moment in moments:
        assert not await run.end(await run.begin(moment, rng.randint(1, 12)), kill=False)


async def several(run: Killed, kills: int, rng: random.Random, processes: int = 3) -> None:
    """Processes on one log, of which one at a time is killed and begun again."""
    alive = [await run.begin() for _ in range(processes)]
    for _ in range(kills):
        await run.server.requests(rng.randint(1, 2 * run.concurrency))
        await asyncio.sleep(rng.uniform(0, 0.02))
        victim = alive.pop(rng.randrange(processes))
        await run.end(victim)
        alive.append(await run.begin())
    for process in alive:
        await run.end(process)
