"""The `usage` object -> Usage."""

from typing import Any

from ...types.usage import Usage
from ..cost import dollars
from ..values import as_count, as_object, within


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
        cost_usd=dollars(raw),
        raw=raw,
    )
