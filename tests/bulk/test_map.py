"""bulk.map: every row once, whatever the servers, the log and the reader do."""

import asyncio
import gc
import itertools
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm import bulk
from aikido_llm.middleware import Budget, budgeted
from aikido_llm.store import CallStore
from aikido_llm.testing import Answer, Received, StubClient, TurnScript, WireServer

ONCE = llm.RetryPolicy(max_attempts=1)


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as running:
        running.respond(lambda request: Answer(f"re: {said(request)}"))
        yield running


@pytest.fixture
async def client(server: WireServer) -> AsyncIterator[llm.HTTPClient]:
    async with llm.open("vllm", server.dsn("vllm"), model="m") as opened:
        yield opened


def said(request: Received) -> str:
    return str(request.body["messages"][-1]["content"])


def prompts(count: int) -> list[str]:
    return [f"row {number}" for number in range(count)]


async def rows_of(run: bulk.Run) -> list[bulk.Row]:
    async with run:
        return [row async for row in run]


def texts(rows: list[bulk.Row]) -> dict[Any, str]:
    return {row.key: row.response.text if row.response else type(row.error).__name__ for row in rows}


async def test_each_row_is_asked_once_and_told_again(
    client: llm.HTTPClient, server: WireServer, tmp_path: Path
) -> None:
    for run in (1, 2):
        rows = await rows_of(bulk.map(client, prompts(50), tmp_path / "a.db", concurrency=8))
        assert texts(rows) == {number: f"re: row {number}" for number in range(50)}
        assert len(rows) == 50
        assert len(server.received) == 50
        assert {row.response.cached for row in rows if row.response} == {run == 2}
        assert all(row.request == llm.Request(f"row {row.key}") for row in rows)


async def test_keys_and_changed_rows(client: llm.HTTPClient, server: WireServer, tmp_path: Path) -> None:
    rows = [{"id": f"k{number}", "prompt": f"p{number}"} for number in range(5)]
    log = tmp_path / "a.db"
    await rows_of(bulk.map(client, rows, log, "id"))
    changed = [{"id": "new", "prompt": "p0"}, *reversed(rows[1:]), {"id": "k0", "prompt": "other"}]
    found = await rows_of(bulk.map(client, changed, log, "id"))
    assert texts(found) == {"new": "re: p0", "k0": "re: other", **{f"k{n}": f"re: p{n}" for n in range(1, 5)}}
    assert len(server.received) == 7
    await rows_of(bulk.map(client, ["p1", "p1"], log))
    assert len(server.received) == 9, "by their place, equal prompts are rows of their own"
    same = [{"id": "k1", "prompt": "p1"}] * 3
    assert [row.key for row in await rows_of(bulk.map(client, same, log, "id"))] == ["k1"] * 3
    assert len(server.received) == 9


async def test_rows_are_claimed_together(tmp_path: Path) -> None:
    """A transaction for each row's claim would cost more than all the rest; and none is claimed that waits for long."""
    claimed, put = list[int](), 0

    class Counting(CallStore):
        async def claim(self, several: Any) -> Any:
            claimed.append(len(several))
            assert sum(claimed) - put <= 4 + 3 * 4 / 2, "others shall find some too"
            return await super().claim(several)

        async def put(self, *args: Any, **options: Any) -> None:
            nonlocal put
            await super().put(*args, **options)
            put += 1

    async with Counting(tmp_path / "a.db") as log:
        assert len(await rows_of(bulk.map(StubClient(*["yes"] * 200), prompts(200), log, concurrency=4))) == 200
    assert sum(claimed) == put == 200
    assert len(claimed) <= 110


async def test_another_client_is_another_job(client: llm.HTTPClient, server: WireServer, tmp_path: Path) -> None:
    await rows_of(bulk.map(client, ["a"], tmp_path / "a.db"))
    async with llm.open("vllm", server.dsn("vllm"), model="other") as other:
        await rows_of(bulk.map(other, ["a"], tmp_path / "a.db"))
    assert [request.body["model"] for request in server.received] == ["m", "other"]


async def test_in_order(client: llm.HTTPClient, server: WireServer, tmp_path: Path) -> None:
    waits = itertools.cycle([0.03, 0.0, 0.01])
    server.respond(lambda request: Answer(f"re: {said(request)}", pace=next(waits)))
    rows = await rows_of(bulk.map(client, prompts(40), tmp_path / "a.db", concurrency=7, ordered=True))
    assert [row.key for row in rows] == list(range(40))


async def test_rows_from_anywhere(client: llm.HTTPClient, tmp_path: Path) -> None:
    async def slowly() -> AsyncIterator[str]:
        for prompt in prompts(5):
            yield prompt
            await asyncio.sleep(0)

    several: list[Any] = [iter(prompts(5)), (prompt for prompt in prompts(5)), slowly(), tuple(prompts(5))]
    for number, rows in enumerate(several):
        assert len(await rows_of(bulk.map(client, rows, tmp_path / f"{number}.db"))) == 5
    assert await rows_of(bulk.map(client, [], tmp_path / "none.db")) == []


# ---------------------------------------------------------------- what fails


async def test_failed_rows_are_rows_and_asked_again_when_it_helps(
    client: llm.HTTPClient, server: WireServer, tmp_path: Path
) -> None:
    statuses = {"row 1": 400, "row 2": 503, "row 3": 404}

    def answer(request: Received) -> Answer:
        status = statuses.get(said(request))
        return Answer(status=status, message="no") if status else Answer("yes")

    server.respond(answer)
    rows: list[Any] = [*prompts(4), {"nothing": 1}]
    found = texts(await rows_of(bulk.map(client, rows, tmp_path / "a.db", policy=ONCE)))
    assert found == {0: "yes", 1: "InvalidRequestError", 2: "OverloadedError", 3: "ModelNotFoundError",
                     4: "InvalidRequestError"}  # fmt: skip
    statuses.clear()
    asked = len(server.received)
    again = await rows_of(bulk.map(client, rows, tmp_path / "a.db", policy=ONCE))
    assert texts(again) == {0: "yes", 1: "InvalidRequestError", 2: "yes", 3: "yes", 4: "InvalidRequestError"}
    assert sorted(said(request) for request in server.received[asked:]) == ["row 2", "row 3"]


async def test_what_passes_is_tried_again(client: llm.HTTPClient, server: WireServer, tmp_path: Path) -> None:
    server.answer(Answer(status=429, headers={"retry-after": "0"}), "then")
    [row] = await rows_of(bulk.map(client, ["a"], tmp_path / "a.db"))
    assert row.response
    assert (row.response.text, row.response.attempts) == ("then", 2)


async def test_an_answer_that_is_not_whole_is_none(tmp_path: Path) -> None:
    half = llm.EndEvent(llm.FinishReason.other, llm.Response("half", complete=False))
    stub = StubClient(TurnScript(["half", half]), "whole")
    [row] = await rows_of(bulk.map(stub, ["a"], tmp_path / "a.db", policy=ONCE))
    assert isinstance(row.error, llm.StreamTruncated)
    assert row.error.partial
    assert row.error.partial.text == "half"
    [row] = await rows_of(bulk.map(stub, ["a"], tmp_path / "a.db", policy=ONCE))
    assert row.response
    assert row.response.text == "whole"


@pytest.mark.parametrize("status", [401, 402])
async def test_what_would_meet_every_row_ends_the_run(
    client: llm.HTTPClient, server: WireServer, tmp_path: Path, status: int
) -> None:
    server.respond(lambda request: Answer(status=status, message="no"))
    found: list[bulk.Row] = []
    with pytest.raises(llm.AuthError):
        async for row in bulk.map(client, prompts(200), tmp_path / "a.db", concurrency=4, policy=ONCE):
            found.append(row)
    assert 1 <= len(found) == len(server.received) <= 8
    server.respond(lambda request: Answer("yes"))
    assert len(await rows_of(bulk.map(client, prompts(200), tmp_path / "a.db"))) == 200


async def test_rows_that_raise_end_the_run_behind_what_was_read(client: llm.HTTPClient, tmp_path: Path) -> None:
    def broken() -> Iterator[str]:
        yield from prompts(5)
        raise ZeroDivisionError

    found: list[bulk.Row] = []
    with pytest.raises(ZeroDivisionError):
        async for row in bulk.map(client, broken(), tmp_path / "a.db"):
            found.append(row)
    assert len(found) == 5


async def test_a_log_that_fails_ends_the_run(client: llm.HTTPClient, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database " * 50)
    with pytest.raises(llm.ConfigError, match="no SQLite database"):
        await rows_of(bulk.map(client, prompts(5), tmp_path / "text"))
    store = CallStore(tmp_path / "a.db")
    await store.aclose()
    with pytest.raises(llm.ConfigError, match="closed"):
        await rows_of(bulk.map(client, prompts(5), store))


def test_wrong_arguments(tmp_path: Path) -> None:
    with pytest.raises(llm.ConfigError, match="concurrency"):
        bulk.map(StubClient(), [], tmp_path / "a.db", concurrency=0)
    nothing: Any = None
    with pytest.raises(llm.ConfigError, match="log is a path"):
        bulk.map(StubClient(), [], nothing)
    with pytest.raises(llm.ConfigError, match="takes a client"):
        bulk.map(nothing, [], tmp_path / "a.db")


@pytest.mark.parametrize("rows", ["questions.jsonl", b"why?", {"prompt": "why?"}, llm.Request("why?"), None])
async def test_one_row_is_no_list_of_rows(rows: Any, tmp_path: Path) -> None:
    """The letters of a text would be asked, one by one."""
    client = StubClient()
    with pytest.raises(llm.ConfigError, match="rows are a list of rows"):
        await rows_of(bulk.map(client, rows, tmp_path / "a.db"))
    assert not client.requests


class Frame:
    """What tables of several libraries have in common: they give their columns when they are iterated over."""

    columns = ("id", "prompt")

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)


class PandasFrame(Frame):
    def to_dict(self, how: str) -> list[dict[str, Any]]:
        return [{"id": 1, "prompt": how}]


class PolarsFrame(PandasFrame):
    def iter_rows(self, *, named: bool) -> Iterator[dict[str, Any]]:
        return iter([{"id": 1, "named": named}])


@pytest.mark.parametrize(
    ("frame", "said"),
    [(Frame(), "as mappings"), (PandasFrame(), r'to_dict\("records"\)'), (PolarsFrame(), "iter_rows")],
)
async def test_a_table_is_told_from_its_rows(frame: Any, said: str, tmp_path: Path) -> None:
    """The names of its columns would be asked."""
    client = StubClient()
    with pytest.raises(llm.ConfigError, match=f"give its rows.*{said}"):
        await rows_of(bulk.map(client, frame, tmp_path / "a.db"))
    assert not client.requests


async def test_an_arrow_table_is_told_from_its_rows(tmp_path: Path) -> None:
    pyarrow: Any = pytest.importorskip("pyarrow", reason="pyarrow is not installed; with it: make test")
    table = pyarrow.table({"id": [1, 2], "prompt": ["why?", "what for?"]})
    with pytest.raises(llm.ConfigError, match=r"table\.to_pylist\(\)"):
        await rows_of(bulk.map(StubClient(), table, tmp_path / "a.db"))
    async with llm.open("echo") as client:
        rows = await rows_of(bulk.map(client, table.to_pylist(), tmp_path / "a.db", key="id"))
    assert texts(rows) == {1: "why?", 2: "what for?"}


# ---------------------------------------------------------------- stopping, leaving, waiting


async def test_a_stop_drains(client: llm.HTTPClient, server: WireServer, tmp_path: Path) -> None:
    log = tmp_path / "a.db"
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield f"row {read}"

    server.respond(lambda request: Answer("yes", pace=0.005))
    found: list[bulk.Row] = []
    run = bulk.map(client, endless(), log, concurrency=5)
    async for row in run:
        found.append(row)
        if len(found) == 12:
            run.stop()
            run.stop()
    assert len(found) == len(server.received)
    assert 12 <= len(found) <= 12 + 10
    assert read <= len(found) + 20
    connection = sqlite3.connect(log)
    counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("calls", "claims")]
    connection.close()
    assert counts == [len(found), 0]


async def test_a_stop_in_order_leaves_none_out(client: llm.HTTPClient, server: WireServer, tmp_path: Path) -> None:
    waits = itertools.cycle([0.03, 0.0, 0.01])
    server.respond(lambda request: Answer("yes", pace=next(waits)))
    run = bulk.map(client, prompts(100), tmp_path / "a.db", concurrency=5, ordered=True)
    keys: list[int] = []
    async for row in run:
        keys.append(row.key)
        if len(keys) == 10:
            run.stop()
    assert keys == sorted(keys)
    assert len(keys) == len(server.received)


async def test_leaving_ends_what_is_under_way(client: llm.HTTPClient, server: WireServer, tmp_path: Path) -> None:
    server.respond(lambda request: Answer("word " * 1000, pace=0.01) if "5" in said(request) else Answer("yes"))
    async with bulk.map(client, prompts(30), tmp_path / "a.db", concurrency=4) as run:
        async for row in run:
            if row.key > 5:
                break
    await server.no_connections()
    server.respond(lambda request: Answer("yes"))
    async with CallStore(tmp_path / "a.db") as store:
        known = len([call async for call in store.calls()])
        asked = len(server.received)
        assert len(await rows_of(bulk.map(client, prompts(30), store))) == 30
        assert len(server.received) == asked + 30 - known


async def test_a_run_that_is_dropped_says_so_and_ends(
    client: llm.HTTPClient, server: WireServer, tmp_path: Path
) -> None:
    server.respond(lambda request: Answer("yes") if said(request) == "row 0" else Answer("word " * 1000, pace=0.01))
    run = bulk.map(client, prompts(30), tmp_path / "a.db", concurrency=4)
    await anext(run)
    with pytest.warns(ResourceWarning, match="bulk run was dropped"):
        del run
        gc.collect()
    await server.no_connections()


async def test_nothing_begins_before_the_first_row_is_asked_for(client: llm.HTTPClient, tmp_path: Path) -> None:
    run = bulk.map(client, prompts(3), tmp_path / "a.db")
    assert not (tmp_path / "a.db").exists()
    await run.aclose()
    assert [row async for row in run] == []


async def test_no_more_is_read_than_there_is_room_for(
    client: llm.HTTPClient, server: WireServer, tmp_path: Path
) -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield f"row {read}"

    async with bulk.map(client, endless(), tmp_path / "a.db", concurrency=5) as run:
        for _ in range(10):
            await anext(run)
        for _ in range(50):  # the reader is away
            await asyncio.sleep(0.002)
        assert read <= 10 + 3 * 5 + 1
        progress = run.progress
        assert (progress.rows, progress.answered - progress.rows) == (10, progress.unread)


async def test_progress(client: llm.HTTPClient, server: WireServer, tmp_path: Path) -> None:
    usage = llm.Usage(10, 2)
    server.respond(lambda request: Answer("yes", usage=usage) if said(request) != "row 3" else Answer(status=400))
    await rows_of(bulk.map(client, prompts(2), tmp_path / "a.db"))
    run = bulk.map(client, prompts(10), tmp_path / "a.db", policy=ONCE)
    await rows_of(run)
    done = run.progress
    assert (done.rows, done.known, done.answered, done.failed, done.asked, done.elsewhere) == (10, 2, 7, 1, 0, 0)
    assert (done.input_tokens, done.output_tokens, done.cost_usd) == (70, 14, None)
    assert done.seconds > 0
    assert done.rate == pytest.approx(8 / done.seconds)


async def test_runs_on_one_log_share_the_work(client: llm.HTTPClient, server: WireServer, tmp_path: Path) -> None:
    server.respond(lambda request: Answer(f"re: {said(request)}", pace=0.002))
    log = tmp_path / "a.db"
    async with CallStore(log) as shared:
        runs = [bulk.map(client, prompts(60), one, concurrency=3) for one in (log, log, shared, shared)]
        for rows in await asyncio.gather(*map(rows_of, runs)):
            assert texts(rows) == {number: f"re: row {number}" for number in range(60)}
    assert len(server.received) == 60


async def test_what_another_gives_up_is_taken_over(client: llm.HTTPClient, server: WireServer, tmp_path: Path) -> None:
    log = tmp_path / "a.db"
    asked = asyncio.Semaphore(0)

    def slow(request: Received) -> Answer:
        asked.release()
        return Answer("word " * 1000, pace=0.01)

    server.respond(slow)
    first = bulk.map(client, prompts(3), log, concurrency=3)
    reading = asyncio.ensure_future(anext(first))
    for _ in range(3):
        await asked.acquire()
    second = bulk.map(client, prompts(3), log, concurrency=3)
    others = asyncio.ensure_future(rows_of(second))
    while second.progress.elsewhere < 3:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    server.respond(lambda request: Answer("yes"))
    reading.cancel()
    await asyncio.wait([reading])
    await first.aclose()
    assert texts(await others) == dict.fromkeys(range(3), "yes")


async def test_a_budget_that_is_spent_ends_the_run(client: llm.HTTPClient, server: WireServer, tmp_path: Path) -> None:
    server.respond(lambda request: Answer("yes", usage=llm.Usage(10, 10)))
    spent = budgeted(client, Budget(tokens=400, assume_output=50))
    found: list[bulk.Row] = []
    with pytest.raises(llm.BudgetExceededError):
        async for row in bulk.map(spent, prompts(100), tmp_path / "a.db", concurrency=2):
            found.append(row)
    answered = [row for row in found if row.response]
    assert 3 <= len(answered) == len(server.received) <= 20
    assert all(row.again for row in found if row.error)
    again = await rows_of(bulk.map(client, prompts(100), tmp_path / "a.db"))
    assert len(again) == len(server.received) == 100
