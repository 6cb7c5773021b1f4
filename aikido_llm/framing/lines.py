"""Bytes -> lines: CR, LF and CRLF end a line, nothing else does (U+2028 inside a model's text is text).

Linear in the bytes whatever the pieces: those of an unfinished line are kept and joined once, never searched again.
"""

from ..errors import TooLargeError
from .gathered import Gathered

LF, CR = 10, 13
"""As numbers: `LF in data` takes 40 ns where `b"\n" in data`, which tries a number first, takes 160."""


class LineSplitter:
    """feed(data) -> the lines that data completes, without their ends.

    max_bytes caps a line, wherever the bytes were cut into pieces: those before it are handed out, then `overflow` is
    set and nothing more can be fed.
    """

    __slots__ = ("_begun", "_max", "cap", "pending", "skips_lf")

    def __init__(self, max_bytes: int, cap: str = "event_bytes") -> None:
        self._max = max_bytes
        self._begun = Gathered()  # the unfinished line
        self.pending = 0  # bytes of it
        self.skips_lf = False  # the last piece ended in CR; an LF that follows belongs to it
        self.cap = cap

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that data completes. Raises TooLargeError after an `overflow`."""
        if self.pending > self._max:
            raise too_large(self.cap, self._max)
        near_cap = self.pending + len(data) > self._max
        if self.skips_lf and data:
            self.skips_lf = False
            if data[0] == LF:
                data = data[1:]
        if CR in data:
            self.skips_lf = data[-1] == CR
            lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        else:
            lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self.pending:
            self._begun.append(lines[0])
            lines[0] = self._begun.take()
            self.pending = 0
        if rest:
            self._begun.append(rest)
            self.pending += len(rest)
        return self._before_too_long(lines) if near_cap else lines

    def _before_too_long(self, lines: list[bytes]) -> list[bytes]:
        for number, line in enumerate(lines):
            if len(line) > self._max:
                self._begun.clear()
                self.pending = len(line)
                return lines[:number]
        return lines

    @property
    def empty(self) -> bool:
        """Nothing is held back: the next bytes begin a line."""
        return not (self.pending or self.skips_lf)

    def begins_with(self, word: bytes) -> bool:
        """Whether the unfinished line does."""
        return self._begun.head(len(word)) == word

    def drop(self, word: bytes) -> bool:
        """Take the word off the beginning of the unfinished line, which is then handed out without it; the cap counts
        it all the same. False when the line begins otherwise."""
        if not self.begins_with(word):
            return False
        self._begun.drop(len(word))
        return True

    @property
    def overflow(self) -> bool:
        """A line has passed the cap; the next feed raises."""
        return self.pending > self._max

    def close(self) -> bytes:
        """What was left without a line end, b"" for nothing."""
        self.pending = 0
        return self._begun.take()


def too_large(cap: str, limit: int) -> TooLargeError:
    """The one wording for a passed cap."""
    return TooLargeError(
        f"the server sent more than the {limit:,} bytes that Limits.{cap} allows; open the client with a higher one "
        "if this is expected",
        cap=cap,
        limit=limit,
    )
