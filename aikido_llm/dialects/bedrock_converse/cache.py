"""Cache points: hints, so whatever the wire would refuse about them is put right instead of refused.

source: Amazon Bedrock User Guide, "Prompt caching for faster model inference", read 2026-11.
"""

from collections.abc import Iterator
from typing import Any

from ...types.parts import CacheBreakpoint

Block = dict[str, Any]

_KEY = "cachePoint"


def point(cache: CacheBreakpoint | None) -> list[Block]:
    """A block of its own. Five minutes is the default and goes unsaid: older models know no ttl."""
    if cache is None:
        return []
    return [{_KEY: {"type": "default"} | ({"ttl": cache.ttl} if cache.ttl != "5m" else {})}]


def settle(body: Block, most: int) -> None:
    """Keep the last `most` points, in the order of the prompt: tools, system, messages; of neighbours the last.

    One for an hour must not come after one for five minutes, so those before the last such one become so too.
    """
    lists = list(_in_prompt_order(body))
    no_block: Block = {}
    for blocks in lists:
        pairs = zip(blocks, [*blocks[1:], no_block], strict=False)
        blocks[:] = [block for block, behind in pairs if not (_KEY in block and _KEY in behind)]
    left = max(0, sum(_KEY in block for blocks in lists for block in blocks) - most)
    kept: list[Block] = []
    for blocks in lists:
        points = [block for block in blocks if _KEY in block]
        dropped, left = points[:left], max(0, left - len(points))
        blocks[:] = [block for block in blocks if not any(block is other for other in dropped)]
        kept += points[len(dropped) :]
    hours = [number for number, block in enumerate(kept) if block[_KEY].get("ttl") == "1h"]
    for block in kept[: hours[-1] if hours else 0]:
        block[_KEY] = {"type": "default", "ttl": "1h"}


def _in_prompt_order(body: Block) -> Iterator[list[Block]]:
    """What was encoded here; points of `extra` are the caller's."""
    yield body.get("toolConfig", {}).get("tools", [])
    yield body.get("system", [])
    for turn in body["messages"]:
        yield turn["content"]
