"""Messages of AWS event streams, as a server writes them."""

import json
from base64 import b64decode, b64encode
from struct import pack, unpack_from
from zlib import crc32


def text(name: str, value: str) -> bytes:
    """A header that is text."""
    return bytes([len(name)]) + name.encode() + b"\7" + pack(">H", len(value.encode())) + value.encode()


def message(headers: bytes, payload: bytes = b"") -> bytes:
    """With both checksums."""
    body = prelude(len(headers) + len(payload) + 16, len(headers)) + headers + payload
    return body + pack(">I", crc32(body))


def event(name: str, payload: bytes = b"{}") -> bytes:
    """An event, with the headers that AWS gives it."""
    return message(
        text(":event-type", name) + text(":content-type", "application/json") + text(":message-type", "event"), payload
    )


def exception(name: str, payload: bytes = b"{}") -> bytes:
    return message(text(":exception-type", name) + text(":message-type", "exception"), payload)


def beginning(name: str, payload: bytes, size: int) -> bytes:
    """The beginning of an event that says it has `size` bytes."""
    headers = text(":event-type", name) + text(":message-type", "event")
    return prelude(size, len(headers)) + headers + payload


def prelude(size: int, headers: int) -> bytes:
    """The lengths that a message says of itself and its headers, with their checksum."""
    lengths = pack(">II", size, headers)
    return lengths + pack(">I", crc32(lengths))


def messages(body: bytes) -> list[bytes]:
    """A recorded stream in its messages."""
    found: list[bytes] = []
    at = 0
    while at < len(body):
        (size,) = unpack_from(">I", body, at)
        found.append(body[at : at + size])
        at += size
    return found


def parts(one: bytes) -> tuple[bytes, bytes]:
    """The headers and the payload of a message."""
    size, headers = unpack_from(">II", one)
    return one[12 : 12 + headers], one[12 + headers : size - 4]


def wrapped(payload: bytes) -> bytes:
    """A `chunk` that holds another wire's event."""
    return event("chunk", wrapping(payload))


def wrapping(payload: bytes) -> bytes:
    return b'{"bytes":"%b","p":"abcd"}' % b64encode(payload)


def inside(one: bytes) -> bytes:
    """The JSON of a message, unwrapped where it is wrapped; anything else as it is."""
    if not one.startswith(b"\0"):
        return one
    payload = parts(one)[1]
    return b64decode(json.loads(payload)["bytes"]) if is_wrapped(one) else payload


def is_wrapped(one: bytes) -> bool:
    return parts(one)[1].startswith(b'{"bytes"')
