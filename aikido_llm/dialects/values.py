"""What a value of parsed JSON is: an object, a list, a text, a number, a count.

Servers send other types than their documents say, so a value is asked what it is before it is used. The answer is the
same on every wire: `is_...` tells, `as_...` gives the value, or what stands for nothing of that kind.
"""

from collections.abc import Mapping
from typing import Any, TypeGuard

MOST = 2**53
"""Numbers of tokens, dollars and seconds stay below this: beyond it JSON's readers no longer agree on whole numbers."""

_FEW = 16  # fields
_LONGEST = 64  # characters of a number that is written as text


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def is_mapping(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """An object that a caller gave, which may be any mapping; a server's is a dict."""
    return isinstance(value, Mapping)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def as_object(value: Any) -> dict[str, Any]:
    """The object itself; {} for anything else."""
    return value if is_object(value) else {}


def as_list(value: Any) -> list[Any]:
    """The list itself; [] for anything else."""
    return value if is_list(value) else []


def as_objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, whatever else is in it."""
    return [item for item in as_list(value) if is_object(item)]


def one_or_more(value: Any) -> list[dict[str, Any]]:
    """The same, of servers that write one object where a list of them is due."""
    return [value] if is_object(value) and value else as_objects(value)


def list_in(kept: dict[str, Any], name: str) -> list[Any]:
    """The list that is gathered under this name. What a server itself said there, if it is none, is the first item."""
    held = kept.get(name)
    if not is_list(held):
        held = kept[name] = [] if held is None else [held]
    return held


def object_in(kept: dict[str, Any], name: str) -> dict[str, Any]:
    """The object that is gathered under this name. What a server itself said there, if it is none, is in it under the
    same name."""
    held = kept.get(name)
    if not is_object(held):
        held = kept[name] = {} if held is None else {name: held}
    return held


def as_text(value: Any) -> str:
    """The text itself; "" for anything else."""
    return value if isinstance(value, str) else ""


def as_id(value: Any) -> str:
    """What a server calls a thing; some number their things."""
    return str(value) if type(value) is int else as_text(value)


def as_number(value: Any, below: float = MOST) -> float | None:
    """A quantity, also one that is written as text; None for what cannot be one (negative, NaN, `below` or more)."""
    if isinstance(value, str) and len(value) <= _LONGEST:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < below else None


def as_count(value: Any) -> int | None:
    """A whole number of things, such as tokens; a fraction is cut off. None for what is no number of things."""
    if value is None:
        return None
    if type(value) is int:  # nearly always
        return value if 0 <= value < MOST else None
    number = as_number(value)
    return None if number is None else int(number)


def first_count(fields: Mapping[str, Any], *names: str) -> int | None:
    """The first of these fields that is a number of things."""
    for name in names:
        value = fields.get(name)
        if value is not None and (count := as_count(value)) is not None:
            return count
    return None


def beside(shared: dict[str, Any], name: str, own: dict[str, Any]) -> dict[str, Any]:
    """One of many values, whose fields are its own and those that it shares with others: side by side, as long as the
    shared ones are few; else under a name and not copied, for a server may share a large object among thousands."""
    return {**shared, **own} if len(shared) <= _FEW else {name: shared, **own}


def within(part: int | None, whole: int | None) -> int | None:
    """A part is at most its whole: servers count the two with different tokenizers."""
    return part if part is None or whole is None else min(part, whole)


def as_error_status(value: Any) -> int | None:
    """The HTTP status of an error, which envelopes repeat in their body."""
    number = as_count(value)
    return number if number is not None and 400 <= number < 600 else None
