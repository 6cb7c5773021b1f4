"""Several rows in one statement of SQL, cheaply.

Each statement that a thread runs gives up the interpreter's lock and waits for it again, behind a loop that may be
busy: so what many wait for is one statement, or two. SQLite reads each text once, so there are few different ones. And
`sqlite3` (3.11 to 3.14) looks for an adapter of None and of bytes, which takes longer than to bind them.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from .sqlite import Connection

_SIZES = (256, 192, 128, 96, 64, 48, 32, 24, *range(16, 0, -1))  # few wait together where each answer comes by itself


@lru_cache(maxsize=64)
def marks(count: int) -> str:
    """`?, ?, ?`"""
    return ", ".join("?" * count)


def padded(keys: Sequence[bytes]) -> list[bytearray]:
    """The same keys for `IN (...)`, the last one again and again."""
    return [*map(bytearray, _padded(keys))]


def insert(connection: Connection, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows, with a value for each name, as few statements as there must be. In a column there are values of one type,
    or None."""
    at = 0
    while at < len(rows):
        size = next(size for size in _SIZES if size <= len(rows) - at)
        _insert(connection, table, names, rows[at : at + size], "")
        at += size


def insert_new(connection: Connection, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """The same for rows of which some may be there already, and stay as they are."""
    for at in range(0, len(rows), _SIZES[0]):
        _insert(connection, table, names, _padded(rows[at : at + _SIZES[0]]), " ON CONFLICT DO NOTHING")


def _insert(
    connection: Connection, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]], behind: str
) -> None:
    said: list[str] = []
    columns: list[Iterable[Any]] = []
    for name, column in zip(names, zip(*rows, strict=True), strict=True):
        nothing = column.count(None)
        if nothing < len(column):  # what is NULL in every row is not said
            said.append(name)
            columns.append(map(bytearray, column) if type(column[0]) is bytes and not nothing else column)
    text = _text(table, ", ".join(said), len(said), len(rows), behind)
    connection.execute(text, [*chain.from_iterable(zip(*columns, strict=True))])


@lru_cache(maxsize=256)
def _text(table: str, names: str, width: int, count: int, behind: str) -> str:
    return f"INSERT INTO {table} ({names}) VALUES {', '.join([f'({marks(width)})'] * count)}{behind}"


def _padded(values: Sequence[Any]) -> Sequence[Any]:
    """Up to 256; more are left as they are."""
    size = next((size for size in reversed(_SIZES) if size >= len(values)), len(values))
    return [*values, *[values[-1]] * (size - len(values))] if values else []
