"""A process of its own whose waiters share a limiter by Redis: `python -m tests.middleware.limits.waiters JOB`.

JOB: a JSON object of Job's fields. It writes "ready", waits for a line, and then tells each request, in the monotonic
time of the machine, and its log.
"""

import asyncio
import json
import logging
import random
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import asdict, field, frozen

from aikido_llm import Request, Usage, user
from aikido_llm.middleware.limits.limiter import Limiter
from aikido_llm.middleware.limits.redis import RedisStore

Span = tuple[float, float, float, float]


@frozen
class Job:
    """limits: of the Limiter. seconds: for which they go on asking. hold: seconds that an answer takes."""

    url: str
    limits: Mapping[str, Any]
    seconds: float
    waiters: int = 24
    processes: int = 1
    lease_seconds: float = 30.0
    hold: float = 0.01
    seed: int = 0


@frozen
class Calls:
    """What one process did: (begun, ended, tokens, tokens reserved) of each request, and what it logged."""

    requests: list[Span] = field(factory=lambda: list[Span]())
    log: list[str] = field(factory=lambda: list[str]())


async def work(job: Job) -> Calls:
    store = RedisStore(job.url, job.processes, lease_seconds=job.lease_seconds)
    limiter = Limiter(**job.limits, store=store, name="waiters")
    draw = random.Random(job.seed)
    done = Calls()
    until = time.monotonic() + job.seconds

    async def wait() -> None:
        while time.monotonic() < until:
            size, used = draw.randrange(40, 160), draw.random()
            request = Request(user("a" * 4 * (size - 8)), model=str(time.monotonic_ns()), max_tokens=size)
            lease = await limiter.acquire(request)
            begun = time.monotonic()
            await asyncio.sleep(job.hold * draw.uniform(0.5, 1.5))
            output = int(size * used)
            done.requests.append((begun, time.monotonic(), size + output, 2 * size))
            lease.settle(Usage(input_tokens=size, output_tokens=output))

    waiting = [asyncio.ensure_future(wait()) for _ in range(job.waiters)]
    await asyncio.wait(waiting, timeout=job.seconds + 1)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for task in waiting:
        if not task.cancelled():
            task.result()
    await asyncio.sleep(0.1)
    await store.aclose()
    return done


@contextmanager
def running(*jobs: Job) -> Generator[list["subprocess.Popen[str]"]]:
    """Each job in a process of its own, all begun at the same time."""
    processes: list[subprocess.Popen[str]] = []
    try:
        for job in jobs:
            command = [sys.executable, "-m", __name__, json.dumps(asdict(job))]
            processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def results(processes: list["subprocess.Popen[str]"]) -> list[Calls]:
    """Wait for their ends."""
    calls: list[Calls] = []
    for process in processes:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        said = json.loads(out)
        calls.append(
            Calls([(begun, ended, used, reserved) for begun, ended, used, reserved in said["requests"]], said["log"])
        )
    return calls


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")


def main() -> None:
    lines = _Lines()
    logging.getLogger("aikido_llm").addHandler(lines)
    logging.getLogger("aikido_llm").setLevel(logging.INFO)
    job = Job(**json.loads(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.readline()
    done = asyncio.run(work(job))
    print(json.dumps({"requests": done.requests, "log": lines.lines}))


if __name__ == "__main__":
    main()
