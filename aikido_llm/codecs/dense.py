"""JSON whose values would take many times its size, without those that nobody reads.

`{},{},...` takes 24 bytes of memory for each of its own once it is parsed, short texts and numbers about ten. What a
reader has no field for is kept all the same (nothing that a server sent is unreachable): where it is large and dense,
as its text, {"~json": "[{},{},..."}, which takes what it took on the wire.
"""

import re
from collections.abc import Container, Iterator

import msgspec

UNBUILT = "~json"  # no server means this name
SMALL = 1 << 20  # bytes; a smaller document is parsed as it is
_VALUE = 64  # bytes that a value takes, with its place in what holds it: a guess on the high side
_ROOM = 8 << 20  # bytes that values nobody reads may take, beside twice the size of their document
_MEMBERS = 4096  # of one object or list that are looked at one by one
_BLOCK = 1 << 20
_blank = re.compile(rb"[ \t\r\n]*").match
_trailing = re.compile(r"trailing characters \(byte (\d+)\)").search


class DenseError(ValueError):
    """Values that cannot be left as text would take more memory than is allowed."""


def values(data: bytes, start: int = 0, end: int | None = None) -> int:
    """About how many JSON values stand there; marks inside of texts count too."""
    stop = len(data) if end is None else end
    return data.count(b",", start, stop) + data.count(b"{", start, stop) + data.count(b"[", start, stop)


def is_dense(count: int, size: int) -> bool:
    """Whether a document of `size` bytes with so many values needs `bounded`."""
    return size > SMALL and count * _VALUE > _ROOM + 2 * size


class Counter:
    """`values` of bytes that come in pieces, less those that are certain to stand in one text: long prose has commas.

    JSON has no line ends inside of texts, so behind one no text is open; how many quotes stand there tells of the rest.
    Where bytes are no text at all, all of them count.
    """

    __slots__ = ("_binary", "_cut", "_inside")

    def __init__(self) -> None:
        self._inside: bool | None = False  # a text is open; None: who knows
        self._cut = False  # behind a backslash
        self._binary = False

    def lost(self) -> None:
        """Bytes go by."""
        self._inside = None

    def feed(self, data: bytes) -> int:
        """About how many values stand in the next bytes."""
        inside = self._inside
        return 0 if not self.look(data) and inside else values(data)

    def look(self, data: bytes) -> bool:
        """Whether a text may begin or end in the next bytes."""
        self._binary = self._binary or b"\0" in data
        line = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if self._binary or not (line or self._inside is not None):
            self._inside = None
            return True
        if line:
            self._inside = self._cut = False
        quotes = self._quotes(data[line:])
        self._inside = self._inside is not (quotes % 2 == 1)
        return line > 0 or quotes > 0

    def _quotes(self, data: bytes) -> int:
        """How many are not escaped."""
        if self._cut and data:
            data = data[1:]
            self._cut = False
        if data.endswith(b"\\"):
            self._cut = (len(data) - len(data.rstrip(b"\\"))) % 2 == 1
        if _QUOTE not in data:
            return 0
        if _BACKSLASH in data:
            data = data.replace(b"\\\\", b"")
        return data.count(b'"') - data.count(b'\\"')


def bounded(data: bytes, opened: Container[str], read: Container[str], most: int) -> bytes:
    """The same document with large, dense values as their text, but for what is read.

    opened: keys whose values hold what is read beside what is not. read: keys whose values are read, with all in them.
    most:   bytes of memory that those may take, beside four times the size of the document.
    raises: DenseError when they would take more, and for what is no JSON and may not be parsed in vain.
    """
    walk = _Walk(data, opened, read, most)
    try:
        unbuilt = walk.unbuilt()
    except (_BrokenError, RecursionError):  # for its reader to say; some read what this parser does not (NaN)
        if values(data) * _VALUE > most:
            raise DenseError from None
        return data
    return b"".join(_pieces(data, unbuilt)) if unbuilt else data


class _BrokenError(Exception):
    """This is no JSON."""


class _Walk:
    """From the outermost value inwards, as far as what is read goes."""

    def __init__(self, data: bytes, opened: Container[str], read: Container[str], most: int) -> None:
        self._data = data
        self._view = memoryview(data)
        self._opened = opened
        self._read = read
        self._room = _ROOM + 2 * len(data)
        self._most = most + 4 * len(data)
        self._unbuilt: list[tuple[int, int]] = []

    def unbuilt(self) -> list[tuple[int, int]]:
        """(start, end) of the values that are to be left as text, in their order."""
        start = self._behind_blanks(0)
        self._open(start, self._end(start, len(self._data)))
        return self._unbuilt

    def _open(self, start: int, end: int) -> None:
        """A value with some in it that are read."""
        members = list(self._members(start, end)) if self._cost(start, end) > SMALL else []
        if not 0 < len(members) <= _MEMBERS:
            self._build(start, end)
            return
        for key, first, last in members:
            if key is None or key in self._opened:
                self._open(first, last)
            elif key in self._read:
                self._build(first, last)
            else:
                self._leave(first, last)

    def _build(self, start: int, end: int) -> None:
        """A value that is read."""
        self._most -= self._cost(start, end)
        if self._most < 0:
            raise DenseError

    def _leave(self, start: int, end: int) -> None:
        """A value that is not."""
        cost = self._cost(start, end)
        if cost > self._room:
            self._unbuilt.append((start, end))
        else:
            self._room -= cost

    def _cost(self, start: int, end: int) -> int:
        """Bytes of memory beside those of the texts."""
        return 0 if self._data[start] == _QUOTE else _VALUE * values(self._data, start, end)

    def _members(self, start: int, end: int) -> Iterator[tuple[str | None, int, int]]:
        """(key, None in a list; start; end) of each; at most one more than are looked at."""
        data, opening = self._data, self._data[start]
        if opening not in b"{[":
            return
        at = self._behind_blanks(start + 1)
        for _ in range(_MEMBERS + 1):
            if data[at] in b"}]":
                return
            key = None
            if opening == _BRACE:
                behind = self._end(at, end)
                key = self._text(at, behind)
                at = self._behind_blanks(self._behind_blanks(behind) + 1)  # and the colon
            behind = self._end(at, end)
            yield key, at, behind
            at = self._behind_blanks(behind)
            if data[at] == _COMMA:
                at = self._behind_blanks(at + 1)

    def _text(self, start: int, end: int) -> str:
        try:
            return msgspec.json.decode(self._view[start:end], type=str)
        except (msgspec.DecodeError, UnicodeError):
            return ""

    def _end(self, start: int, end: int) -> int:
        """Where the value that begins there ends, blanks behind it included: the parser passes over it without building
        it, and complains of the byte that comes next (it counts from 1)."""
        try:
            msgspec.json.decode(self._view[start:end], type=msgspec.Raw)
        except msgspec.DecodeError as error:
            found = _trailing(str(error))
            if found is None:
                raise _BrokenError from None
            return start + int(found[1]) - 1
        return end

    def _behind_blanks(self, at: int) -> int:
        blanks = _blank(self._data, at)
        at = blanks.end() if blanks else at
        if at >= len(self._data):
            raise _BrokenError
        return at


def _pieces(data: bytes, unbuilt: list[tuple[int, int]]) -> Iterator[bytes]:
    at = 0
    for start, end in unbuilt:
        yield data[at:start]
        yield b'{"%b":"' % UNBUILT.encode()
        for block in range(start, end, _BLOCK):
            text = data[block : min(block + _BLOCK, end)].translate(_BLANKS)
            yield text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        yield b'"}'
        at = end
    yield data[at:]


_BLANKS = bytes.maketrans(b"\t\r\n", b"   ")  # between values; inside of a text JSON has none of them as they are
_QUOTE, _BRACE, _COMMA, _BACKSLASH = b'"{,\\'
