"""Newline-delimited JSON: each line that is not blank is a frame; the last one may lack its line end."""

from itertools import repeat

from . import Frame
from .lines import CR, LF, LineSplitter, too_large


class NDJSONFramer:
    """Lines -> frames ("", line)."""

    __slots__ = ("_lines", "_max", "_skipped")
    whole = False

    def __init__(self, max_bytes: int) -> None:
        self._lines = LineSplitter(max_bytes)
        self._max = max_bytes
        self._skipped = 0

    def feed(self, data: bytes, out: list[Frame]) -> None:
        if 0 <= data.find(LF) == len(data) - 1 <= self._max and self._lines.empty and not (CR in data or self._skipped):
            if not data.isspace():
                out.append(("", data[:-1]))  # one line, as when tokens trickle in
            return
        lines = self._lines.feed(data)
        if self._skipped:
            self._count_skipped(lines)
        out.extend(zip(repeat(""), filter(bytes.strip, lines)))
        if self._lines.overflow:
            raise too_large("event_bytes", self._max)

    def skip(self, size: int) -> None:
        self._skipped += size
        self._count_skipped([])

    @property
    def unfinished(self) -> int:
        return self._lines.pending + self._skipped

    def _count_skipped(self, lines: list[bytes]) -> None:
        """The first of the lines is, or else the unfinished one, what bytes were skipped of."""
        line = len(lines[0]) if lines else self._lines.pending
        if line + self._skipped > self._max:
            raise too_large("event_bytes", self._max)
        if lines:
            self._skipped = 0

    def close(self, out: list[Frame]) -> None:
        rest = self._lines.close()
        if rest and not rest.isspace():
            out.append(("", rest))
