"""Counts of tokens under whatever name: gateways that translate one wire into another leave names as they were.

Each wire asks for its own names first. source: the references of the seven wires and of the SDKs that write them in
camel or snake case; reports about gateways, read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from .values import as_count

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


def first_count(fields: Mapping[str, Any], *names: str) -> int | None:
    """The first of these fields that is a number of things."""
    for name in names:
        value = fields.get(name)
        if value is not None and (count := as_count(value)) is not None:
            return count
    return None
