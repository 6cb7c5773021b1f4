"""Messages of AWS event streams, as a server writes them."""

from struct import pack
from zlib import crc32


def text(name: str, value: str) -> bytes:
    """A header that is text."""
    return bytes([len(name)]) + name.encode() + b"\7" + pack(">H", len(value.encode())) + value.encode()


def message(headers: bytes, payload: bytes = b"") -> bytes:
    """With both checksums."""
    prelude = pack(">II", len(headers) + len(payload) + 16, len(headers))
    body = prelude + pack(">I", crc32(prelude)) + headers + payload
    return body + pack(">I", crc32(body))


def event(name: str, payload: bytes = b"{}") -> bytes:
    """An event, with the headers that AWS gives it."""
    return message(
        text(":event-type", name) + text(":content-type", "application/json") + text(":message-type", "event"), payload
    )
