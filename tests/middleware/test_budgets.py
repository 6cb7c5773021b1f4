"""Budgets over real HTTP: never more than the limit, attempts and continuations included."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.middleware import Budget, RedisStore, budgeted, fallback, hooked
from aikido_llm.middleware.limits.sums import Most, SharedSums
from aikido_llm.testing import Answer, StubClient, WireServer
from tests.services import RedisServer, free_port

USED = llm.Usage(input_tokens=11, output_tokens=7)
POLICY = llm.RetryPolicy(max_attempts=3, base_delay=0.0, should_retry=llm.is_retryable)


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as server:
        yield server


def opened(server: WireServer, name: str = "anthropic", **options: Any) -> llm.HTTPClient:
    return llm.open(name, server.dsn(name), retry=POLICY, **options)


def billed(server: WireServer, answers: list[Answer]) -> int:
    return sum(answer.usage.total_tokens or 0 for answer in answers if answer.status == 200)


@pytest.mark.parametrize("road", ["stream", "complete"])
async def test_two_hundred_calls_at_once_never_spend_more(server: WireServer, road: str) -> None:
    """Some fail, some pause and go on; each uses what it may at most, or less."""
    draw, given = random.Random(7), list[Answer]()

    def respond(request: Any) -> Answer:
        most = request.body["max_tokens"]
        usage = llm.Usage(input_tokens=draw.randrange(5, 20), output_tokens=draw.choice([most, most, most // 2]))
        kind = draw.random()
        answer = Answer("some words", usage=usage, pace=0.001)
        if kind < 0.2:
            answer = Answer(status=503)
        elif kind < 0.3:
            answer = Answer("some", usage=usage, finish_reason=llm.FinishReason.paused)
        given.append(answer)
        return answer

    server.respond(respond)
    budget = Budget(tokens=10_000)
    refused = 0

    async def call(client: llm.HTTPClient) -> None:
        nonlocal refused
        try:
            if road == "stream":
                await llm.collect(client.stream(llm.Request("hi", max_tokens=100)))
            else:
                await client.chat("hi", max_tokens=100)
        except llm.BudgetExceededError:
            refused += 1
        except llm.ServerError:
            pass

    async with budgeted(opened(server), budget) as client:
        await asyncio.gather(*(call(client) for _ in range(200)))
    spent = billed(server, given)
    assert refused > 20
    assert 5_000 < spent <= 10_000
    assert budget.spent_tokens == spent


async def test_nothing_is_sent_that_may_be_too_much(server: WireServer) -> None:
    async with budgeted(opened(server), Budget(tokens=1000)) as client:
        with pytest.raises(llm.BudgetExceededError, match="1000 of 1000 are left") as caught:
            await client.chat("hi", max_tokens=1000)
        assert not server.received
        assert (caught.value.provider, caught.value.model) == ("anthropic", "test-model")
        await client.chat("hi", max_tokens=900)
        await client.chat("hi", max_tokens=900)  # of the first one 18 were spent


async def test_without_max_tokens_an_answer_is_held_to_be_long(server: WireServer) -> None:
    async with opened(server, "vllm") as client:
        assert (await budgeted(client, Budget(tokens=1000, assume_output=900)).chat("hi")).text
        with pytest.raises(llm.BudgetExceededError):
            await budgeted(client, Budget(tokens=1000)).chat("hi")


async def test_what_runs_over_is_charged_and_stops_the_next(server: WireServer) -> None:
    server.answer(Answer("long", usage=llm.Usage(input_tokens=10, output_tokens=5000)))
    budget = Budget(tokens=1000)
    async with budgeted(opened(server), budget) as client:
        await client.chat("hi", max_tokens=100)
        assert budget.spent_tokens == 5010
        with pytest.raises(llm.BudgetExceededError, match="0 of 1000 are left"):
            await client.chat("hi", max_tokens=1)


async def test_an_answer_that_is_left_keeps_what_was_reserved(server: WireServer) -> None:
    server.answer(Answer("word " * 100, pace=0.02))
    budget = Budget(tokens=1000)
    async with budgeted(opened(server), budget) as client, client.stream(llm.Request("hi", max_tokens=500)) as events:
        await anext(events)
    assert budget.spent_tokens > 500


@pytest.mark.parametrize(
    ("name", "model", "usd"),
    [("anthropic", "claude-haiku-4-5", 11 * 1e-6 + 7 * 5e-6), ("openai-chat", "gpt-4o", 11 * 2.5e-6 + 7 * 10e-6)],
)
async def test_dollars_by_the_table(server: WireServer, name: str, model: str, usd: float) -> None:
    server.answer(Answer("hi", usage=USED))
    budget = Budget(usd=0.01)
    async with budgeted(opened(server, name), budget) as client:
        await client.chat("hi", model=model, max_tokens=100)
        assert budget.spent_usd == pytest.approx(usd, rel=1e-6)
        with pytest.raises(llm.BudgetExceededError, match=r"of \$0.01 are left"):
            await client.chat("hi", model=model, max_tokens=100_000)


async def test_what_the_provider_says_it_cost_wins(server: WireServer) -> None:
    server.answer(Answer("hi", usage=llm.Usage(input_tokens=11, output_tokens=7, cost_usd=0.005)))
    budget = Budget(usd=0.1)
    async with budgeted(opened(server, "openrouter"), budget) as client:
        await client.chat("hi", model="anthropic/claude-haiku-4.5", max_tokens=10)
    assert budget.spent_usd == pytest.approx(0.005)


async def test_a_prompt_to_be_cached_is_held_to_cost_its_writing(server: WireServer) -> None:
    cached, plain = Budget(usd=1), Budget(usd=1)
    marked = llm.user("a" * 40_000, cache=llm.CacheBreakpoint())
    server.answer(*[Answer("word " * 50, pace=0.02)] * 2)
    async with opened(server) as client:
        for budget, message in ((plain, llm.user("a" * 40_000)), (cached, marked)):
            asked = llm.Request(message, model="claude-haiku-4-5", max_tokens=1)
            async with budgeted(client, budget).stream(asked) as events:
                await anext(events)
    assert cached.spent_usd > plain.spent_usd * 1.2


async def test_a_model_without_a_price_is_not_sent(server: WireServer) -> None:
    async with budgeted(opened(server, "vllm"), Budget(usd=1)) as client:
        with pytest.raises(llm.ConfigError, match="no price is known of the model 'test-model' at vllm"):
            await client.chat("hi", max_tokens=1)
    assert not server.received


async def test_inside_other_middleware_each_client_is_asked_for(server: WireServer) -> None:
    """By its own row: the first costs by one table, the second by another."""
    budget = Budget(tokens=10_000)
    server.answer(Answer(status=503), Answer(status=503), Answer(status=503), Answer("hi", usage=USED))
    both = fallback(opened(server), opened(server, "vllm", model="small"))
    async with budgeted(hooked(both), budget) as client:
        assert (await client.chat("hi", max_tokens=10)).provider == "vllm"
    assert budget.spent_tokens == 18
    assert len(server.received) == 4


async def test_of_another_client_each_call_is_asked_for() -> None:
    stub = StubClient("one two", "three")
    budget = Budget(tokens=100)
    client = budgeted(stub, budget)
    await client.complete(llm.Request("hi", max_tokens=10))
    with pytest.raises(llm.BudgetExceededError):
        await client.complete(llm.Request("hi", max_tokens=100))
    assert len(stub.requests) == 1


@pytest.mark.parametrize("wrong", [{}, {"usd": -1}, {"usd": "1"}, {"usd": float("nan")}, {"tokens": 1.5},
                                   {"tokens": True}, {"tokens": 1, "assume_output": -1}])  # fmt: skip
def test_what_is_no_budget_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(llm.ConfigError, match="Budget"):
        Budget(**wrong)


def test_what_is_no_budget_and_no_client_is_told() -> None:
    wrong: Any = 5
    with pytest.raises(llm.ConfigError, match="budgeted takes a Budget"):
        budgeted(StubClient(), wrong)
    with pytest.raises(llm.ConfigError, match="budgeted takes a client"):
        budgeted(wrong, Budget(tokens=1))


# ---------------------------------------------------------------- shared by Redis


async def test_two_budgets_of_one_name_are_one(server: WireServer, redis_server: RedisServer) -> None:
    store = RedisStore(redis_server.url)
    one, other = (Budget(tokens=2000, store=store, name="shared") for _ in range(2))
    async with opened(server) as client:
        await asyncio.gather(*(budgeted(client, budget).chat("hi", max_tokens=400) for budget in (one, other)))
        server.answer(Answer("long", usage=llm.Usage(input_tokens=10, output_tokens=1700)))
        await budgeted(client, one).chat("hi", max_tokens=1700)
        with pytest.raises(llm.BudgetExceededError, match="of 2000 are left"):
            await budgeted(client, other).chat("hi", max_tokens=400)
        refused = await asyncio.gather(
            *(budgeted(client, one).chat("hi", max_tokens=60) for _ in range(30)), return_exceptions=True
        )
    assert 0 < sum(isinstance(error, llm.BudgetExceededError) for error in refused) < 30
    await store.aclose()


async def test_redis_dies_and_what_was_spent_is_not_forgotten(
    server: WireServer, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    store = RedisStore(redis_server.url, processes=2)
    budget = Budget(tokens=2000, store=store, name="dies")
    server.respond(lambda _: Answer("hi", usage=llm.Usage(input_tokens=10, output_tokens=390)))
    async with budgeted(opened(server), budget) as client:
        await client.chat("hi", max_tokens=390)
        await store.aclose()
        redis_server.kill()
        await client.chat("hi", max_tokens=390)  # of the 1600 that were left, half are this process's
        with pytest.raises(llm.BudgetExceededError):
            await client.chat("hi", max_tokens=490)
        redis_server.start()
        await client.chat("hi", max_tokens=390)
        await store.aclose()
        assert budget.spent_tokens == 1200
        with pytest.raises(llm.BudgetExceededError, match="800 of 2000"):
            await client.chat("hi", max_tokens=790)
    await store.aclose()
    assert [record.levelname for record in caplog.records if "Redis" in record.getMessage()] == ["WARNING", "INFO"]


@pytest.mark.parametrize("written", ["nan", "inf", "-inf", "9" * 400])
async def test_sums_that_are_no_numbers_are_as_if_there_were_none(
    server: WireServer, redis_server: RedisServer, caplog: pytest.LogCaptureFixture, written: str
) -> None:
    from redis import asyncio as redis_py

    others: Any = redis_py
    store = RedisStore(redis_server.url, processes=2)
    budget = Budget(tokens=2000, store=store, name="poisoned")
    async with budgeted(opened(server), budget) as client, others.from_url(redis_server.url) as redis:
        await client.chat("hi", max_tokens=390)
        (key,) = await redis.keys("*poisoned*")
        await redis.hset(key, "tokens", written)
        await client.chat("hi", max_tokens=390)
        with pytest.raises(llm.BudgetExceededError):
            await client.chat("hi", max_tokens=1500)
    await store.aclose()
    assert "holds what is no number: delete it" in caplog.text


async def test_what_redis_was_not_told_yet_counts_when_it_is_gone() -> None:
    store = RedisStore(f"redis://127.0.0.1:{free_port()}", processes=2)
    sums = SharedSums(store, "untold", Most(None, 2000))
    sums.correct(0, 300)
    assert not await sums.reserve(0, 900), "half of 1700 is left for this process"
    assert await sums.reserve(0, 850)
    await store.aclose()


async def test_what_was_given_back_while_redis_is_gone_is_given_back_once() -> None:
    store = RedisStore(f"redis://127.0.0.1:{free_port()}", processes=2)
    sums = SharedSums(store, "given back", Most(None, 4000))
    sums.correct(0, -980)
    spent = 0
    while spent <= 4000 and await sums.reserve(0, 1000):
        sums.correct(0, -980)
        await sums.told()
        spent += 20
    assert 1480 <= spent <= (4000 + 980) // 2
    await store.aclose()


async def test_without_any_redis_a_process_spends_its_part(server: WireServer) -> None:
    store = RedisStore(f"redis://127.0.0.1:{free_port()}", processes=4)
    async with budgeted(opened(server), Budget(tokens=4000, store=store)) as client:
        with pytest.raises(llm.BudgetExceededError):
            await client.chat("hi", max_tokens=1000)
        await client.chat("hi", max_tokens=900)
    await store.aclose()
