"""Numbers of an answer -> float32 arrays, all of one length, in the order of the texts."""

import math
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ..codecs import base64, float32, json
from ..errors import MalformedStream
from ..types.embeddings import Vector

LONGEST = 4 * 1024 * 1024
"""Bytes of one vector's JSON: some 200,000 numbers as text. More is no vector, and would take a lot of memory."""

_LAST = 3  # of the four bytes of a float32 on the wires, the one with the sign and most of the exponent
NOTHING = msgspec.Raw(b"null")
"""What stands where a key is missing."""

_BESIDE = 16  # of such marks that mean something else
_SMALL = 64 * 1024  # bytes
_list = msgspec.json.Decoder(list[float])
_HIGHEST = _LAST if sys.byteorder == "little" else 0  # the same here


def read(raw: msgspec.Raw, *, int8: bool = False) -> Vector:
    """One vector, as JSON has it: base64 text, or a list. int8: base64 holds signed bytes. Raises MalformedStream.

    Each is read by itself: the numbers of one list take ten times the room of its vector while they are read.
    """
    data = bytes(raw)
    if len(data) > LONGEST:
        raise malformed(f"a vector of {len(data)} bytes of JSON")
    return _of_text(data, int8=int8) if data[:1] == b'"' else _of_list(data)


def _of_list(data: bytes) -> Vector:
    try:
        vector = array("f", _list.decode(data))
    except (msgspec.MsgspecError, RecursionError, UnicodeError, OverflowError):
        raise malformed("a vector that is no list of numbers") from None
    _check(vector, vector.tobytes()[_HIGHEST::4])
    return vector


def _of_text(text: bytes, *, int8: bool) -> Vector:
    try:
        data = base64.decode(json.loads(text) if b"\\" in text else text[1:-1])
    except ValueError:
        raise malformed("a vector that is no base64") from None
    if int8:
        return array("f", array("b", data))
    if len(data) % 4:
        raise malformed(f"a vector of {len(data)} bytes, which is no row of float32")
    vector = float32.of_bytes(data)
    _check(vector, data[_LAST::4])
    return vector


def _check(vector: Vector, highest: bytes) -> None:
    """That all numbers are finite. Only those whose highest exponent bits are all set can be anything else: to look at
    these bytes alone takes a twentieth of the time."""
    if (b"\x7f" in highest or b"\xff" in highest) and not math.isfinite(sum(vector)):
        raise malformed("a vector with a number that is not finite")


def few(body: bytes, mark: bytes, most: int) -> None:
    """That a mark which each vector has once stands there no more often than vectors were asked for: a small value is
    made of each, so that a body of nothing but such would take many times its size. Raises MalformedStream."""
    if body.count(mark) > most + _BESIDE:
        raise malformed("more of them than were asked for")


def small(raw: msgspec.Raw) -> Any:
    """What stands beside the vectors, parsed; None where it is large: it is what no host sends."""
    data = bytes(raw)
    try:
        return json.loads(data) if len(data) <= _SMALL else None
    except ValueError:
        return None


def in_order(vectors: Sequence[Vector], indexes: Iterable[int | None], count: int) -> tuple[Vector, ...]:
    """The vectors by their indexes, which are those of `count` texts, each once; in the order they came where none has
    one. Raises MalformedStream, also for vectors of several lengths."""
    places = list(indexes)
    if len(vectors) != count:
        raise malformed(f"{len(vectors)} vectors for {count} texts")
    if all(place is None for place in places):
        ordered = tuple(vectors)
    else:
        found = {place: vector for place, vector in zip(places, vectors, strict=True) if place is not None}
        if sorted(found) != list(range(count)):
            raise malformed(f"indexes that are not 0 to {count - 1}, each once")
        ordered = tuple(found[place] for place in range(count))
    lengths = {len(vector) for vector in ordered}
    if len(lengths) > 1 or 0 in lengths:
        raise malformed(f"vectors of {' and '.join(str(length) for length in sorted(lengths)[:3])} numbers")
    return ordered


def malformed(what: str) -> MalformedStream:
    """The answer came whole and is not what it should be; the same would come again."""
    return MalformedStream(f"the server's answer holds {what}", permanent=True)
