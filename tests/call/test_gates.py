"""Gates are asked before every HTTP request of an answer, and told how it ended, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import attrs
import pytest
from attrs import define, field

import aikido_llm as llm
from aikido_llm.client import NOTHING, Gated
from aikido_llm.testing import Answer, Fault, WireServer

REQUEST = llm.Request("hello", model="m", max_tokens=100)
POLICY = llm.RetryPolicy(max_attempts=3, base_delay=0.0, should_retry=llm.is_retryable)
USED = llm.Usage(input_tokens=11, output_tokens=7)


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as server:
        yield server


@define(eq=False)
class Watched:
    """A lease that remembers what it is told."""

    request: llm.Request
    limits: list[llm.RateLimits | None] = field(factory=lambda: list[llm.RateLimits | None]())
    errors: list[llm.LLMError | None] = field(factory=lambda: list[llm.LLMError | None]())
    usages: list[llm.Usage | None] = field(factory=lambda: list[llm.Usage | None]())

    def told(self, limits: llm.RateLimits | None, error: llm.LLMError | None = None) -> None:
        self.limits.append(limits)
        self.errors.append(error)

    def settle(self, usage: llm.Usage | None) -> None:
        self.usages.append(usage)


@define(eq=False)
class Watching:
    """A gate that lets everybody pass: at once, when `opens` does, or never with an error."""

    leases: list[Watched] = field(factory=lambda: list[Watched]())
    opens: asyncio.Event | None = None
    refusal: llm.LLMError | None = None
    asked: int = 0

    async def acquire(self, request: llm.Request) -> Watched:
        self.asked += 1
        if self.refusal is not None:
            raise self.refusal
        if self.opens is not None:
            await self.opens.wait()
        self.leases.append(Watched(request))
        return self.leases[-1]

    @property
    def settled(self) -> list[Any]:
        """What each lease was settled with first: what follows is nothing."""
        return [lease.usages[0] if lease.usages else "open" for lease in self.leases]


def gated(server: WireServer, *gates: Watching, name: str = "openai-chat", **options: Any) -> llm.HTTPClient:
    client = llm.open(name, server.dsn(name), retry=POLICY, **options)
    for gate in gates:
        client = client.gated(gate)
    return client


@pytest.mark.parametrize("road", ["stream", "complete"])
async def test_every_attempt_is_asked_for(server: WireServer, road: str) -> None:
    limits = {"x-ratelimit-remaining-requests": "3"}
    server.answer(Answer(status=503), Answer(status=429, headers=limits), Answer("hi", usage=USED, headers=limits))
    gate = Watching()
    async with gated(server, gate) as client:
        await (llm.collect(client.stream(REQUEST)) if road == "stream" else client.complete(REQUEST))
    assert gate.settled == [NOTHING, NOTHING, USED]
    first, second, third = gate.leases
    assert [type(error) for error in (*first.errors, *second.errors)] == [llm.OverloadedError, llm.RateLimitedError]
    assert second.limits == third.limits == [llm.RateLimits(requests_remaining=3)]
    assert third.errors == [None]


async def test_the_request_is_the_one_that_is_sent(server: WireServer) -> None:
    gate = Watching()
    async with gated(server, gate, temperature=0.5) as client:
        await client.chat("hi")
    assert gate.leases[0].request.model == "test-model"
    assert gate.leases[0].request.temperature == 0.5


async def test_every_turn_of_a_continued_answer_is_asked_for(server: WireServer) -> None:
    paused = Answer("One,", usage=USED, finish_reason=llm.FinishReason.paused)
    server.answer(paused, paused, Answer(" two.", usage=USED))
    gate = Watching()
    async with gated(server, gate, name="anthropic") as client:
        assert (await llm.collect(client.stream(REQUEST))).continuations == 2
    assert gate.settled == [USED, USED, USED]
    assert [lease.request.max_tokens for lease in gate.leases] == [100, 93, 86]


async def test_a_list_of_models_is_not_asked_for(server: WireServer) -> None:
    gate = Watching()
    async with gated(server, gate) as client:
        await client.list_models()
    assert not gate.asked


async def test_an_answer_that_is_left_is_settled_at_once_without_a_usage(server: WireServer) -> None:
    server.answer(Answer("word " * 100, pace=0.05), Answer("word " * 100, pace=0.05))
    gate = Watching()
    async with gated(server, gate) as client:
        async with client.stream(REQUEST) as events:
            async for _ in events:
                break
        assert gate.settled == [None]
        events = client.stream(REQUEST)
        await anext(events)
        reading = asyncio.ensure_future(llm.collect(events))
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    assert gate.settled == [None, None]


async def test_a_cut_answer_keeps_what_was_reserved(server: WireServer) -> None:
    """What an answer's beginning says of its usage is not all of it."""
    server.answer(Answer("one two three four", usage=USED, fault=Fault.close(after_events=4)))
    gate = Watching()
    async with gated(server, gate, name="anthropic") as client:
        with pytest.raises(llm.StreamTruncated):
            await llm.collect(client.stream(REQUEST))
    assert gate.settled == [None]


async def test_an_error_inside_a_200_is_told(server: WireServer) -> None:
    server.answer(Answer(fault=Fault.error_inside()), Answer("hi", usage=USED))
    gate = Watching()
    async with gated(server, gate) as client:
        await client.complete(REQUEST)
    assert len(gate.leases) == 2
    assert gate.leases[0].errors != [None]
    assert gate.settled[1] == USED


async def test_what_reached_nobody_took_nothing(server: WireServer) -> None:
    """Of a connection that broke nobody knows."""
    gate = Watching()
    async with gated(server, gate) as client:
        server.answer(Answer(fault=Fault.reset()), "hi")
        await client.complete(REQUEST)
    assert gate.settled == [None, USED]
    server.refuse()
    gate = Watching()
    async with gated(server, gate) as client:
        with pytest.raises(llm.ConnectError):
            await client.complete(REQUEST)
    assert gate.settled == [NOTHING, NOTHING, NOTHING]


async def test_an_answer_in_the_background_is_settled_once_however_often_it_is_taken_up(server: WireServer) -> None:
    server.answer(Answer("one two three four", usage=USED, fault=Fault.reset(after_events=5)))
    gate = Watching()
    async with gated(server, gate, name="openai-responses") as client:
        response = await llm.collect(client.stream(attrs.evolve(REQUEST, background=True)))
    assert response.text == "one two three four"
    assert len(server.received) > 1
    assert gate.settled == [USED]


async def test_the_outer_gate_is_asked_first_and_gets_back_what_the_inner_one_refuses(server: WireServer) -> None:
    inner, outer = Watching(refusal=llm.BudgetExceededError("no more")), Watching()
    async with gated(server, inner, outer) as client:
        with pytest.raises(llm.BudgetExceededError) as caught:
            await client.complete(REQUEST)
    assert (caught.value.provider, caught.value.model) == ("openai-chat", "m")
    assert outer.settled == [NOTHING]
    assert inner.asked == 1  # it is not asked again: this does not pass by waiting
    assert not server.received


@define(eq=False)
class AtOnce(Watching):
    """One that can say so at once. full: that one has to wait."""

    full: bool = False

    def at_once(self, request: llm.Request) -> Watched | None:
        if self.full:
            return None
        self.asked += 1
        if self.refusal is not None:
            raise self.refusal
        self.leases.append(Watched(request))
        return self.leases[-1]


@pytest.mark.parametrize("full", [False, True])
async def test_gates_that_let_pass_at_once_stand_among_others(server: WireServer, full: bool) -> None:
    inner, middle, outer = AtOnce(full=full), Watching(), AtOnce()
    async with gated(server, inner, middle, outer) as client:
        await client.complete(REQUEST)
    assert inner.asked == middle.asked == outer.asked == 1
    assert len(inner.settled) == 1
    assert inner.settled == middle.settled == outer.settled


async def test_what_is_refused_at_once_is_given_back_too(server: WireServer) -> None:
    inner, outer = AtOnce(refusal=llm.BudgetExceededError("no more")), AtOnce()
    async with gated(server, inner, outer) as client:
        with pytest.raises(llm.BudgetExceededError) as caught:
            await client.complete(REQUEST)
    assert (caught.value.provider, caught.value.model) == ("openai-chat", "m")
    assert (inner.asked, outer.asked) == (1, 1)
    assert outer.settled == [NOTHING]
    assert not server.received


async def test_both_gates_are_told_and_settled(server: WireServer) -> None:
    inner, outer = Watching(), Watching()
    async with gated(server, inner, outer) as client:
        await client.complete(REQUEST)
    assert len(inner.settled) == 1
    assert inner.settled == outer.settled
    assert inner.leases[0].errors == outer.leases[0].errors == [None]


async def test_waiting_at_a_gate_is_bounded_by_total_alone(server: WireServer) -> None:
    gate = Watching(opens=asyncio.Event())
    timeouts = llm.Timeouts(connect=0.01, first_event=0.01, idle=0.01, total=0.2)
    async with gated(server, gate, timeouts=timeouts) as client:
        with pytest.raises(llm.TimedOutError) as caught:
            await client.complete(REQUEST)
    assert caught.value.phase == "total"
    assert not server.received


async def test_who_waits_at_a_gate_can_be_cancelled_and_closed(server: WireServer) -> None:
    gate = Watching(opens=asyncio.Event())
    async with gated(server, gate) as client:
        calls = [asyncio.ensure_future(client.complete(REQUEST)) for _ in range(2)]
        for _ in range(5):
            await asyncio.sleep(0)
        assert gate.asked == 2
        calls[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await calls[0]
    with pytest.raises(llm.StreamTruncated, match="closed before"):
        await calls[1]
    assert not gate.leases
    assert not server.received


async def test_views_keep_their_gates(server: WireServer) -> None:
    server.answer(Answer(status=503))
    gate = Watching()
    async with gated(server, gate) as client:
        assert isinstance(client, Gated)
        with pytest.raises(llm.ServerError):
            await client.single_attempt.complete(REQUEST)
    assert gate.settled == [NOTHING]


async def test_a_view_without_the_gate_is_not_changed(server: WireServer) -> None:
    gate = Watching()
    async with llm.open("openai-chat", server.dsn("openai-chat")) as client:
        client.gated(gate)
        await client.complete(REQUEST)
    assert not gate.asked
