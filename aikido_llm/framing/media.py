"""Large media out of an answer while it comes: a framer around a framer.

A picture is megabytes of base64 in one JSON string. That string is recognised by the key before it and by its length
without a quote, and decoded piece by piece; only its first bytes and, at its end, a short mark go on to the framer that
knows the wire. When the frame is whole its JSON is small: it is parsed, and where the mark stands at a place that the
wire has for media, the bytes wait in `arrived` under the mark. Everywhere else, and wherever the string was not base64
after all, the exact text is put back, so whoever reads the frame sees what the plain road would have shown.

No byte is looked at twice, the work is bounded by the piece, and memory grows with the decoded bytes alone
(docs/decisions/0008-large-bodies.md has the numbers).
"""

import re
import secrets
from typing import Any

from ..codecs import json
from ..codecs.base64 import Base64Reader
from . import Frame, Framer
from .places import Places

LONG = 32 * 1024  # bytes of a string that are worth the effort
_KEPT = 4096  # bytes of a long string that go on as they are, for excerpts in errors
_KEY = 160  # bytes to look for a key in
_BACKSLASH = 0x5C


class Media:
    """Bytes that stood in a JSON string. head: what stood before the base64 text (`data:image/png;base64,`)."""

    __slots__ = ("_reader", "data", "head", "taken")

    def __init__(self, data: bytes, head: bytes, reader: Base64Reader) -> None:
        self.data = data
        self.head = head
        self.taken = False
        self._reader = reader

    def take(self) -> bytes:
        """The bytes, which somebody keeps from here on."""
        self.taken = True
        return self.data

    def text(self) -> str:
        """The whole string as it was."""
        return (self.head + self._reader.text()).decode("ascii")


class MediaFramer:
    """Frames as `framer` gives them, without their large media.

    places: where the wire sends media. long: bytes from which on a string is taken out (it must still be open at the
    end of a piece of bytes; one that is whole by then is small enough for the plain road).
    arrived: mark -> bytes, for the frames of the latest call; the strings at `places` are `head + mark`.
    busy: the next bytes are inside of a string that is being taken out.

    A caller that has let bytes go by tells the ones that may hold the beginning of a string: see `watch`.
    """

    def __init__(self, framer: Framer, places: Places, long: int = LONG) -> None:
        self._framer = framer
        self._places = places
        self._long = long
        self._pieces: list[bytes] = []  # bytes around and behind the last quote, unless it opens no media
        self._start = 0  # offset in the first of them behind that quote
        self._run = 0  # bytes behind that quote
        self._plain = True  # the string that is open, if one is, is of no interest
        self._string: _OpenString | None = None
        self._token = secrets.token_hex(8)  # no server can guess it, so no answer can hold a mark of its own
        self._count = 0
        self._found: dict[str, Media] = {}  # by mark, in order, until the frame is whole
        self._known: list[bytes] = []  # what was taken before: some wires send a picture twice
        self.arrived: dict[str, Media] = {}

    @property
    def busy(self) -> bool:
        return self._string is not None

    def watch(self, *passed: bytes) -> None:
        """Start to look; passed: the latest bytes, which the framer has been given without us."""
        self._pieces.clear()
        self._plain = True
        for data in passed:
            self._look(data)

    def feed(self, data: bytes, out: list[Frame]) -> None:
        before = len(out)
        self._forget()
        try:
            if self._string is None:
                self._scan(data, out)
            else:
                self._read(self._string, data, out)
        finally:
            if self._found:
                self._settle(out, before)

    def skip(self, size: int) -> None:
        self._framer.skip(size)

    @property
    def unfinished(self) -> int:
        return self._framer.unfinished

    def close(self, out: list[Frame]) -> None:
        before = len(out)
        self._forget()
        if self._string is not None:  # cut off inside of a string: nobody can read that frame
            self._string = None
            self._found.clear()
        self._framer.close(out)
        if self._found:
            self._settle(out, before)

    def _forget(self) -> None:
        if self.arrived:
            self._known += [media.data for media in self.arrived.values() if media.taken]
            self.arrived.clear()

    # ---------------------------------------------------------------- outside of media

    def _scan(self, data: bytes, out: list[Frame]) -> None:
        """Bytes that begin outside of media."""
        self._look(data)
        if self._plain or self._run < self._long:
            self._framer.feed(data, out)
        else:
            self._begin(data, out)

    def _look(self, data: bytes) -> None:
        """Note the last quote and what is behind it."""
        quote = data.rfind(b'"')
        if quote < 0:
            self._run += len(data)
            if not self._plain:
                self._pieces.append(data)
            return
        before = b"".join(self._pieces)[-_KEY:] if quote < _KEY else b""  # its key may be in there
        self._pieces = [before + data]
        self._start = len(before) + quote + 1
        self._run = len(data) - quote - 1
        self._plain = False

    def _begin(self, data: bytes, out: list[Frame]) -> None:
        """A long string is open at the end of data: take out the end of data if it is media."""
        first = self._pieces[0]
        opening = self._places.opening(first[max(0, self._start - _KEY) : self._start])
        run = b"".join((first[self._start :], *self._pieces[1:])) if opening else b""
        kept = _whole_escapes(run, max(min(_KEPT, self._long), len(run) - len(data)))
        if opening and kept > len(run):  # an escape is cut in half: with the next bytes
            self._framer.feed(data, out)
            return
        self._pieces.clear()
        self._plain = True
        string = _OpenString.begin(run, kept, opening, self._known) if opening else None
        removed = len(run) - kept if string is not None else 0
        self._framer.feed(data[: len(data) - removed], out)
        if string is not None:
            self._string = string
            self._framer.skip(removed)

    # ---------------------------------------------------------------- inside of media

    def _read(self, string: "_OpenString", data: bytes, out: list[Frame]) -> None:
        """Bytes that begin inside of media."""
        quote = data.find(b'"')
        size = len(data) if quote < 0 else quote
        if not string.feed(data[:size]):
            self._put_back(string, data, out)
        elif quote < 0:
            self._framer.skip(size)
        elif (media := string.finish()) is None:
            self._framer.skip(size)
            self._put_back(string, data[size:], out)
        else:
            self._string = None
            mark = f"<{len(media.data)} bytes {self._token}.{self._count}>"
            self._count += 1
            self._found[mark] = media
            self._framer.skip(size - len(mark))
            self._framer.feed(mark.encode(), out)
            self._pieces = [string.opening]  # the next string may stand in the same list
            self._scan(data[size:], out)

    def _put_back(self, string: "_OpenString", data: bytes, out: list[Frame]) -> None:
        """It was no media after all; data: what comes behind the text that was read."""
        self._string = None
        text = string.removed()
        self._framer.skip(-len(text))
        self._framer.feed(text, out)
        self._scan(data, out)

    # ---------------------------------------------------------------- whole frames

    def _settle(self, out: list[Frame], first: int) -> None:
        token = self._token.encode()
        for index in range(first, len(out)):
            name, payload = out[index]
            if token in payload:
                out[index] = (name, self._settled(payload))

    def _settled(self, payload: bytes) -> bytes:
        """The frame with `head + mark` for media at its places, and the text for what stands elsewhere."""
        placed = {text[text.rfind("<") :] for text in self._places.strings(_parsed(payload))}
        parts: list[bytes] = []
        at = 0
        for found in _marks(payload):
            mark = found[0].decode()
            media = self._pop(mark)
            if media is None:
                continue
            parts.append(payload[at : payload.rfind(b'"', at, found.start()) + 1])
            if mark in placed:
                self.arrived[mark] = media
                parts += (media.head, found[0])
            else:
                parts.append(media.text().encode())
            at = found.end()
        return b"".join((*parts, payload[at:]))

    def _pop(self, mark: str) -> Media | None:
        """Media by its mark; those before it stood where the framer throws bytes away."""
        while mark in self._found:
            first = next(iter(self._found))
            media = self._found.pop(first)
            if first == mark:
                return media
        return None


class _OpenString:
    """A string that is being read. opening: the key before it, with its quote."""

    __slots__ = ("_cut_escape", "_head", "_kept", "_reader", "opening")

    def __init__(self, opening: bytes, head: bytes, kept: int, known: list[bytes]) -> None:
        self.opening = opening
        self._head = head
        self._kept = kept  # characters that the framer has been given
        self._cut_escape = b""
        self._reader = Base64Reader(known)

    @classmethod
    def begin(cls, run: bytes, kept: int, opening: bytes, known: list[bytes]) -> "_OpenString | None":
        """run: the string so far, of which the framer has `kept` bytes. None when it is not base64."""
        text, cut_escape = _unescaped(run)
        given, _ = _unescaped(run[:kept])
        if text is None or given is None:
            return None
        head = _head(text)
        string = cls(opening, head[0] if head else b"", len(given), known)
        string._cut_escape = cut_escape
        return string if string._reader.feed(text[len(string._head) :]) else None

    def feed(self, data: bytes) -> bool:
        """False when data does not fit; then none of it is read."""
        text, cut_escape = _unescaped(self._cut_escape + data)
        if text is None or not self._reader.feed(text):
            return False
        self._cut_escape = cut_escape
        return True

    def finish(self) -> Media | None:
        """None when this is not base64 after all."""
        data = None if self._cut_escape else self._reader.finish()
        return None if data is None else Media(data, self._head, self._reader)

    def removed(self) -> bytes:
        """What was read and the framer has not been given, in characters that JSON need not escape."""
        return (self._head + self._reader.text())[self._kept :] + self._cut_escape


_marks = re.compile(rb"<\d+ bytes [0-9a-f]+\.\d+>").finditer
_head = re.compile(rb"data:[\w.+-]*(?:/[\w.+-]+)?(?:;[\w.+-]+=[\w.+-]+)*;base64,", re.IGNORECASE).match
_MAY_BE_ESCAPED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_:;,."
_escape = re.compile(rb"\\u00([0-7][0-9a-fA-F])")


def _parsed(payload: bytes) -> Any:
    """None when it is no JSON. Parsers pass over strings that they do not need, whatever their bytes: so do we."""
    try:
        return json.loads(payload)
    except ValueError:
        pass
    try:
        return json.loads(payload.decode("utf-8", "replace"))
    except ValueError:
        return None


def _unescaped(raw: bytes) -> tuple[bytes | None, bytes]:
    """(the characters of a JSON string, None when they cannot be media; an escape that is cut off at the end)."""
    last = raw.rfind(b"\\")
    if last < 0:
        return raw, b""
    cut = b""
    if len(raw) - last < (6 if raw[last + 1 : last + 2] == b"u" else 2):
        raw, cut = raw[:last], raw[last:]
    raw = raw.replace(b"\\/", b"/")
    if _BACKSLASH in raw:
        raw = _escape.sub(_character, raw)
    return (None if _BACKSLASH in raw else raw), cut


def _character(found: re.Match[bytes]) -> bytes:
    character = bytes((int(found[1], 16),))
    return character if character in _MAY_BE_ESCAPED else b"\\"


def _whole_escapes(run: bytes, size: int) -> int:
    """size, or a little more, so that no escape is cut; more than there are bytes when that cannot be told yet."""
    last = run.rfind(b"\\", max(0, size - 5), size)
    if last < 0:
        return size
    if last + 1 == len(run):
        return len(run) + 1
    return max(size, last + (6 if run[last + 1 : last + 2] == b"u" else 2))
