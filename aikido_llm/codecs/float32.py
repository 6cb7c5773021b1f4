"""Rows of float32 <-> their bytes, which are little-endian wherever they travel or are kept."""

import sys
from array import array
from typing import TYPE_CHECKING, Any, TypeAlias

from . import base64
from .plain import UnfitError, read_bytes

if TYPE_CHECKING:
    Row: TypeAlias = array[float]
else:
    Row = array

_FOREIGN = sys.byteorder == "big"


def of_bytes(data: bytes) -> Row:
    """Raises ValueError where the bytes are no whole numbers of four."""
    row = array("f", data)
    if _FOREIGN:
        row.byteswap()
    return row


def to_bytes(row: Row) -> bytes:
    if _FOREIGN:
        row = row[:]
        row.byteswap()
    return row.tobytes()


def write_float32(row: Row) -> str:
    """Base64 text, which is exact; in decimals a row takes three times as much."""
    return base64.encode(to_bytes(row))


def read_float32(value: Any, _: Any = None) -> Row:
    """Raises UnfitError."""
    try:
        return of_bytes(read_bytes(value))
    except ValueError:
        raise UnfitError("base64 text of float32 was expected") from None
