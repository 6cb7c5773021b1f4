"""Counts of tokens under whatever name and in whatever shape: gateways that translate one wire into another leave names
as they were, and put lists, or JSON as text, where one object is due.

Each wire asks for its own names first. source: the references of the seven wires and of the SDKs that write them in
camel or snake case; reports about gateways, read 2026-11.
"""

from typing import Any

from ..codecs import json
from .values import is_list, is_object

READ = (
    "prompt_tokens", "input_tokens", "promptTokens", "inputTokens", "promptTokenCount", "prompt_token_count",
    "inputTokenCount", "prompt_eval_count",
)  # fmt: skip
"""What the model read."""
WRITTEN = (
    "completion_tokens", "output_tokens", "completionTokens", "outputTokens", "candidatesTokenCount",
    "candidates_token_count", "outputTokenCount", "eval_count",
)  # fmt: skip
"""What it wrote."""

_HOLDERS = ("usage", "tokens")  # in which the counts stand one level deeper
_LONGEST = 64 * 1024  # characters of JSON text


def as_counts(value: Any) -> dict[str, Any]:
    """The object of counts that stands where a wire has its usage, {} for none: itself, JSON text of it, a list of
    them (a later one says more), or an object that holds nothing but it."""
    if isinstance(value, str) and value[:1] in ("{", "[") and len(value) < _LONGEST:
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    if is_list(value):
        return {name: count for item in value if is_object(item) for name, count in item.items()}
    if not is_object(value):
        return {}
    inner = value.get(next(iter(value))) if len(value) == 1 and not value.keys().isdisjoint(_HOLDERS) else None
    return inner if is_object(inner) else value
