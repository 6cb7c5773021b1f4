"""The `usage` object -> Usage."""

from typing import Any

from ...types.response import Usage
from ..values import as_count, as_number, as_object, within

_TICKS_PER_DOLLAR = 10_000_000_000  # xAI says its price in these


def read_usage(raw: dict[str, Any] | None) -> Usage | None:
    """raw: input_tokens (cached ones included), output_tokens (reasoning included) and their details; None for nothing.

    Some servers report more reasoning than output, or more cached than prompt tokens: a part is cut to its whole.
    """
    if not raw:
        return None
    total_in, total_out = as_count(raw.get("input_tokens")), as_count(raw.get("output_tokens"))
    details_in, details_out = as_object(raw.get("input_tokens_details")), as_object(raw.get("output_tokens_details"))
    return Usage(
        input_tokens=total_in,
        output_tokens=total_out,
        cache_read_tokens=within(as_count(details_in.get("cached_tokens")), total_in),
        cache_write_tokens=within(as_count(details_in.get("cache_write_tokens")), total_in),
        reasoning_tokens=within(as_count(details_out.get("reasoning_tokens")), total_out),
        cost_usd=_cost(raw),
        raw=raw,
    )


def _cost(raw: dict[str, Any]) -> float | None:
    """OpenRouter says dollars, xAI ticks."""
    dollars = as_number(raw.get("cost"))
    if dollars is not None:
        return float(dollars)
    ticks = as_number(raw.get("cost_in_usd_ticks"))
    return None if ticks is None else ticks / _TICKS_PER_DOLLAR
