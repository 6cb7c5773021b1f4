"""Limits that are shared by a real Redis: between limiters, processes, and over its death."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from attrs import evolve

from aikido_llm import ConfigError, RateLimitedError, Usage
from aikido_llm.client import NOTHING
from aikido_llm.middleware.limits.limiter import Limiter
from aikido_llm.middleware.limits.redis import RedisStore
from tests.services import RedisServer, free_port

from .test_limiter import request
from .waiters import Calls, Job, results, running

PROCESSES = 3
RATE, BURST, PLACES = 10_000.0, 2_000.0, 12  # tokens a second and at once, requests under way
WAY = 0.3  # s that a message may take from here to there on a busy machine
LIMITS = {"requests_per_minute": 60_000, "tokens_per_minute": RATE * 60, "concurrent": PLACES, "burst": 200}


@pytest.fixture
async def store(redis_server: RedisServer) -> AsyncIterator[RedisStore]:
    store = RedisStore(redis_server.url, lease_seconds=1.0)
    yield store
    await store.aclose()


def most_at_once(calls: list[Calls], since: float = 0.0, until: float = float("inf")) -> int:
    """Requests that were under way at the same time, of those that began between the two."""
    spans = [(begun, ended) for each in calls for begun, ended, *_ in each.requests if since < begun < until]
    edges = sorted(edge for begun, ended in spans for edge in ((ended, -1), (begun, 1)))
    most = now = 0
    for _, step in edges:
        now += step
        most = max(most, now)
    return most


def most_above(calls: list[Calls]) -> float:
    """Tokens by which the book of any stretch of time is above what may be taken in it: what is reserved at the
    beginning of a request, and given back at its end."""
    book = sorted(
        entry
        for each in calls
        for begun, ended, used, reserved in each.requests
        for entry in ((begun, reserved), (ended, used - reserved))
    )
    most = -BURST
    for first in range(0, len(book), 7):
        total = 0.0
        for at, tokens in book[first:]:
            total += tokens
            most = max(most, total - RATE * (at - book[first][0] + WAY) - BURST)
    return most


def taken(calls: list[Calls], begun: float) -> tuple[float, float]:
    """Tokens that were used as a share of what could be: since the processes were let go, and since the first began."""
    times = [at for each in calls for span in each.requests for at in span[:2]]
    total = sum(tokens for each in calls for _, _, tokens, _ in each.requests)
    return total / (RATE * (max(times) - begun) + BURST), total / (RATE * (max(times) - min(times)) + BURST)


def test_three_processes_hold_one_limit(redis_server: RedisServer) -> None:
    job = Job(redis_server.url, LIMITS, seconds=3.0, processes=PROCESSES)
    with running(*(evolve(job, seed=seed) for seed in range(PROCESSES))) as processes:
        begun = time.monotonic()
        calls = results(processes)
    assert most_at_once(calls) <= PLACES
    assert most_above(calls) <= 0
    of_all, of_the_time_they_asked = taken(calls, begun)
    assert of_all <= 1.01
    assert of_the_time_they_asked > 0.85  # alone it is all but a hundredth; a busy machine lets nobody ask in time
    assert all(sum(tokens for _, _, tokens, _ in each.requests) > RATE * 3 * 0.25 for each in calls)
    assert [line for each in calls for line in each.log] == []


def test_redis_dies_and_comes_back(redis_server: RedisServer) -> None:
    """Meanwhile each process keeps to its part, says so once, and tells the new Redis what it holds."""
    job = Job(redis_server.url, LIMITS, seconds=8.5, waiters=12, processes=PROCESSES, hold=0.05)
    with running(*(evolve(job, seed=seed) for seed in range(PROCESSES))) as processes:
        time.sleep(1.5)
        dying = time.monotonic()
        redis_server.kill()
        died = time.monotonic()
        time.sleep(2.5)
        redis_server.start()
        back = time.monotonic()
        calls = results(processes)
    # for as long as answers go on that began before, no process knows what the others hold
    assert most_at_once(calls, until=dying) <= PLACES
    assert most_at_once(calls, since=died + 0.7) <= PLACES
    assert most_above(calls) <= 0
    for each in calls:
        begun = [begun for begun, *_ in each.requests]
        assert [at for at in begun if died + 0.5 < at < back]
        assert [at for at in begun if at > back + 2.6]
        warnings = [line for line in each.log if line.startswith("WARNING")]
        assert len(warnings) == 1
        assert "keeps to 1/3 of the limits" in warnings[0]
        assert each.log[-1].endswith("Redis is back")


async def test_names_are_apart(store: RedisStore) -> None:
    one, same, other = (Limiter(concurrent=1, store=store, name=name) for name in ("one", "one", "other"))
    lease = await one.acquire(request())
    async with asyncio.timeout(5):
        (await other.acquire(request())).settle(None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await same.acquire(request())
    lease.settle(None)
    async with asyncio.timeout(5):
        (await same.acquire(request())).settle(None)


async def places_are(count: int, server: RedisServer) -> None:
    """Wait until so many are taken."""
    from redis.asyncio import Redis

    async with cast("Any", Redis).from_url(server.url, protocol=2) as redis:
        for _ in range(3000):
            if await redis.zcard("aikido_llm:{waiters}:leases") == count:
                return
            await asyncio.sleep(0.01)
    raise AssertionError(f"there are never {count}")


async def test_places_of_a_process_that_dies_come_back(store: RedisStore, redis_server: RedisServer) -> None:
    """It is killed with all places taken; one that lives keeps its place for longer than a lease lasts."""
    job = Job(redis_server.url, {"concurrent": 4}, seconds=30.0, waiters=4, lease_seconds=1.0, hold=30.0)
    limiter = Limiter(concurrent=4, store=store, name="waiters")
    kept = await limiter.acquire(request())
    with running(job) as (process,):
        await places_are(4, redis_server)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.2):
                await limiter.acquire(request())
        process.kill()
        killed = time.monotonic()
        async with asyncio.timeout(10):
            leases = [await limiter.acquire(request()) for _ in range(3)]
        assert time.monotonic() - killed < 4.0  # a second of a lease, two of who waited first in that process
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await limiter.acquire(request())
    for lease in (kept, *leases):
        lease.settle(None)


async def test_first_come_first_served_over_processes(store: RedisStore) -> None:
    """A large one is not starved by the small ones of another process, which come all the while."""
    # 1,000 a second, 6,000 at once
    one, other = (Limiter(tokens_per_minute=60_000, store=store, name="fair") for _ in range(2))
    (await one.acquire(request(6000))).settle(None)
    done = asyncio.Event()
    small = 0

    async def go_on() -> None:
        nonlocal small
        while not done.is_set():
            (await other.acquire(request(150))).settle(None)
            small += 1

    going = asyncio.ensure_future(go_on())
    await asyncio.sleep(0.2)
    begun = time.monotonic()
    (await one.acquire(request(1500))).settle(None)
    assert time.monotonic() - begun < 3.0
    done.set()
    await going
    assert small >= 1


async def test_usage_corrects_what_was_reserved(store: RedisStore) -> None:
    """Each of another model, so that nothing is learned from one for the next."""
    limiter = Limiter(tokens_per_minute=60_000, store=store, name="corrected")  # 1,000 a second, 6,000 at once
    begun = time.monotonic()
    lease = await limiter.acquire(evolve(request(5800), model="a"))
    lease.settle(Usage(input_tokens=100, output_tokens=0))
    (await limiter.acquire(evolve(request(5800), model="b"))).settle(None)
    lease = await limiter.acquire(evolve(request(50), model="c"))
    assert time.monotonic() - begun < 1.0
    lease.settle(Usage(input_tokens=1000, output_tokens=100))
    (await limiter.acquire(evolve(request(50), model="d"))).settle(None)
    assert 0.8 < time.monotonic() - begun < 3.0


async def test_one_above_the_burst_saves_up(store: RedisStore) -> None:
    limiter = Limiter(tokens_per_minute=60_000, store=store, name="large")
    begun = time.monotonic()
    (await limiter.acquire(request(7000))).settle(None)
    assert 0.9 < time.monotonic() - begun < 2.5


async def test_one_that_is_cancelled_leaves_the_line_and_gives_back(store: RedisStore) -> None:
    limiter = Limiter(concurrent=1, store=store, name="cancelled")
    lease = await limiter.acquire(request())
    for pause in (0.0, 0.001, 0.01, 0.05):
        waiting = asyncio.ensure_future(limiter.acquire(request()))
        await asyncio.sleep(pause)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    lease.settle(NOTHING)
    async with asyncio.timeout(1):
        for _ in range(3):
            (await limiter.acquire(request())).settle(NOTHING)
    for _ in range(3):  # granted just as it is cancelled
        waiting = asyncio.ensure_future(limiter.acquire(request()))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(1):
        (await limiter.acquire(request())).settle(NOTHING)


async def test_a_count_that_is_a_mistake_holds_nobody_without_end(store: RedisStore, redis_server: RedisServer) -> None:
    limiter = Limiter(tokens_per_minute=60e6, store=store, name="owing")  # a million a second
    lease = await limiter.acquire(request(50))
    lease.settle(Usage(input_tokens=2**52, output_tokens=0))
    await store.aclose()  # what there is to tell has been told
    owed = float(redis_server.tell("HGET aikido_llm:{owing}:books tokens").split("\r\n")[1])
    assert owed == pytest.approx(-300e6)


async def test_what_a_host_asks_another_process_to_wait_is_told_at_once(store: RedisStore) -> None:
    one, other = (Limiter(6000, store=store, name="a day") for _ in range(2))
    lease = await one.acquire(request())
    lease.told(None, RateLimitedError(retry_after=86_400.0))
    lease.settle(NOTHING)
    await asyncio.sleep(0.1)
    with pytest.raises(RateLimitedError, match="asks to wait"):
        await asyncio.wait_for(other.acquire(request()), 5)


async def test_a_pause_is_shared(store: RedisStore) -> None:
    one, other = (Limiter(6000, store=store, name="paused") for _ in range(2))
    lease = await one.acquire(request())
    lease.told(None, RateLimitedError(retry_after=1.0))
    lease.settle(NOTHING)
    await asyncio.sleep(0.1)
    begun = time.monotonic()
    (await other.acquire(request())).settle(NOTHING)
    assert 0.7 < time.monotonic() - begun < 2.0


async def test_of_a_cluster_any_node_will_do(redis_cluster: list[RedisServer]) -> None:
    store = RedisStore(redis_cluster[0].url)
    for name in "abcdef":  # on both nodes
        one, other = (Limiter(concurrent=1, store=store, name=name) for _ in range(2))
        lease = await one.acquire(request())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await other.acquire(request())
        lease.settle(NOTHING)
        async with asyncio.timeout(5):
            (await other.acquire(request())).settle(NOTHING)
    await store.aclose()
    assert all("aikido_llm" in node.tell("KEYS *") for node in redis_cluster)


def test_several_loops_share_one_store(redis_server: RedisServer) -> None:
    store = RedisStore(redis_server.url)
    limiter = Limiter(concurrent=1, store=store, name="loops")

    async def once() -> None:
        (await limiter.acquire(request())).settle(NOTHING)
        await asyncio.sleep(0.05)
        await store.aclose()

    for _ in range(2):
        asyncio.run(once())


async def test_without_any_redis_each_process_has_its_part(caplog: pytest.LogCaptureFixture) -> None:
    url = f"redis://user:hunter2-and-more@127.0.0.1:{free_port()}/0"
    store = RedisStore(url, processes=4)
    limiter = Limiter(concurrent=8, store=store, name="alone")
    leases = [await limiter.acquire(request()) for _ in range(2)]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await limiter.acquire(request())
    for lease in leases:
        lease.settle(None)
    await asyncio.sleep(0.05)
    await store.aclose()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "1/4" in caplog.text
    assert "hunter2" not in caplog.text + repr(store)


@pytest.mark.parametrize("url", ["", "localhost:6379", "http://localhost", "redis://localhost:port/0"])
def test_what_is_no_url_is_told_without_it(url: str) -> None:
    with pytest.raises(ConfigError, match="redis://host:6379/0") as caught:
        RedisStore(url)
    assert not url or url not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"processes": 0}, {"processes": 1.5}, {"lease_seconds": 0}, {"lease_seconds": True}])
def test_what_is_no_number_is_told(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        RedisStore("redis://localhost", **wrong)
