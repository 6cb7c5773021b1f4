"""All of it nested, in the order to use and in others: the promises of a client, and a sample of the faults."""

from collections.abc import Callable
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.middleware import (
    Budget,
    Limiter,
    Middleware,
    budgeted,
    cached,
    fallback,
    hedged,
    hooked,
    limited,
    logged,
    observed,
    priced,
)
from aikido_llm.testing import Answer, Fault, WireServer, check_client
from tests.faults.case import Road, check_end
from tests.faults.table import ROWS, Row

from .makers import MAKERS, REQUEST, new_store


def limiter() -> Limiter:
    return Limiter(600_000, 60_000_000, concurrent=1000, burst=10_000)


def recommended(client: Any) -> Middleware:
    return observed(logged(budgeted(fallback(limited(client, limiter())), Budget(tokens=10_000_000)), new_store()))


def everything(client: Any) -> Middleware:
    """All makers at once."""
    inner = hedged(hooked(limited(priced(client), limiter())), after=60)
    return observed(cached(logged(budgeted(fallback(inner), Budget(tokens=10_000_000)), new_store()), new_store()))


def inside_out(client: Any) -> Middleware:
    return limited(budgeted(hooked(fallback(logged(observed(client), new_store()))), Budget(tokens=10**7)), limiter())


NESTED: dict[str, Callable[[Any], Middleware]] = {
    "recommended": recommended,
    "everything": everything,
    "inside out": inside_out,
}


@pytest.mark.parametrize("name", NESTED)
async def test_the_promises_hold(name: str) -> None:
    async with WireServer() as server:

        def client(answer: Answer) -> Callable[[], llm.Client]:
            def opened() -> llm.Client:
                server.respond(lambda _: answer)
                return NESTED[name](llm.open("vllm", server.dsn("vllm"), retry=None))

            return opened

        await check_client(
            client(Answer("one two three four five", pace=0.002)),
            failing=client(Answer("one two three", fault=Fault.error_inside(after_events=3))),
            refusing=client(Answer(status=503)),
            sent=lambda: len(server.received),
            connections=lambda: server.open_connections,
        )


# One of each kind of end, on both roads.
SAMPLE = (
    "FIN before the headers",
    "RST before the headers",
    "silence before the headers",
    "garbage",
    "text glued to a 204",
    *(row.name for row in ROWS[::9]),
)
ROADS: tuple[Road, ...] = ("stream", "complete")
CASES_OF_ALL: list[tuple[Row, Road]] = [
    (row, road) for row in ROWS for road in ROADS if row.end(road) is not None and not row.alone
]
CASES = [(row, road) for row, road in CASES_OF_ALL if row.name in SAMPLE]


@pytest.mark.parametrize(("row", "road"), CASES, ids=[f"{row.name}, {road}" for row, road in CASES])
async def test_faults_end_as_they_do_without_it(row: Row, road: Road) -> None:
    end = row.end(road)
    assert end is not None
    for dialect in ("openai_chat", "anthropic_messages"):
        if dialect in row.dialects:
            await check_end(row, end, road, dialect, recommended)


# Around one client, so that nobody else is asked whose end it would be.
ALONE: dict[str, Callable[[Any], Any]] = {
    **MAKERS,
    "fallback": fallback,
    "hedged": lambda client: hedged(client, after=60),
}
FEW = ("RST before the headers", "garbage", "gzip damaged")
FEW_CASES: list[tuple[Row, Road]] = [(row, road) for row, road in CASES_OF_ALL if row.name in FEW]


def pair(outer: str, inner: str) -> Callable[[Any], Any]:
    def around(client: llm.Client) -> Any:
        return ALONE[outer](ALONE[inner](client))

    return around


@pytest.mark.parametrize("maker", ALONE)
async def test_faults_end_as_they_do_without_it_alone(maker: str) -> None:
    for row, road in FEW_CASES:
        end = row.end(road)
        assert end is not None
        await check_end(row, end, road, "openai_chat", ALONE[maker])


@pytest.mark.parametrize("outer", ALONE)
async def test_faults_end_as_they_do_without_it_in_every_ordered_pair(outer: str) -> None:
    row = next(row for row in ROWS if row.name == "gzip damaged")
    for inner in ALONE:
        for road in ROADS:
            end = row.end(road)
            assert end is not None
            await check_end(row, end, road, "openai_chat", pair(outer, inner))


@pytest.mark.parametrize("maker", MAKERS)
async def test_the_early_end_of_one_leaves_no_connection(maker: str) -> None:
    async with WireServer() as server, llm.open("vllm", server.dsn("vllm")) as inner:
        server.respond(lambda _: Answer("word " * 200, pace=0.005))
        client: Any = MAKERS[maker](inner)
        async with client.stream(REQUEST) as events:
            await anext(events)
        assert await server.closed_within(0.5)
