"""Limits: what it takes to be let pass, in process and over a Redis of our own (left out where there is none)."""

import asyncio
import importlib.util
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aikido_llm import Request, Usage
from aikido_llm.middleware import Limiter, RedisStore

from .measure import Goal, Row, Setting, median, note

_REQUEST = Request("hello " * 20, model="m", max_tokens=100)
_USED = Usage(input_tokens=30, output_tokens=50)


def _wide(store: RedisStore | None = None) -> Limiter:
    """Nobody waits."""
    return Limiter(6e7, 6e9, concurrent=10**6, burst=6e7, store=store)


def run(setting: Setting) -> Iterator[Row]:
    count = setting.size(5000, 50)
    rounds = [asyncio.run(_in_process(count)) for _ in range(setting.rounds(10) + 1)][1:]
    value, spread = median([acquired for acquired, _ in rounds])
    settled, _ = median([settled for _, settled in rounds])
    yield Row("limits", "in process", "ours", value, "µs", spread, Goal(10.0), {"settle µs": settled})
    if shutil.which("redis-server") is None or importlib.util.find_spec("redis") is None:
        note("limits over Redis: left out, redis-server or redis-py is not installed")
        return
    with _redis() as url:
        yield asyncio.run(_shared(url, setting.rounds(10), setting.size(400, 20)))


async def _in_process(count: int) -> tuple[float, float]:
    """CPU µs of an acquire, and of a settle."""
    limiter = _wide()
    begun = time.process_time()
    leases = [await limiter.acquire(_REQUEST) for _ in range(count)]
    acquired = time.process_time()
    for lease in leases:
        lease.settle(_USED)
    return (acquired - begun) / count * 1e6, (time.process_time() - acquired) / count * 1e6


async def _shared(url: str, rounds: int, count: int) -> Row:
    """One request after the other, acquired and settled, beside a bare PING and a script that does nothing."""
    from redis.asyncio import Redis

    connect: Any = Redis.from_url
    redis: Any = connect(url, decode_responses=True, protocol=2)
    digest = await redis.script_load("return {1, ARGV[1]}")
    store = RedisStore(url)
    limiter = _wide(store)
    ours: list[float] = []
    floor: list[float] = []
    for number in range(rounds + 1):
        begun = time.perf_counter()
        for _ in range(count):
            await redis.ping()
            await redis.evalsha(digest, 1, "key", "argument")
        between = time.perf_counter()
        for _ in range(count):
            (await limiter.acquire(_REQUEST)).settle(_USED)
        if number:  # the first one warms up
            floor.append((between - begun) / count * 1e3)
            ours.append((time.perf_counter() - between) / count * 1e3)
    await store.aclose()
    await redis.aclose()
    value, spread = median([mine / bare for mine, bare in zip(ours, floor, strict=True)])
    details = {"ms": median(ours)[0], "floor ms": median(floor)[0]}
    return Row("limits", "over Redis", "ours", value, "× floor", spread, Goal(1.5), details)


@contextmanager
def _redis() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                _wait_for(port)
                yield f"redis://127.0.0.1:{port}/0"
            finally:
                process.kill()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("redis-server did not come up")
