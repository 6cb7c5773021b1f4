"""Rows of the table, runs side by side, and the processes that do the work."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import field, frozen

HERE = Path(__file__).parent
ROOT = HERE.parent
Samples = dict[str, list[dict[str, Any]]]


@frozen
class Goal:
    """value must be at most (or, with at_least, at least) limit."""

    limit: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


@frozen
class Row:
    """One line of the table. value: a median; spread: half the distance of its quartiles; details: further numbers."""

    benchmark: str
    case: str
    who: str
    value: float
    unit: str
    spread: float = 0.0
    goal: Goal | None = None
    details: Mapping[str, Any] = field(factory=lambda: dict[str, Any]())

    @property
    def verdict(self) -> str:
        return "" if self.goal is None else "met" if self.goal.met(self.value) else "SHORT"


@frozen
class Setting:
    """How this run is made. root: the server's address; peers: names of the peers that are installed."""

    root: str
    quick: bool = False
    tiny: bool = False
    peers: tuple[str, ...] = ()

    def rounds(self, count: int) -> int:
        return 2 if self.tiny else max(3, count // 2) if self.quick else count

    def size(self, normal: int, tiny: int) -> int:
        return tiny if self.tiny else normal


class Worker:
    """A client in a process of its own; see `worker`."""

    def __init__(self, python: str, file: Path, name: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [python, "-P", str(HERE / "worker.py"), str(file), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
            env={**_ENVIRONMENT, **environment},
        )  # fmt: skip

    def run(self, **job: Any) -> dict[str, Any]:
        """The times of one job; {"failed": text} when the client could not do it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        return json.loads(line) if line else {"failed": "the process ended"}

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


# Large blocks go back to the system when they are freed, or the second picture would seem to need no memory.
_ENVIRONMENT = {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(1 << 18)}

OURS = ("ours", sys.executable, HERE / "ours.py", "Client")
FLOOR = ("floor", sys.executable, HERE / "floors.py", "Client")
SOCKET = ("socket", sys.executable, HERE / "floors.py", "Socket")


def peer(name: str) -> tuple[str, str, Path, str]:
    return (name, str(peer_python(name)), HERE / "peers" / f"{name.replace('-', '_')}_client.py", "Client")


def peer_python(name: str) -> Path:
    return ROOT / ".venv-peers" / name / "bin" / "python"


def distribution_of(name: str) -> str:
    """What a peer is installed as."""
    return {"pydantic-ai": "pydantic-ai-slim", "any-llm": "any-llm-sdk"}.get(name, name)


@contextmanager
def workers(*clients: tuple[str, str, Path, str], **environment: str) -> Iterator[dict[str, Worker]]:
    """One process each, with further variables in its environment, ended at the end."""
    running: dict[str, Worker] = {}
    try:
        for name, python, file, kind in clients:
            running[name] = Worker(python, file, kind, environment)
        yield running
    finally:
        for worker in running.values():
            worker.close()


@contextmanager
def server(*, tls: bool = False) -> Iterator[str]:
    """The answers, from another process; yields its address."""
    options = ["--tls"] if tls else []
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server", *options], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def interleave(running: Mapping[str, Worker], rounds: int, job: Mapping[str, Any], *, warm: bool = False) -> Samples:
    """The same job for each in turn, the order turned round each time. A first round warms up and does not count; there
    is none when they are warm.

    Raises RuntimeError when they do not come to the same answer. A client that fails is left out.
    """
    samples: Samples = {name: [] for name in running}
    names = list(running)
    for number in range(1 if warm else 0, rounds + 1):
        for name in names if number % 2 else reversed(names):
            if name in samples:
                result = running[name].run(**job)
                if "failed" in result:
                    if "not its wire" not in result["failed"]:
                        note(f"{name} failed at {job.get('dialect')} {job['verb']}: {result['failed']}")
                    del samples[name]
                elif number:
                    samples[name].append(result)
    digests = {name: {run["digest"] for run in runs} for name, runs in samples.items()}
    if len(set[str]().union(*digests.values())) > 1:
        raise RuntimeError(f"not the same answer: {digests}")
    return samples


def ratios(runs: Sequence[Mapping[str, Any]], floor: Sequence[Mapping[str, Any]], key: str = "cpu") -> list[float]:
    """Round by round, so that what slows the machine for a while slows both."""
    return [run[key] / base[key] for run, base in zip(runs, floor, strict=True)]


def median(values: Sequence[float]) -> tuple[float, float]:
    """(median, half the distance of the quartiles)."""
    if len(values) < 4:
        return statistics.median(values), (max(values) - min(values)) / 2
    low, middle, high = statistics.quantiles(values, n=4)
    return middle, (high - low) / 2


def pure(runs: Mapping[str, Callable[[], object]], rounds: int, count: int) -> dict[str, list[float]]:
    """CPU ns per item of functions that never wait, interleaved in this process."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            start = time.process_time()
            run()
            if number:
                times[name].append((time.process_time() - start) / count * 1e9)
    return times


def note(text: str) -> None:
    """For whoever watches; not part of the result."""
    print(text, file=sys.stderr, flush=True)
