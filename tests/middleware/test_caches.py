"""cached: the same request gives the same events again, and only whole answers do."""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.middleware import CallStore, cached, logged
from aikido_llm.testing import Answer, StubClient, TurnScript, WireServer, check_grammar
from aikido_llm.types.accumulate import Accumulator
from aikido_llm.types.unfold import unfolded

from .makers import REQUEST, Own, new_store

CALL = llm.ToolCall("c1", "look", '{"at": 1}')
RICH = TurnScript([llm.ThinkingDelta("hm"), "one two", CALL, llm.ImageEvent(llm.ImagePart(data=b"\x89PNG\r\n\x1a\n")),
                   llm.UsageEvent(llm.Usage(3, 4))])  # fmt: skip


async def events_of(client: Any, request: llm.Request = REQUEST) -> list[llm.Event]:
    events = [event async for event in client.stream(request)]
    check_grammar(events)
    return events


@pytest.mark.parametrize("inner", [StubClient, Own])
async def test_a_stream_is_given_again_as_it_came(inner: Any) -> None:
    stub = inner(RICH)
    async with cached(stub, new_store()) as client:
        first, again, third = [await events_of(client) for _ in range(3)]
        whole = await client.complete(REQUEST)
    assert first == again == third
    assert len([event for event in again if isinstance(event, llm.TextDelta)]) == 2
    ends = [events[-1] for events in (first, again)]
    assert [end.response.cached for end in ends if isinstance(end, llm.EndEvent)] == [False, True]
    assert whole.cached
    assert isinstance(first[-1], llm.EndEvent)
    assert whole == first[-1].response
    assert len(stub.requests) == 1


async def test_a_complete_is_given_again_on_both_roads() -> None:
    stub = StubClient(RICH)
    async with cached(stub, new_store()) as client:
        first = await client.complete(REQUEST)
        again = await client.complete(REQUEST)
        events = await events_of(client)
    assert (first.cached, again.cached, again) == (False, True, first)
    assert isinstance(events[-1], llm.EndEvent)
    assert events[-1].response == first
    assert len(stub.requests) == 1


def test_what_is_unfolded_folds_again() -> None:
    response = llm.Response(
        "a text", "thoughts", (CALL, evolve(CALL, id="c2")), (llm.ImagePart(data=b"1"),), (llm.AudioPart(data=b"2"),),
        llm.Usage(1, 2), citations=(llm.Citation("https://a.example"),),
        server_tools=(llm.ServerToolCall("s1", "search", "search"),),
    )  # fmt: skip
    events = unfolded(response)
    check_grammar(events)
    folded = Accumulator()
    folded.extend(events[:-1])
    assert folded.response(finish_reason=response.finish_reason) == response


@pytest.mark.parametrize(
    "turn",
    [
        TurnScript(["one ", llm.OverloadedError("no capacity")]),
        TurnScript([llm.AuthError("no")]),
        TurnScript(["one", llm.EndEvent(llm.FinishReason.other, llm.Response("one", complete=False))]),
    ],
)
async def test_only_whole_answers_are_kept(turn: TurnScript) -> None:
    stub = StubClient(turn, turn, "then", "more")
    async with cached(stub, new_store()) as client:
        with contextlib.suppress(llm.LLMError):
            assert not (await client.complete(REQUEST)).complete
        with contextlib.suppress(llm.LLMError):
            assert not (await llm.collect(client.stream(REQUEST))).complete
        assert (await client.complete(REQUEST)).text == "then"
        assert (await client.complete(REQUEST)).text == "then"
    assert stub.waiting == 1


async def test_a_stream_that_was_left_is_not_kept() -> None:
    stub = StubClient("one two three", "four five")
    async with cached(stub, new_store()) as client:
        async with client.stream(REQUEST) as events:
            await anext(events)
        assert (await llm.collect(client.stream(REQUEST))).text == "four five"


async def test_other_requests_and_what_the_provider_stores_are_asked() -> None:
    stub = StubClient(*"abcdef")
    async with cached(stub, new_store()) as client:
        assert (await client.complete(REQUEST)).text == "a"
        assert (await client.complete(evolve(REQUEST, temperature=0))).text == "b"
        for request in (evolve(REQUEST, conversation="c"), evolve(REQUEST, background=True)):
            assert (await client.complete(request)).text in "ce"
            assert (await client.complete(request)).text in "df"


async def test_clients_that_differ_share_nothing(tmp_path: Path) -> None:
    async with WireServer() as server, CallStore(tmp_path / "calls.db") as store:
        server.respond(lambda request: Answer(str(request.body["model"])))
        clients = [cached(llm.open("vllm", server.dsn("vllm"), model=model), store) for model in "aab"]
        assert [(await client.complete(REQUEST)).text for client in clients] == ["a", "a", "b"]
        assert len(server.received) == 2
        for client in clients:
            await client.aclose()


# ---------------------------------------------------------------- at once


class Held:
    """Holds a turn of a StubClient until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()

    async def wait(self) -> None:
        self.reached.set()
        await self.opened.wait()


async def test_callers_of_one_complete_wait_for_it() -> None:
    held = Held()
    stub = StubClient(TurnScript(["once"], block=held), "twice")
    async with cached(stub, new_store()) as client:
        tasks = [asyncio.create_task(client.complete(REQUEST)) for _ in range(5)]
        tasks.append(asyncio.create_task(llm.collect(client.stream(REQUEST))))
        await held.reached.wait()
        held.opened.set()
        assert [response.text for response in await asyncio.gather(*tasks)] == ["once"] * 6
    assert len(stub.requests) == 1


async def test_when_it_fails_each_asks_and_when_it_is_cancelled_the_next() -> None:
    held = Held()
    stub = StubClient(TurnScript([llm.OverloadedError("no")], block=held), "a", "b")
    async with cached(stub, new_store()) as client:
        tasks = [asyncio.create_task(client.complete(REQUEST)) for _ in range(3)]
        await held.reached.wait()
        held.opened.set()
        failed, *others = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(failed, llm.OverloadedError)
        assert sorted(response.text for response in others if isinstance(response, llm.Response)) in (
            ["a", "b"],
            ["a", "a"],
        )

    never = Held()
    stub = StubClient(TurnScript(["a"], block=never), "b", "c")
    async with cached(stub, new_store()) as client:
        first, second, third = (asyncio.create_task(client.complete(REQUEST)) for _ in range(3))
        await never.reached.wait()
        first.cancel()
        assert [(await one).text for one in (second, third)] == ["b", "b"]
        assert first.cancelled()
    assert stub.waiting == 1


async def test_a_stream_is_not_waited_for() -> None:
    stub = StubClient("one two", "three")
    async with cached(stub, new_store()) as client, client.stream(REQUEST) as events:
        await anext(events)
        assert (await client.complete(REQUEST)).text == "three", "it would wait for ever"


# ---------------------------------------------------------------- with others, and a store that fails


async def test_it_answers_from_what_was_logged() -> None:
    store = new_store()
    stub = StubClient("one two")
    async with logged(stub, store) as client:
        await llm.collect(client.stream(REQUEST))
    async with cached(logged(StubClient(), store), store) as client:
        assert (await client.complete(REQUEST)).text == "one two"


async def test_a_store_that_fails_takes_nothing_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "text").write_text("no database " * 100)
    stub = StubClient("one", "two")
    with caplog.at_level(logging.ERROR, "aikido_llm"):
        async with cached(stub, CallStore(tmp_path / "text")) as client:
            assert (await client.complete(REQUEST)).text == "one"
            assert (await llm.collect(client.stream(REQUEST))).text == "two"
    assert "no SQLite database" in caplog.text
