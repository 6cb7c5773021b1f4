"""What an answer cost, as this wire counts (source: Anthropic API reference, `usage`, read 2026-11)."""

from collections.abc import Mapping
from typing import Any

from ...types.usage import USAGES, Usage
from ..counts import READ, WRITTEN
from ..values import as_count, as_object, first_count, within


def usage_of(counts: Mapping[str, Any]) -> Usage | None:
    """`input_tokens` here is what was neither read from the cache nor written to it; gateways that say `prompt_tokens`
    instead mean the whole prompt. None when no number of tokens was sent."""
    if not counts:
        return None
    output = first_count(counts, "output_tokens", *WRITTEN)
    written = as_count(counts.get("cache_creation_input_tokens"))
    read = as_count(counts.get("cache_read_input_tokens"))
    fresh = first_count(counts, "input_tokens", "inputTokens")
    whole = first_count(counts, *READ) if fresh is None else fresh + (read or 0) + (written or 0)
    if fresh is None and read is None:
        read = as_count(as_object(counts.get("prompt_tokens_details")).get("cached_tokens"))
    thinking = None
    if "output_tokens_details" in counts:
        thinking = as_count(as_object(counts["output_tokens_details"]).get("thinking_tokens"))
    if thinking is None and "completion_tokens_details" in counts:
        thinking = as_count(as_object(counts["completion_tokens_details"]).get("reasoning_tokens"))
    if whole is output is read is written is thinking is None:
        return None
    return USAGES.of((whole, output, read, written, within(thinking, output), None, dict(counts)))
