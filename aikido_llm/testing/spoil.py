"""What the faults of content and framing do to a reply. Pure."""

import re
import zlib
from collections.abc import Callable

from .faults import Fault
from .reply import Reply
from .wires.base import Binary, EndsEarlier, Wire


def spoil(reply: Reply, fault: Fault, wire: Wire) -> None:
    """What the fault does to the reply itself; faults of the connection do nothing here."""
    if fault.framing:
        reply.framing = fault.framing
    change = _CHANGES.get(fault.kind)
    if change is not None:
        change(reply, fault, wire)


def _status_line(reply: Reply, fault: Fault, wire: Wire) -> None:
    reply.line = fault.text


def _bad_header(reply: Reply, fault: Fault, wire: Wire) -> None:
    size = sum(map(len, reply.pieces))
    if fault.variant == "length_and_chunked":
        reply.framing = "chunked"
        reply.raw = [f"Content-Length: {size}"]
    elif fault.variant == "double_length":
        reply.framing = "length"
        reply.raw = [f"Content-Length: {size + 7}"]
    elif fault.variant == "bad_length":
        reply.framing = "none"
        reply.raw = [f"Content-Length: {size}x"]
    else:
        reply.raw = ["X-Broken: a\0b" if fault.variant == "nul" else "this line has no name"]


def _long_header(reply: Reply, fault: Fault, wire: Wire) -> None:
    reply.headers["X-Long"] = "x" * fault.size


def _many_headers(reply: Reply, fault: Fault, wire: Wire) -> None:
    reply.headers |= {f"X-Many-{number}": "x" for number in range(fault.size)}


_PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_BAD_CHUNKS = {
    "size": b"zz\r\nwhat is this\r\n",
    "no_line_end": b"4\r\nabcdefgh\r\n",
    "trailer": b"0\r\nno trailer \0 at all\r\n\r\n",
    "page": b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b"
    % (len(_PAGE), _PAGE),
}


def _bad_chunk(reply: Reply, fault: Fault, wire: Wire) -> None:
    reply.bad, reply.bad_at = _BAD_CHUNKS[fault.variant], fault.after_events


def _glued(reply: Reply, fault: Fault, wire: Wire) -> None:
    reply.status = fault.status
    reply.pieces = [b"".join(reply.pieces)] if reply.has_body else []
    reply.glue = fault.text.encode()


def _pad(reply: Reply, fault: Fault, padding: bytes) -> None:
    reply.padding, reply.padding_at, reply.padding_size = padding, fault.after_events or 0, fault.size
    reply.framing = "chunked"


def _endless_line(reply: Reply, fault: Fault, wire: Wire) -> None:
    """With a size it is an event of its own, which holds nothing that a decoder knows."""
    opening, ending = (b'data: {"padding":"', b'"}\n\n') if _is_sse(reply) else (b'{"padding":"', b'"}\n')
    binary = wire if reply.streams and isinstance(wire, Binary) else None
    at = fault.after_events or 0
    if fault.size:
        event = binary.noise(fault.size) if binary else opening + b"x" * fault.size + ending
        reply.pieces = [*reply.pieces[:at], event, *reply.pieces[at:]]
        return
    opening = binary.endless() if binary else opening
    reply.pieces = [*reply.pieces[:at], opening]
    _pad(reply, fault, b"x" * 65536)
    reply.padding_at = len(reply.pieces)


def _endless_comments(reply: Reply, fault: Fault, wire: Wire) -> None:
    nothing = wire.noise(0) if reply.streams and isinstance(wire, Binary) else b"\n"
    _pad(reply, fault, b": keep-alive\n\n" if _is_sse(reply) else nothing)


def _gzip_bomb(reply: Reply, fault: Fault, wire: Wire) -> None:
    packer = zlib.compressobj(9, wbits=31)
    reply.pieces = [
        packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in reply.pieces[: fault.after_events or 0]
    ]
    begun = wire.endless() if reply.streams and isinstance(wire, Binary) else b" "
    reply.pieces.append(packer.compress(begun) + packer.flush(zlib.Z_FULL_FLUSH))
    # behind a full flush a block stands for itself, so that it may be repeated
    _pad(reply, fault, packer.compress(b" " * 1_048_576) + packer.flush(zlib.Z_FULL_FLUSH))
    reply.padding_at = len(reply.pieces)
    reply.headers["Content-Encoding"] = "gzip"


def _gzip(reply: Reply, fault: Fault, wire: Wire) -> None:
    reply.headers["Content-Encoding"] = "gzip"
    if fault.variant == "plain":
        return
    packed = _packed(reply.pieces)
    middle = len(packed) // 2
    if fault.variant == "damaged":
        head, last = packed[:middle], packed[middle:]
        packed = [*head, b"\xff" * len(last[0]), *last[1:]] if len(packed) > 1 else [_damaged(packed[0])]
    else:
        packed = packed[:middle] if len(packed) > 1 else [packed[0][: len(packed[0]) // 2]]
    reply.pieces = packed


def _damaged(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + b"\xff" * 8 + data[middle + 8 :]


def _packed(pieces: list[bytes], members: int = 1) -> list[bytes]:
    """Each piece flushed, so that it stays one on the wire; in so many gzip members."""
    packed: list[bytes] = []
    size = -(-len(pieces) // members) or 1
    for start in range(0, len(pieces), size):
        packer = zlib.compressobj(9, wbits=31)
        packed += [packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in pieces[start : start + size]]
        packed[-1] += packer.flush()
    return packed


def _encoding(reply: Reply, fault: Fault, wire: Wire) -> None:
    reply.headers["Content-Encoding"] = fault.text


def _error_inside(reply: Reply, fault: Fault, wire: Wire) -> None:
    if not reply.streams:
        reply.pieces = [wire.error(500, fault.text, fault.code)]
        return
    error = wire.error_event(fault.text, fault.code)
    kept = reply.pieces if fault.place == "after_end" else reply.pieces[: fault.after_events or 0]
    reply.pieces = [*kept, error]


_INDEX = re.compile(rb'(?<!\\)"((?:\w+_)?index)":(\s*)\d+')


def _edit(reply: Reply, fault: Fault, wire: Wire) -> None:
    pieces, at = list(reply.pieces), fault.size
    if fault.edit is not None:
        reply.pieces = fault.edit(pieces)
    elif fault.variant == "indexes":
        reply.pieces = [_INDEX.sub(rb'"\1":\g<2>0', piece) for piece in pieces]
    elif fault.variant == "repeat":
        reply.pieces = [*pieces[: at + 1], *pieces[at:]]
    elif fault.variant == "drop":
        reply.pieces = [*pieces[:at], *pieces[at + 1 :]]
    else:
        reply.pieces = [*pieces[:at], *pieces[at + 1 : at + 2], *pieces[at : at + 1], *pieces[at + 2 :]]


def _malformed(reply: Reply, fault: Fault, wire: Wire) -> None:
    at = min(fault.after_events or 0, len(reply.pieces) - 1)
    piece = reply.pieces[at]
    if not reply.streams:
        reply.pieces[at] = piece[: len(piece) // 2]
        return
    if isinstance(wire, Binary):
        reply.pieces[at] = wire.halved(piece)
        return
    whole = piece.rstrip(b"\r\n")
    before, line_end, last = whole.rpartition(b"\n")
    start = max(last.find(b"{"), 0)
    cut = last[: start + (len(last) - start + 1) // 2]
    reply.pieces[at] = before + line_end + cut + piece[len(whole) :]


def _no_end_mark(reply: Reply, fault: Fault, wire: Wire) -> None:
    if reply.streams:
        del reply.pieces[wire.end_mark(reply.pieces) if isinstance(wire, EndsEarlier) else -1 :]
    else:
        reply.pieces = [reply.pieces[0].rstrip()[:-1]]


def _status(reply: Reply, fault: Fault, wire: Wire) -> None:
    reply.status, reply.pieces = fault.status, []
    if not reply.has_body:
        reply.framing = "length"
        reply.headers.pop("Content-Type")


def _page(reply: Reply, fault: Fault, wire: Wire) -> None:
    reply.status, reply.pieces, reply.framing = fault.status, [fault.text.encode()], "length"
    reply.headers["Content-Type"] = "text/html; charset=utf-8"


def _redirect(reply: Reply, fault: Fault, wire: Wire) -> None:
    reply.status, reply.pieces, reply.framing = fault.status, [], "length"
    reply.headers["Location"] = fault.text


def _oddity(reply: Reply, fault: Fault, wire: Wire) -> None:
    if fault.variant == "bare_lf":
        reply.line_end = b"\n"
    elif fault.variant == "reason":
        reply.line = f"HTTP/1.1 {reply.status} Quite Alright Then"
    elif fault.variant == "trailers":
        reply.trailer = b"X-Checksum: 0\r\n"
    elif fault.variant == "chunk_extensions":
        reply.extension = b";name=value"
    elif fault.variant in ("gzip", "gzip_members"):
        reply.headers["Content-Encoding"] = "gzip"
        reply.pieces = _packed(reply.pieces, 2 if fault.variant == "gzip_members" else 1)
    elif fault.variant == "after_last_chunk":
        reply.glue = b"\r\n"


def _is_sse(reply: Reply) -> bool:
    return reply.headers["Content-Type"].startswith("text/event-stream")


_CHANGES: dict[str, Callable[[Reply, Fault, Wire], None]] = {
    "status_line": _status_line,
    "bad_header": _bad_header,
    "long_header": _long_header,
    "many_headers": _many_headers,
    "bad_chunk": _bad_chunk,
    "glued": _glued,
    "endless_line": _endless_line,
    "endless_comments": _endless_comments,
    "gzip_bomb": _gzip_bomb,
    "gzip": _gzip,
    "encoding": _encoding,
    "error_inside": _error_inside,
    "edit": _edit,
    "malformed": _malformed,
    "no_end_mark": _no_end_mark,
    "status": _status,
    "page": _page,
    "redirect": _redirect,
    "oddity": _oddity,
}
