"""What an answer cost, as this wire counts (source: Amazon Bedrock API reference, "TokenUsage", read 2026-11)."""

from typing import Any

from ...types.usage import Usage
from ..counts import READ, WRITTEN, as_counts
from ..values import as_count, first_count


def usage_of(value: Any) -> Usage | None:
    """`inputTokens` is what was neither read from the cache nor written to it. The older names of the two end in Count.
    None when no number of tokens was sent."""
    raw = as_counts(value)
    read = first_count(raw, "cacheReadInputTokens", "cacheReadInputTokenCount")
    written = first_count(raw, "cacheWriteInputTokens", "cacheWriteInputTokenCount")
    fresh, whole = as_count(raw.get("inputTokens")), first_count(raw, *READ)
    output = first_count(raw, "outputTokens", *WRITTEN)
    if fresh is not None:
        whole = fresh + (read or 0) + (written or 0)
    if all(count is None for count in (whole, output, read, written)):
        return None
    return Usage(
        input_tokens=whole,
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_tokens=written,
        raw=raw,
    )
