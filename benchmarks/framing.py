"""Bytes to frames: CPU per event, pieces of 16 KiB and one event each, against a bare split that knows no rule."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aikido_llm.framing import Frame
from aikido_llm.providers import find

from . import answers
from .measure import Row, Setting, median, pure

_PIECE = 16 * 1024


def run(setting: Setting) -> Iterator[Row]:
    count = setting.size(5000, 100)
    for dialect, provider in answers.PROVIDERS.items():
        events = answers.events(dialect, f"text{count}")
        body = b"".join(events)
        pieces = [body[at : at + _PIECE] for at in range(0, len(body), _PIECE)]
        for case, fed in (("coalesced", pieces), ("one per read", events)):
            runs: dict[str, Callable[[], object]] = {"ours": _ours(provider, dialect, fed), "floor": _floor(fed)}
            times = pure(runs, setting.rounds(20), count)
            value, spread = median([mine / base for mine, base in zip(times["ours"], times["floor"], strict=True)])
            details = {"ns": median(times["ours"])[0], "floor ns": median(times["floor"])[0]}
            yield Row("framing", f"{dialect}, {case}", "ours", value, "× floor", spread, details=details)


def _ours(provider: str, dialect: str, pieces: Sequence[bytes]) -> Callable[[], object]:
    kind, row = answers.stream_type(dialect), find(provider)

    def read() -> None:
        framer = row.dialect.framer(kind, stream=True, event_bytes=1 << 26, body_bytes=1 << 28)
        frames: list[Frame] = []
        for piece in pieces:
            framer.feed(piece, frames)
            frames.clear()

    return read


def _floor(pieces: Sequence[bytes]) -> Callable[[], Any]:
    def read() -> None:
        rest = b""
        frames: list[bytes] = []
        for piece in pieces:
            lines = (rest + piece).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if line[:6] == b"data: ":
                    frames.append(line[6:])
            frames.clear()

    return read
