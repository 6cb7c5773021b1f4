"""bulk.arrow: a batch in, the same with its answers out."""

import asyncio
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm import bulk, serialize
from aikido_llm.testing import Answer, Received, WireServer

pyarrow: Any = pytest.importorskip("pyarrow", reason="pyarrow is not installed; with it: make test")

ONCE = llm.RetryPolicy(max_attempts=1)


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as running:
        running.respond(lambda request: Answer(f"re: {said(request)}", usage=llm.Usage(3, 4)))
        yield running


def said(request: Received) -> str:
    return str(request.body["messages"][-1]["content"])


class Opening:
    """What gives clients of a server, and counts them."""

    def __init__(self, server: WireServer) -> None:
        self._dsn = server.dsn("vllm")
        self.opened = 0
        self.closed = 0

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[llm.Client]:
        self.opened += 1
        async with llm.open("vllm", self._dsn, model="m", retry=ONCE) as client:
            yield client
        self.closed += 1


def table(count: int, start: int = 0) -> Any:
    return pyarrow.table(
        {
            "id": list(range(start, start + count)),
            "text": [f"t{number}" for number in range(start, start + count)],
        }
    )


def ask(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "prompt": f"say {row['text']}"}


def text(row: dict[str, Any]) -> Any:
    return row["text"]


def answer_of(row: dict[str, Any]) -> Any:
    return row["answer"]


def as_request(row: dict[str, Any]) -> Any:
    return llm.Request(row["text"])


def as_prompt(row: dict[str, Any]) -> Any:
    return {"prompt": row["text"]}


def as_named(row: dict[str, Any]) -> Any:
    return {"id": row["id"], "prompt": row["text"]}


def as_row(row: dict[str, Any]) -> Any:
    return bulk.Row(row["id"], llm.Request(row["text"]))


async def arrow(batch: Any, *, rows: Any = ask, key: str | None = "id", **options: Any) -> Any:
    return await asyncio.to_thread(partial(bulk.arrow, batch, rows=rows, key=key, policy=ONCE, **options))


async def close(*opened: Opening) -> None:
    """Others push them out of what a process keeps."""
    for number in range(4):
        await arrow(table(0), open=lambda number=number: llm.open("echo"), log="nowhere")
    assert all(opening.opened == opening.closed for opening in opened)


@pytest.mark.parametrize("kind", ["Table", "RecordBatch"])
async def test_a_batch_comes_back_with_its_answers(server: WireServer, tmp_path: Path, kind: str) -> None:
    opening = Opening(server)
    batch = table(50) if kind == "Table" else table(50).to_batches()[0]
    out = await arrow(batch, open=opening, log=tmp_path / "log")
    assert type(out) is getattr(pyarrow, kind)
    assert out.select(["id", "text"]) == batch
    assert out["answer"].to_pylist() == [f"re: say t{number}" for number in range(50)]
    row = out.to_pylist()[7]
    assert (row["error"], row["again"], row["finish_reason"], row["cached"]) == (None, False, "stop", False)
    assert (row["input_tokens"], row["output_tokens"], row["cost_usd"]) == (3, 4, None)
    whole = serialize.from_dict(json.loads(row["response"]), llm.Response)
    assert (whole.text, whole.usage.input_tokens) == ("re: say t7", 3)
    assert "headers" not in row["response"]
    await close(opening)


async def test_it_goes_on_with_what_a_laptop_has_begun(server: WireServer, tmp_path: Path) -> None:
    opening, log = Opening(server), f"{tmp_path}/log/"
    async with opening() as client, bulk.map(client, map(ask, table(20).to_pylist()), log, "id") as run:
        first = {row.key: row.response async for row in run}
    out = await arrow(table(30), open=opening, log=log)
    assert out["cached"].to_pylist() == [True] * 20 + [False] * 10
    assert len(server.received) == 30
    assert serialize.from_dict(json.loads(out["response"][3].as_py()), llm.Response) == first[3]
    await close(opening)


async def test_a_process_opens_one_client_and_bounds_what_is_under_way(server: WireServer, tmp_path: Path) -> None:
    now = most = 0

    async def count(request: Received) -> Answer:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.002)
        now -= 1
        return Answer("yes")

    server.respond(count)
    opening, other = Opening(server), Opening(server)
    batches = (arrow(table(40, 40 * at), open=opening, log=tmp_path, concurrency=5) for at in range(4))
    for out in await asyncio.gather(*batches):
        assert out["answer"].to_pylist() == ["yes"] * 40
    assert (opening.opened, most, len(server.received)) == (1, 5, 160)
    await arrow(table(1), open=other, log=tmp_path)
    assert (other.opened, len(server.received)) == (1, 160)
    await close(opening, other)


async def test_what_another_process_has_just_answered_is_not_asked_again(server: WireServer, tmp_path: Path) -> None:
    """As when a batch is tried again because the process that had it was killed."""
    one, other = Opening(server), Opening(server)
    await arrow(table(1), open=one, log=tmp_path)
    await arrow(table(1), open=other, log=tmp_path)
    for count in (5, 10, 15):
        for opening in (one, other):
            await arrow(table(count), open=opening, log=tmp_path)
            assert len(server.received) == count
    await close(one, other)


async def test_rows_that_fail_are_rows(server: WireServer, tmp_path: Path) -> None:
    def answer(request: Received) -> Answer:
        return Answer(status={"say t1": 400, "say t2": 503}.get(said(request), 200))

    server.respond(answer)
    opening = Opening(server)
    asks: Callable[[dict[str, Any]], Any] = lambda row: 7 if row["id"] == 3 else ask(row)  # noqa: E731
    out = (await arrow(table(4), open=opening, log=tmp_path, rows=asks)).to_pylist()
    assert [(row["error"], row["again"]) for row in out] == [
        (None, False), ("InvalidRequestError", False), ("OverloadedError", True), ("InvalidRequestError", False)
    ]  # fmt: skip
    assert "a row is text" in out[3]["reason"]
    assert [row["answer"] is None for row in out] == [False, True, True, True]
    await arrow(table(4), open=opening, log=tmp_path, rows=asks)
    assert [said(request) for request in server.received][3:] == ["say t2"]
    await close(opening)


async def test_what_would_meet_every_row_is_raised_and_the_next_batch_begins_anew(
    server: WireServer, tmp_path: Path
) -> None:
    opening = Opening(server)
    server.respond(lambda request: Answer(status=401))
    outs = [arrow(table(30, 30 * at), open=opening, log=tmp_path, concurrency=2) for at in range(2)]
    for out in await asyncio.gather(*outs, return_exceptions=True):
        assert isinstance(out, llm.AuthError)
    assert len(server.received) <= 4
    server.respond(lambda request: Answer("yes"))
    out = await arrow(table(60), open=opening, log=tmp_path, concurrency=2)
    assert out["answer"].to_pylist() == ["yes"] * 60
    assert opening.opened == 1
    await close(opening)


async def test_how_a_row_is_known(server: WireServer, tmp_path: Path) -> None:
    opening = Opening(server)
    same = pyarrow.table({"prompt": ["a", "b", "a", "a"]})
    out = await arrow(same, open=opening, log=tmp_path, rows=None, key=None)
    assert out["answer"].to_pylist() == ["re: a", "re: b", "re: a", "re: a"]
    assert len(server.received) == 2, "without a key, what asks the same is the same"
    for form in (text, as_request, as_prompt, as_named, as_row):
        await arrow(table(3), open=opening, log=tmp_path, rows=form)
        assert len(server.received) == 5
    out = await arrow(pyarrow.table({"id": [None, 1], "text": ["a", "b"]}), open=opening, log=tmp_path)
    assert out["error"].to_pylist() == ["InvalidRequestError", None]
    assert "no 'id'" in out["reason"][0].as_py()
    await close(opening)


async def test_columns_that_are_there(server: WireServer, tmp_path: Path) -> None:
    opening = Opening(server)
    first = await arrow(table(2), open=opening, log=tmp_path)
    with pytest.raises(llm.ConfigError, match=r"a column answer, error.*prefix="):
        await arrow(first, open=opening, log=tmp_path)
    second = await arrow(first, open=opening, log=tmp_path, prefix="judge_", rows=answer_of)
    assert second["judge_answer"].to_pylist() == ["re: re: say t0", "re: re: say t1"]
    await close(opening)


async def test_wrong_arguments(server: WireServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    opening = Opening(server)
    for log in ("", tmp_path / "file", "s3://bucket/log/"):
        with pytest.raises(llm.ConfigError, match="folder"):
            await arrow(table(1), open=opening, log=log)
    with pytest.raises(llm.ConfigError, match="concurrency"):
        await arrow(table(1), open=opening, log=tmp_path, concurrency=0)
    with pytest.raises(llm.ConfigError, match="open"):
        await arrow(table(1), open=partial(llm.open, "nobody"), log=tmp_path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here; on POSIX: make test")
def test_a_forked_process_opens_its_own(tmp_path: Path) -> None:
    """And both end by themselves, with a client that is open."""
    program = textwrap.dedent(f"""
        import os, pyarrow, aikido_llm as llm
        from aikido_llm import bulk

        def ask():
            table = bulk.arrow(pyarrow.table({{"prompt": ["a", "b"]}}), open=opened, log={str(tmp_path / "log")!r})
            print(os.getpid() == first, table["cached"].to_pylist(), flush=True)

        def opened():
            return llm.open("echo")

        first = os.getpid()
        ask()
        child = os.fork()
        ask()
        if child:
            assert os.waitpid(child, 0)[1] == 0
    """)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = sorted(done.stdout.splitlines())
    assert told == ["False [True, True]", "True [False, False]", "True [True, True]"]
