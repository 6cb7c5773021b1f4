"""What is shown: text made from values. Pure, but for the clock that a Meter is given."""

import json
import mimetypes
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from attrs import define

import aikido_llm as llm

# What a terminal obeys: the control characters of 7 and of 8 bits, and what turns the direction of a line
# (source: Unicode 16, property Bidi_Control).
_OBEYED = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_CONTROL = re.compile(f"[{_OBEYED}]")
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0"  # letters by their category, and drawn as nothing
_ESCAPED = re.compile(f"[{_OBEYED}\u2028\u2029\ud800-\udfff]")
_EXTENSIONS = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif", "image/svg+xml": ".svg",
    "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/mpeg": ".mp3", "audio/mp3": ".mp3", "audio/flac": ".flac",
    "audio/ogg": ".ogg",
}  # fmt: skip


def safe(text: str) -> str:
    """The text without what a terminal would obey: it must not move the cursor, set a title or turn a line round."""
    return _CONTROL.sub("", text) if _CONTROL.search(text) else text


def visible(text: str) -> str:
    """The text on one line, with all that a terminal would obey or not show as an escape: who decides by it must see
    it."""
    return "".join(c if c.isprintable() and c not in _BLANK_LETTERS else json.dumps(c)[1:-1] for c in text)


def json_line(value: Any, *, ascii_only: bool = False) -> str:
    """One line of JSON, readable where it can be; what a terminal would obey is escaped."""
    line = json.dumps(value, ensure_ascii=ascii_only)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found.group()):04x}", line) + "\n"


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


def footnotes(citations: Iterable[llm.Citation]) -> list[str]:
    """`[1] Title, https://...`: each source once, in the order in which the answer names them."""
    named: dict[str, str] = {}
    for citation in citations:
        title, place = citation.title or citation.document, citation.url or citation.document
        words = " ".join(", ".join(dict.fromkeys(word for word in (title, place) if word)).split())
        if words and len(named.get(place or title, "")) < len(words):  # a later one may know the title too
            named[place or title] = words
    return [f"[{number}] {words}" for number, words in enumerate(named.values(), 1)]


def server_tool(call: llm.ServerToolCall) -> str:
    """`server tool: web_search {"query": "x"} (completed)`, on one line."""
    arguments = " ".join(call.arguments.split())
    shown = arguments if len(arguments) <= _SHOWN else f"{arguments[:_SHOWN]}..."
    return f"server tool: {' '.join(word for word in (call.name or call.kind, shown) if word)} ({call.status})"


def tool_result(message: llm.Message) -> str:
    """`tool result: 12 degrees`, `tool failed: ...`, on one line."""
    text = " ".join(message.text.split())
    said = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return f"tool {'failed' if message.is_error else 'result'}: {said}"


_SHOWN = 200  # characters of a tool's arguments: code may be long


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


def extension(content_type: str) -> str:
    """`.png`; `.bin` for what is neither picture nor sound: a server says what it is, and its `text/x-python` must not
    name a program."""
    known = mimetypes.guess_extension(content_type) if content_type.startswith(("image/", "audio/")) else None
    return _EXTENSIONS.get(content_type) or known or ".bin"
