"""How a request differs from the nearest recorded one, for a person to read. Pure."""

import json
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher, unified_diff
from typing import Any

_MOST_LINES = 40
_LONGEST_LINE = 160
_COMPARED = 400  # lines of a request that are compared for nearness


def describe(recorded: Sequence[Mapping[str, Any]], wanted: Mapping[str, Any]) -> str:
    """A unified diff of the recorded request that is nearest to the wanted one."""
    new = _lines(wanted)
    if not recorded:
        return "The cassette holds no request. This one is new:\n" + "\n".join(new[:_MOST_LINES])
    old = max(map(_lines, recorded), key=lambda lines: _nearness(lines, new))
    diff = list(unified_diff(old, new, "recorded (the nearest)", "asked now", n=2, lineterm=""))
    cut = [f"... {len(diff) - _MOST_LINES} lines more"] if len(diff) > _MOST_LINES else []
    return "\n".join([*diff[:_MOST_LINES], *cut])


def _nearness(old: list[str], new: list[str]) -> float:
    return SequenceMatcher(None, old[:_COMPARED], new[:_COMPARED], autojunk=False).ratio()


def _lines(request: Mapping[str, Any]) -> list[str]:
    head = f"{request['method']} {request['path']}"
    body = json.dumps(request["body"], indent=2, sort_keys=True, ensure_ascii=False)
    return [head, *(line if len(line) <= _LONGEST_LINE else _shortened(line) for line in body.splitlines())]


def _shortened(line: str) -> str:
    """Begin and end of a long line; texts that differ in the middle differ in the number between."""
    half = _LONGEST_LINE // 2
    return f"{line[:half]} ... {len(line)} characters, {abs(hash(line)) % 10**6:06} ... {line[-half:]}"
