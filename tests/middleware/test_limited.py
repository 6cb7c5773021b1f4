"""limited, over real HTTP: per request, learning from what the host says, and per call where a client is not ours."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm import sync
from aikido_llm.middleware import Limiter, Middleware, fallback, hooked, limited
from aikido_llm.testing import Answer, StubClient, WireServer

from .limits.crowd import HOSTS, crowd
from .makers import Own


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as server:
        yield server


def opened(server: WireServer, **options: Any) -> llm.HTTPClient:
    policy = llm.RetryPolicy(max_attempts=3, base_delay=0.0, should_retry=llm.is_retryable)
    return llm.open("openai-chat", server.dsn("openai-chat"), retry=policy, **options)


@pytest.mark.parametrize("host", HOSTS)
async def test_behind_the_first_reply_a_host_refuses_nobody(host: str) -> None:
    outcome = await crowd(HOSTS[host](), 700)
    assert outcome.refused == 0
    assert outcome.seconds < 30


async def test_ours_comes_back_as_itself(server: WireServer) -> None:
    client = opened(server)
    made = limited(client, Limiter(60))
    assert isinstance(made, llm.HTTPClient)
    assert isinstance(made.single_attempt, llm.HTTPClient)
    around = limited(hooked(client), Limiter(60))
    assert type(around) is type(hooked(client))
    assert isinstance(limited(StubClient(), Limiter(60)), Middleware)
    await made.aclose()
    with pytest.raises(llm.ConfigError, match="closed"):
        await client.chat("hi")


async def test_attempts_take_their_turn(server: WireServer) -> None:
    """Four requests go out at once; the third attempt of the second call would be the fifth."""
    server.answer("one", Answer(status=503), Answer(status=503), "two", "three")
    async with limited(opened(server), Limiter(60, burst=4)) as client:
        assert [(await client.chat("hi")).text for _ in range(2)] == ["one", "two"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.chat("hi")
    assert len(server.received) == 4


async def test_a_stream_keeps_its_place_until_its_end(server: WireServer) -> None:
    server.answer("one two three", "four")
    async with limited(opened(server), Limiter(concurrent=1)) as client:
        async with client.stream(llm.Request("hi")) as events:
            await anext(events)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await client.chat("hi")
        assert (await client.chat("hi")).text == "four"


async def test_a_place_is_free_when_a_stream_is_dropped(server: WireServer) -> None:
    server.answer(Answer("one two three", pace=0.3), "four")
    async with limited(opened(server), Limiter(concurrent=1)) as client:
        events = client.stream(llm.Request("hi"))
        await anext(events)
        with pytest.warns(ResourceWarning):
            del events
        async with asyncio.timeout(5):
            assert (await client.chat("hi")).text == "four"


async def test_retry_after_holds_the_others(server: WireServer) -> None:
    server.answer(Answer(status=429, headers={"retry-after-ms": "300"}), "one", "two")
    loop = asyncio.get_running_loop()
    async with limited(opened(server), Limiter(6000)) as client:
        begun, first = loop.time(), asyncio.ensure_future(client.chat("hi"))
        await asyncio.sleep(0.15)
        await client.chat("hi")
        assert loop.time() - begun > 0.3
        await first


async def test_a_request_above_a_minute_is_refused_unsent(server: WireServer) -> None:
    async with limited(opened(server), Limiter(tokens_per_minute=1000)) as client:
        with pytest.raises(llm.InvalidRequestError, match="tokens_per_minute"):
            await client.chat("word " * 2000)
    assert not server.received


async def test_clients_of_a_fallback_have_limits_of_their_own(server: WireServer) -> None:
    slow, quick = Limiter(60, burst=1), Limiter(60, burst=2)
    first, second = limited(opened(server), slow), limited(opened(server), quick)
    async with fallback(first, second, deadline=0.3) as client:
        assert (await client.chat("hi")).text
    assert len(server.received) == 1


@pytest.mark.parametrize("inner", [StubClient, Own])
async def test_of_another_client_each_call_takes_a_place(inner: Any) -> None:
    client: Any = limited(inner("one two", "three"), Limiter(60, burst=2))
    events = [event async for event in client.stream(llm.Request("hi"))]
    assert events[-1].kind == "end"
    assert (await client.complete(llm.Request("hi"))).text == "three"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.complete(llm.Request("hi"))


async def test_what_is_no_limiter_and_no_client_is_told() -> None:
    wrong: Any = 5
    with pytest.raises(llm.ConfigError, match="limited takes a Limiter"):
        limited(StubClient(), wrong)
    with pytest.raises(llm.ConfigError, match="limited takes a client"):
        limited(wrong, Limiter(60))


def test_threads_share_a_limiter() -> None:
    limiter = Limiter(concurrent=2)
    client = sync.wrap(limited(llm.open("echo"), limiter))
    answers: list[str] = []

    def ask() -> None:
        answers.extend(client.chat(str(number)).text for number in range(10))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert sorted(answers, key=int) == sorted([str(n) for n in range(10)] * 4, key=int)
