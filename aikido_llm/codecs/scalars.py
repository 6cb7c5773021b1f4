"""Types for which JSON has no value of its own: each is text on the wire. The one place that says how it is asked for
(a JSON Schema) and how it is read, in arguments of tools and in typed answers alike.

Only formats that every service takes in a schema are asked for; the others are said in words.
source: the guide "Structured outputs" that the strictest of them wrote, read 2026-11; ISO 8601 as Python's
`fromisoformat` reads it.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import PurePath
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from .json import convert
from .plain import UnfitError
from .text import kind_name


class Scalar(NamedTuple):
    """schema: beside `type: string`. read: text -> value; raises ValueError for what is none. what: the error says."""

    schema: Mapping[str, str]
    read: Callable[[str], Any]
    what: str


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError from None
    if not value.is_finite():
        raise ValueError
    return value


def _duration(text: str) -> timedelta:
    value: timedelta = convert(text, timedelta)
    return value


_SCALARS: Mapping[type, Scalar] = {
    Decimal: Scalar({"description": "a decimal number"}, _decimal, "a decimal number as text"),
    UUID: Scalar({"format": "uuid"}, UUID, "a UUID"),
    datetime: Scalar({"format": "date-time"}, datetime.fromisoformat, "a date and time (ISO 8601)"),
    date: Scalar({"format": "date"}, date.fromisoformat, "a date (YYYY-MM-DD)"),
    time: Scalar({"format": "time"}, time.fromisoformat, "a time (ISO 8601)"),
    timedelta: Scalar({"format": "duration"}, _duration, "a duration (ISO 8601)"),
}


def scalar_of(kind: Any) -> Scalar | None:
    """How this type is asked for and read; None for one that is not of these."""
    if isinstance(kind, type) and issubclass(kind, PurePath):
        return Scalar({"description": "a path"}, kind, "a path")
    return _SCALARS.get(kind) if isinstance(kind, type) else None


def is_scalar(kind: Any) -> bool:
    return scalar_of(kind) is not None


def read_scalar(value: Any, kind: Any) -> Any:
    """A value that is of the type already stays; of numbers only whole ones are a Decimal (a float has lost what it
    was). Raises UnfitError."""
    scalar = scalar_of(kind)
    assert scalar is not None, kind
    if isinstance(value, kind):
        return value
    if kind is Decimal and type(value) is int:
        return Decimal(value)
    if isinstance(value, str):
        try:
            return scalar.read(value)
        except ValueError:
            pass
    raise UnfitError(f"{scalar.what} was expected")


def written(value: Any) -> str:
    """What a tool returned, as JSON text: plain data, these scalars, and classes of the kinds that are read. Raises
    TypeError, ValueError for what JSON has no word for."""
    try:
        return msgspec.json.encode(value, enc_hook=_plain).decode("utf-8")
    except RecursionError:
        raise ValueError("the value is nested too deep") from None


def _plain(value: Any) -> Any:
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "model_dump"):  # pydantic's
        return value.model_dump(mode="json")
    raise TypeError(f"{kind_name(value)} cannot be written as JSON")
