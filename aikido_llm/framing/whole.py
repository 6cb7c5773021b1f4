"""A body that is one document: kept until it is over, then one frame. The road of `complete`, and of servers that
answer a streaming request with plain JSON."""

from . import WHOLE, Frame
from .lines import too_large


class WholeBody:
    """Collects the pieces; `close` appends one frame (WHOLE, body). max_bytes caps the body."""

    __slots__ = ("_max", "_pieces", "_size")

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes, out: list[Frame]) -> None:
        self._pieces.append(data)
        self.skip(len(data))

    def skip(self, size: int) -> None:
        self._size += size
        if self._size > self._max:
            raise too_large("body_bytes", self._max)

    @property
    def unfinished(self) -> int:
        return self._size

    def close(self, out: list[Frame]) -> None:
        out.append((WHOLE, b"".join(self._pieces)))
        self._pieces.clear()
