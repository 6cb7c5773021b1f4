"""check_client on what answers hold: ours pass over the wires, and a client that breaks one promise fails by it."""

import itertools
from collections.abc import AsyncGenerator, Callable
from typing import Any, ClassVar

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.testing import Answer, BrokenPromise, WireServer, check_client
from aikido_llm.types.events import Event
from tests.speakers import open_at

from .test_conformance import DIALECTS, END, WHOLE, WORDS, Good, Iterating, answer, playing

CALLS = (llm.ToolCall("c1", "look", '{"q":"a"}'), llm.ToolCall("c2", "look", '{"q":"b"}'))
LOOK = llm.ToolDef("look", "Look up", {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]})
RUN = llm.ServerToolCall("s", "search", "web_search")
TURN: list[Event] = [llm.ServerToolStart(0, "s", "search"), llm.ServerToolEvent(0, RUN)]


# ---------------------------------------------------------------- ours


@pytest.mark.parametrize("name", DIALECTS)
async def test_calls_thinking_and_their_next_turn_pass_on_every_wire(name: str) -> None:
    said = Answer("one two", thinking="Hm", tool_calls=CALLS, signature="c2ln", usage=llm.Usage(3, 4))
    async with WireServer() as server:
        server.respond(lambda _: said)
        ask = llm.Request("look", tools=[LOOK])
        await check_client(lambda: open_at(server, name, retry=None), request=ask)
        assert not server.refused


async def test_calls_of_every_kind_pass_and_an_approval_has_no_status() -> None:
    calls = (
        llm.ToolCall("c1", "sql", "select 1", kind="custom"),
        llm.ToolCall("c2", "shell", '{"action":{"commands":["ls"]}}', kind="shell"),
        llm.ToolCall("mcpr_1", "roll", '{"sides":6}', kind="mcp_approval"),
    )
    async with WireServer() as server, llm.open("openai-responses", server.dsn("openai-responses")) as client:
        server.respond(lambda _: Answer(tool_calls=calls))
        await check_client(lambda: llm.open("openai-responses", server.dsn("openai-responses"), retry=None))
        response = await client.chat("go on")
        assert [item.get("status") for item in response.raw["output"]] == ["completed", "completed", None]
        results = [llm.tool(call, "yes") for call in response.tool_calls]
        await client.chat([llm.user("go on"), response.message, *results])
        assert not server.refused


@pytest.mark.parametrize("most", [10, 0])
@pytest.mark.parametrize("name", ["anthropic", "gemini"])
async def test_an_answer_of_several_turns_passes(name: str, most: int) -> None:
    async with WireServer() as server:

        def client() -> llm.HTTPClient:
            turns = itertools.cycle([Answer("one,", finish_reason=llm.FinishReason.paused), Answer(" two.")])
            paused = Answer("one,", finish_reason=llm.FinishReason.paused)
            server.respond(lambda _: next(turns) if most else paused)
            return llm.open(name, server.dsn(name), retry=None, continuation=most)

        await check_client(Good, pausing=client)
        assert not server.refused


# ---------------------------------------------------------------- one that breaks each promise


class WithLists(Iterating):
    """A stream with one reader and `batches()`, of a kind that a subclass names."""

    kind: "ClassVar[type[Lists]]"
    reading = False

    def batches(self) -> "Lists":
        return self.kind(self)

    async def wait(self) -> None:
        if self.reading:
            raise RuntimeError("it has a reader")
        self.reading = True
        await super().wait()
        self.reading = False


class Lists:
    """One event in each list."""

    def __init__(self, stream: WithLists) -> None:
        self.stream = stream

    def __aiter__(self) -> "Lists":
        return self

    async def __anext__(self) -> Any:
        return [await anext(self.stream)]

    async def aclose(self) -> None:
        await self.stream.aclose()


class Tuples(Lists):
    async def __anext__(self) -> Any:
        return (await anext(self.stream),)


class Empty(Lists):
    async def __anext__(self) -> Any:
        await anext(self.stream)
        return []


class Forgetting(Lists):
    """Leaves out what was there already."""

    async def __anext__(self) -> Any:
        await anext(self.stream)
        return await super().__anext__()


class Unending(Lists):
    async def aclose(self) -> None:
        pass


def listing(kind: type[Lists]) -> Good:
    return Good(type("Listing", (WithLists,), {"kind": kind}))


async def other_data(client: Good, request: llm.Request) -> llm.Response:
    return evolve(WHOLE, provider_data={"tier": "flex"})


async def other_word(client: Good, request: llm.Request) -> llm.Response:
    return evolve(WHOLE, raw_finish_reason="end_turn")


async def single_turn(client: Good, request: llm.Request) -> AsyncGenerator[Event]:
    """Refuses what it said itself."""
    if len(request.messages) > 1:
        raise llm.InvalidRequestError("the first message has to be the only one")
    async for event in answer(client, request):
        yield event


def holding(data: Any) -> Good:
    return Good(playing(*WORDS, evolve(END, response=evolve(WHOLE, provider_data=data))))


BROKEN: dict[str, tuple[str, Callable[[], Good]]] = {
    "lists that are tuples": ("batches", lambda: listing(Tuples)),
    "lists that are empty": ("batches", lambda: listing(Empty)),
    "lists that forget": ("batches", lambda: listing(Forgetting)),
    "lists that go on when closed": ("batches", lambda: listing(Unending)),
    "a value that JSON has no word for": ("values", lambda: holding({"seen": object()})),
    "a value that JSON makes another": ("values", lambda: holding({1: "one"})),
    "complete has other data": ("beside", lambda: Good(complete_as=other_data)),
    "complete has another word": ("beside", lambda: Good(complete_as=other_word)),
    "takes one turn only": ("next-turn", lambda: Good(single_turn)),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_client_fails_by_its_promise(name: str) -> None:
    promise, client = BROKEN[name]
    with pytest.raises(BrokenPromise, match=r"docs/promises\.md") as broken:
        await check_client(client)
    assert broken.value.promise == promise, str(broken.value)


async def test_lists_that_are_right_pass() -> None:
    await check_client(lambda: listing(Lists))


def going_on(*events: Event, complete_as: Any = None, **facts: Any) -> Good:
    end = evolve(END, response=evolve(WHOLE, continuations=1, **facts))
    return Good(playing(*events, *WORDS, end), complete_as)


async def uncounted(client: Good, request: llm.Request) -> llm.Response:
    return WHOLE


PAUSED = llm.EndEvent(llm.FinishReason.paused, evolve(WHOLE, finish_reason=llm.FinishReason.paused))
HIGHER: list[Event] = [llm.ServerToolStart(4, "s", "search"), llm.ServerToolEvent(4, RUN)]
PAUSING: dict[str, Good] = {
    "two ends": Good(playing(*WORDS, END, *WORDS, END)),
    "indexes that begin again": going_on(*TURN, *TURN, server_tools=(RUN, RUN)),
    "indexes that go back": going_on(*HIGHER, *TURN, server_tools=(RUN, RUN)),
    "usage of the last turn": going_on(
        llm.UsageEvent(llm.Usage(9, 8)), llm.UsageEvent(llm.Usage(5, 4)), usage=llm.Usage(5, 4)
    ),
    "counts nothing": Good(),
    "counts on one road": going_on(complete_as=uncounted),
    "paused and complete": Good(playing(*WORDS, PAUSED)),
}


@pytest.mark.parametrize("name", PAUSING)
async def test_a_client_that_goes_on_wrongly(name: str) -> None:
    with pytest.raises(BrokenPromise) as broken:
        await check_client(Good, pausing=lambda: PAUSING[name])
    assert broken.value.promise == "continuation", str(broken.value)


async def test_a_client_that_goes_on_rightly() -> None:
    await check_client(Good, pausing=lambda: going_on(*TURN, server_tools=(RUN,)))
