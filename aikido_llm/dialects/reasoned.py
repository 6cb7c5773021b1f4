"""Where servers put a model's reasoning beside its text, and in which shapes: every wire knows one name, and gateways
that translate one wire into another leave theirs.

source: the references of the wires and their hosts; reports about gateways, read 2026-11.
"""

from typing import Any

from .values import as_object, as_text, is_list

NAMES = (
    "reasoning_content", "reasoning", "reasoning_text", "thinking", "thinking_content", "thought", "reasoning_summary",
    "thinking_blocks",
)  # fmt: skip
"""Where a delta, a message or a block holds reasoning, the usual first."""

WORDS = ("thinking", "reasoning", "text", "summary", "content", "value")
_DEEPEST = 8


def text_of(value: Any, depth: int = 0) -> str:
    """The words of text, of a list of pieces, or of a block, however deep they stand in it."""
    if isinstance(value, str) or depth > _DEEPEST:
        return as_text(value)
    if is_list(value):
        return "".join(text_of(item, depth + 1) for item in value)
    block = as_object(value)
    return next((text for key in WORDS if (text := text_of(block.get(key), depth + 1))), "") if block else ""


def under(fields: dict[str, Any], own: str) -> dict[str, Any]:
    """The fields of a message or a block, its reasoning as text under the wire's `own` name, whatever the server called
    it; as they are when it has that name, or none."""
    if fields.get(own):
        return fields
    for name in NAMES:
        if name != own and (text := text_of(fields.get(name))):
            return {**{key: item for key, item in fields.items() if key != name}, own: text}
    return fields
