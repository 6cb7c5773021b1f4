"""One HTTP reply of the test server, before it is played. Pure."""

from attrs import define, field

from .http import LAST_CHUNK, chunk, date, head_bytes, status_line


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


def document(status: int, body: bytes, media_type: str = "application/json") -> Reply:
    """A reply that no answer scripts."""
    return Reply(status, {"Content-Type": media_type}, [body], "length", streams=False)
