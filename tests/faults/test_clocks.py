"""The four clocks, on both roads: what each of them counts, and that its error names it."""

import asyncio
import time

import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, WireServer
from tests.faults.case import ask

REQUEST = llm.Request(messages=[llm.user("hi")])
ROADS = ("stream", "complete")
SLOW = Answer("one two three four five six seven eight", pace=0.06)


def never(**clocks: float | None) -> llm.Timeouts:
    """No clock but these."""
    given: dict[str, float | None] = {"connect": None, "first_event": None, "idle": None, "total": None, **clocks}
    return llm.Timeouts(**given)


async def ends(answer: Answer, timeouts: llm.Timeouts, *, stream: bool, retry: llm.RetryPolicy | None = None,
               upload: int = 0) -> tuple[llm.LLMError | None, float]:  # fmt: skip
    """How the call ends, and after how many seconds."""
    async with WireServer() as server:
        server.answer(answer)
        async with llm.open("openai", server.dsn("openai"), timeouts=timeouts, retry=retry) as client:
            begun = time.monotonic()
            outcome = await ask(client, "stream" if stream else "complete", upload)
            return outcome.error, time.monotonic() - begun


def check(error: llm.LLMError | None, phase: str) -> None:
    assert isinstance(error, llm.TimedOutError), repr(error)
    assert error.phase == phase
    assert f"Timeouts.{phase}" in str(error)


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    ("fault", "upload"),
    [
        (Fault.unread(), 8_000_000),
        (Fault.drip_headers(0.02), 0),
        (Fault.stall("before_headers"), 0),
        (Fault.stall("after_headers"), 0),
    ],
    ids=str,
)
@pytest.mark.parametrize("clock", ["first_event", "total"])
async def test_until_the_first_event_two_clocks_run(fault: Fault, upload: int, clock: str, road: str) -> None:
    seconds = 0.4 if upload else 0.1
    error, took = await ends(
        Answer("x", fault=fault), never(**{clock: seconds}), stream=road == "stream", upload=upload
    )
    check(error, clock)
    assert seconds * 0.9 <= took < seconds + 0.5


async def test_keep_alive_comments_are_no_content() -> None:
    for after, phase in ((0, "first_event"), (2, "idle")):
        error, took = await ends(
            Answer("one two", fault=Fault.endless_comments(after, 0.02)),
            never(first_event=0.15, idle=0.15),
            stream=True,
        )
        check(error, phase)
        assert 0.14 <= took < 0.6


async def test_content_holds_idle_off_and_not_total() -> None:
    error, took = await ends(SLOW, never(idle=0.5), stream=True)
    assert error is None
    assert took > 0.5, "longer than idle, in all"
    error, took = await ends(SLOW, never(total=0.2), stream=True)
    check(error, "total")
    assert error is not None
    assert error.partial is not None
    assert error.partial.text.startswith("one")
    assert 0.19 <= took < 0.6


async def test_idle_is_not_late_after_an_early_first_event() -> None:
    fault = Fault.stall(after_events=3)
    error, took = await ends(Answer("one two three", fault=fault), never(first_event=30, idle=0.1), stream=True)
    check(error, "idle")
    assert took < 0.5


@pytest.mark.parametrize("road", ROADS)
async def test_idle_runs_where_the_first_event_is_not_bounded(road: str) -> None:
    fault = Fault.stall(after_events=3 if road == "stream" else 0, mid_event=True)
    error, took = await ends(Answer("one two three", fault=fault), never(idle=0.1), stream=road == "stream")
    check(error, "idle")
    assert took < 0.5


async def test_idle_stands_still_while_nobody_reads() -> None:
    async with WireServer() as server:
        server.answer(Answer("one two three four", pace=0.01))
        async with llm.open("openai", server.dsn("openai"), timeouts=never(idle=0.1)) as client:
            events: list[llm.Event] = []
            async for event in client.stream(REQUEST):
                if not events:
                    await asyncio.sleep(0.3)
                events.append(event)
    assert isinstance(events[-1], llm.EndEvent)
    assert events[-1].response.text == "one two three four"


async def test_total_runs_while_nobody_reads() -> None:
    async with WireServer() as server:
        server.answer(Answer("one two three", fault=Fault.stall(after_events=2)))
        async with llm.open("openai", server.dsn("openai"), timeouts=never(total=0.1)) as client:
            events: list[llm.Event] = []
            async for event in client.stream(REQUEST):
                if not events:
                    await asyncio.sleep(0.15)
                    assert await server.closed_within(1), "the connection is held though the time is over"
                events.append(event)
    error = events[-2]
    assert isinstance(error, llm.ErrorEvent)
    check(error.error, "total")


@pytest.mark.parametrize("road", ROADS)
async def test_total_cuts_the_sleep_between_two_attempts(road: str) -> None:
    policy = llm.RetryPolicy(max_attempts=3, base_delay=20, should_retry=llm.is_retryable)
    error, took = await ends(Answer(status=503), never(total=0.2), stream=road == "stream", retry=policy)
    check(error, "total")
    assert error is not None
    assert error.attempts == 1
    assert isinstance(error.__cause__, llm.OverloadedError), "and says what it was waiting for"
    assert 0.19 <= took < 0.6


async def test_each_attempt_has_its_own_first_event_and_all_share_the_total() -> None:
    policy = llm.RetryPolicy(max_attempts=5, base_delay=0, should_retry=llm.is_retryable)
    async with WireServer() as server:
        server.answer(*[Answer("x", fault=Fault.stall("before_headers"))] * 2, "late")
        clocks = never(first_event=0.2, total=30)
        async with llm.open("openai", server.dsn("openai"), timeouts=clocks, retry=policy) as client:
            response = await client.chat("hi")
        assert (response.text, response.attempts) == ("late", 3)
    async with WireServer() as server:
        server.answer(*[Answer("x", fault=Fault.stall("before_headers"))] * 5)
        async with llm.open("openai", server.dsn("openai"), timeouts=never(first_event=0.4, total=1.0),
                            retry=policy) as client:  # fmt: skip
            with pytest.raises(llm.TimedOutError) as caught:
                await client.chat("hi")
        check(caught.value, "total")
        assert caught.value.attempts == 3


async def test_the_body_of_an_error_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aikido_llm.call.exchange._ERROR_BODY", 0.1)
    fault = Fault.stall("after_headers")
    error, took = await ends(Answer(status=429, fault=fault), llm.Timeouts(), stream=True)
    assert isinstance(error, llm.RateLimitedError), "the status says it all"
    assert took < 0.5


async def test_an_error_whose_body_never_ends_does_not_spoil_the_next_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aikido_llm.call.exchange._ERROR_BODY", 0.05)
    policy = llm.RetryPolicy(max_attempts=2, base_delay=0, should_retry=llm.is_retryable)
    async with WireServer() as server:
        server.answer(Answer(status=503, fault=Fault.stall("after_headers")), "fine")
        async with llm.open("openai", server.dsn("openai"), retry=policy) as client:
            assert (await client.chat("hi")).text == "fine"


async def test_connect_counts_the_wait_for_a_slot_and_those_who_wait_are_served_in_order() -> None:
    order: list[int] = []
    async with WireServer() as server:
        server.respond(lambda _: Answer("one two", pace=0.01))
        limits = llm.Limits(connections=1)
        async with llm.open("openai", server.dsn("openai"), limits=limits, retry=None) as client:

            async def greedy(number: int) -> None:
                for _ in range(4):
                    await client.chat("hi")
                    order.append(number)

            async with asyncio.TaskGroup() as group:
                for number in range(3):
                    group.create_task(greedy(number))
    assert order == [0, 1, 2] * 4
    async with WireServer() as server:
        server.answer(Answer("one two three", fault=Fault.stall(after_events=3)))
        timeouts = llm.Timeouts(connect=0.1)
        async with llm.open("openai", server.dsn("openai"), limits=limits, retry=None, timeouts=timeouts) as client:
            async with client.stream(REQUEST) as stream:
                await anext(stream)
                with pytest.raises(llm.TimedOutError) as caught:
                    await client.chat("hi")
                check(caught.value, "connect")
            assert (await client.chat("hi")).text, "the slot is free again"
