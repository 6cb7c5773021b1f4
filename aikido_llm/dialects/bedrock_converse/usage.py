"""What an answer cost, as this wire counts (source: Amazon Bedrock API reference, "TokenUsage", read 2026-11)."""

from typing import Any

from ...types.usage import Usage
from ..values import as_count, as_object


def usage_of(value: Any) -> Usage | None:
    """`inputTokens` is what was neither read from the cache nor written to it. The older names of the two end in Count.
    None when no number of tokens was sent."""
    raw = as_object(value)
    read = _first(raw, "cacheReadInputTokens", "cacheReadInputTokenCount")
    written = _first(raw, "cacheWriteInputTokens", "cacheWriteInputTokenCount")
    fresh, output = as_count(raw.get("inputTokens")), as_count(raw.get("outputTokens"))
    if all(count is None for count in (fresh, output, read, written)):
        return None
    return Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_tokens=written,
        raw=raw,
    )


def _first(raw: dict[str, Any], *names: str) -> int | None:
    return next((count for name in names if (count := as_count(raw.get(name))) is not None), None)
