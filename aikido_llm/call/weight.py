"""What the values of a frame would take in memory, counted while it comes."""

from ..codecs import dense
from ..dialects.base import Decoder
from ..errors import TooLargeError
from ..framing import Frame

_LOOKED_AT = 64 * 1024  # bytes of a frame from which on its values are counted


class Weight:
    """Keeps out of memory what a large frame holds in many small values that nobody reads (see codecs/dense.py).

    most: bytes that the values that are read may take. with_logprobs: the same where those were asked for, else None.
    size: bytes of the frame that is under way.
    before: the latest bytes that completed a frame; the next one begins in them or behind them.
    """

    __slots__ = ("_counter", "_most", "_opened", "_read", "_values", "_wrapped", "before", "size")

    def __init__(self, decoder: Decoder, most: int, with_logprobs: int | None) -> None:
        self._opened = decoder.opened
        self._read = decoder.many if with_logprobs is None else decoder.many | decoder.logprob_keys
        self._most = most if with_logprobs is None else with_logprobs
        self._wrapped = decoder.wrapped
        self._counter = dense.Counter()
        self._values = 0
        self.before = b""
        self.size = 0

    def grows(self, data: bytes, *, seen: bool = True) -> None:
        """The next bytes, which complete no frame. seen: the framer has all of them."""
        if not seen:
            self._counter.lost()
            return
        if self.before:
            self._counter.lost()
            self._counter.look(self.before)
            self.before = b""
        self.size += len(data)
        if self.size > _LOOKED_AT:
            self._values += self._counter.feed(data)
        else:
            self._counter.look(data)

    def settle(self, frames: list[Frame], data: bytes = b"") -> TooLargeError | None:
        """data has completed these frames. Those behind one that is too dense are dropped, and the error is given."""
        self.grows(data)
        count, size = _of(frames) if self._wrapped else (self._values, self.size)
        self._values = self.size = 0
        if not dense.is_dense(count, size):
            return None
        for index, (name, payload) in enumerate(frames):
            if len(payload) > dense.SMALL:
                try:
                    frames[index] = (name, dense.bounded(payload, self._opened, self._read, self._most))
                except dense.DenseError:
                    del frames[index:]
                    return self._too_dense()
        return None

    def _too_dense(self) -> TooLargeError:
        return TooLargeError(
            f"the server sent JSON of so many values that they would take more memory than the {self._most:,} bytes of "
            "Limits.event_bytes and four times its size; open the client with a higher one if this is expected",
            cap="event_bytes",
            limit=self._most,
        )


def _of(frames: list[Frame]) -> tuple[int, int]:
    """(values, bytes) of large frames, where the bytes that brought them do not show what is in them."""
    large = [payload for _, payload in frames if len(payload) > dense.SMALL]
    return sum(map(dense.values, large)), sum(map(len, large))
