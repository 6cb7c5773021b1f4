"""What a server says again: a call's arguments whole behind their pieces, doubled, or ever longer. It is said once.

source: reports about gateways that translate one wire into another, read 2026-11.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from ..codecs import json
from .values import is_list, is_object


def is_json(text: str) -> bool:
    return json.is_valid(text)


def only_value(pieces: Iterable[str]) -> Any:
    """The value of JSON text that came in pieces, None when it is none."""
    try:
        return json.loads("".join(pieces))
    except ValueError:
        return None


def grows(earlier: Any, later: Any) -> bool:
    """Whether the later value says the earlier one again, as far as it had come: texts and numbers with more at their
    end, lists and objects with more in them, anything where nothing was known yet."""
    if is_object(earlier) and is_object(later):
        return all(key in later and grows(value, later[key]) for key, value in earlier.items())
    if is_list(earlier) and is_list(later):
        pairs = zip(earlier, later, strict=False)
        return len(earlier) <= len(later) and all(grows(one, other) for one, other in pairs)
    if isinstance(earlier, str) and isinstance(later, str):
        return later.startswith(earlier)
    if type(earlier) in _NUMBERS and type(later) in _NUMBERS:
        return str(later).startswith(str(earlier))
    return earlier is None or (type(earlier) is type(later) and earlier == later)


_NUMBERS = (int, float)


def restated(text: str, pieces: Sequence[str]) -> str | None:
    """Text that begins an object and is not JSON -> the object that is meant, the text itself when it is no more than
    one that the model wrote wrong, None for objects that do not agree. What holds nothing (`{}`, `null`, `""`) behind
    an object is no other. The work is linear in the text."""
    first = begin = _next(text, 0)
    found = json.value_at(text, begin)
    if found is None:
        return _grown(pieces) or text
    value, end = found
    while (behind := _next(text, end)) < len(text):
        opens = text[behind] == "{"
        found = json.value_at(text, behind) if opens else None
        if found is None or not grows(value, found[0]):
            if _NOTHINGS.fullmatch(text, end):
                return text[begin:end]
            return _grown(pieces) if opens else text if begin == first else None
        begin = behind
        value, end = found
    return text[begin:]


def _next(text: str, at: int) -> int:
    """Where the next character that is no blank stands."""
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


_BLANKS = re.compile(r"\s*")
_NOTHINGS = re.compile(r'(?:\s*(?:\{\s*\}|null|""))+\s*')


def _grown(pieces: Sequence[str]) -> str | None:
    """Pieces each of which says all those before it again: the last, when that is JSON."""
    said: list[str] = []
    size = 0
    for piece in pieces:
        if len(piece) >= size and piece.startswith("".join(said)):
            said = [piece]
            size = len(piece)
        else:
            said.append(piece)
            size += len(piece)
    last = "".join(said)
    return last if is_json(last) else None
