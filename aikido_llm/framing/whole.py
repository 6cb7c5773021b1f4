"""A body that is one document: kept until it is over, then one frame. The road of `complete`, and of servers that
answer a streaming request with plain JSON."""

import re

from . import WHOLE, Frame, Framer
from .gathered import Gathered
from .lines import too_large


class WholeBody:
    """Collects the pieces; `close` appends one frame (WHOLE, body). max_bytes caps the body."""

    __slots__ = ("_body", "_max", "_size")
    whole = True

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._body = Gathered()
        self._size = 0

    def feed(self, data: bytes, out: list[Frame]) -> None:
        self._body.append(data)
        self.skip(len(data))

    def skip(self, size: int) -> None:
        self._size += size
        if self._size > self._max:
            raise too_large("body_bytes", self._max)

    @property
    def unfinished(self) -> int:
        return self._size

    def close(self, out: list[Frame]) -> None:
        out.append((WHOLE, self._body.take()))


class LinesOrWhole(WholeBody):
    """The same for a body that begins as one document and may go on as lines of JSON or as events: those are handed to
    the framer `lines`."""

    __slots__ = ("_lines",)

    def __init__(self, max_bytes: int, lines: Framer) -> None:
        super().__init__(max_bytes)
        self._lines = lines

    def close(self, out: list[Frame]) -> None:
        body = self._body.take()
        if _is_first_of_lines(body):
            self._lines.feed(body, out)
            self._lines.close(out)
        else:
            out.append((WHOLE, body))


def _is_first_of_lines(body: bytes) -> bool:
    """Whether an object ends with its line, and behind it other lines begin as objects or as fields of an event."""
    end = body.find(b"\n")
    if end < 0 or body[max(end - 2, 0) : end].rstrip()[-1:] != b"}":
        return False
    return _BEGUN.search(body, end) is not None


_BEGUN = re.compile(rb"[\r\n](?:\{|(?:data|event|id|retry):)")
