"""Plays one script on one wire and one road, and measures what the call cost."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from attrs import define, frozen

import aikido_llm as llm
from aikido_llm.testing.wires import base_path
from tests.faults.table import DIALECTS
from tests.hostile.scripts import Hostile
from tests.hostile.server import Road, serving
from tests.wire import check_grammar

KEY = "sk-canary-0123456789abcdef"
CLOCK = 0.5  # s
CLOCKS = llm.Timeouts(connect=CLOCK, first_event=CLOCK, idle=CLOCK, total=3 * CLOCK)  # so that two attempts fit
MIB = 2**20
LIMITS = llm.Limits(event_bytes=8 * MIB, body_bytes=8 * MIB)
POLICY = llm.RetryPolicy(max_attempts=2, base_delay=0.01, should_retry=llm.is_retryable)
SECONDS = 3 * CLOCK + 1.5  # for the whole call; what is more than the clocks is the machine's,
BUSY = 10.0  # s, and where it is busy with other tests that may be more
MEMORY = 96 * MIB  # over what the process had
REQUESTS = 4  # two attempts, and two pages of models


@frozen
class Cost:
    """What one call took. end: "whole", or the error."""

    end: str
    error: llm.LLMError | None
    seconds: float
    memory: int
    held: float
    requests: int

    def __str__(self) -> str:
        return (f"{self.end}, {self.seconds:.2f} s, {self.memory / MIB:.0f} MiB, held {self.held * 1000:.0f} ms, "
                f"{self.requests} requests")  # fmt: skip


@define
class Watch:
    """held: the longest time for which nobody else had the event loop. most: bytes of memory at most."""

    held: float = 0.0
    most: int = 0


async def play(hostile: Hostile, dialect: str, road: Road) -> Cost:
    name, _, chosen = DIALECTS[dialect].partition(":")
    async with serving(hostile.script, dialect, road) as (port, requests):
        url = f"http://127.0.0.1:{port}{base_path(name, chosen)}"
        own: dict[str, Any] = {"wire": chosen} if chosen else {}
        async with llm.open(name, base_url=url, api_key=KEY, model="m", timeouts=CLOCKS, limits=LIMITS,
                            retry=POLICY, **own) as client:  # fmt: skip
            before = _memory()
            begun = time.monotonic()
            async with _watching(Watch(most=before)) as watch:
                end, error = await _ask(client, road)
            took = time.monotonic() - begun
        return Cost(end, error, took, watch.most - before, watch.held, len(requests))


def check(hostile: Hostile, dialect: str, cost: Cost, seconds: float = SECONDS) -> None:
    """Raises AssertionError."""
    kinds = {"whole"} if cost.error is None else {kind.__name__ for kind in type(cost.error).__mro__}
    assert kinds & set(hostile.ends_on(dialect)), f"{cost}: {cost.error!r}"
    assert cost.seconds < seconds, cost
    assert cost.memory < MEMORY, cost
    assert cost.requests <= REQUESTS, cost
    assert KEY not in str(cost.error)
    assert len(str(cost.error)) < 10_000, "an error is for reading"


async def _ask(client: llm.HTTPClient, road: Road) -> tuple[str, llm.LLMError | None]:
    request = llm.Request(messages=[llm.user("hi")], max_tokens=50)
    events: list[llm.Event] = []
    error: llm.LLMError | None = None
    try:
        if road == "complete":
            await client.complete(request)
        else:
            async for event in client.stream(request):
                events.append(event)
            check_grammar(events)
            failed = events[-2] if len(events) > 1 else None
            error = failed.error if isinstance(failed, llm.ErrorEvent) else None
    except llm.LLMError as raised:
        error = raised
    phase = f"({error.phase})" if isinstance(error, llm.TimedOutError) else ""
    return ("whole" if error is None else type(error).__name__ + phase), error


@asynccontextmanager
async def _watching(watch: Watch) -> AsyncGenerator[Watch]:
    async def look() -> None:
        while True:
            last = time.monotonic()
            await asyncio.sleep(0.005)
            watch.held = max(watch.held, time.monotonic() - last - 0.005)
            watch.most = max(watch.most, _memory())

    looking = asyncio.create_task(look())
    try:
        yield watch
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


def _memory() -> int:
    """Bytes that this process has now; 0 where the kernel does not say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * 4096
    except OSError:
        return 0
