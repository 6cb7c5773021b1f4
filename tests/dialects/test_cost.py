"""Money, as hosts say it in a usage object."""

from typing import Any

import pytest

from aikido_llm.dialects.cost import dollars


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        ({"cost": 0.25}, 0.25),
        ({"cost": 0}, 0.0),
        ({"cost": "0.25"}, 0.25),
        ({"cost": {"total_cost": 0.5, "input_cost": 0.1}}, 0.5),
        ({"cost_in_usd_ticks": 25_000_000}, 0.0025),
        ({"cost": 0.25, "cost_in_usd_ticks": 1}, 0.25),
        ({"cost": None, "cost_in_usd_ticks": 10**10}, 1.0),
        ({"cost": -1}, None),
        ({"cost": True}, None),
        ({"cost": {}}, None),
        ({}, None),
    ],
)
def test_dollars(usage: dict[str, Any], told: float | None) -> None:
    assert dollars(usage) == told
