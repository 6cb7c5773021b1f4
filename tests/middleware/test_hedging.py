"""hedged: a second request when the first is late, within its budget, and never two of what acts."""

import asyncio
import time
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.middleware import Middleware, hedged
from aikido_llm.middleware.hedging import Extra, Pace
from aikido_llm.testing import Answer, Fault, StubClient, TurnScript, WireServer, check_grammar

from .makers import REQUEST, Own
from .test_breaker import Clock

TOOL = llm.ToolDef("look", "Looks.", {})


def late(text: str = "one") -> TurnScript:
    return TurnScript([text], block=asyncio.Event())


def test_the_percentile_is_of_the_latest_calls_once_there_are_enough() -> None:
    pace = Pace()
    for n in range(19):
        pace.add(float(n))
    assert pace.late() is None
    pace.add(19.0)
    assert pace.late() == 19.0
    for n in range(200):
        pace.add(1.0 if n < 189 else 5.0)
    assert pace.late() == 5.0
    pace.add(1.0)
    for _ in range(3):
        pace.add(1.0)
    assert pace.late() == 5.0
    for _ in range(200):
        pace.add(2.0)
    assert pace.late() == 2.0


def test_second_requests_are_a_share_of_all_calls() -> None:
    extra = Extra(0.05)
    taken = 0
    for _ in range(1000):
        extra.call()
        taken += extra.take()
    assert taken == 50
    never = Extra(0)
    never.call()
    assert not never.take()


@pytest.mark.parametrize("road", ["stream", "complete"])
@pytest.mark.parametrize("inner", [StubClient, Own])
async def test_the_answer_that_begins_first_is_handed_out(road: str, inner: Any) -> None:
    first, second = inner(late("first")), StubClient("second words")
    client = hedged(first, second, after=0.005, max_extra=1)
    if road == "complete":
        response = await client.complete(REQUEST)
    else:
        events = [event async for event in client.stream(REQUEST)]
        check_grammar(events)
        end = events[-1]
        assert isinstance(end, llm.EndEvent)
        response = end.response
    assert response.text == "second words"
    assert response.attempts == 2, "both were sent"
    assert len(first.requests) == len(second.requests) == 1
    if isinstance(first, Own):
        assert first.open == 0


async def test_an_answer_in_time_is_asked_for_once() -> None:
    first, second = StubClient("one"), StubClient("two")
    response = await hedged(first, second, after=5, max_extra=1).complete(REQUEST)
    assert (response.text, response.attempts) == ("one", 1)
    assert not second.requests


async def test_without_others_the_client_itself_is_asked_again() -> None:
    stub = StubClient(late("first"), "second")
    assert (await hedged(stub, after=0.005, max_extra=1).complete(REQUEST)).text == "second"
    assert stub.requests == [REQUEST, REQUEST]


async def test_others_get_their_own_model() -> None:
    stub = StubClient("second")
    request = llm.Request("hi", model="m", extra={"a": 1})
    await hedged(StubClient(late()), stub, after=0.005, max_extra=1).complete(request)
    assert stub.requests == [llm.Request("hi")]
    with pytest.raises(llm.ConfigError, match="hedged asks"):
        hedged(llm.open("echo"), llm.open("vllm", "http://127.0.0.1:9/v1"))


@pytest.mark.parametrize(
    "request_",
    [
        llm.Request("hi", tools=[TOOL]),
        llm.Request("hi", tools=[llm.ServerTool("web_search")]),
        llm.Request("hi", background=True),
        llm.Request("hi", conversation="c"),
        llm.Request("hi", previous_response_id="r"),
    ],
)
async def test_what_may_act_is_never_asked_twice(request_: llm.Request) -> None:
    gate = asyncio.Event()
    second = StubClient()
    client = hedged(StubClient(TurnScript(["one"], block=gate)), second, after=0, max_extra=1)
    asyncio.get_running_loop().call_later(0.02, gate.set)
    assert (await client.complete(request_)).text == "one"
    assert not second.requests


async def test_tools_that_are_a_clients_default_count_too() -> None:
    async with WireServer() as server:
        server.respond(lambda _: Answer("one", pace=0.01))
        second = StubClient()
        first = llm.open("vllm", server.dsn("vllm"), options=llm.Options(tools=[TOOL]))
        async with hedged(Middleware(first), second, after=0, max_extra=1) as client:
            await client.complete(REQUEST)
    assert not second.requests


async def test_when_one_fails_the_other_is_waited_for_and_both_failed_is_the_firsts_error() -> None:
    gate = asyncio.Event()
    first = StubClient(TurnScript(["one"], block=gate), late())
    failing = TurnScript([llm.OverloadedError("no capacity")])
    client = hedged(first, StubClient(failing), after=0.005, max_extra=1)
    asyncio.get_running_loop().call_later(0.02, gate.set)
    assert (await client.complete(REQUEST)).text == "one"
    gate = asyncio.Event()
    both = hedged(
        StubClient(TurnScript([llm.ServerError("first")], block=gate)), StubClient(failing), after=0.005, max_extra=1
    )
    asyncio.get_running_loop().call_later(0.02, gate.set)
    with pytest.raises(llm.ServerError, match="first") as caught:
        await both.complete(REQUEST)
    assert caught.value.attempts == 2


async def test_a_failure_in_time_is_not_hedged() -> None:
    second = StubClient("two")
    client = hedged(StubClient(TurnScript([llm.ServerError("no")])), second, after=5, max_extra=1)
    with pytest.raises(llm.ServerError):
        await client.complete(REQUEST)
    assert not second.requests


async def test_the_budget_holds() -> None:
    first = StubClient(*[TurnScript(["one"], block=_soon(0.002)) for _ in range(40)])
    second = StubClient(*["two"] * 40)
    client = hedged(first, second, after=0, max_extra=0.1)
    for _ in range(40):
        await client.complete(REQUEST)
    assert len(second.requests) == 4


def _soon(seconds: float) -> Any:
    class Soon:
        async def wait(self) -> None:
            await asyncio.sleep(seconds)

    return Soon()


async def test_by_its_own_pace_only_once_that_is_known() -> None:
    clock = Clock()
    first = StubClient(*["one"] * 20, late())
    second = StubClient("two")
    client = hedged(first, second, max_extra=1, clock=clock)
    for _ in range(20):
        assert (await client.complete(REQUEST)).text == "one"
    assert (await client.complete(REQUEST)).text == "two", "behind 20 calls of no time at all"


async def test_the_losers_connection_is_closed_at_once() -> None:
    async with WireServer() as one, WireServer() as other:
        one.respond(lambda _: Answer("one", fault=Fault.stall("before_headers")))
        other.respond(lambda _: Answer("word " * 50, pace=0.01))
        first, second = llm.open("vllm", one.dsn("vllm")), llm.open("vllm", other.dsn("vllm"))
        async with hedged(first, second, after=0.02, max_extra=1) as client, client.stream(REQUEST) as events:
            await anext(events)
            begun = time.monotonic()
            await one.no_connections()
            assert time.monotonic() - begun < 0.1
        await other.no_connections()


async def test_cancelling_closes_both() -> None:
    async with WireServer() as one:
        one.respond(lambda _: Answer("one", fault=Fault.stall("before_headers")))
        async with hedged(llm.open("vllm", one.dsn("vllm")), after=0.005, max_extra=1) as client:
            asked = asyncio.ensure_future(client.complete(REQUEST))
            while len(one.received) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            asked.cancel()
            await asyncio.wait([asked])
            assert asked.cancelled()
            await one.no_connections()


@pytest.mark.parametrize("wrong", [{"after": -1}, {"after": "p99"}, {"max_extra": 2}])
def test_wrong_values_are_said_when_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(llm.ConfigError):
        hedged(StubClient(), **wrong)
