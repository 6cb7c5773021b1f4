"""An Answer as the HTTP reply that carries it. Pure."""

from http import HTTPStatus

from attrs import define, field

from .answer import Answer
from .http import LAST_CHUNK, chunk, date, head_bytes, status_line
from .wires import request_id_headers
from .wires.base import Labels, Received, Wire


@define
class Reply:
    """One reply, still in pieces.

    pieces:  the events of a stream, or one body. streams: which of them.
    raw:     header lines that no tidy server would write. padding: a piece to be repeated behind `padding_at` pieces,
             for ever or until `padding_size` bytes of it are sent.
    trailer: lines between the last chunk's size and the end. glue: bytes that leave in the same packet as the end.
    bad:     bytes instead of what follows piece `bad_at`; in one packet with the head when that is None.
    """

    status: int
    headers: dict[str, str]
    pieces: list[bytes]
    framing: str
    streams: bool
    line: str = ""
    raw: list[str] = field(factory=lambda: list[str]())
    padding: bytes = b""
    padding_at: int = 0
    padding_size: int = 0
    trailer: bytes = b""
    glue: bytes = b""
    bad: bytes = b""
    bad_at: int | None = None
    extension: bytes = b""
    line_end: bytes = b"\r\n"

    def head(self, *, keep_alive: bool) -> bytes:
        headers = {"Date": date(), **self.headers}
        if self.framing == "chunked":
            headers["Transfer-Encoding"] = "chunked"
        elif self.framing == "length" and self.has_body:
            headers["Content-Length"] = str(sum(map(len, self.pieces)))
        if not keep_alive:
            headers["Connection"] = "close"
        data = head_bytes(self.line or status_line(self.status), headers.items(), self.raw)
        return data if self.line_end == b"\r\n" else data.replace(b"\r\n", self.line_end)

    @property
    def has_body(self) -> bool:
        return self.status >= 200 and self.status not in (204, 304)

    def framed(self, piece: bytes) -> bytes:
        """A piece as it goes out."""
        if self.framing != "chunked":
            return piece
        data = chunk(piece)
        return data.replace(b"\r\n", self.extension + b"\r\n", 1) if self.extension else data

    def end(self) -> bytes:
        if self.framing != "chunked":
            return self.glue
        return (LAST_CHUNK[:-2] + self.trailer + b"\r\n" if self.trailer else LAST_CHUNK) + self.glue


def compose(wire: Wire, answer: Answer, request: Received, *, models: tuple[str, ...], request_id: str) -> Reply:
    """The reply to a request that the wire serves, without its fault. models: what its model list holds."""
    headers = {"Content-Type": "application/json"}
    headers |= dict.fromkeys(request_id_headers(request.provider), request_id)
    if answer.status != 200:
        body = wire.error(answer.status, answer.message or _phrase(answer.status), answer.code)
        reply = Reply(answer.status, headers, [body], "length", streams=False)
        reply.pieces = reply.pieces if reply.has_body else []
    elif wire.lists_models(request):
        reply = Reply(200, headers, [wire.models(models, request)], "length", streams=False)
    elif wire.wants_stream(request):
        media_type = wire.media_type(request) if isinstance(wire, Labels) else wire.stream_type
        headers |= {"Content-Type": media_type, "Cache-Control": "no-cache"}
        reply = Reply(200, headers, wire.stream(answer, request), "chunked", streams=True)
    else:
        reply = Reply(200, headers, [wire.body(answer, request)], "length", streams=False)
    reply.headers |= answer.headers
    return reply


def document(status: int, body: bytes, media_type: str = "application/json") -> Reply:
    """A reply that no answer scripts."""
    return Reply(status, {"Content-Type": media_type}, [body], "length", streams=False)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"status {status}"
