"""Where JSON text that comes in pieces may be whole: whether every bracket is closed."""

import re


class Brackets:
    """Follows brackets through pieces of text, each of which it reads once. broken: it is no JSON, whatever follows.
    empty: there is no room in it for more than `{}`."""

    __slots__ = ("_depth", "_escaped", "_quoted", "_seen", "_solid", "broken")

    def __init__(self) -> None:
        self._seen = 0
        self._solid = 0  # characters, blanks at the ends of pieces aside
        self._depth = 0
        self._quoted = False
        self._escaped = False
        self.broken = False

    def closed(self, pieces: list[str]) -> bool:
        """pieces: those that it has read, and more. Whether every bracket is closed behind the last of them."""
        for piece in pieces[self._seen :]:
            self._solid += len(piece.strip())
            self._read(piece[1:] if self._escaped and piece else piece)
        self._seen = len(pieces)
        return not (self.broken or self._quoted or self._depth)

    @property
    def empty(self) -> bool:
        return self._solid <= len("{}")

    def _read(self, text: str) -> None:
        self._escaped = False
        for mark in _MARK.findall(text):
            if mark == "\\":
                self._escaped = True
            elif mark == '"':
                self._quoted = not self._quoted
            elif not self._quoted and len(mark) == 1:
                self._depth += 1 if mark in "[{" else -1


_MARK = re.compile(r'\\.|["\[\]{}]|\\\Z', re.DOTALL)
