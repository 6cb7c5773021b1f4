"""Rows a second over rows under way: a bare loop, `bulk.map`, `bulk.ray` with one actor and two, and Ray's own way.

    .venv-ray/bin/python -m benchmarks.cluster RESULTS.json        measures (`make ray` makes that environment)
    .venv/bin/python -m benchmarks.cluster RESULTS.json PLOT.svg   draws (the `bench` extra)

A server in a process of its own answers 20 words after 50 ms. A rate is that of the requests: from when the first was
sent to when the last was answered, by the log; so what it takes Ray to start is not in it.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import aikido_llm as llm
from aikido_llm import bulk
from tests.cluster.program import started

from .answers import url_of
from .measure import ROOT, server

AT_ONCE = (16, 64, 256)
_LATE = 50  # ms
_ROUNDS = 2
_FEW = 1000  # rows for what does some fifty a second
_SECONDS = 120  # that actors wait for one another


def count_of(at_once: int) -> int:
    return max(600, 24 * at_once)


def opened(url: str, at_once: int) -> llm.HTTPClient:
    return llm.open("openai-chat", url, api_key="none", model="m", limits=llm.Limits(connections=at_once))


def client(url: str, at_once: int, actors: int, folder: str) -> llm.HTTPClient:
    """What an actor opens, once all are there."""
    (Path(folder) / f"actor-{os.getpid()}").touch()
    deadline = time.monotonic() + _SECONDS
    while len(list(Path(folder).glob("actor-*"))) < actors and time.monotonic() < deadline:
        time.sleep(0.02)
    return opened(url, at_once)


def ask(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "prompt": f"question {row['id']}"}


async def bare(url: str, at_once: int) -> float:
    """What one writes without a library of this kind: answers in a list, and nothing on the disk."""
    rows = iter(range(count_of(at_once)))
    answers: list[llm.Response] = []
    async with opened(url, at_once) as asked:

        async def work() -> None:
            for row in rows:
                answers.append(await llm.collect_with_retry(asked, llm.Request(f"question {row}")))

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(at_once)))
        return len(answers) / (time.perf_counter() - began)


async def mapped(url: str, at_once: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        rows = map(ask, ({"id": number} for number in range(count_of(at_once))))
        async with opened(url, at_once) as asked, bulk.map(asked, rows, f"{folder}/log/", "id", at_once) as run:
            assert all([row.response async for row in run])
        return await rate_of(f"{folder}/log")


def on_ray(ray: Any, url: str, at_once: int, actors: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        rows = ray.data.range(actors * count_of(at_once), override_num_blocks=8 * actors)
        start = partial(client, url, at_once, actors, folder)
        ways = {"actors": actors, "concurrency": at_once}
        answers = bulk.ray(rows, open=start, rows=ask, log=f"{folder}/log", key="id", **ways).take_all()
        assert len(answers) == actors * count_of(at_once)
        assert not any(row["error"] for row in answers)
        return asyncio.run(rate_of(f"{folder}/log"))


def by_ray_itself(ray: Any, url: str, at_once: int) -> float:
    """The HTTP processor of `ray.data.llm`, which needs pydantic; from its start to its end, without Ray's."""
    of: Any = import_module("ray.data.llm")
    where = {"url": f"{url}/chat/completions", "headers": {}}
    settings = of.HttpRequestProcessorConfig(**where, batch_size=at_once, concurrency=1)
    processor = of.build_processor(
        settings,
        preprocess=lambda row: {
            "payload": {"model": "m", "messages": [{"role": "user", "content": f"question {row['id']}"}]}
        },
        postprocess=lambda row: {"text": row["http_response"]["choices"][0]["message"]["content"]},
    )
    began = time.perf_counter()
    count = len(processor(ray.data.range(_FEW)).take_all())
    return count / (time.perf_counter() - began)


async def rate_of(log: str) -> float:
    calls = [call async for call in bulk.Parts(log).calls()]
    last = max(call.at + (call.seconds or 0.0) for call in calls)
    return len(calls) / (last - min(call.at for call in calls))


def measure(file: Path) -> None:
    if find_spec("ray") is None:
        print("skipped: Ray is not installed here (`make ray` makes .venv-ray, which has it)")
        return
    os.environ["PYTHONPATH"] = str(ROOT)
    warnings.simplefilter("ignore")
    with server() as root, started() as ray:
        url = url_of(root, "openai_chat", "text20", f"late{_LATE}")
        found: dict[str, dict[str, list[float]]] = {}
        for number in range(_ROUNDS):
            for at_once in AT_ONCE:
                for name, rate in rates(ray, url, at_once, last=number == _ROUNDS - 1):
                    found.setdefault(name, {}).setdefault(str(at_once), []).append(rate)
                    print(f"{name:28} {at_once:4} under way {rate:7.0f} rows/s", flush=True)
        version = ray.__version__
    medians = {
        name: {at: round(statistics.median(all_of), 1) for at, all_of in of.items()} for name, of in found.items()
    }
    data: dict[str, Any] = {"date": time.strftime("%Y-%m-%d"), "cores": os.cpu_count(), "load": os.getloadavg()[1]}
    data |= {"python": sys.version.split()[0], "ray": version, "late_ms": _LATE, "rows/s": medians}
    file.write_text(json.dumps(data, indent=1) + "\n", "utf-8")


def rates(ray: Any, url: str, at_once: int, *, last: bool) -> Iterator[tuple[str, float]]:
    yield "bare loop", asyncio.run(bare(url, at_once))
    yield "bulk.map", asyncio.run(mapped(url, at_once))
    yield "bulk.ray, one actor", on_ray(ray, url, at_once, 1)
    yield "bulk.ray, two actors", on_ray(ray, url, at_once, 2)
    if last:
        try:
            yield "ray.data.llm", by_ray_itself(ray, url, at_once)
        except ImportError as error:
            print(f"ray.data.llm: {error}")


def draw(file: Path, to: Path) -> None:
    plots: Any = import_module("benchmarks.plots")
    plots.curves(json.loads(file.read_text("utf-8"))["rows/s"], "rows under way in each process", "rows/s", to)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        measure(Path(sys.argv[1]))
    else:
        draw(*map(Path, sys.argv[1:]))
