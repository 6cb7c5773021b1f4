"""The demo's picture: made here, so that no file of it is carried about. Pure."""

import struct
import zlib
from math import hypot

from rich.color import Color
from rich.style import Style
from rich.text import Text

WIDTH, HEIGHT = 48, 32
_SUN = (24, 18, 7)  # x, y, radius
_HORIZON = 22


def png() -> bytes:
    """A sunset over water, as a PNG file (source: PNG specification, third edition)."""
    rows = b"".join(b"\0" + bytes(part for x in range(WIDTH) for part in _pixel(x, y)) for y in range(HEIGHT))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def blocks(data: bytes, columns: int = WIDTH + 2) -> Text:
    """A file that `png` made, in half blocks: a character shows two pixels, one above the other. columns: how wide the
    terminal is; a picture that is wider is scaled down."""
    width, height = struct.unpack(">II", data[16:24])
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    rows = zlib.decompress(data[start + 4 : start + 4 + length])
    size = 1 + 3 * width

    scale = max(1.0, width / max(1, columns - 2))

    def colour(x: int, y: int) -> Color:
        at = min(int(y * scale), height - 1) * size + 1 + 3 * min(int(x * scale), width - 1)
        return Color.from_rgb(*rows[at : at + 3])

    lines = [
        Text.assemble(
            "  ", *(("▀", Style(color=colour(x, y), bgcolor=colour(x, y + 1))) for x in range(int(width / scale)))
        )
        for y in range(0, int(height / scale) - 1, 2)
    ]
    return Text("\n").join(lines)


def _pixel(x: int, y: int) -> tuple[int, int, int]:
    sun_x, sun_y, radius = _SUN
    if y < _HORIZON:
        if hypot(x - sun_x, y - sun_y) <= radius:
            return 255, 214 - 4 * (y - sun_y), 120
        return 70 + 8 * y, 40 + 4 * y, 110 - y
    near = abs(x - sun_x) <= 2 + (y * 7) % 5
    return (230, 150, 90) if near and y % 2 else (40, 36 + y, 90)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
