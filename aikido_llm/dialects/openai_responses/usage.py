"""The `usage` object -> Usage."""

from typing import Any

from ...types.response import Usage
from .wire import object_of

_TICKS_PER_DOLLAR = 10_000_000_000  # xAI says its price in these
_TOO_MUCH = 2**63


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
    dollars = _number(raw.get("cost"))
    if dollars is not None:
        return float(dollars)
    ticks = _number(raw.get("cost_in_usd_ticks"))
    return None if ticks is None else ticks / _TICKS_PER_DOLLAR


def _part_of(whole: int | None, part: Any) -> int | None:
    count = _count(part)
    return count if count is None or whole is None else min(count, whole)


def _count(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _number(value: Any) -> int | float | None:
    """A number that can be one of tokens or dollars; None for anything else (NaN and infinity compare false)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < _TOO_MUCH else None
