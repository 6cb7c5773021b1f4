"""The wire's counts -> Usage: `tokens` is what the model read and wrote, `billed_units` the part that is paid."""

from typing import Any, cast

from ...types.response import Usage


def read(value: Any) -> Usage | None:
    """value: the `usage` object as it came, or anything else for none. Counts may be floats."""
    if not isinstance(value, dict) or not value:
        return None
    raw = cast("dict[str, Any]", value)
    tokens = _counts(raw.get("tokens")) or _counts(raw.get("billed_units"))
    cached = _number(raw.get("cached_tokens"))
    read_tokens, written = tokens.get("input_tokens"), tokens.get("output_tokens")
    reasoning = tokens.get("reasoning_tokens")
    return Usage(
        read_tokens,
        written,
        cache_read_tokens=min(cached, read_tokens) if cached is not None and read_tokens is not None else cached,
        reasoning_tokens=min(reasoning, written) if reasoning is not None and written is not None else reasoning,
        raw=raw,
    )


def _counts(value: Any) -> dict[str, int]:
    found = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    return {key: count for key, item in found.items() if (count := _number(item)) is not None}


def _number(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e18:
        return None
    return int(value)
