"""Bytes that come in pieces and are wanted as one.

A few are joined when they are. Of many, the join would hold the event loop (30 MB: 12 ms) and take their size once
more: they are written behind each other as they come, into a buffer that is handed out as it is (`io.BytesIO`).
"""

from io import BytesIO

_MANY = 1 << 20  # bytes


class Gathered:
    """append(piece) ...; take() -> all of them, and none are left. size: bytes so far."""

    __slots__ = ("_buffer", "_pieces", "size")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._buffer: BytesIO | None = None
        self.size = 0

    def append(self, piece: bytes) -> None:
        self.size += len(piece)
        if self._buffer is not None:
            self._buffer.write(piece)
            return
        self._pieces.append(piece)
        if self.size > _MANY:
            self._buffer = BytesIO()
            self._buffer.writelines(self._pieces)
            self._pieces.clear()

    def take(self) -> bytes:
        if self._buffer is not None:
            whole = self._buffer.getvalue()
            self._buffer = None
        else:
            whole = b"".join(self._pieces)
            self._pieces.clear()
        self.size = 0
        return whole

    def clear(self) -> None:
        self._buffer = None
        self._pieces.clear()
        self.size = 0

    def head(self, size: int) -> bytes:
        """The first bytes, so many at most."""
        if self._buffer is not None:
            return bytes(self._buffer.getbuffer()[:size])
        return b"".join(self._pieces[:size])[:size]

    def drop(self, size: int) -> None:
        """Forget the first bytes, all of which have come."""
        rest = self.take()[size:]
        self.append(rest)
