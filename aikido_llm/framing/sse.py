"""Server-sent events by the WHATWG rules (HTML standard, section 9.2.6, read 2026-11), with two additions.

Bytes are split and whole events are handed out, so a character cut in half needs no care. Lines that the standard
ignores are kept, because servers of language models put errors there (bare JSON, a field called `error`), and damaged
ones content: at the next blank line or at the end they come out as one STRAY frame, before an event that they began.
An event that the end of the bytes cuts off before its blank line is handed out by `close` too; whether it is whole is
for the decoder to judge.

Most events of a stream begin alike (`data: `, or `event: NAME` and `data: `), so a piece of bytes is split where a
blank line and that beginning stand together: what lies between is whole payloads, unless it has line ends of its own.
All else goes line by line. The two roads give the same frames (numbers: docs/decisions/0007-hot-road.md).
"""

from functools import lru_cache
from itertools import repeat

from . import STRAY, Frame
from .lines import CR, LF, LineSplitter, too_large

_BOM = b"\xef\xbb\xbf"
_STRAY_MAX = 64 * 1024  # bytes of ignored lines worth keeping: an error fits
_DATA, _EVENT = b"data: ", b"event: "
_SHORT = 2048  # bytes
_LONG_NAME = 100  # bytes; a shorter one may be remembered
_LONG_LINE = 64 * 1024  # bytes; inside a longer one there are no beginnings to look for
_LINE_OVERHEAD = 64  # bytes an object costs beside its content; counted, so that a flood of tiny lines meets the cap


class SSEFramer:
    """feed(bytes, out) appends (event name, data) per event. last_event_id, retry_ms: as the stream last set them."""

    __slots__ = (
        "_at_start", "_begin", "_blank", "_clean", "_counted", "_data", "_event", "_lines", "_mark", "_max", "_name",
        "_roomy", "_size", "_stray", "_stray_first", "_stray_size", "_tail", "_value", "last_event_id", "retry_ms",
    )  # fmt: skip
    whole = False

    def __init__(self, max_bytes: int) -> None:
        self._lines = LineSplitter(max_bytes)
        self._max = max_bytes
        self._at_start = True  # until it is clear whether there is a byte order mark
        self._tail = b""  # bytes to be looked at again with the next ones: few of them, or a byte would cost its square
        self._clean = False  # between two events, with nothing held back
        self._roomy = max_bytes - 8 * _LINE_OVERHEAD  # a shorter event cannot be near the cap
        self._name = ""  # of the events that are expected, as are the next three
        self._begin = b"data: "
        self._blank = b"\n\n"
        self._mark = b"\n\ndata: "
        self._event = ""
        self._data: list[bytes] = []
        self._value = False  # the unfinished line is long, and the name of its field, `data`, was taken off
        self._size = 0  # what the first self._counted lines of an unfinished event take
        self._counted = 0
        self._stray: list[bytes] = []
        self._stray_first = False  # it stood before the data of its event
        self._stray_size = 0
        self.last_event_id = ""
        self.retry_ms: int | None = None

    def feed(self, data: bytes, out: list[Frame]) -> None:
        if self._clean and data.startswith(self._begin) and data.endswith(self._blank) and len(data) < self._roomy:
            payload = data[len(self._begin) : -len(self._blank)]
            if LF not in payload and CR not in payload:  # one event, as when tokens trickle in
                out.append((self._name, payload))
                return
        self._clean = False
        if self._tail:
            data = self._tail + data
            self._tail = b""
        if self._at_start:
            data = self._without_bom(data)
        if self._lines.skips_lf and data:
            self._lines.skips_lf = False
            data = data.removeprefix(b"\n")
        room = self._max - self._size - self._lines.pending - len(data)
        if room < _LINE_OVERHEAD * len(data) and room < _LINE_OVERHEAD * (_line_ends(data) + 1):
            self._feed_near_cap(data, out)
        elif self._lines.pending > _LONG_LINE:
            self._value = self._value or self._lines.drop(_DATA)  # to cut it off the whole line would copy that
            self._feed_lines(data, out)
        else:
            self._feed_events(data, out)

    def _feed_events(self, data: bytes, out: list[Frame]) -> None:
        """Take out whole events that begin and end as the ones before did."""
        begin, blank = self._begin, self._blank
        parts = data.split(self._mark)
        if data.startswith(begin) and self._between_events():
            parts[0] = parts[0][len(begin) :]
        elif len(parts) > 1:
            self._feed_lines(parts[0] + blank, out)
            del parts[0]
        else:
            self._feed_lines(data, out)
            self._learn(data, out)
            return
        rest = parts[-1]
        whole = rest.endswith(blank)
        if whole:
            parts[-1] = rest[: -len(blank)]
        else:
            del parts[-1]
        if not _has_line_end(b"".join(parts)):
            out.extend(zip(repeat(self._name), parts))
        else:
            for part in parts:
                self._feed_lines(begin + part + blank, out)
        if whole:
            self._clean = True
        elif len(rest) < _SHORT and not _has_line_end(rest):
            self._tail = begin + rest
        else:
            self._feed_lines(begin + rest, out)
            if not parts:
                self._learn(data, out)

    def _between_events(self) -> bool:
        return not (self._lines.pending or self._data or self._event or self._stray)

    def _learn(self, data: bytes, out: list[Frame]) -> None:
        """Nothing in data began and ended as expected: expect what the last event had."""
        self._clean = self._between_events() and not self._lines.skips_lf
        if out and out[-1][0] != STRAY:
            self._name = name = out[-1][0]
            end = b"\r\n" if CR in data and b"\r\n" in data else b"\n"
            self._blank = end + end
            self._begin = b"event: %b%bdata: " % (name.encode(), end) if name else b"data: "
            self._mark = self._blank + self._begin

    def _feed_named(self, data: bytes, out: list[Frame]) -> bytes:
        """Take whole events of a name and one line of data off the front; what is left goes line by line."""
        events = data.split(b"\n\n")
        for at, event in enumerate(events):
            head, found, payload = event.partition(b"\ndata: ")
            name = _named(head) if found and len(head) < _LONG_NAME else ""
            if not name or LF in payload or at == len(events) - 1:
                return b"\n\n".join(events[at:]) if at else data
            out.append((name, payload))
        return b""

    def _feed_lines(self, data: bytes, out: list[Frame]) -> None:
        if data.startswith(_EVENT) and self._between_events() and CR not in data:
            data = self._feed_named(data, out)
        held = self._data
        for line in self._fed(data):
            if line[:6] == _DATA:
                held.append(line[6:])
            elif not line:
                if held or self._stray or self._event:
                    self._dispatch(out)
            else:
                self._field(line)
        if held:
            self._held()

    def _fed(self, data: bytes) -> list[bytes]:
        """The lines that data completes, less one whose value is data already."""
        lines = self._lines.feed(data)
        if self._value and lines:
            self._value = False
            self._data.append(lines.pop(0))
        return lines

    def _feed_near_cap(self, data: bytes, out: list[Frame]) -> None:
        """The same with a look at the cap after every line, so that it holds however the bytes were cut into pieces."""
        lines = self._fed(data)
        self._check_held()
        for line in lines:
            if line:
                self._field(line)
            else:
                self._dispatch(out)
            self._check_held()
        if self._lines.overflow:
            raise too_large("event_bytes", self._max)

    def skip(self, size: int) -> None:
        if self._tail:
            self._feed_lines(self._tail, [])  # an unfinished line; what is counted of it is forgotten where it ends
            self._tail = b""
        self._size += size
        if self._size + self._lines.pending > self._max:
            raise too_large("event_bytes", self._max)

    @property
    def unfinished(self) -> int:
        begun = self._value or self._lines.begins_with(b"data:")
        return self._size + (self._lines.pending if begun else 0)

    def close(self, out: list[Frame]) -> None:
        self._feed_lines(self._tail, out)
        self._tail = b""
        rest = self._lines.close()
        if rest and self._value:
            self._data.append(rest)
        elif rest:
            self._field(rest)
        if not self._data:
            self._event = ""  # cut off behind its name
        self._dispatch(out)

    def _without_bom(self, data: bytes) -> bytes:
        if len(data) < 3 and _BOM.startswith(data):
            self._tail = data
            return b""
        self._at_start = False
        return data[3:] if data[:3] == _BOM else data

    def _held(self) -> int:
        """Bytes that the lines of the unfinished event take, each with what Python needs to keep it."""
        self._size += sum(len(line) + _LINE_OVERHEAD for line in self._data[self._counted :])
        self._counted = len(self._data)
        return self._size

    def _check_held(self) -> None:
        if self._held() > self._max:
            raise too_large("event_bytes", self._max)

    def _dispatch(self, out: list[Frame]) -> None:
        if not self._data and self._event.lower() == "error":
            self._data.append(b"")  # the standard drops an event without data; this name says what matters
        if self._stray_first:
            self._hand_out_stray(out)
        if self._data:
            data = self._data
            out.append((self._event, data[0] if len(data) == 1 else b"\n".join(data)))
            data.clear()
            self._counted = self._size = 0
        self._event = ""
        if self._stray:
            self._hand_out_stray(out)

    def _hand_out_stray(self, out: list[Frame]) -> None:
        out.append((STRAY, b"\n".join(self._stray)))
        self._stray.clear()
        self._stray_first = False
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
        """The beginning is kept of what is too much: enough to see that it was cut."""
        room = _STRAY_MAX - self._stray_size
        self._stray_size += len(line) + _LINE_OVERHEAD
        if room > 0:
            self._stray_first = self._stray_first or not (self._stray or self._data)
            self._stray.append(line[:room])


@lru_cache(maxsize=64)  # a wire has some ten; a frame of a name that came before has the same object
def _named(line: bytes) -> str:
    """The name in a line that says one, "" in any other."""
    return line[7:].decode("utf-8", "replace") if line.startswith(_EVENT) and LF not in line else ""


def _has_line_end(data: bytes) -> bool:
    return LF in data or CR in data


def _line_ends(data: bytes) -> int:
    return data.count(b"\n") + data.count(b"\r")
