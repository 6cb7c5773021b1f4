"""A client retries the start of its own requests: how often, when, with what, and what of it is told."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, WireServer
from aikido_llm.testing.faults import Place

REQUEST = llm.Request(messages=[llm.user("hi")])
QUICK = llm.RetryPolicy(max_attempts=3, base_delay=0.01, should_retry=llm.is_retryable)
BUSY = Answer(status=503, message="busy")


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as server:
        yield server


def quick(server: WireServer) -> llm.HTTPClient:
    return llm.open("openai", server.dsn("openai"), retry=QUICK)


async def nap(seconds: float) -> None:
    naps.append(seconds)


naps: list[float] = []


async def test_429_with_retry_after_twice_then_200_is_three_requests_a_second_apart(server: WireServer) -> None:
    limited = Answer(status=429, headers={"Retry-After": "1"})
    server.answer(limited, limited, "at last")
    policy = llm.RetryPolicy(base_delay=0.01, should_retry=llm.is_retryable)
    async with quick(server) as client:
        begun = time.monotonic()
        response = await llm.complete_with_retry(client, REQUEST, policy)
        took = time.monotonic() - begun
    assert (response.text, response.attempts, len(server.received)) == ("at last", 3, 3)
    assert 2.0 <= took < 4.0


@pytest.mark.parametrize("call", [llm.complete_with_retry, llm.collect_with_retry])
async def test_the_helpers_wait_as_told_and_own_the_attempts(
    server: WireServer, call: Callable[..., Awaitable[llm.Response]]
) -> None:
    naps.clear()
    server.answer(*[Answer(status=529, headers={"Retry-After": "1"})] * 5)
    async with quick(server) as client:
        with pytest.raises(llm.OverloadedError) as caught:
            await call(client, REQUEST, llm.RetryPolicy(base_delay=0.5, jitter=0), sleep=nap)
    assert naps == [1, 1, 2, 4]
    assert (len(server.received), caught.value.attempts) == (5, 5), "five attempts are five requests"


@pytest.mark.parametrize("call", [llm.complete_with_retry, llm.collect_with_retry])
async def test_a_wait_that_is_too_long_fails_at_once_and_says_so(
    server: WireServer, call: Callable[..., Awaitable[llm.Response]]
) -> None:
    server.answer(Answer(status=429, headers={"Retry-After": "300"}))
    async with quick(server) as client:
        begun = time.monotonic()
        with pytest.raises(llm.RateLimitedError) as caught:
            await call(client, REQUEST, llm.RetryPolicy(should_retry=llm.is_retryable))
    assert time.monotonic() - begun < 0.5
    assert caught.value.retry_after == 300
    assert "300 s" in str(caught.value)
    assert "longer than RetryPolicy.max_delay" in str(caught.value)
    assert len(server.received) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
async def test_the_client_s_own_start_is_tried_again(server: WireServer, status: int) -> None:
    server.answer(Answer(status=status), Answer(status=status), "fine")
    async with quick(server) as client:
        response = await llm.collect(client.stream(REQUEST))
    assert (response.text, response.attempts, len(server.received)) == ("fine", 3, 3)


async def test_at_most_so_often(server: WireServer) -> None:
    server.answer(*[BUSY] * 4)
    async with quick(server) as client:
        with pytest.raises(llm.OverloadedError) as caught:
            await client.chat("hi")
        assert (caught.value.attempts, len(server.received)) == (3, 3)
        with pytest.raises(llm.OverloadedError) as caught:
            await client.single_attempt.complete(REQUEST)
        assert (caught.value.attempts, len(server.received)) == (1, 4)


async def test_refused_then_listening(server: WireServer) -> None:
    server.answer(Answer(fault=Fault.refuse(0.05)), "up again")
    policy = llm.RetryPolicy(max_attempts=3, base_delay=0.5, should_retry=llm.is_retryable)
    async with llm.open("openai", server.dsn("openai"), retry=policy) as client:
        response = await client.chat("hi")
    assert (response.text, response.attempts) == ("up again", 2)


async def test_a_kept_connection_that_was_dropped_is_replaced_at_once(server: WireServer) -> None:
    server.answer(Answer("one", fault=Fault.stale()), "two")
    async with llm.open("openai", server.dsn("openai"), retry=None) as client:
        await client.chat("hi")
        response = await client.chat("hi")
    assert (response.text, response.attempts, server.connections) == ("two", 1, 2)
    assert len(server.received) == 2, "each request was seen once"


@pytest.mark.parametrize("place", ["before_headers", "in_headers"])
@pytest.mark.parametrize("end", [Fault.close, Fault.reset])
@pytest.mark.parametrize("road", ["chat", "list_models"])
async def test_what_the_server_may_have_seen_is_not_sent_again_unasked(
    server: WireServer, end: Callable[[Place], Fault], place: Place, road: str
) -> None:
    async with llm.open("openai", server.dsn("openai"), retry=None) as client:
        await client.chat("hi")
        (server.answer if road == "chat" else server.answer_models)(Answer(fault=end(place)))
        with pytest.raises(llm.ConnectError) as caught:
            await (client.chat("hi") if road == "chat" else client.list_models())
    assert caught.value.attempts == 1
    assert len(server.received) == 2


async def test_nothing_is_replayed_after_the_first_event(server: WireServer) -> None:
    server.answer(Answer("one two three", fault=Fault.close(after_events=3)), "never")
    async with quick(server) as client:
        events = [event async for event in client.stream(REQUEST)]
    assert isinstance(events[-2], llm.ErrorEvent)
    assert isinstance(events[-2].error, llm.StreamTruncated)
    assert (len(server.received), server.waiting) == (1, 1)


async def test_what_broke_before_the_first_event_is_asked_for_again(server: WireServer) -> None:
    server.answer(Answer("x", fault=Fault.error_inside("overloaded", "server_error")), BUSY, "fine")
    async with quick(server) as client:
        events = [event async for event in client.stream(REQUEST)]
    assert isinstance(events[-1], llm.EndEvent)
    assert (events[-1].response.text, events[-1].response.attempts) == ("fine", 3)


async def test_the_last_answer_that_had_begun_is_an_error_event(server: WireServer) -> None:
    server.answer(*[Answer("x", fault=Fault.error_inside("broken", "server_error"))] * 3)
    async with quick(server) as client:
        events = [event async for event in client.stream(REQUEST)]
    error = events[-2]
    assert isinstance(error, llm.ErrorEvent)
    assert error.error.attempts == 3
    assert len(server.received) == 3


@pytest.mark.parametrize("size", [10, 300_000])
async def test_each_attempt_has_a_fresh_body(server: WireServer, size: int) -> None:
    server.answer(BUSY, BUSY, "fine")
    async with quick(server) as client:
        await client.chat("x" * size)
    bodies = {received.raw for received in server.received}
    assert len(server.received) == 3
    assert len(bodies) == 1
    assert len(bodies.pop()) > size


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_the_key_is_asked_for_per_attempt(kind: str) -> None:
    numbers = itertools.count(1)

    def key() -> str:
        return f"key-number-{next(numbers)}"

    async def key_async() -> str:
        await asyncio.sleep(0)
        return key()

    async with WireServer(key=None) as server:
        server.answer(BUSY, BUSY, "fine")
        source = key if kind == "sync" else key_async
        async with llm.open(
            "openai", base_url=server.base_url("openai"), api_key=source, model="m", retry=QUICK
        ) as client:
            await client.chat("hi")
        sent = [received.headers["authorization"] for received in server.received]
    assert sent == ["Bearer key-number-1", "Bearer key-number-2", "Bearer key-number-3"]


async def test_the_log_says_what_failed_why_and_when_it_goes_on(
    server: WireServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer(
        Answer(status=429, headers={"Retry-After": "0.02"}), Answer(fault=Fault.close("after_headers")), "fine"
    )
    with caplog.at_level("DEBUG", logger="aikido_llm"):
        async with quick(server) as client:
            await client.chat("hi")
    lines = [record.getMessage() for record in caplog.records if record.name == "aikido_llm"]
    assert len(lines) == 2
    assert "attempt 1 of 3 failed" in lines[0]
    assert "(RateLimitedError, HTTP 429, retry after 0.02 s); next in 0.0" in lines[0]
    assert "attempt 2 of 3 failed" in lines[1]
    assert "(StreamTruncated); next in 0.0" in lines[1]
    assert all(line.startswith("openai test-model: ") for line in lines)
    assert not any("test-key" in line or "?" in line for line in lines)


async def seen(server: WireServer, requests: int) -> None:
    for _ in range(400):
        if len(server.received) >= requests:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("the server has not seen the requests")


async def test_a_stream_that_is_closed_while_it_is_being_opened_ends_at_once(server: WireServer) -> None:
    server.answer(Answer("x", fault=Fault.stall("before_headers")))
    async with quick(server) as client:
        stream = client.stream(REQUEST)
        reading = asyncio.ensure_future(anext(stream))
        await seen(server, 1)
        begun = time.monotonic()
        await stream.aclose()
        with pytest.raises(llm.StreamTruncated, match="closed"):
            await reading
        assert time.monotonic() - begun < 0.5
        assert await server.closed_within(0.5)


async def test_closing_the_client_ends_calls_wherever_they_are(server: WireServer) -> None:
    server.answer(
        Answer("x", fault=Fault.stall("before_headers")),
        Answer(status=503),
        Answer("one two", fault=Fault.stall(after_events=2)),
    )
    server.respond(lambda _: Answer("x", fault=Fault.stall("before_headers")))
    policy = llm.RetryPolicy(max_attempts=3, base_delay=30, should_retry=llm.is_retryable)
    async with llm.open("openai", server.dsn("openai"), retry=policy, limits=llm.Limits(connections=3)) as client:
        calls = [asyncio.ensure_future(llm.collect(client.stream(REQUEST))) for _ in range(3)]
        await seen(server, 3)
        waiting = [asyncio.ensure_future(client.complete(REQUEST)) for _ in range(3)]
        await asyncio.sleep(0.05)
        await client.aclose()
        results = await asyncio.wait_for(asyncio.gather(*calls, *waiting, return_exceptions=True), 1)
    assert all(isinstance(result, llm.LLMError) for result in results), results


async def test_a_client_that_is_closed_between_two_reads_leaves_no_stream_without_its_end(server: WireServer) -> None:
    server.answer(Answer("one two three", fault=Fault.stall(after_events=3)))
    events: list[llm.Event] = []
    async with quick(server) as client:
        async for event in client.stream(REQUEST):
            events.append(event)
            if len(events) == 1:
                await client.aclose()
    assert isinstance(events[-1], llm.EndEvent)
    assert isinstance(events[-2], llm.ErrorEvent)
    assert isinstance(events[-2].error, llm.StreamTruncated)
