"""The log of the command line: `aikido-llm logs -q` over many calls, a process each time, from its start to its end.

python -m benchmarks.log 100000     so many calls are kept first, of some fifty words each; goal: below a second
"""

import asyncio
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import aikido_llm as llm
from aikido_llm.store import Asked, CallStore, identify

_AT_ONCE = 1000
_RUNS = 7
_WORDS = [
    f"{first}{second}" for first in "ba ce di fo gu ha je ki lo mu".split() for second in "nd rk st lt mp".split()
]


async def _fill(path: Path, count: int) -> None:
    chance = random.Random(1)
    async with llm.open("echo") as client, CallStore(path) as store:
        identity = identify(client)
        for begun in range(0, count, _AT_ONCE):
            await asyncio.gather(*(_keep(store, identity, chance, number) for number in range(begun, begun + _AT_ONCE)))


async def _keep(store: CallStore, identity: bytes, chance: random.Random, number: int) -> None:
    said = " ".join(chance.choices(_WORDS, k=40))
    rare = " needle" if number % 10_000 == 7 else ""
    asked = Asked.of(identity, llm.Request(f"question {number} {said[:60]}", model="m"))
    answer = llm.Response(text=said + rare, finish_reason=llm.FinishReason.stop, provider="echo", model="m")
    await store.put(asked, answer, at=1.8e9 + number)


def _searched(home: str, words: str) -> tuple[float, float]:
    """(seconds, seconds of CPU) of the whole command, medians: on a busy machine the second is the one to read."""
    command = [sys.executable, "-m", "aikido_llm", "logs", "-q", words]
    taken: list[float] = []
    cpu: list[float] = []
    for _ in range(_RUNS):
        before, begun = _cpu(), time.perf_counter()
        done = subprocess.run(command, env={**os.environ, "AIKIDO_LLM_HOME": home}, capture_output=True, check=True)
        taken.append(time.perf_counter() - begun)
        cpu.append(_cpu() - before)
        assert done.stdout, done.stderr
    return median(taken), median(cpu)


def _cpu() -> float:
    """Of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "calls.db"
        asyncio.run(_fill(path, count))
        print(f"{count:,} calls, {path.stat().st_size / 2**20:,.0f} MiB")
        for words, about in (("needle", "rare"), ("band", "in most calls"), ("band cerk", "both in many")):
            seconds, cpu = _searched(home, words)
            print(f"logs -q '{words}' ({about}): {seconds:.2f} s, {cpu:.2f} s of CPU")


if __name__ == "__main__":
    main(int(sys.argv[1]))
