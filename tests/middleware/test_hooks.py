"""hooked: functions of the caller's, told of each call whichever way it ends."""

import asyncio
import gc
from typing import Any

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.middleware import Outcome, hooked
from aikido_llm.testing import StubClient, TurnScript

from .makers import REQUEST, Own


async def test_before_may_change_the_request() -> None:
    stub = StubClient("a", "b", "c")
    client = hooked(stub, before=lambda request: evolve(request, model="other"))
    await client.complete(REQUEST)
    await llm.collect(client.stream(REQUEST))
    assert [request.model for request in stub.requests] == ["other", "other"]

    async def later(request: llm.Request) -> None:
        await asyncio.sleep(0)

    await hooked(stub, before=later).complete(REQUEST)
    assert stub.requests[-1] is REQUEST


async def test_what_before_returns_is_checked() -> None:
    def wrong(request: llm.Request) -> Any:
        return "hello"

    with pytest.raises(llm.InvalidRequestError, match="returned text"):
        await hooked(StubClient("a"), before=wrong).complete(REQUEST)


@pytest.mark.parametrize("inner", [StubClient, Own])
async def test_events_are_seen_and_the_outcome_told_once(inner: Any) -> None:
    seen: list[llm.Event] = []
    told: list[Outcome] = []
    ticks = iter(range(100))
    client = hooked(
        inner("one two", "one two"), on_events=seen.extend, after=told.append, clock=lambda: float(next(ticks))
    )
    events = [event async for event in client.stream(REQUEST)]
    assert seen == events
    assert len(told) == 1
    assert told[0].response is not None
    assert told[0].response.text == "one two"
    assert told[0].error is None
    assert told[0].timing == llm.Timing(1.0, 2.0)
    await client.complete(REQUEST)
    assert seen == events, "a complete has no events"
    assert told[1].response is not None
    assert told[1].timing.first_event is None


@pytest.mark.parametrize("inner", [StubClient, Own])
async def test_a_failure_is_told(inner: Any) -> None:
    told: list[Outcome] = []
    broken = TurnScript(["one", llm.OverloadedError("no capacity", attempts=3)])
    refused = TurnScript([llm.AuthError("no")])
    client = hooked(inner(broken, refused, refused), after=told.append)
    with pytest.raises(llm.OverloadedError):
        await llm.collect(client.stream(REQUEST))
    for asked in (llm.collect(client.stream(REQUEST)), client.complete(REQUEST)):
        with pytest.raises(llm.AuthError):
            await asked
    assert [type(outcome.error) for outcome in told] == [llm.OverloadedError, llm.AuthError, llm.AuthError]
    assert [outcome.attempts for outcome in told] == [3, 1, 1]
    assert [outcome.response for outcome in told] == [None] * 3


@pytest.mark.parametrize("later", [False, True])
async def test_leaving_is_told(later: bool) -> None:
    told: list[Outcome] = []

    async def after(outcome: Outcome) -> None:
        await asyncio.sleep(0)
        told.append(outcome)

    client = hooked(StubClient("one two", "one two"), after=after if later else told.append)
    async with client.stream(REQUEST) as events:
        await anext(events)
    assert [(outcome.response, outcome.error) for outcome in told] == [(None, None)]

    async def read() -> None:
        async for _ in client.stream(REQUEST):
            task.cancel()

    task = asyncio.ensure_future(read())
    await asyncio.wait([task])
    assert task.cancelled()
    await asyncio.sleep(0.001)
    assert len(told) == 2


@pytest.mark.parametrize("hook", ["before", "on_events", "after"])
async def test_what_a_hook_raises_is_the_callers_to_see(hook: str) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    own = Own("one two", "one two")
    hooks: dict[str, Any] = {hook: fail}
    client = hooked(own, **hooks)
    with pytest.raises(ZeroDivisionError):
        _ = [event async for event in client.stream(REQUEST)]
    assert own.open == 0
    if hook != "on_events":
        with pytest.raises(ZeroDivisionError):
            await client.complete(REQUEST)


async def test_an_async_after_is_not_cut_off_by_a_cancellation_that_comes_while_it_is_waited_for() -> None:
    told: list[Outcome] = []
    gate = asyncio.Event()

    async def after(outcome: Outcome) -> None:
        await gate.wait()
        told.append(outcome)

    async def left() -> None:
        async with hooked(StubClient("one two"), after=after).stream(REQUEST) as events:
            await anext(events)

    leaving = asyncio.ensure_future(left())
    for _ in range(10):
        await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    assert leaving.cancelled()
    gc.collect()
    gate.set()
    await asyncio.sleep(0.001)
    assert len(told) == 1
