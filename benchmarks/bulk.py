"""Many rows: `bulk.map` with its log against a bare loop over the same client; what the log takes; and memory.

python -m benchmarks.bulk ROWS     so many rows through `bulk.map` against `echo`: rows/s and MiB as it goes
"""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import aikido_llm as llm
from aikido_llm import bulk
from aikido_llm.store import Asked, CallStore, identify

from .answers import url_of
from .measure import Goal, Row, Setting, median

_LATE = 50  # ms before the server answers


def run(setting: Setting) -> Iterator[Row]:
    for at_once in (64, 256):
        yield asyncio.run(_against_bare(setting, at_once))
    yield asyncio.run(_durable(setting))


async def _against_bare(setting: Setting, at_once: int) -> Row:
    """Rows/s, and CPU, of both in turn."""
    count = setting.size(10 * at_once, 2 * at_once)
    url = url_of(setting.root, "openai_chat", "text20", f"late{_LATE}")
    limits = llm.Limits(connections=at_once)
    rates: list[float] = []
    cpu: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with llm.open("openai-chat", url, api_key="none", model="m", limits=limits) as client:
            for number in range(setting.rounds(6) + 1):
                bare = await _timed(partial(_bare, client, _prompts(count), at_once))
                log = Path(folder) / f"{number}.db"
                ours = await _timed(partial(_bulk, client, _prompts(count), at_once, log))
                if number:
                    rates.append(bare[0] / ours[0])
                    cpu.append((ours[1] - bare[1]) / count * 1e6)
    value, spread = median(rates)
    details = {"µs CPU a row more": median(cpu)[0], "rows/s": count / ours[0], "bare rows/s": count / bare[0]}
    return Row("bulk", f"{at_once} in flight", "ours", value, "× bare loop", spread, Goal(0.9, at_least=True), details)


async def _durable(setting: Setting) -> Row:
    """Calls that are put by 256 tasks at once."""
    count = setting.size(20_000, 500)
    answer = llm.Response("an answer of some words " * 4, usage=llm.Usage(20, 20), model="m", provider="echo")
    identity = identify(llm.open("echo"))
    rates: list[float] = []
    for _ in range(setting.rounds(4)):
        with tempfile.TemporaryDirectory() as folder:
            async with CallStore(Path(folder) / "calls.db") as store:
                requests = iter([llm.Request(f"question {number}") for number in range(count)])

                async def put(store: CallStore = store, requests: Iterator[llm.Request] = requests) -> None:
                    for number, request in enumerate(requests):
                        asked = Asked.of(identity, request, str(number))
                        await store.put(asked, answer, at=0.0, seconds=0.1)

                await store.find(limit=1)
                seconds, _ = await _timed(lambda: asyncio.gather(*(put() for _ in range(256))))
                rates.append(count / seconds)
    value, spread = median(rates)
    return Row("bulk", "log, durable", "ours", value, "rows/s", spread, Goal(5000, at_least=True))


async def _timed(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """(seconds, seconds of CPU of all threads)."""
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _prompts(count: int) -> Iterator[str]:
    return (f"question {number}" for number in range(count))


async def _bare(client: llm.HTTPClient, prompts: Iterator[str], at_once: int) -> None:
    """What one writes without a library of this kind: answers in a list, and nothing on the disk."""
    answers: list[llm.Response] = []

    async def work() -> None:
        for prompt in prompts:
            answers.append(await llm.collect_with_retry(client, llm.Request(prompt)))

    await asyncio.gather(*(work() for _ in range(at_once)))


async def _bulk(client: llm.HTTPClient, prompts: Iterator[str], at_once: int, log: Path) -> None:
    async with bulk.map(client, prompts, log, concurrency=at_once) as rows:
        async for row in rows:
            assert row.response is not None, row.error


# ---------------------------------------------------------------- memory


async def _memory(count: int) -> None:
    async def endless() -> AsyncIterator[str]:
        for number in range(count):
            yield f"question {number}"

    with tempfile.TemporaryDirectory() as folder:
        async with llm.open("echo") as client, bulk.map(client, endless(), Path(folder) / "log.db") as rows:
            done, began = 0, time.monotonic()
            async for _ in rows:
                done += 1
                if done % max(1, count // 20) == 0:
                    rate = done / (time.monotonic() - began)
                    size = (Path(folder) / "log.db").stat().st_size / 2**20
                    print(
                        f"{done:>10,} rows {rate:8.0f} rows/s {_resident():8.1f} MiB, log {size:,.0f} MiB", flush=True
                    )


def _resident() -> float:
    """MiB now; the most so far where that cannot be told."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    asyncio.run(_memory(int(sys.argv[1])))
