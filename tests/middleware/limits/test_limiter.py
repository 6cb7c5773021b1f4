"""A Limiter in virtual time: who waits, how long, and who goes first."""

import asyncio
import threading
from itertools import combinations_with_replacement
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm import (
    ConfigError,
    ImagePart,
    InvalidRequestError,
    OverloadedError,
    RateLimitedError,
    RateLimits,
    Request,
    ServerError,
    Usage,
    user,
)
from aikido_llm.client import NOTHING, Lease
from aikido_llm.middleware.limits.estimate import BOUND, GUESS, Sizes, input_tokens
from aikido_llm.middleware.limits.limiter import Entrance, Limiter

from .virtual import Time


def request(tokens: int = 0, max_tokens: int = 0, **fields: Any) -> Request:
    """One of about so many tokens."""
    return Request(user("a" * 4 * max(0, tokens - 8)), model="m", max_tokens=max_tokens, **fields)


@define
class House:
    """A limiter in its own time, and the order in which requests were let pass."""

    time: Time = field(factory=Time)
    passed: list[tuple[str, float]] = field(factory=lambda: list[tuple[str, float]]())
    leases: dict[str, Lease] = field(factory=lambda: dict[str, Lease]())
    tasks: dict[str, asyncio.Task[None]] = field(factory=lambda: dict[str, asyncio.Task[None]]())
    limiter: Limiter = field(init=False)

    def limited(self, *args: Any, **bounds: Any) -> "House":
        self.limiter = Limiter(*args, **bounds, clock=self.time.clock, sleep=self.time.sleep)
        return self

    def ask(self, name: str, asked: Request) -> None:
        async def ask() -> None:
            self.leases[name] = await self.limiter.acquire(asked)
            self.passed.append((name, self.time.now))

        self.tasks[name] = asyncio.ensure_future(ask())

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.passed]

    async def close(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        await self.time.settle()


async def test_requests_go_out_at_the_rate_first_come_first_served() -> None:
    house = House().limited(60, burst=2)
    for number in range(6):
        house.ask(str(number), request())
    await house.time.pass_until(100.0)
    assert house.names == list("012345")
    assert [at for _, at in house.passed] == pytest.approx([0, 0, 1, 2, 3, 4], abs=1e-3)


async def test_nobody_passes_at_once_before_those_who_wait() -> None:
    house = House().limited(60, burst=2)
    entrance = Entrance(house.limiter)
    first, second = entrance.at_once(request()), entrance.at_once(request())
    assert first is not None and second is not None
    assert entrance.at_once(request()) is None, "the burst is used up"
    house.ask("waits", request())
    house.ask("waits too", request())
    await house.time.pass_until(1.5)
    assert house.names == ["waits"]
    assert entrance.at_once(request()) is None, "there is somebody in line"
    await house.time.pass_until(10.0)
    assert house.names == ["waits", "waits too"]
    assert entrance.at_once(request()) is not None


def test_requests_that_are_asked_for_in_turn_are_each_counted_themselves() -> None:
    short, long, media = request(20), request(400), Request(user("hi", images=[ImagePart(url="https://a.example/1")]))
    for rule in (GUESS, BOUND):
        once = [Sizes(asked).tokens(rule) for asked in (short, long, media)]
        assert [input_tokens(asked, rule) for asked in (short, long, media)] == once
        assert [input_tokens(asked, rule) for asked in (short, short, long, long)] == [once[0]] * 2 + [once[1]] * 2
    assert input_tokens(short, GUESS) == 20
    assert input_tokens(media, BOUND) == 16 * 2 + 2 + 5000


async def test_the_burst_is_a_tenth_of_a_minute_and_at_least_one() -> None:
    for per_minute, burst in ((300, 30), (3, 1)):
        house = House().limited(per_minute)
        for number in range(40):
            house.ask(str(number), request())
        await house.time.settle()
        assert len(house.passed) == burst
        await house.close()


async def test_tokens_get_the_same_share_of_their_minute() -> None:
    house = House().limited(100, 6000, burst=50)
    house.ask("all that may go at once", request(2990))
    house.ask("more", request(110))
    await house.time.pass_until(0.5)
    assert len(house.passed) == 1
    await house.time.pass_until(1.2)
    assert len(house.passed) == 2


async def test_a_large_request_keeps_its_place() -> None:
    """What comes behind it does not go first, however small, while it saves up for itself."""
    house = House().limited(tokens_per_minute=6000)  # 600 at once, 100 a second
    house.ask("large", request(1600))
    for number in range(3):
        house.ask(str(number), request(100))
    await house.time.pass_until(9.9)
    assert house.names == []
    await house.time.pass_until(10.1)
    assert house.names == ["large"]
    await house.time.pass_until(14.0)
    assert house.names == ["large", "0", "1", "2"]


async def test_places_are_free_again_when_an_answer_is_over() -> None:
    house = House().limited(concurrent=2)
    for name in "abcd":
        house.ask(name, request())
    await house.time.pass_until(1000.0)
    assert house.names == ["a", "b"]
    house.leases["a"].settle(None)
    house.leases["a"].settle(None)  # only the first one counts
    await house.time.settle()
    assert house.names == ["a", "b", "c"]
    house.leases["b"].settle(NOTHING)
    await house.time.settle()
    assert house.names == ["a", "b", "c", "d"]


async def test_usage_corrects_what_was_reserved() -> None:
    house = House().limited(tokens_per_minute=6000)
    house.ask("a", request(100, max_tokens=500))
    house.ask("b", request(100, max_tokens=500))
    await house.time.settle()
    assert house.names == ["a"]
    house.leases["a"].settle(Usage(input_tokens=50, output_tokens=20))
    await house.time.pass_until(0.8)
    assert house.names == ["a", "b"]
    house.leases["b"].settle(Usage(input_tokens=2000, output_tokens=500))  # 1930 beyond its reservation
    house.ask("c", request())
    await house.time.pass_until(15.0)
    assert house.names == ["a", "b"]
    await house.time.pass_until(25.0)
    assert house.names == ["a", "b", "c"]


async def test_an_answer_that_was_left_keeps_its_reservation() -> None:
    house = House().limited(tokens_per_minute=6000)
    house.ask("a", request(100, max_tokens=500))
    await house.time.settle()
    house.leases["a"].settle(None)
    house.ask("b", request(108))
    await house.time.pass_until(0.9)
    assert house.names == ["a"]
    await house.time.pass_until(1.2)
    assert house.names == ["a", "b"]


async def test_a_request_above_a_minute_is_refused() -> None:
    limiter = Limiter(tokens_per_minute=1000)
    with pytest.raises(InvalidRequestError, match="tokens_per_minute is 1000"):
        await limiter.acquire(request(1100))
    with pytest.raises(InvalidRequestError, match="lower max_tokens"):
        await limiter.acquire(request(500, max_tokens=501))


async def test_a_guess_of_the_answer_refuses_nothing() -> None:
    """Of a new model nothing is known: a thousand tokens are more than this minute has."""
    house = House().limited(tokens_per_minute=900)
    house.ask("a", Request("hi", model="m"))
    await house.time.pass_until(60.0)
    assert house.names == ["a"]


async def test_guesses_learn_from_usage() -> None:
    house = House().limited(tokens_per_minute=60_000)
    asked = Request(user("a" * 3200), model="m")
    for number in range(20):
        house.ask(str(number), asked)
        await house.time.pass_until(house.time.now + 10)
        house.leases[str(number)].settle(Usage(input_tokens=400, output_tokens=50 if number % 10 else 90))
    passed = len(house.passed)
    for number in range(40):  # of some 450 to 490 each: twelve or thirteen at once
        house.ask(f"again {number}", asked)
    await house.time.settle()
    assert 11 <= len(house.passed) - passed <= 13
    await house.close()


async def test_a_waiting_request_that_is_cancelled_frees_its_place() -> None:
    house = House().limited(tokens_per_minute=6000)
    house.ask("large", request(5000))
    house.ask("small", request(100))
    await house.time.pass_until(1.0)
    assert house.names == []
    house.tasks["large"].cancel()
    await house.time.settle()
    assert house.names == ["small"]
    await asyncio.gather(house.tasks["large"], return_exceptions=True)


async def test_one_that_is_cancelled_as_it_is_let_pass_gives_all_back() -> None:
    house = House().limited(60, burst=1, concurrent=1)
    house.ask("a", request())
    await house.time.settle()
    house.ask("b", request())
    house.ask("c", request())
    await house.time.pass_until(2.0)
    house.leases["a"].settle(None)  # lets b pass, which has not yet run
    house.tasks["b"].cancel()
    await house.time.settle()
    assert house.names == ["a", "c"]


async def test_nothing_is_left_behind_by_those_who_give_up() -> None:
    house = House().limited(60, burst=1)
    for name in "abcd":
        house.ask(name, request())
    await house.time.settle()
    await house.close()
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


# ---------------------------------------------------------------- what hosts say


async def test_retry_after_holds_everybody() -> None:
    house = House().limited(6000)
    house.ask("a", request())
    await house.time.settle()
    house.leases["a"].told(None, RateLimitedError(retry_after=20.0))
    house.leases["a"].settle(NOTHING)
    house.ask("b", request())
    await house.time.pass_until(19.9)
    assert house.names == ["a"]
    await house.time.pass_until(20.1)
    assert house.names == ["a", "b"]


async def test_refusals_without_a_time_double_the_wait() -> None:
    house = House().limited(6000)
    for attempt, wait in enumerate((1.0, 2.0, 4.0)):
        house.ask(str(attempt), request())
        start = house.time.now
        await house.time.settle()
        lease = house.leases[str(attempt)]
        lease.told(None, RateLimitedError())
        lease.told(None, RateLimitedError())  # of one that was under way with it
        house.ask(f"next {attempt}", request())
        await house.time.pass_until(start + wait - 0.1)
        assert f"next {attempt}" not in house.names
        await house.time.pass_until(start + wait + 0.1)
        assert f"next {attempt}" in house.names


@pytest.mark.parametrize(
    ("error", "holds"), [(OverloadedError(retry_after=5.0), True), (ServerError(), False), (ConfigError(), False)]
)
async def test_other_failures_hold_nobody_unless_they_say_how_long(error: Any, holds: bool) -> None:
    house = House().limited(6000)
    house.ask("a", request())
    await house.time.settle()
    house.leases["a"].told(None, error)
    house.ask("b", request())
    await house.time.settle()
    assert (house.names == ["a"]) is holds
    await house.close()


async def test_what_remains_lowers_and_never_raises() -> None:
    house = House().limited(60, burst=5)
    for name in "abc":
        house.ask(name, request())
    await house.time.settle()
    house.leases["a"].told(RateLimits(requests_limit=100, requests_remaining=3, requests_reset=30.0))
    house.ask("d", request())  # of three that remain, two went out since
    house.ask("e", request())
    await house.time.pass_until(29.0)
    assert house.names == ["a", "b", "c", "d"]
    await house.time.pass_until(30.1)
    assert house.names == ["a", "b", "c", "d", "e"]
    house.leases["e"].told(RateLimits(requests_limit=10_000, requests_remaining=9_999, requests_reset=0.1))
    for number in range(20):
        house.ask(str(number), request())
    await house.time.settle()
    assert len(house.passed) == 5 + 4  # the burst, what e took off it
    await house.close()


@pytest.mark.parametrize("kind", ["tokens", "input_tokens", "output_tokens"])
async def test_each_kind_of_tokens_that_a_host_counts(kind: str) -> None:
    house = House().limited()
    house.ask("a", request(100, max_tokens=100))
    await house.time.settle()
    house.leases["a"].told(RateLimits(**{f"{kind}_remaining": 50, f"{kind}_reset": 3.0}))
    house.ask("b", request(100, max_tokens=100))
    await house.time.pass_until(2.9)
    assert house.names == ["a"]
    await house.time.pass_until(3.1)
    assert house.names == ["a", "b"]


async def test_a_host_that_asks_to_wait_for_hours_is_not_waited_for() -> None:
    house = House().limited(60)
    house.ask("a", request())
    await house.time.settle()
    house.leases["a"].told(RateLimits(requests_limit=1000, requests_remaining=0, requests_reset=30_000.0))
    with pytest.raises(RateLimitedError, match="asks to wait") as caught:
        await house.limiter.acquire(request())
    assert caught.value.retry_after == pytest.approx(30_000.0)


# ---------------------------------------------------------------- settings, loops, threads


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({"requests_per_minute": 0}, "requests_per_minute takes a number, 1 or more"),
        ({"tokens_per_minute": float("nan")}, "tokens_per_minute"),
        ({"tokens_per_minute": float("inf")}, "tokens_per_minute"),
        ({"concurrent": 1.5}, "concurrent takes a whole number"),
        ({"concurrent": True}, "concurrent takes a whole number"),
        ({"burst": 0.5, "requests_per_minute": 5}, "burst"),
        ({"burst": 5}, "burst counts requests"),
        ({"requests_per_minute": "60"}, "requests_per_minute"),
    ],
)
def test_what_is_no_limit_is_told_at_once(bounds: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Limiter(**bounds)


def test_several_threads_share_one_limiter() -> None:
    """Each with a loop of its own: no place is lost or given twice, and all get on."""
    limiter = Limiter(concurrent=3)
    under_way, most, done = 0, 0, 0
    lock = threading.Lock()

    async def call() -> None:
        nonlocal under_way, most, done
        lease = await limiter.acquire(request())
        with lock:
            under_way += 1
            most = max(most, under_way)
        await asyncio.sleep(0.001)
        with lock:
            under_way -= 1
            done += 1
        lease.settle(NOTHING)

    async def calls() -> None:
        await asyncio.gather(*(call() for _ in range(50)))

    threads = [threading.Thread(target=asyncio.run, args=(calls(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert done == 200
    assert most == 3


def test_a_loop_that_is_gone_holds_nobody_up() -> None:
    limiter = Limiter(60, burst=1, concurrent=1)
    gone = asyncio.new_event_loop()
    lease = gone.run_until_complete(limiter.acquire(request()))
    waiting = gone.create_task(_held(limiter))
    gone.run_until_complete(asyncio.sleep(0.01))
    lease.settle(None)  # it is the first in line, and waits for the time alone
    gone.close()
    assert not waiting.done()

    async def next_one() -> None:
        async with asyncio.timeout(5):
            (await limiter.acquire(request())).settle(None)

    asyncio.run(next_one())


async def _held(limiter: Limiter) -> None:
    (await limiter.acquire(request())).settle(None)


# ---------------------------------------------------------------- whatever happens

moves = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(8, 2000), st.integers(0, 1500)),
        st.tuples(st.just("pass"), st.floats(0, 20), st.just(0)),
        st.tuples(st.just("cancel"), st.integers(0, 30), st.just(0)),
        st.tuples(st.just("settle"), st.integers(0, 30), st.integers(0, 100)),
    ),
    max_size=40,
)


@settings(max_examples=120, deadline=None)
@given(moves)
def test_the_promise_holds_and_nobody_starves(moves: list[tuple[str, Any, Any]]) -> None:
    asyncio.run(_played(moves))


async def _played(moves: list[tuple[str, Any, Any]]) -> None:
    """Requests, tokens and places in one: 1 a second and 10 at once; 50 tokens a second and 500; three places."""
    house = House().limited(60, 3000, 3, burst=10)
    asked: dict[str, int] = {}
    settled: set[str] = set()

    def settle(name: str, share: float) -> None:
        if name in house.leases and name not in settled:
            settled.add(name)
            used = int(asked[name] * share)
            house.leases[name].settle(Usage(input_tokens=used, output_tokens=0))

    for kind, first, second in moves:
        if kind == "ask":
            name = str(len(asked))
            asked[name] = min(first + second, 2900)
            house.ask(name, request(min(first, 1400), max_tokens=min(second, 1500)))
            await house.time.settle()
        elif kind == "pass":
            await house.time.pass_until(house.time.now + first)
        elif kind == "cancel" and str(first) in house.tasks:
            house.tasks[str(first)].cancel()
            await house.time.settle()
        elif kind == "settle":
            settle(str(first), second / 100)
            await house.time.settle()
        assert len(set(house.leases) - settled) <= 3
    for _ in range(len(asked)):  # all get their turn once the others end
        for name in house.leases:
            settle(name, 1.0)
        await house.time.pass_until(house.time.now + 120)
    waiting = [name for name, task in house.tasks.items() if not task.done()]
    assert waiting == []
    assert house.names == sorted(house.names, key=int)  # first come, first served
    times = [at for _, at in house.passed]
    for first, last in combinations_with_replacement(range(len(times)), 2):
        assert last - first + 1 <= times[last] - times[first] + 10 + 1e-3
    await house.close()
