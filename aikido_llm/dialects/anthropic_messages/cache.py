"""Cache breakpoints: hints, so whatever the wire would refuse about them is put right instead of refused.

source: Anthropic API reference, "Prompt caching", read 2026-11.
"""

from typing import Any

from ...types.parts import CacheBreakpoint
from ..values import as_object, as_objects

Block = dict[str, Any]

THINKING = ("thinking", "redacted_thinking")  # blocks that take no breakpoint


def mark(blocks: list[Block], cache: CacheBreakpoint | None) -> None:
    """Put the breakpoint behind the last of these blocks that can carry one."""
    if cache is None:
        return
    for block in reversed(blocks):
        if block.get("type") not in THINKING:
            block["cache_control"] = control(cache)
            return


def control(cache: CacheBreakpoint) -> Block:
    """Five minutes is the default and goes unsaid: some hosts know no ttl."""
    return {"type": "ephemeral"} if cache.ttl == "5m" else {"type": "ephemeral", "ttl": cache.ttl}


def settle(body: Block, most: int) -> None:
    """Keep the last `most` breakpoints, in the order of the prompt: tools, system, messages.

    A 1 h breakpoint must not come after a 5 min one, so those before the last 1 h one become 1 h too.
    """
    marked = [block for block in _in_prompt_order(body) if "cache_control" in block]
    if not marked:
        return
    for block in marked[: max(0, len(marked) - most)]:
        del block["cache_control"]
    hour: Block | None = None
    for block in reversed(marked):
        kept = as_object(block.get("cache_control"))
        if not kept:
            continue
        if kept.get("ttl") == "1h":
            hour = kept
        elif hour is not None:
            block["cache_control"] = dict(hour)


def _in_prompt_order(body: Block) -> list[Block]:
    blocks = as_objects(body["tools"]) if "tools" in body else []  # these two may be the caller's, by `extra`
    if "system" in body:
        blocks += as_objects(body["system"])
    for message in body["messages"]:
        blocks += message["content"]
    return blocks
