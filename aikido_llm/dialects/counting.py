"""How many tokens a request has, as hosts tell it: one number at a known place."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..codecs import json
from . import envelope
from .values import as_count, as_object
from .words import NO_WORDS, Words

WHAT = "count of tokens"
_LARGEST = 64 * 1024  # bytes: more is no number with a few words around it


def decode(body: bytes, *places: tuple[str, ...], own: Words = NO_WORDS) -> int:
    """The number at the first of these places that holds one. Raises MalformedStream where none does, or the error that
    came instead."""
    try:
        value = json.loads(body) if len(body) <= _LARGEST else None
    except ValueError:
        value = None
    for place in places:
        found = value
        for key in place:
            found = as_object(found).get(key)
        count = as_count(found)
        if count is not None:
            return count
    raise envelope.none_of(WHAT, body, own)


def fields(body: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """What services that count read of a request's body; the rest is about the answer, and they refuse it."""
    return {name: body[name] for name in names if name in body}
