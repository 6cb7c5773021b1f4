"""One JSON list, sent bit by bit: each element that is an object or a list is a frame, handed out when its last bracket
has come. A body that is no list is one document, and comes out as a WHOLE frame when it is over.

Brackets are counted outside strings, and strings are skipped from quote to quote, so a picture in base64 costs one
search per piece of bytes. No byte is searched twice, whatever the pieces. The separator is never looked for: proxies
print JSON afresh.
"""

import re

from . import STRAY, WHOLE, Frame
from .gathered import Gathered
from .lines import too_large

_BOM = b"\xef\xbb\xbf"
_STRAY_MAX = 64 * 1024  # bytes behind the list worth keeping: an error fits
# Hops to the next bracket, over what stands between and over plain strings that are short; a longer string, or one with
# escapes, is stopped at and left to `bytes.find`.
_hop = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\]{0,100}+")*+').match
_inside = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL).match  # to the end of a string
_OPEN = b"{["


class JSONArrayFramer:
    """feed(bytes, out) appends ("", element) per element.

    event_bytes caps an unfinished element, body_bytes a body that is no list. A list that lacks its closing bracket
    leaves one more frame on `close`: the opening bracket and what there is of the unfinished element. That is no JSON,
    so whoever reads it sees that the bytes broke off. What follows the closing bracket comes out as a STRAY frame.
    """

    __slots__ = ("_begun", "_body_max", "_depth", "_escaped", "_kept", "_max", "_mode", "_quoted", "_size")
    whole = False

    def __init__(self, event_bytes: int, body_bytes: int) -> None:
        self._max = event_bytes
        self._body_max = body_bytes
        self._mode = _START
        self._begun = False  # a byte order mark has come, or can come no more
        self._kept = Gathered()  # the unfinished element, the whole body, or what is behind the list
        self._size = 0
        self._depth = 0  # 0 between elements
        self._quoted = False  # inside a string
        self._escaped = False  # the next byte is, inside a string

    def feed(self, data: bytes, out: list[Frame]) -> None:
        if self._mode == _START:
            data = self._begin(data)
        if not data:
            return
        if self._mode == _LIST:
            self._scan(data, out)
            if self._size > self._max:
                raise too_large("event_bytes", self._max)
        elif self._mode == _BEHIND:
            self._keep_stray(data)
        else:
            self._keep(data)
            if self._size > self._body_max:
                raise too_large("body_bytes", self._body_max)

    def skip(self, size: int) -> None:
        self._size += size
        whole = self._mode == _WHOLE
        if self._mode != _BEHIND and self._size > (self._body_max if whole else self._max):
            raise too_large("body_bytes" if whole else "event_bytes", self._body_max if whole else self._max)

    @property
    def unfinished(self) -> int:
        return 0 if self._mode == _BEHIND else self._size

    def close(self, out: list[Frame]) -> None:
        rest = self._kept.take()
        self._size = 0
        if self._mode == _LIST:
            out.append(("", b"[" + rest))
        elif self._mode != _BEHIND:
            out.append((WHOLE, rest))
        elif rest.strip():
            out.append((STRAY, rest.strip()))

    def _begin(self, data: bytes) -> bytes:
        """Wait for the first byte that is not blank; it says what the body is. Returns what is left to be read."""
        if not self._begun:
            self._kept.append(data)
            data = self._kept.take()
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._kept.append(data)
                return b""
            self._begun = True
            data = data.removeprefix(_BOM)
        data = data.lstrip()
        if not data:
            return b""
        if data[:1] != b"[":
            self._mode = _WHOLE
            return data
        self._mode = _LIST
        return data[1:]

    def _scan(self, data: bytes, out: list[Frame]) -> None:
        """Walk from mark to mark; start is where the unfinished element begins in data."""
        at = start = 0
        size = len(data)
        while True:
            if self._quoted:
                at = self._end_of_string(data, at)
                if at < 0:
                    break
            hop = _hop(data, at)
            at = hop.end() if hop else at
            if at == size:
                break
            byte = data[at]
            at += 1
            if byte == _QUOTE:
                self._quoted = True
            elif byte in _OPEN:
                if not self._depth:
                    start = at - 1
                self._depth += 1
            elif self._depth > 1:
                self._depth -= 1
            elif self._depth:
                self._depth = 0
                self._kept.append(data[start:at])
                out.append(("", self._kept.take()))
                self._size = 0
            else:  # a closing bracket between elements: the list is over
                self._mode = _BEHIND
                self._keep_stray(data[at:])
                return
        if self._depth:
            self._keep(data[start:] if start else data)

    def _end_of_string(self, data: bytes, at: int) -> int:
        """The offset behind the quote that ends the string which is open at `at`; -1 when it is not in data."""
        if self._escaped:
            self._escaped = False
            at += 1
        quote = data.find(b'"', at)
        end = len(data) if quote < 0 else quote
        if end > at and data[end - 1] == _BACKSLASH:  # whether that one is escaped itself, the pattern knows
            inside = _inside(data, at)
            end = inside.end() if inside else at
            self._escaped = end == len(data) - 1 and data[end] == _BACKSLASH
            quote = -1 if self._escaped or end == len(data) else end
        if quote < 0:
            return -1
        self._quoted = False
        return quote + 1

    def _keep(self, data: bytes) -> None:
        self._kept.append(data)
        self._size += len(data)

    def _keep_stray(self, data: bytes) -> None:
        if data and self._size < _STRAY_MAX:
            self._keep(data[: _STRAY_MAX - self._size])


_START, _LIST, _BEHIND, _WHOLE = range(4)
_QUOTE = ord('"')
_BACKSLASH = ord("\\")
