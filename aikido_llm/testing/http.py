"""The bytes of HTTP/1.1: heads that are read, heads and chunks that are written. Pure."""

from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

from attrs import frozen

HEAD_BYTES = 64 * 1024  # of a request's head


class BadRequest(Exception):
    """What came is not HTTP/1.1; the text says why."""


@frozen
class Head:
    """A request without its body. target: path and query as they came. headers: names in lower case, the last one
    wins. length: None for a chunked body."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    length: int | None = 0
    keep_alive: bool = True
    target: str = ""


def head_bytes(line: str, headers: Iterable[tuple[str, str]], raw: Iterable[str] = ()) -> bytes:
    """The head of an answer, its blank line included. raw: lines that follow the headers as they are."""
    lines = [line, *(f"{name}: {value}" for name, value in headers), *raw]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def status_line(status: int) -> str:
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Unknown"
    return f"HTTP/1.1 {status} {reason}"


def chunk(data: bytes) -> bytes:
    """One chunk. An empty one would end the body, and gives nothing."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


LAST_CHUNK = b"0\r\n\r\n"


def date() -> str:
    return formatdate(usegmt=True)


def parse_head(data: bytes) -> Head:
    lines = data.lstrip(b"\r\n").decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(f"this is no request line: {lines[0][:80]!r}")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest(f"this is no header: {line[:40]!r}")
        headers[name.lower()] = value.strip()
    target, _, query = words[1].partition("?")
    connection = headers.get("connection", "").lower()
    return Head(
        method=words[0],
        path=unquote(target),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        target=words[1],
        length=_length(headers),
        keep_alive="close" not in connection and (words[2] == "HTTP/1.1" or "keep-alive" in connection),
    )


def _length(headers: dict[str, str]) -> int | None:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return None
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise BadRequest("the Content-Length is no number")
    return int(length)


def chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        raise BadRequest("a chunk's size is no number") from None
