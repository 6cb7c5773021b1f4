"""What is shown: text made from values. Pure, but for the clock that a Meter is given."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from attrs import define
from rich.markdown import Markdown

import aikido_llm as llm

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def safe(text: str) -> str:
    """The text without what a terminal would obey: a model's answer must not move the cursor or set the title."""
    return _CONTROL.sub("", text) if _CONTROL.search(text) else text


def json_line(value: Any) -> str:
    """One line of JSON, readable where it can be."""
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair
        line = json.dumps(value)
    return line + "\n"


def counts(usage: llm.Usage) -> str:
    """`11 in (8 cached), 7 out (2 reasoning), $0.0001`: what the server has said, and nothing else."""
    parts: list[str] = []
    for name, count, detail, part in (
        ("in", usage.input_tokens, "cached", usage.cache_read_tokens),
        ("out", usage.output_tokens, "reasoning", usage.reasoning_tokens),
    ):
        if count is not None:
            parts.append(f"{count:,} {name}" + (f" ({part:,} {detail})" if part else ""))
    if usage.cost_usd is not None:
        parts.append(f"${usage.cost_usd:.6g}")
    return ", ".join(parts)


def usage_line(usage: llm.Usage) -> str:
    """`usage: ...`, also when the server said nothing."""
    return f"usage: {counts(usage) or 'not said by the server'}"


def file_size(count: int) -> str:
    """`12,345 bytes`, `1.2 MB`."""
    return f"{count:,} bytes" if count < 100_000 else f"{count / 1e6:,.1f} MB"


@define
class Meter:
    """Times one answer. started, first, ended: seconds of the clock."""

    clock: Callable[[], float] = time.monotonic
    started: float = 0.0
    first: float | None = None
    ended: float | None = None

    def start(self) -> None:
        self.started = self.clock()

    def content(self) -> None:
        """Something of the answer has come."""
        if self.first is None:
            self.first = self.clock()

    def end(self) -> None:
        self.ended = self.clock()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self.clock() - self.started

    def line(self, usage: llm.Usage, *, streamed: bool) -> str:
        """`first token after 0.42 s · 83 tokens/s · 1.9 s in all · 12 in, 83 out, $0.0004`."""
        ended = self.ended if self.ended is not None else self.clock()
        parts: list[str] = []
        if streamed and self.first is not None:
            parts.append(f"first token after {self.first - self.started:.2f} s")
            spent = ended - self.first
            if usage.output_tokens and spent >= 0.05:  # less is too short to divide by
                parts.append(f"{usage.output_tokens / spent:,.0f} tokens/s")
        parts.append(f"{ended - self.started:.1f} s in all")
        return " · ".join(part for part in (*parts, counts(usage)) if part)


def settled(markdown: str) -> int:
    """How many characters of a growing Markdown text are final: all of its top-level blocks but the last one."""
    starts = [token.map[0] for token in Markdown(markdown).parsed if token.level == 0 and token.map]
    if len(starts) < 2:
        return 0
    return sum(len(line) + 1 for line in markdown.split("\n")[: starts[-1]])
