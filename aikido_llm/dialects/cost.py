"""What an answer cost, where a `usage` object says it."""

from collections.abc import Mapping
from typing import Any

from .values import as_number, as_object

_TICKS_PER_DOLLAR = 1e10


def dollars(usage: Mapping[str, Any]) -> float | None:
    """US dollars: `cost`, an amount or an object with a total, else `cost_in_usd_ticks`; None when neither is said."""
    cost = usage.get("cost")
    amount = as_number(as_object(cost).get("total_cost") if isinstance(cost, dict) else cost)
    ticks = as_number(usage.get("cost_in_usd_ticks"))
    return amount if amount is not None or ticks is None else ticks / _TICKS_PER_DOLLAR
