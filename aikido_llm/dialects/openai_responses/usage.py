"""The `usage` object -> Usage."""

from typing import Any

from ...types.usage import Usage
from ..cost import dollars
from ..counts import READ, WRITTEN
from ..values import as_count, as_object, first_count, within


def read_usage(raw: dict[str, Any] | None) -> Usage | None:
    """raw: input_tokens (cached ones included), output_tokens (reasoning included) and their details, or the same under
    the chat wire's names; None for nothing.

    Some servers report more reasoning than output, or more cached than prompt tokens: a part is cut to its whole.
    """
    if not raw:
        return None
    total_in = first_count(raw, "input_tokens", *READ)
    total_out = first_count(raw, "output_tokens", *WRITTEN)
    details_in = as_object(raw.get("input_tokens_details") or raw.get("prompt_tokens_details"))
    details_out = as_object(raw.get("output_tokens_details") or raw.get("completion_tokens_details"))
    cached = first_count(details_in, "cached_tokens")
    return Usage(
        input_tokens=total_in,
        output_tokens=total_out,
        cache_read_tokens=within(first_count(raw, "cached_tokens") if cached is None else cached, total_in),
        cache_write_tokens=within(as_count(details_in.get("cache_write_tokens")), total_in),
        reasoning_tokens=within(as_count(details_out.get("reasoning_tokens")), total_out),
        cost_usd=dollars(raw),
        raw=raw,
    )
