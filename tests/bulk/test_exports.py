"""A log as a file for others."""

import csv
import json
import stat
from pathlib import Path
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm import bulk, serialize
from aikido_llm.bulk import Parts, export
from aikido_llm.bulk.exports import flat
from aikido_llm.store import Call, CallStore
from aikido_llm.testing import StubClient, TurnScript

ONCE = llm.RetryPolicy(max_attempts=1)


async def filled(folder: Path, log: Any) -> None:
    turns: list[Any] = [TurnScript(['yes, "quoted"\n', llm.UsageEvent(llm.Usage(3, 4, cost_usd=0.5))])]
    turns += [TurnScript([llm.OverloadedError("busy")]), "more"]
    rows: list[Any] = [{"id": "x", "prompt": "why?"}, {"id": 7, "prompt": "and?"}, {"id": "y", "prompt": "so?"}]
    run = bulk.map(StubClient(*turns), rows, log, "id", concurrency=1, policy=ONCE)
    assert len([row async for row in run]) == 3


@pytest.mark.parametrize("kind", [CallStore, Parts])
async def test_what_is_written(tmp_path: Path, kind: Any) -> None:
    log = kind(tmp_path / "log")
    await filled(tmp_path, log)
    calls = [call async for call in log.calls()]
    assert await export(log, tmp_path / "all.jsonl") == 3
    lines = (tmp_path / "all.jsonl").read_text().splitlines()
    assert list(map(json.loads, lines)) == list(map(serialize.to_dict, calls))
    assert [serialize.from_dict(json.loads(line), Call).key for line in lines] == [call.key for call in calls]
    assert await export(log, tmp_path / "all.csv") == 3
    with (tmp_path / "all.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["row"], row["prompt"], row["text"], row["error"]) for row in rows] == [
        ("x", "why?", 'yes, "quoted"\n', ""), ("7", "and?", "", "OverloadedError"), ("y", "so?", "more", ""),
    ]  # fmt: skip
    assert (rows[0]["input_tokens"], rows[0]["cost_usd"], rows[1]["input_tokens"]) == ("3", "0.5", "")
    assert stat.S_IMODE((tmp_path / "all.csv").stat().st_mode) == 0o600
    parquet: Any = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed; with it: make test")
    assert await export(log, tmp_path / "all.parquet") == 3
    assert parquet.read_table(tmp_path / "all.parquet").to_pylist() == [flat(call) for call in calls]
    await log.aclose()


async def test_what_is_refused(tmp_path: Path) -> None:
    async with CallStore(tmp_path / "log") as log:
        with pytest.raises(llm.ConfigError, match=r"should end in one of \.jsonl, \.csv, \.parquet"):
            await export(log, tmp_path / "all.xlsx")
        (tmp_path / "all.csv").touch()
        with pytest.raises(FileExistsError):
            await export(log, tmp_path / "all.csv")
        assert await export(log, tmp_path / "none.csv") == 0
