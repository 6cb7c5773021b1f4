"""The plan of a large run: the page has what the simulation finds, and the simulation finds what can be reckoned."""

import runpy
from pathlib import Path
from typing import Any

import pytest

GENERATOR = runpy.run_path(str(Path(__file__).parent.parent / "docs" / "generate_plan.py"))
MEAN = 1.197  # of an answer's seconds, times its median, at a spread of 0.6


def test_the_page_has_what_the_simulation_finds() -> None:
    text = GENERATOR["PAGE"].read_text("utf-8")
    assert "<!-- plan -->" in text
    assert text == GENERATOR["filled"](text), "run: python docs/generate_plan.py"


@pytest.mark.parametrize(
    ("options", "rate", "bound"),
    [
        ({"in_flight": 64}, 64 / (2 * MEAN), "rows under way"),
        ({"in_flight": 100, "processes": 3, "latency": 5.0}, 300 / (5 * MEAN), "rows under way"),
        ({"in_flight": 4000}, 600, "processes"),
        ({"in_flight": 4000, "processes": 2, "capacity": 300.0}, 600, "processes"),
        ({"in_flight": 500, "rpm": 6000}, 100, "requests a minute"),
        ({"in_flight": 500, "tpm": 1e6}, 1e6 / 60 / 750, "tokens a minute"),
        ({"in_flight": 500, "rpm": 6000, "tpm": 1e6}, 1e6 / 60 / 750, "tokens a minute"),
    ],
)
def test_what_bounds_a_run(options: dict[str, Any], rate: float, bound: str) -> None:
    found = GENERATOR["simulate"](GENERATOR["Plan"](**options))
    assert found.bound == bound
    assert found.rate == pytest.approx(rate, rel=0.05)
    assert found.seconds == pytest.approx(1e6 / found.rate)
