"""What can go wrong on a wire, as values: `Answer(..., fault=Fault.reset(after_events=3))`.

Three groups. The connection faults (stall, close, reset, drip) happen at a *place*; the framing faults break HTTP; the
content faults keep HTTP whole and break what it carries. The oddities are legal, and a client must live with them.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

from attrs import Attribute, field, fields, frozen

Kind: TypeAlias = Literal[
    "refuse", "stall", "close", "reset", "early", "stale",
    "drip_headers", "drip",
    "garbage", "status_line", "bad_header", "long_header", "many_headers", "bad_chunk", "glued",
    "endless_line", "endless_comments", "gzip_bomb", "gzip", "encoding",
    "error_inside", "edit", "malformed", "no_end_mark", "status", "page", "redirect",
    "oddity",
]  # fmt: skip
Place: TypeAlias = Literal["handshake", "upload", "before_headers", "in_headers", "after_headers", "body", "after_end"]
Framing: TypeAlias = Literal["", "chunked", "length", "none"]
BadHeader: TypeAlias = Literal["double_length", "bad_length", "length_and_chunked", "nul", "no_colon"]
BadChunk: TypeAlias = Literal["size", "no_line_end", "trailer", "page"]
Oddity: TypeAlias = Literal[
    "bare_lf", "reason", "early_hints", "trailers", "chunk_extensions", "gzip", "gzip_members", "after_last_chunk",
]  # fmt: skip
Edit: TypeAlias = Callable[[list[bytes]], list[bytes]]


@frozen
class Fault:
    """One fault. Make it with one of the constructors below.

    place: where a stall, a close or a reset happens:
        "handshake"       instead of the TLS handshake (or of any answer, on a plain server), before the request is read
        "upload"          while the request's body arrives, `at_byte` bytes (0 by default) of it having been read
        "before_headers"  the request is read, nothing is sent
        "in_headers"      half of the headers is sent
        "after_headers"   all headers, nothing of the body
        "body"            given by one of the next two; then it need not be named
        "after_end"       the whole answer with the wire's end mark, but not the end of the HTTP body
    at_byte:      so many bytes of the body are sent, framing of HTTP not counted.
    after_events: so many events are sent (a body that is no stream is one event). mid_event: and half of the next.
    framing:      of the body: "chunked", "length" (a Content-Length), "none" (neither, so that only FIN ends it); ""
                  is what a provider would use: chunks for streams, a length for bodies.
    seconds:      how long a stall or a refusal lasts, None for ever; the pause between two pieces of a drip.
    size, status, text, code, variant, headers, edit: see the constructors.
    """

    kind: Kind
    place: Place = "body"
    at_byte: int | None = None
    after_events: int | None = None
    mid_event: bool = False
    framing: Framing = ""
    seconds: float | None = None
    size: int = 0
    status: int = 200
    text: str = ""
    code: str = ""
    variant: str = ""
    edit: Edit | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """`reset(after_events=3)`: the kind, and the fields that say something."""
        said = [f"{a.name}={value!r}" for a in _detail() if (value := getattr(self, a.name)) != a.default]
        return f"{self.kind}({', '.join(said)})"

    # ---------------------------------------------------------------- the connection

    @staticmethod
    def refuse(seconds: float | None = None) -> "Fault":
        """Connections are refused: the listener and all idle connections are closed as soon as this answer is the next
        one; after `seconds` (None: when `server.listen()` is called) the server listens again on the same port."""
        return Fault("refuse", seconds=seconds)

    @staticmethod
    def stall(
        place: Place = "body",
        *,
        at_byte: int | None = None,
        after_events: int | None = None,
        mid_event: bool = False,
        framing: Framing = "",
        seconds: float | None = None,
    ) -> "Fault":
        """Silence with an open connection, for ever or for `seconds`, after which the answer goes on."""
        return _at("stall", place, at_byte, after_events, mid_event, framing, seconds)

    @staticmethod
    def reset(
        place: Place = "body",
        *,
        at_byte: int | None = None,
        after_events: int | None = None,
        mid_event: bool = False,
        framing: Framing = "",
    ) -> "Fault":
        """The connection is reset (RST)."""
        return _at("reset", place, at_byte, after_events, mid_event, framing)

    @staticmethod
    def close(
        place: Place = "body",
        *,
        at_byte: int | None = None,
        after_events: int | None = None,
        mid_event: bool = False,
        framing: Framing = "",
    ) -> "Fault":
        """The connection is closed politely (FIN). Inside a body that is a cut chunk, a Content-Length longer than the
        body (framing "length"), or, with framing "none", an end that HTTP cannot tell from the real one."""
        return _at("close", place, at_byte, after_events, mid_event, framing)

    @staticmethod
    def stale() -> "Fault":
        """A whole answer with keep-alive, and behind it the end of the connection (FIN): the next request finds it
        closed. For a server that sees the request and closes then, see `close("before_headers")`."""
        return Fault("stale")

    @staticmethod
    def early(status: int = 413, then: Literal["close", "reset", "keep"] = "close") -> "Fault":
        """The status is answered before the request's body is read; then FIN, RST, or an open connection not read."""
        return Fault("early", place="upload", status=status, variant=then)

    @staticmethod
    def unread(seconds: float | None = None) -> "Fault":
        """The request's body is not read, for ever or for `seconds`; a large upload gets stuck."""
        return Fault("stall", place="upload", seconds=seconds)

    @staticmethod
    def drip_headers(seconds: float = 0.05, size: int = 1) -> "Fault":
        """The headers arrive `size` bytes at a time, `seconds` apart."""
        return Fault("drip_headers", seconds=seconds, size=size)

    @staticmethod
    def drip(seconds: float = 0.05, size: int = 1) -> "Fault":
        """The body arrives `size` bytes at a time, `seconds` apart."""
        return Fault("drip", seconds=seconds, size=size)

    # ---------------------------------------------------------------- HTTP

    @staticmethod
    def garbage(text: str = "SSH-2.0-OpenSSH_9.9\r\n") -> "Fault":
        """Something that is not HTTP, then FIN."""
        return Fault("garbage", text=text)

    @staticmethod
    def status_line(text: str = "HTTP/2 200 OK") -> "Fault":
        """Another first line: `HTTP/2 200 OK`, `HTTP/1.1 99999 Huge`."""
        return Fault("status_line", text=text)

    @staticmethod
    def bad_header(variant: BadHeader = "double_length") -> "Fault":
        """Two lengths that differ, one that is no number, a length beside chunks, a NUL in a value, a nameless line."""
        return Fault("bad_header", variant=variant)

    @staticmethod
    def long_header(size: int = 128 * 1024) -> "Fault":
        """One header of `size` bytes."""
        return Fault("long_header", size=size)

    @staticmethod
    def many_headers(count: int = 1000) -> "Fault":
        """So many headers more."""
        return Fault("many_headers", size=count)

    @staticmethod
    def bad_chunk(after_events: int | None = None, variant: BadChunk = "size") -> "Fault":
        """Broken chunk framing: a size that is no number, data without its line end, a broken trailer, or a gateway's
        whole 502 page in between. In the same packet as the headers, or behind `after_events` events. The connection
        stays open."""
        return Fault("bad_chunk", after_events=after_events, framing="chunked", variant=variant)

    @staticmethod
    def glued(status: int = 200, text: str = "HTTP/1.1 502 oops\r\n\r\n") -> "Fault":
        """Text glued to a full body, or to a 204, in the same packet."""
        return Fault("glued", status=status, text=text, framing="length")

    # ---------------------------------------------------------------- sizes and encodings

    @staticmethod
    def endless_line(after_events: int = 0, size: int | None = None) -> "Fault":
        """A line that does not end, behind `after_events` events. size: it ends after so many bytes, and the answer
        goes on."""
        return Fault("endless_line", after_events=after_events, size=size or 0)

    @staticmethod
    def endless_comments(after_events: int = 0, seconds: float = 0.0) -> "Fault":
        """Keep-alive comments (blank lines, where the stream has no comments) for ever, `seconds` apart."""
        return Fault("endless_comments", after_events=after_events, seconds=seconds)

    @staticmethod
    def gzip_bomb(after_events: int = 0) -> "Fault":
        """A thousandfold inflating body without an end: one endless line."""
        return Fault("gzip_bomb", after_events=after_events)

    @staticmethod
    def gzip(variant: Literal["damaged", "cut", "plain"] = "damaged") -> "Fault":
        """Announced as gzip: damaged in the middle, cut in half (in proper HTTP), or not compressed at all."""
        return Fault("gzip", variant=variant)

    @staticmethod
    def encoding(name: str = "snappy") -> "Fault":
        """A Content-Encoding that nobody asked for and perhaps nobody knows; the body is plain."""
        return Fault("encoding", text=name)

    # ---------------------------------------------------------------- what HTTP carries

    @staticmethod
    def error_inside(
        message: str = "the model failed",
        code: str = "",
        *,
        after_events: int = 0,
        place: Literal["body", "after_end"] = "body",
    ) -> "Fault":
        """The wire's error envelope inside a 200: as the first event, behind `after_events` events, or ("after_end")
        behind the end mark. The stream then ends properly. A body that is no stream is the envelope."""
        return Fault("error_inside", place, after_events=after_events, text=message, code=code)

    @staticmethod
    def malformed(after_events: int = 0) -> "Fault":
        """The event behind `after_events` events has half of its JSON; the rest follows as if nothing had been."""
        return Fault("malformed", after_events=after_events)

    @staticmethod
    def no_end_mark() -> "Fault":
        """The event that holds the wire's end mark, the last one of most, and what follows it are not sent; HTTP ends
        properly."""
        return Fault("no_end_mark")

    @staticmethod
    def edited(edit: Edit, text: str = "edited") -> "Fault":
        """Any other broken grammar: edit takes the events (bytes, framing included) and returns those to send."""
        return Fault("edit", edit=edit, text=text)

    @staticmethod
    def duplicate_indexes() -> "Fault":
        """Every index in every event is 0: calls and blocks can no longer be told apart by it."""
        return Fault("edit", text="duplicate_indexes", variant="indexes")

    @staticmethod
    def repeat_event(number: int) -> "Fault":
        """That event (from 0) is sent twice."""
        return Fault("edit", text="repeat_event", variant="repeat", size=number)

    @staticmethod
    def drop_event(number: int) -> "Fault":
        """That event (from 0) is left out: an end without a start, a delta of nothing."""
        return Fault("edit", text="drop_event", variant="drop", size=number)

    @staticmethod
    def swap_events(number: int) -> "Fault":
        """That event (from 0) and the next one are exchanged."""
        return Fault("edit", text="swap_events", variant="swap", size=number)

    @staticmethod
    def empty(status: int = 200) -> "Fault":
        """A status that promises an answer, and nothing behind it: 200, 204, 101."""
        return Fault("status", status=status)

    @staticmethod
    def page(text: str = "<html><body><h1>502 Bad Gateway</h1></body></html>", status: int = 200) -> "Fault":
        """A web page, `text/html`."""
        return Fault("page", text=text, status=status)

    @staticmethod
    def redirect(location: str = "/elsewhere", status: int = 307) -> "Fault":
        """A redirect to `location`."""
        return Fault("redirect", text=location, status=status)

    # ---------------------------------------------------------------- legal

    @staticmethod
    def oddity(variant: Oddity) -> "Fault":
        """No fault at all: header lines that end in LF, a status without a known reason, a 103 first, trailers, chunk
        extensions, gzip in one or two members, blank bytes behind the last chunk."""
        return Fault("oddity", variant=variant, framing="chunked" if variant in _CHUNKED else "")


_CHUNKED = ("trailers", "chunk_extensions", "after_last_chunk")


def _at(
    kind: Kind,
    place: Place,
    at_byte: int | None,
    after_events: int | None,
    mid_event: bool,
    framing: Framing,
    seconds: float | None = None,
) -> Fault:
    if place == "body" and at_byte is None and after_events is None:
        if mid_event:
            after_events = 0
        else:
            place = "before_headers"
    elif place not in ("body", "upload") and (at_byte is not None or after_events is not None):
        raise ValueError(f"a fault is either {place} or at a byte or event of the body")
    if at_byte is not None and (after_events is not None or mid_event):
        raise ValueError("a fault is at a byte or at an event, not both")
    return Fault(kind, place, at_byte, after_events, mid_event, framing, seconds)


def _detail() -> "tuple[Attribute[object], ...]":
    return tuple(a for a in fields(Fault) if a.name not in ("kind", "edit"))
