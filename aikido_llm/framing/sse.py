"""Server-sent events by the WHATWG rules (HTML standard, section 9.2.6, read 2026-11), with two additions.

Bytes are split and whole events are handed out, so a character cut in half needs no care. Lines that the standard
ignores are kept, because servers of language models put errors there (bare JSON, a field called `error`): at the next
blank line or at the end they come out as one STRAY frame. An event that the end of the bytes cuts off before its blank
line is handed out by `close` too; whether it is whole is for the decoder to judge.
"""

from . import STRAY, Frame
from .lines import LineSplitter, too_large

_BOM = b"\xef\xbb\xbf"
_STRAY_MAX = 64 * 1024  # bytes of ignored lines worth keeping: an error fits
_LINE_OVERHEAD = 64  # bytes an object costs beside its content; counted, so that a flood of tiny lines meets the cap


class SSEFramer:
    """feed(bytes, out) appends (event name, data) per event. last_event_id, retry_ms: as the stream last set them."""

    __slots__ = (
        "_counted", "_data", "_event", "_lines", "_max", "_size", "_start", "_stray", "_stray_size",
        "last_event_id", "retry_ms",
    )  # fmt: skip

    def __init__(self, max_bytes: int) -> None:
        self._lines = LineSplitter(max_bytes)
        self._max = max_bytes
        self._start: bytes | None = b""  # the first bytes, until it is clear whether they are a byte order mark
        self._event = ""
        self._data: list[bytes] = []
        self._size = 0  # what the first self._counted lines of an unfinished event take
        self._counted = 0
        self._stray: list[bytes] = []
        self._stray_size = 0
        self.last_event_id = ""
        self.retry_ms: int | None = None

    def feed(self, data: bytes, out: list[Frame]) -> None:
        if self._start is not None:
            data = self._without_bom(self._start + data)
        held = self._data
        room = self._max - self._size - self._lines.pending - len(data)
        lines = self._lines.feed(data)
        if room < _LINE_OVERHEAD * len(lines):
            self._feed_near_cap(lines, out)
            return
        for line in lines:
            if line[:6] == b"data: ":
                held.append(line[6:])
            elif not line:
                if held or self._stray or self._event:
                    self._dispatch(out)
            else:
                self._field(line)
        if held:
            self._held()

    def _feed_near_cap(self, lines: list[bytes], out: list[Frame]) -> None:
        """The same with a look at the cap after every line, so that it holds however the bytes were cut into pieces."""
        for line in lines:
            if line:
                self._field(line)
            else:
                self._dispatch(out)
            if self._held() > self._max:
                raise too_large("event_bytes", self._max)
        if self._lines.overflow:
            raise too_large("event_bytes", self._max)

    def close(self, out: list[Frame]) -> None:
        if self._start:
            self._lines.feed(self._start)
        rest = self._lines.close()
        if rest:
            self._field(rest)
        self._dispatch(out)

    def _without_bom(self, data: bytes) -> bytes:
        if len(data) < 3 and _BOM.startswith(data):
            self._start = data
            return b""
        self._start = None
        return data[3:] if data[:3] == _BOM else data

    def _held(self) -> int:
        """Bytes that the lines of the unfinished event take, each with what Python needs to keep it."""
        self._size += sum(len(line) + _LINE_OVERHEAD for line in self._data[self._counted :])
        self._counted = len(self._data)
        return self._size

    def _dispatch(self, out: list[Frame]) -> None:
        if self._data:
            data = self._data
            out.append((self._event, data[0] if len(data) == 1 else b"\n".join(data)))
            data.clear()
            self._counted = self._size = 0
        self._event = ""
        if self._stray:
            out.append((STRAY, b"\n".join(self._stray)))
            self._stray.clear()
            self._stray_size = 0

    def _field(self, line: bytes) -> None:
        name, colon, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id":
            if b"\0" not in value:
                self.last_event_id = value.decode("utf-8", "replace")
        elif name == b"retry":
            if value.isdigit() and len(value) < 16:  # int() refuses thousands of digits
                self.retry_ms = int(value)
        elif name:  # not a comment: the standard ignores it, we keep it for the decoder
            self._keep_stray(value if name == b"error" and colon else line)

    def _keep_stray(self, line: bytes) -> None:
        self._stray_size += len(line) + _LINE_OVERHEAD
        if self._stray_size <= _STRAY_MAX:
            self._stray.append(line)
