"""Which framer a 200 needs: by how its body begins, and only where that says nothing by its media type and by what was
asked for. Gateways get the label wrong in every way: JSON as text, events as JSON, pages as events."""

import re
from collections.abc import Callable
from typing import Literal

from . import Frame, Framer
from .json_array import JSONArrayFramer
from .lines import too_large
from .ndjson import NDJSONFramer
from .sse import SSEFramer
from .whole import LinesOrWhole, WholeBody

Beginning = Literal["", "object", "list", "indented", "page", "field", "other"]

_DOCUMENTS = ("application/json", "text/html", "application/xml", "text/xml")
_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
_BOM = b"\xef\xbb\xbf"
_LOOKED_AT = 64  # bytes
_USUAL: dict[bytes, Beginning] = {b'data: {"': "field", b"event: ": "field"}
"""How nearly all streams begin, with a byte behind which nothing else can be meant."""
_NO_VALUE = rb'\{[ \t]*\}|\[[ \t]*\]|null|""'
# What stands before a stream and says nothing, line by line; and how such a line may begin. A longer one is none, or
# what it is would depend on how its bytes were cut.
_NOTHING = re.compile(
    rb"\A(?:(?=[^\r\n]{0,%d}[\r\n])(?::[^\r\n]*|\[DONE\]|(?:data:[ \t]*)?(?:%b)|data:)[ \t]*[\r\n]\s*)+"
    % (_LOOKED_AT - 1, _NO_VALUE)
)
_PERHAPS = re.compile(
    rb"(?::[^\r\n]*|\[D(?:O(?:N(?:E\]?)?)?)?|(?:data:[ \t]*)?(?:%b|\{|\[|n(?:u(?:l)?)?|\")|data:)[ \t]*" % _NO_VALUE
)


def beginning(head: bytes) -> Beginning:
    """The kind of body that the first bytes show; "" while they are too few to tell. field: a line of an event stream;
    indented is an object that is laid out over lines."""
    if len(head) < len(_BOM) and _BOM.startswith(head):
        return ""
    text = head.removeprefix(_BOM).lstrip()
    match text[:1]:
        case b"{":
            inside = text[1:].lstrip()
            if inside:
                return "indented" if b"\n" in text[: len(text) - len(inside)] else "object"
            return ""
        case b"[":
            return "list"
        case b"<":
            return "page"
        case _ if any(text.startswith(field) for field in _FIELDS):
            return "field"
        case _:
            return "" if any(field.startswith(text) for field in _FIELDS) else "other"


class Unlabelled:
    """A framer that is chosen when the body has begun. Blanks before that are dropped, a few bytes may be kept.
    framer: the one that was chosen.

    most: bytes of blanks that may be dropped: of a whole body, of one line of a stream (where blank lines may go on for
    as long as the clocks allow). Raises TooLargeError past it.
    """

    __slots__ = ("_blanks", "_choose", "_fresh", "_head", "_most", "_stream", "framer")

    def __init__(self, choose: Callable[[Beginning], Framer], most: int, *, stream: bool) -> None:
        self._choose = choose
        self._most = most
        self._stream = stream
        self._blanks = 0
        self._fresh = True
        self._head = b""
        self.framer: Framer | None = None

    def feed(self, data: bytes, out: list[Frame]) -> None:
        framer = self.framer
        if framer is None and not self._head and (usual := _USUAL.get(data[:8]) or _USUAL.get(data[:7])):
            framer = self._chosen(usual)
        elif framer is None:
            data = self._head + data
            if len(data) >= len(_BOM) or not _BOM.startswith(data):
                if self._fresh:  # one mark is a signature; more of them are text
                    data = data.removeprefix(_BOM)
                    self._fresh = False
                data = self._without_blanks(data)
            if self._stream:
                data = _NOTHING.sub(b"", data)
            begun = beginning(data[:_LOOKED_AT])
            if len(data) < _LOOKED_AT and (not begun or (self._stream and _PERHAPS.fullmatch(data))):
                self._head = data
                return
            self._head = b""
            framer = self._chosen(begun or "indented")
        framer.feed(data, out)

    def _without_blanks(self, data: bytes) -> bytes:
        rest = data.lstrip()
        dropped = data[: len(data) - len(rest)]
        last = dropped.rfind(b"\n") if self._stream else -1
        self._blanks = len(dropped) + (self._blanks if last < 0 else -last - 1)
        if self._blanks > self._most:
            raise too_large("event_bytes" if self._stream else "body_bytes", self._most)
        return rest

    def skip(self, size: int) -> None:
        self._settled().skip(size)

    @property
    def unfinished(self) -> int:
        return self.framer.unfinished if self.framer is not None else 0

    @property
    def whole(self) -> bool:
        return self.framer is not None and self.framer.whole

    def close(self, out: list[Frame]) -> None:
        framer = self._settled()
        if self._head:
            framer.feed(self._head, out)
            self._head = b""
        framer.close(out)

    def _settled(self) -> Framer:
        return self.framer if self.framer is not None else self._chosen(beginning(self._head + b"\n.") or "other")

    def _chosen(self, begun: Beginning) -> Framer:
        self.framer = self._choose(begun)
        return self.framer


def chosen(framer: Framer) -> Framer:
    """The framer that an `Unlabelled` one has chosen, which can stand in its place; any other, itself."""
    return (framer.framer or framer) if isinstance(framer, Unlabelled) else framer


def sse_or_whole(content_type: str, *, stream: bool, event_bytes: int, body_bytes: int, lists: bool = False) -> Framer:
    """For wires that stream server-sent events; lists: or one JSON list, bit by bit."""
    labelled = content_type == "text/event-stream" or (stream and content_type not in _DOCUMENTS)

    def choose(begun: Beginning) -> Framer:
        if begun == "object":
            return LinesOrWhole(body_bytes, SSEFramer(event_bytes))
        if begun == "list" and lists and stream:
            return JSONArrayFramer(event_bytes, body_bytes)
        if begun == "field" or (begun == "other" and labelled):
            return SSEFramer(event_bytes)
        return WholeBody(body_bytes)

    return Unlabelled(choose, event_bytes if stream else body_bytes, stream=stream)


def ndjson_or_whole(content_type: str, *, stream: bool, event_bytes: int, body_bytes: int) -> Framer:
    """For wires that stream JSON lines, in answer to any request at times."""
    labelled = content_type == "application/x-ndjson" or (stream and content_type != "text/html")

    def choose(begun: Beginning) -> Framer:
        if begun == "field":
            return SSEFramer(event_bytes)
        if labelled and begun in ("object", "other"):
            return NDJSONFramer(event_bytes)
        return LinesOrWhole(body_bytes, NDJSONFramer(event_bytes)) if begun == "object" else WholeBody(body_bytes)

    return Unlabelled(choose, event_bytes if stream else body_bytes, stream=stream)
