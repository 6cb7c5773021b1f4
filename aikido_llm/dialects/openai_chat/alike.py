"""Chunks that are alike: nearly all hosts write each chunk of an answer as the one before, but for the piece it brings.

Where the bytes around a piece are those of a chunk that was read, the chunk says the same but for that piece, and need
not be read again. That the piece stands where it seems to is proved, not looked for: the reader reads the chunk once
more with a mark in its place, and must find just that mark.
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from ...framing import Frame
from ...types.events import Event, TextDelta

Say: TypeAlias = Callable[[str, list[Event]], None]

_MARK = b"~piece~"
_PADDING = re.compile(rb'(.*"(?:obfuscation|p)":\s*")[a-zA-Z0-9]*"\}', re.DOTALL)  # hides how long the piece is
_LONG = 4096  # bytes; to take a longer chunk apart would need as much memory again
_MOST = 64  # chunks of an answer to learn from, each of which costs as much as reading four


class Alike:
    """What the chunks of one answer share, as far as it is known."""

    def __init__(self) -> None:
        self._before = b""  # up to the quote that opens the piece; b"" while nothing is known
        self._behind = b""  # from the quote that closes it on; where there is padding, up to that
        self._padded = False
        self._say: Say | None = None
        self._left = _MOST

    def others(self, frames: list[Frame], out: list[Event]) -> Iterator[Frame]:
        """The frames that have to be read. The pieces of those before each of them are in `out`; what is learned or
        forgotten of it holds for the next ones."""
        before, behind, padded, say = self._before, self._behind, self._padded, self._say
        for frame in frames:
            name, data = frame
            if before and not name and len(data) < _LONG:
                rest = data.removeprefix(before)
                said, _, end = rest.partition(b'"')
                if padded:
                    last = end.removeprefix(behind)
                    padding = last.removesuffix(b'"}')
                    fits = last is not end and padding is not last and padding.isalnum()
                else:
                    fits = end == behind
                if fits and rest is not data and (piece := _literal(said)) is not None:
                    if piece:
                        out.append(TextDelta(piece)) if say is None else say(piece, out)
                    continue
            yield frame
            before, behind, padded, say = self._before, self._behind, self._padded, self._say

    def learn(self, data: bytes, piece: str, say: Say | None, reads: Callable[[bytes], str | None]) -> None:
        """Take chunks like this one from here on, if the piece stands once in it, as it is.

        say: what is done with a piece; None where it is the answer's text. reads: the same piece of this chunk, were
        its bytes these; None where they would be another chunk.
        """
        if not self._left or len(data) >= _LONG or _literal(piece.encode()) is None:
            return
        before, *parts = data.split(f'"{piece}"'.encode())
        if len(parts) != 1 or _MARK in data:
            return
        self._left -= 1
        padding = _PADDING.fullmatch(parts[0])
        behind, probe = (parts[0], parts[0]) if padding is None else (padding[1], padding[1] + b'0"}')
        if reads(b'%b"%b"%b' % (before, _MARK, probe)) == _MARK.decode():
            self._before, self._behind, self._padded, self._say = before + b'"', behind, padding is not None, say

    def forget(self) -> None:
        """A chunk that says more came between: what the ones before it repeat may not hold any more."""
        self._before = b""


def _literal(said: bytes) -> str | None:
    """The text that JSON writes so; None where it holds an escape, or what JSON refuses. (Blanks other than the usual
    one are refused too: they are too rare to be told apart.)"""
    try:
        text = said.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() and "\\" not in text else None
