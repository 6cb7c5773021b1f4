"""Newline-delimited JSON: each line that is not blank is a frame; the last one may lack its line end."""

from . import Frame
from .lines import LineSplitter, too_large


class NDJSONFramer:
    """Lines -> frames ("", line)."""

    __slots__ = ("_lines", "_max")

    def __init__(self, max_bytes: int) -> None:
        self._lines = LineSplitter(max_bytes)
        self._max = max_bytes

    def feed(self, data: bytes, out: list[Frame]) -> None:
        for line in self._lines.feed(data):
            if line and not line.isspace():
                out.append(("", line))
        if self._lines.overflow:
            raise too_large("event_bytes", self._max)

    def close(self, out: list[Frame]) -> None:
        rest = self._lines.close()
        if rest and not rest.isspace():
            out.append(("", rest))
