"""Whether the benchmarks run at all, with sizes at which the numbers mean nothing."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.measure import Goal, Row, median
from tests import deep

QUICK = (
    "framing",
    "decode",
    "end_to_end",
    "first_event",
    "small",
    "paced",
    "images",
    "embed",
    "limits",
)  # start-up takes too long here
MEMORY = ("kB a stream", "× vectors", "× encoded", "× decoded")  # may be nothing at these sizes


@pytest.mark.deep
def test_benchmarks_run_and_all_come_to_the_same_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "numbers.json"
    quick = deep.share(QUICK, 3)
    names = [argument for name in quick for argument in ("--only", name)]
    assert main(["--tiny", "--json", str(file), *names]) == 0
    rows = json.loads(file.read_text())["rows"]
    assert {row["benchmark"] for row in rows} == set(quick)
    assert [row for row in rows if row["value"] <= 0 and row["unit"] not in MEMORY] == []
    assert "goals met" in capsys.readouterr().out


def test_the_list_names_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(BENCHMARKS)


def test_a_goal_is_met_on_its_own_side() -> None:
    assert Row("b", "c", "ours", 0.9, "× floor", goal=Goal(1.0)).verdict == "met"
    assert Row("b", "c", "ours", 1.1, "× floor", goal=Goal(1.0)).verdict == "SHORT"
    assert Row("b", "c", "peer", 25.0, "× ours", goal=Goal(20.0, at_least=True)).verdict == "met"
    assert Row("b", "c", "peer", 25.0, "× ours").verdict == ""


def test_the_spread_is_half_the_distance_of_the_quartiles() -> None:
    assert median([1.0, 2.0, 3.0, 4.0, 5.0]) == (3.0, 1.5)
    assert median([1.0, 2.0]) == (1.5, 0.5)
