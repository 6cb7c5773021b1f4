"""Parts: a log that machines share as files."""

import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm import bulk, serialize
from aikido_llm.bulk import Parts
from aikido_llm.store import Call
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


async def texts(client: llm.Client, rows: Any, log: Any, **options: Any) -> dict[Any, str]:
    async with bulk.map(client, rows, log, **options) as run:
        return {row.key: row.response.text if row.response else type(row.error).__name__ async for row in run}


async def test_what_is_in_any_part_is_not_asked_again(
    client: llm.HTTPClient, server: WireServer, tmp_path: Path
) -> None:
    log = f"{tmp_path}/parts/"
    rows = [{"id": f"k{number}", "prompt": f"p{number}"} for number in range(30)]
    first = await texts(client, rows[:20], log, key="id")
    second = await texts(client, rows[10:], log, key="id")
    third = await texts(client, rows, Parts(log), key="id")
    assert third == first | second == {f"k{number}": f"re: p{number}" for number in range(30)}
    assert len(server.received) == 30
    files = list((tmp_path / "parts").iterdir())
    assert len(files) == 2, "a run that asks for nothing writes nothing"
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "parts").stat().st_mode) == 0o700
    again = [row async for row in bulk.map(client, rows, tmp_path / "parts", "id")]
    assert all(row.response is not None and row.response.cached for row in again)


async def test_lines_are_calls(client: llm.HTTPClient, tmp_path: Path) -> None:
    parts = Parts(tmp_path / "parts")
    await texts(client, ["a", llm.Request("b", extra_headers={"x-api-key": "sk-hidden"})], parts)
    [part] = (tmp_path / "parts").iterdir()
    calls = [serialize.from_dict(json.loads(line), Call) for line in part.read_text().splitlines()]
    assert sorted(call.row for call in calls) == ["0", "1"]
    assert calls == [call async for call in parts.calls()]
    assert all(call.response is not None and not call.response.headers for call in calls)
    assert "sk-hidden" not in part.read_text()


async def test_a_torn_line_is_asked_again(client: llm.HTTPClient, server: WireServer, tmp_path: Path) -> None:
    log = tmp_path / "parts"
    log.mkdir()
    rows = ["a", "b", "c"]
    await texts(client, rows, log)
    [part] = log.iterdir()
    whole = part.read_bytes()
    lines = whole.splitlines(keepends=True)
    for cut in (len(lines[-1]) - 1, 10, 1):
        asked = len(server.received)
        for file in log.iterdir():
            file.unlink()
        part.write_bytes(b"".join(lines[:-1]) + lines[-1][:cut])
        assert len(await texts(client, rows, log)) == 3
        assert len(server.received) == asked + 1
        assert len(await texts(client, rows, log)) == 3
        assert len(server.received) == asked + 1


async def test_failed_rows(tmp_path: Path) -> None:
    stub = StubClient(TurnScript([llm.InvalidRequestError("bad")]), TurnScript([llm.OverloadedError("busy")]), "then")
    log = tmp_path / "parts"
    log.mkdir()
    assert await texts(stub, ["a"], log, policy=ONCE) == {0: "InvalidRequestError"}
    assert await texts(stub, ["a", "b"], log, policy=ONCE) == {0: "InvalidRequestError", 1: "OverloadedError"}
    assert await texts(stub, ["a", "b"], log, policy=ONCE) == {0: "InvalidRequestError", 1: "then"}
    assert stub.waiting == 0


async def test_pictures_are_in_the_line(tmp_path: Path) -> None:
    picture = llm.ImagePart(data=b"\x89PNG\r\n\x1a\n" + bytes(300), content_type="image/png")
    log = tmp_path / "parts"
    log.mkdir()
    stub = StubClient(TurnScript(["look", llm.ImageEvent(picture)]))
    first = [row async for row in bulk.map(stub, ["a"], log)]
    again = [row async for row in bulk.map(stub, ["a"], log)]
    assert first == again
    assert again[0].response is not None
    assert again[0].response.images == (picture,)


async def test_a_row_that_comes_twice_is_asked_once(client: llm.HTTPClient, server: WireServer, tmp_path: Path) -> None:
    same = [{"id": "k1", "prompt": "p1"}] * 3
    log = tmp_path / "parts"
    log.mkdir()
    assert [row.key async for row in bulk.map(client, same, log, "id")] == ["k1"] * 3
    assert len(server.received) == 1
