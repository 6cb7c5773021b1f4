"""AWS event streams (`application/vnd.amazon.eventstream`): binary messages with a length in front and checksums.

A message: total length u32, length of its headers u32, CRC-32 of these 8 bytes; headers; payload; CRC-32 of all before
it; big-endian. A header: length of its name u8, name, type u8, value. An event comes out as (its `:event-type`,
payload). What reports a failure, an exception or an error, comes out under a name that begins with FAILED.

source: AWS, "Amazon Transcribe: Event stream encoding", and botocore 1.44, eventstream.py, read 2026-11.
"""

from struct import Struct, error
from typing import Final, TypeAlias, TypeVar
from zlib import crc32

from ..codecs import base64, json
from ..errors import MalformedStream
from . import Frame, Framer
from .choose import Beginning, Unlabelled
from .gathered import Gathered
from .lines import too_large
from .ndjson import NDJSONFramer
from .sse import SSEFramer
from .whole import LinesOrWhole, WholeBody

T = TypeVar("T")

FAILED: Final = "!"
"""Begins the event name of an exception or an error; behind it stands its type or code."""

_PRELUDE = Struct(">III")
_CHECK = Struct(">I")
_FIXED = _PRELUDE.size + _CHECK.size
_TEXT = 7
_MEASURED = (6, _TEXT)  # types of header values that say their length, in a u16
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}  # of the others, by type
_MOST_HEADERS = 128 * 1024  # bytes of one message's headers, as AWS limits them
_KNOWN = 64  # headers that are remembered: a stream has a handful that differ,
_SHORT = 1024  # bytes each;
_BEGINNINGS = 256  # with their lengths there are more

_Begun: TypeAlias = tuple[str | None, int, int]
"""Name (None: not known yet), bytes of the message, checksum of what stands before its payload."""


class EventStreamFramer:
    """Messages -> frames. max_bytes caps one message.

    Raises MalformedStream where a checksum or a length is wrong: nothing behind that can be trusted. A message that the
    end of the bytes cuts off is dropped; that the answer is not whole is for the decoder to tell.
    """

    __slots__ = ("_begun", "_known", "_max", "_need", "_pending", "_span", "_unfinished")
    whole = False

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._unfinished = Gathered()  # message
        self._pending = 0  # bytes of it
        self._need = _PRELUDE.size  # with so many of them there is something to do
        self._known: dict[bytes, str] = {}  # headers -> name
        self._begun: dict[bytes, _Begun] = {}  # prelude and headers -> what they say: their checksum was right
        self._span = _PRELUDE.size  # bytes before the payload of the message before

    def feed(self, data: bytes, out: list[Frame]) -> None:
        if self._pending:
            self._unfinished.append(data)
            self._pending += len(data)
            if self._pending < self._need:
                return
            data = self._unfinished.take()
        rest = self._messages(data, out)
        self._pending = len(data) - rest
        if self._pending:
            self._unfinished.append(data[rest:])

    def _messages(self, data: bytes, out: list[Frame]) -> int:
        """Hand out the whole messages; returns where the unfinished one begins, and says how much of it is needed."""
        at, end, begun = 0, len(data), self._begun
        while True:
            head = data[at : at + self._span]
            known = begun.get(head)
            if known is None:
                head, known = self._head(data, at)
                if known is None:
                    return at
            name, total, check = known
            if end - at < total:
                self._need = total
                return at
            last = at + total - 4
            payload = data[at + len(head) : last]
            if crc32(payload, check) != _CHECK.unpack_from(data, last)[0]:
                raise MalformedStream("a message of the event stream does not have the checksum that it says")
            if name is None:
                name = self._learn(head, total, check)
            if name == FAILED:
                out.append(_error(head[_PRELUDE.size :]))
            else:
                out.append((name, payload))
            at += total

    def _head(self, data: bytes, at: int) -> tuple[bytes, _Begun | None]:
        """What stands before the payload of a message that begins as none before it; None for one that is not whole."""
        self._need = _PRELUDE.size
        if len(data) - at < self._need:
            return b"", None
        total, headers, check = _PRELUDE.unpack_from(data, at)
        start = at + _PRELUDE.size
        if crc32(data[at : start - 4]) != check or total < headers + _FIXED:
            raise MalformedStream("a message of the event stream says a length that its checksum denies")
        if total > self._max:
            raise too_large("event_bytes", self._max)
        if headers > _MOST_HEADERS:
            raise MalformedStream("a message of the event stream has more headers than 128 KiB")
        if len(data) - at < total:
            self._need = total
            return b"", None
        head = data[at : start + headers]
        return head, (None, total, crc32(head))

    def _learn(self, head: bytes, total: int, check: int) -> str:
        """The frame's name, by what stands before the payload; those that begin so are told by it from here on."""
        headers = head[_PRELUDE.size :]
        name = self._known.get(headers)
        if name is None:
            name = _name(headers)
            _remember(self._known, headers, name, _KNOWN)
        _remember(self._begun, head, (name, total, check), _BEGINNINGS)
        self._span = len(head)
        return name

    def skip(self, size: int) -> None:
        """Only counted: a checksum does not forgive what is taken out."""
        if self._pending + size > self._max:
            raise too_large("event_bytes", self._max)

    @property
    def unfinished(self) -> int:
        return self._pending

    def close(self, out: list[Frame]) -> None:
        self._unfinished.clear()
        self._pending = 0


class WrappedFramer(EventStreamFramer):
    """The same where messages of the name `wrapper` hold the events of another wire, as base64: `{"bytes": "..."}`.
    These come out as what they hold, without a name; an empty one is nothing. Any other comes out as it is."""

    __slots__ = ("_wrapper",)

    def __init__(self, max_bytes: int, wrapper: str) -> None:
        super().__init__(max_bytes)
        self._wrapper = wrapper

    def feed(self, data: bytes, out: list[Frame]) -> None:
        messages: list[Frame] = []
        try:
            super().feed(data, messages)
        finally:
            for name, payload in messages:
                if name != self._wrapper:
                    out.append((name, payload))
                elif held := _held(payload):
                    out.append(("", held))


def eventstream_or_whole(
    content_type: str, *, stream: bool, event_bytes: int, body_bytes: int, wrapper: str = ""
) -> Framer:
    """For wires that stream such messages, whatever the label says. A body that begins as text is a document, or the
    same events as gateways write them, in text: a message that began so would be half a gigabyte long or more.
    wrapper: of the messages that hold another wire's events."""

    def choose(begun: Beginning) -> Framer:
        if begun == "field":
            return SSEFramer(event_bytes)
        if begun == "object":
            return LinesOrWhole(body_bytes, NDJSONFramer(event_bytes))
        if begun != "other":
            return WholeBody(body_bytes)
        return WrappedFramer(event_bytes, wrapper) if wrapper else EventStreamFramer(event_bytes)

    return Unlabelled(choose, event_bytes if stream else body_bytes, stream=stream)


_HOLDS = b'{"bytes":"'  # as all of them begin


def _held(payload: bytes) -> bytes:
    """What a wrapper holds, b"" for nothing. Raises MalformedStream."""
    end = payload.find(b'"', len(_HOLDS)) if payload.startswith(_HOLDS) else -1
    text: object = payload[len(_HOLDS) : end]
    try:
        if end < 0 or b"\\" in payload[:end]:  # written otherwise, but JSON all the same
            text = json.loads_object(payload).get("bytes")
        if not isinstance(text, bytes | str):
            return b""
        return base64.decode(text)
    except ValueError:
        raise MalformedStream("a message of the event stream does not hold base64 where an event belongs") from None


def _name(headers: bytes) -> str:
    """Of the frame; FAILED alone for a message whose headers are all it has."""
    told = _headers(headers)
    match told.get(":message-type", "event"):
        case "exception":
            return FAILED + told.get(":exception-type", "exception")
        case "error":
            return FAILED
        case _:
            return told.get(":event-type", "").lstrip(FAILED)


def _remember(known: dict[bytes, T], head: bytes, said: T, most: int) -> None:
    if len(known) >= most:
        known.clear()
    if len(head) <= _SHORT:
        known[head] = said


def _error(head: bytes) -> Frame:
    """Of a message of type `error`, which has no payload: what it says is in its headers."""
    told = _headers(head)
    return FAILED + told.get(":error-code", "error"), told.get(":error-message", "").encode()


def _headers(head: bytes) -> dict[str, str]:
    """Those that are text; the others, and types that nobody has told of, are passed over. Raises MalformedStream."""
    told: dict[str, str] = {}
    at = 0
    try:
        while at < len(head):
            behind = at + 1 + head[at]
            name, kind = head[at + 1 : behind], head[behind]
            at = behind + 1
            if kind in _MEASURED:
                size = int.from_bytes(head[at : at + 2], "big")
                at += 2
                if kind == _TEXT:
                    told[name.decode("utf-8", "replace")] = head[at : at + size].decode("utf-8", "replace")
                at += size
            elif kind in _SIZES:
                at += _SIZES[kind]
            else:
                break  # how long its value is cannot be known; what stands behind it is lost, and the payload is not
    except (IndexError, error):
        at = len(head) + 1
    if at > len(head):
        raise MalformedStream("a header of an event stream message is longer than its message")
    return told
