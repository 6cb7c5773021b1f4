"""The wire's counts -> Usage: `tokens` is what the model read and wrote, `billed_units` the part that is paid."""

from typing import Any

from ...types.usage import Usage
from ..counts import READ, WRITTEN, as_counts
from ..values import as_count, as_object, first_count, is_object, within


def read(value: Any) -> Usage | None:
    """value: the `usage` object as it came, or anything else for none. Counts may be floats."""
    raw = value if is_object(value) and "tokens" in value else as_counts(value)
    if not raw:
        return None
    tokens = _counts(raw.get("tokens")) or _counts(raw.get("billed_units")) or _counts(raw)
    read_tokens = first_count(tokens, "input_tokens", *READ)
    written = first_count(tokens, "output_tokens", *WRITTEN)
    return Usage(
        read_tokens,
        written,
        cache_read_tokens=within(as_count(raw.get("cached_tokens")), read_tokens),
        reasoning_tokens=within(tokens.get("reasoning_tokens"), written),
        raw=raw,
    )


def _counts(value: Any) -> dict[str, int]:
    return {key: count for key, item in as_object(value).items() if (count := as_count(item)) is not None}
