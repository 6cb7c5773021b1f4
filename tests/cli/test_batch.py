"""`map --batch` and `batch`: what is submitted once is waited for by any later run."""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from aikido_llm.testing import Answer, WireServer
from aikido_llm.testing.wires.base import Received

from .running import environment, here


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    lines = ['{"id": "a", "prompt": "one"}', "no JSON", "", '{"id": "b", "prompt": "two"}', '"fail"']
    path.write_text("\n".join(lines) + "\n")
    return path


def respond(request: Received) -> Answer:
    said = request.body["messages"][-1]["content"]
    return Answer(status=400, message="not this one") if "fail" in str(said) else Answer(f"re: {said}")


def command(server: WireServer, source: Path) -> tuple[str, ...]:
    out = source.with_name("out.jsonl")
    return ("map", str(source), "-o", str(out), "-p", "groq", "--dsn", server.dsn("groq"), "--batch")


async def begun(arguments: tuple[str, ...]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "aikido_llm", *arguments, env=environment(),
        stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


async def test_a_run_that_is_killed_while_it_waits_is_gone_on_with(server: WireServer, source: Path) -> None:
    server.respond(respond)
    server.batches.looks = 1000
    arguments = command(server, source)
    note = source.with_name("out.jsonl.batch")
    process = await begun(arguments)
    assert process.stderr
    async with asyncio.timeout(60):
        assert b"submitted the batch" in await process.stderr.readline()
    process.kill()
    await process.communicate()
    server.batches.looks = 0
    for batch in server.batches.all.values():
        batch.looks = 0
    done = await here(*arguments)
    assert done.code == 1
    assert "3 failed" not in done.err
    assert "2 answered, 2 failed" in done.err
    answers = {line["line"]: line["response"]["text"] for line in read(source.with_name("out.jsonl"))}
    assert answers == {1: "re: one", 4: "re: two"}
    assert {line["line"] for line in read(source.with_name("out.errors.jsonl"))} == {2, 5}
    assert not note.exists()
    assert server.generations == 3
    server.respond(lambda request: Answer("at last"))
    again = await here(*arguments)
    assert "1 answered, 2 were answered before, 1 failed" in again.err
    assert [len(batch.outcomes) for batch in server.batches.all.values()] == [3, 1]


async def test_what_may_have_been_submitted_is_not_submitted_again(server: WireServer, source: Path) -> None:
    note = source.with_name("out.jsonl.batch")
    asked, never = asyncio.Event(), asyncio.Event()

    async def respond(request: Received) -> Answer:
        asked.set()
        await never.wait()
        return Answer("too late")

    server.respond(respond)
    process = await begun(command(server, source))
    async with asyncio.timeout(60):
        await asked.wait()
    process.kill()
    await process.communicate()
    done = await here(*command(server, source))
    assert done.code == 1
    assert "aikido-llm batch list" in done.err
    assert str(note) in done.err
    refused = await here(*command(server, source), "--limit-rpm", "5")
    assert refused.code == 2
    assert "--limit-rpm" in refused.err


async def test_batches_are_listed_read_and_cancelled(server: WireServer, source: Path) -> None:
    server.respond(respond)
    access = ("-p", "groq", "--dsn", server.dsn("groq"))
    await here(*command(server, source))
    listed = await here("batch", "list", *access, "--json")
    (about,) = map(json.loads, listed.out.splitlines())
    assert (about["state"], about["rows"], about["answered"], about["failed"]) == ("completed", 3, 2, 1)
    shown = await here("batch", "list", *access)
    assert about["batch"] in shown.out
    done = await here("batch", "results", about["batch"], *access)
    assert done.code == 1
    found = {line["key"]: line for line in map(json.loads, done.out.splitlines())}
    assert found[1]["response"]["text"] == "re: one"
    assert "not this one" in found[5]["reason"]
    waited = await here("batch", "wait", about["batch"], *access)
    assert "completed: 2 answered, 1 failed" in waited.err
    assert (await here("batch", "cancel", about["batch"], *access)).code == 0
    assert (await here("batch", "wait", "batch_nobody", *access)).code == 1


async def test_a_batch_that_may_cost_more_than_the_budget_is_not_submitted(server: WireServer, tmp_path: Path) -> None:
    pytest.importorskip("genai_prices", reason="genai-prices is not installed; with it (extra prices): make test")
    (tmp_path / "in.jsonl").write_text('"why?"\n' * 100)
    out = tmp_path / "out.jsonl"
    submit = ("map", str(tmp_path / "in.jsonl"), "-o", str(out), "-p", "openai-chat",
              "--dsn", server.dsn("openai-chat"), "--batch")  # fmt: skip
    known = (*submit, "-m", "gpt-4o-mini")
    unbounded = await here(*known, "--budget", "1")
    assert unbounded.code != 0
    assert "--max-tokens" in unbounded.err
    refused = await here(*known, "--max-tokens", "1000", "--budget", "0.02")
    assert refused.code != 0
    assert re.search(r"may cost \$0\.03\d*, more than the budget of \$0\.02; nothing was submitted", refused.err)
    unknown = await here(*submit, "-m", "a-model-of-nobody", "--max-tokens", "1000", "--budget", "1")
    assert "no price of this model" in unknown.err
    assert (server.received, server.batches.all) == ([], {})
    done = await here(*known, "--max-tokens", "1000", "--budget", "0.05")
    assert done.code == 0, done.err
    assert len(out.read_bytes().splitlines()) == 100


async def test_limits_have_no_place_in_a_batch(server: WireServer, source: Path) -> None:
    done = await here(*command(server, source), "--limit-rpm", "10")
    assert done.code == 2
    assert "no place for --limit-rpm" in done.err
