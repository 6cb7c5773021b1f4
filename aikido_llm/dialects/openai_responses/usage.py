"""The `usage` object -> Usage."""

import math
from typing import Any

from ...types.response import Usage
from .wire import object_of

_TICKS_PER_DOLLAR = 10_000_000_000  # xAI says its price in these


def read_usage(raw: dict[str, Any] | None) -> Usage | None:
    """raw: input_tokens (cached ones included), output_tokens (reasoning included) and their details; None for nothing.

    Some servers report more reasoning than output, or more cached than prompt tokens: a part is cut to its whole.
    """
    if not raw:
        return None
    total_in, total_out = _count(raw.get("input_tokens")), _count(raw.get("output_tokens"))
    details_in, details_out = object_of(raw.get("input_tokens_details")), object_of(raw.get("output_tokens_details"))
    return Usage(
        input_tokens=total_in,
        output_tokens=total_out,
        cache_read_tokens=_part_of(total_in, details_in.get("cached_tokens")),
        cache_write_tokens=_count(details_in.get("cache_write_tokens")),
        reasoning_tokens=_part_of(total_out, details_out.get("reasoning_tokens")),
        cost_usd=_cost(raw),
        raw=raw,
    )


def _cost(raw: dict[str, Any]) -> float | None:
    """OpenRouter says dollars, xAI ticks."""
    dollars = raw.get("cost")
    if isinstance(dollars, int | float) and not isinstance(dollars, bool):
        return float(dollars)
    ticks = _count(raw.get("cost_in_usd_ticks"))
    return None if ticks is None else ticks / _TICKS_PER_DOLLAR


def _part_of(whole: int | None, part: Any) -> int | None:
    count = _count(part)
    return count if count is None or whole is None else min(count, whole)


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return int(value)
