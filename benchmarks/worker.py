"""Times one client in a process of its own: `python -P worker.py FILE CLASS` takes jobs on stdin, one JSON object a
line, and answers each with one line. It uses the standard library alone, so that any environment's Python can run it.

A job: {"verb": ..., "dialect": ..., "provider": ..., "url": ..., ...}; clients stay open from job to job.
Times are seconds; cpu is that of this process, user and system.
"""

import asyncio
import gc
import hashlib
import importlib.util
import json
import os
import resource
import statistics
import sys
import time
import warnings
from array import array
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

_clients: dict[str, Any] = {}
_resting: dict[str, int] = {}


def _load(path: str, name: str) -> Any:
    spec = importlib.util.spec_from_file_location("client_under_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def _client(make: Any, job: dict[str, Any]) -> Any:
    url = job["url"]
    if url not in _clients:
        _clients[url] = make(job["dialect"], job["provider"], url)
    return _clients[url]


def _digest(value: str | bytes) -> str:
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()[:16]


async def _timed(call: Callable[[], Awaitable[Any]]) -> tuple[Any, dict[str, Any]]:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    value = await call()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return value, {"cpu": cpu, "wall": wall}


async def stream(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    text, times = await _timed(client.arguments if job.get("tools") else client.stream)
    return {**times, "digest": _digest(text)}


async def complete(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    """`count` requests, `at_once` of them at the same time; times are per request."""
    count, at_once = job["count"], job["at_once"]

    async def some() -> str:
        text = ""
        for _ in range(count // at_once):
            text = await client.complete()
        return text

    async def all_of_them() -> list[str]:
        return list(await asyncio.gather(*(some() for _ in range(at_once))))

    await asyncio.gather(*(client.complete() for _ in range(at_once)))  # connections
    texts, times = await _timed(all_of_them)
    (text,) = set(texts)
    done = count // at_once * at_once
    return {"cpu": times["cpu"] / done, "wall": times["wall"] / done, "digest": _digest(text)}


async def connect(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    """`count` requests at once of a client that has no connection yet; times are per request."""
    count = job["count"]
    texts, times = await _timed(lambda: asyncio.gather(*(client.complete() for _ in range(count))))
    await _clients.pop(job["url"]).close()
    (text,) = set(texts)
    return {"cpu": times["cpu"] / count, "wall": times["wall"] / count, "digest": _digest(text)}


async def first(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    """From the call to the first piece of text, on a kept connection: the median of `count`."""
    walls: list[float] = []
    cpus: list[float] = []
    text = ""
    for _ in range(job["count"]):
        wall, cpu = time.perf_counter(), time.process_time()
        begun = False
        pieces: list[str] = []
        async with aclosing(client.pieces()) as source:
            async for piece in source:
                if not begun:
                    walls.append(time.perf_counter() - wall)
                    cpus.append(time.process_time() - cpu)
                    begun = True
                pieces.append(piece)
        text = "".join(pieces)
    return {"cpu": statistics.median(cpus), "wall": statistics.median(walls), "digest": _digest(text)}


async def paced(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    """`streams` at once; lag: from the server's write to our having the text."""
    async with aclosing(client.pieces()) as source:  # loads what is loaded on first use
        async for _ in source:
            break
    lags: list[int] = []
    streams = job["streams"]
    gc.collect()
    before = _resident()
    half = 0

    def take(piece: str) -> None:
        nonlocal half
        if len(piece) >= 20:
            lags.append(time.monotonic_ns() - int(piece))
            if len(lags) == streams * job["count"] // 2:
                half = _resident()

    gc.collect()
    each = getattr(client, "each", lambda take: _each(client, take))
    _, times = await _timed(lambda: asyncio.gather(*(each(take) for _ in range(streams))))
    steady = sorted(lags[len(lags) // 4 :])  # without the rush of opening
    return {
        **times,
        "events": len(lags),
        "p50": steady[len(steady) // 2] / 1e9,
        "p99": steady[len(steady) * 99 // 100] / 1e9,
        "memory": (half - before) / streams,
        "digest": str(len(lags)),
    }


async def _each(client: Any, take: Callable[[str], None]) -> None:
    async with aclosing(client.pieces()) as source:
        async for piece in source:
            take(piece)


async def image(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    return await _watched(lambda: client.image(job["stream"]))


async def send_image(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    data = bytes(range(256)) * (job["size"] // 256)
    return await _watched(lambda: client.send_image(data))


async def document(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    """size: bytes of the document, as its name says."""
    times = await _watched(lambda: client.document(job["stream"]))
    return {**times, "size": job["size"]}


async def _watched(call: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    """Two runs: one for CPU, memory and wall time; one with a clock beside it that sees how long the loop is held."""
    gc.collect()
    before = _forget_peak()
    value, times = await _timed(call)
    peak = _peak() - before
    digest = _digest(value)
    del value
    gc.collect()
    stall = 0.0
    over = False

    async def clock() -> None:
        nonlocal stall
        last = time.perf_counter()
        while not over:
            await asyncio.sleep(0.0005)
            now = time.perf_counter()
            stall, last = max(stall, now - last - 0.0005), now

    watch = asyncio.create_task(clock())
    await asyncio.sleep(0.01)
    stall = 0.0
    try:
        await call()
    finally:
        await asyncio.sleep(0)
        over = True
        await watch
    return {**times, "peak": peak, "stall": stall, "digest": digest}


async def embed(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    """`count` texts, their vectors as the client has them. size: their bytes as float32. The peak is above what was
    there before the first round: what one round has freed the next would not seem to need."""
    texts = [f"text number {number} of some forty characters" for number in range(job["count"])]
    await client.embed(texts[:100])  # loads what is loaded on first use
    gc.collect()
    now = _forget_peak()
    before = _resting.setdefault(job["url"], now)
    vectors, times = await _timed(lambda: client.embed(texts))
    peak = _peak() - before
    packed = b"".join(array("f", vector).tobytes() for vector in vectors)
    return {**times, "peak": peak, "size": len(packed), "digest": _digest(packed)}


def _status(name: str) -> int:
    with open("/proc/self/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))


def _resident() -> int:
    return _status("VmRSS")


def _forget_peak() -> int:
    """Start the count of peak memory again; returns what is resident now."""
    with open("/proc/self/clear_refs", "w", encoding="utf-8") as file:
        file.write("5")
    return _resident()


def _peak() -> int:
    return _status("VmHWM")


_VERBS = {
    "stream": stream,
    "complete": complete,
    "connect": connect,
    "first": first,
    "paced": paced,
    "image": image,
    "send_image": send_image,
    "document": document,
    "embed": embed,
}


async def main(path: str, name: str) -> None:
    loop = asyncio.get_running_loop()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 16384)), hard))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is not an answer
    make = _load(path, name)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        job = json.loads(line)
        try:
            result = await _VERBS[job["verb"]](_client(make, job), job)
        except Exception as error:
            result = {"failed": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(result), file=answers, flush=True)
    for client in _clients.values():
        await client.close()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    asyncio.run(main(sys.argv[1], sys.argv[2]))
