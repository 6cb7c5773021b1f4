"""The one place that names a base64 library.

Whole texts are decoded by `decode`; one that comes in pieces by `Base64Reader`, with the same result.

Decoding is lenient about what providers are known to do (line breaks, missing padding, the URL-safe alphabet) and
strict about everything else: junk is a ValueError, never silently shortened data.
"""

import io
import re
from collections.abc import Callable, Iterator, Sequence


class Base64Text:
    """Bytes that stand in a request body where the wire wants base64 text; `_json.dumps` writes them out.

    prefix goes before the base64 text as it is (`data:image/png;base64,`), so the bytes are encoded once, when sent.
    No attrs class: the JSON library would write one as an object with its fields, and not ask us. Treat as read-only.
    """

    __slots__ = ("data", "prefix")

    def __init__(self, data: bytes, prefix: str = "") -> None:
        self.data = data
        self.prefix = prefix

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Base64Text) and (self.data, self.prefix) == (other.data, other.prefix)

    def __hash__(self) -> int:
        return hash((self.data, self.prefix))

    def __repr__(self) -> str:
        return f"Base64Text(<{len(self.data)} bytes>, prefix={self.prefix!r})"

    def text(self) -> str:
        return self.prefix + encode(self.data)


def encode(data: bytes) -> str:
    """Standard base64 with padding, no line breaks."""
    import pybase64

    return pybase64.b64encode(data).decode("ascii")


def decode(text: str | bytes) -> bytes:
    """Base64 text -> bytes. Raises ValueError when the text is not base64 in any of the forms seen on the wires."""
    import pybase64

    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        raw = text.encode("ascii", "replace") if isinstance(text, str) else text
        packed = b"".join(raw.split()).translate(_URL_SAFE)
        bare = packed.rstrip(b"=")
        if packed and not bare:
            raise ValueError("nothing but padding") from None
        return pybase64.b64decode(bare + b"=" * (-len(bare) % 4), validate=True)


_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def encoded_size(data: bytes) -> int:
    """Characters of the base64 text of data."""
    return (len(data) + 2) // 3 * 4


def encode_blocks(data: bytes) -> Iterator[bytes]:
    """The base64 text of data, piece by piece, so that a large one is never in memory as a whole."""
    import pybase64

    view = memoryview(data)
    for at in range(0, len(data), _BLOCK):
        yield pybase64.b64encode(view[at : at + _BLOCK])


_may_end = re.compile(rb"[A-Za-z0-9+/_-]*=*").fullmatch
_is_tail = re.compile(rb"[A-Za-z0-9+/_-]*={0,2}").fullmatch
_SLICE = 64 * 1024  # characters that are decoded at once
_BLOCK = 192 * 1024  # bytes; a multiple of 3, so that only the last piece has padding


class Base64Reader:
    """Base64 text that comes in pieces -> bytes, in one buffer; the exact text can be had again.

    `feed` takes text of the standard or the URL-safe alphabet without blanks, which is what can be written again from
    the bytes alone. It returns False, and takes nothing of the piece, for any other.
    `finish` returns what `decode` makes of all the text, None where `decode` would have to judge.
    known: bytes read before; text that means one of them takes no memory a second time.
    """

    __slots__ = ("_buffer", "_known", "_like", "_rest", "_size", "_switches", "_tail_bytes")

    def __init__(self, known: Sequence[bytes] = ()) -> None:
        self._buffer = io.BytesIO()  # its getvalue() hands out the buffer itself, where a bytearray would be copied
        self._known = known
        self._like: bytes | None = None  # the one of known that the text has followed so far
        self._rest = b""  # text behind the last whole block: at least 4 characters, for only the end may have padding
        self._size = 0  # bytes decoded
        self._switches: list[int] = []  # sizes at which the alphabet changed; the first is the standard one
        self._tail_bytes = 0

    def feed(self, text: bytes) -> bool:
        before = self._size, len(self._switches)
        lead = -len(self._rest) % 4 if len(text) > _SLICE else len(text)
        first = memoryview(self._rest + text[:lead])
        view = memoryview(text)[lead:] or first
        end = max(0, len(view) - 4) & ~3
        rest = bytes(view[end:])
        if not _may_end(rest):
            return False
        whole = [view[at : min(at + _SLICE, end)] for at in range(0, end, _SLICE)]
        for part in whole if view is first else (first, *whole):
            block = self._decoded(part)
            if block is None:
                self._go_back(*before)
                return False
            self._add(block)
        self._rest = rest
        return True

    def finish(self) -> bytes | None:
        """All bytes. Nothing can be fed after this."""
        if not _is_tail(self._rest):
            return None
        try:
            tail = decode(self._rest)
        except ValueError:
            return None
        self._tail_bytes = len(tail)
        self._add(tail)
        if self._like is not None and self._size < len(self._like):
            self._part_ways()
        return self._buffer.getvalue() if self._like is None else self._like

    def text(self) -> bytes:
        """The text that was fed."""
        data = memoryview(self._buffer.getvalue() if self._like is None else self._like)
        ends = [*self._switches, self._size - self._tail_bytes]
        starts = [0, *self._switches]
        parts = [self._encoded(data[start:end], odd) for odd, (start, end) in enumerate(zip(starts, ends, strict=True))]
        return b"".join((*parts, self._rest))

    def _encoded(self, data: memoryview, number: int) -> bytes:
        import pybase64

        return pybase64.urlsafe_b64encode(data) if number % 2 else pybase64.b64encode(data)

    def _decoded(self, text: memoryview) -> bytes | None:
        """Whole groups of four -> bytes; None for anything but one alphabet."""
        import pybase64

        url_safe = False
        try:
            block = pybase64.b64decode(text, validate=True)
        except ValueError:
            raw = bytes(text)
            if b"+" in raw or b"/" in raw:
                return None
            try:
                block = pybase64.b64decode(raw, b"-_", validate=True)
            except ValueError:
                return None
            url_safe = True
        if len(block) * 4 != len(text) * 3:  # padding before the end
            return None
        if url_safe != bool(len(self._switches) % 2):
            self._switches.append(self._size)
        return block

    def _add(self, block: bytes) -> None:
        if not self._size:
            self._like = next((known for known in self._known if block and known.startswith(block)), None)
        if self._like is not None and not self._like.startswith(block, self._size):
            self._part_ways()
        if self._like is None:
            self._buffer.write(block)
        self._size += len(block)

    def _go_back(self, size: int, switches: int) -> None:
        self._size = size
        del self._switches[switches:]
        if self._like is None:
            self._buffer.truncate(size)

    def _part_ways(self) -> None:
        """The text is another one after all: keep its own bytes from here on."""
        if self._like is not None:
            self._buffer.write(memoryview(self._like)[: self._size])
            self._like = None


def split_data_uri(uri: str, decode: Callable[[str], bytes] = decode) -> tuple[str, bytes]:
    """`data:image/png;base64,iVBO..` -> (`image/png`, bytes).

    The media type is "" when the URI names none. Raises ValueError when this is not a data URI or its base64 is broken.
    decode: reads the base64.
    """
    head, comma, payload = uri.partition(",")
    if not comma or head[:5].lower() != "data:":
        raise ValueError("not a data URI: it needs 'data:<media type>;base64,<data>'")
    content_type, *parameters = head[5:].split(";")
    if any(p.strip().lower() == "base64" for p in parameters):
        return content_type.strip(), decode(payload)
    from urllib.parse import unquote_to_bytes

    return content_type.strip(), unquote_to_bytes(payload)
