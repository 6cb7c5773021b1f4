"""What a field may hold: validators, so that a wrong shape is told when a value is made, by the field's name.

Each raises InvalidRequestError, which is a ValueError too.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar, cast

from attrs import Attribute

from ..codecs.text import NAMES, kind_name
from ..errors import InvalidRequestError

T = TypeVar("T")
Validator: TypeAlias = Callable[[Any, "Attribute[Any]", Any], None]


def of(*kinds: type) -> Validator:
    """The value is of one of these classes. A bool is no number here, and an int is a float."""
    exact = frozenset((*kinds, int) if float in kinds else kinds)
    expected = " or ".join(NAMES.get(kind, kind.__name__) for kind in kinds)

    def check(owner: Any, attribute: "Attribute[Any]", value: object) -> None:
        kind = type(value)
        if kind not in exact and (kind is bool or not isinstance(value, kinds)):
            raise wrong(owner, attribute.name, expected, value)
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidRequestError(f"{_place(owner, attribute.name)} takes a finite number")

    return check


def one_of(*words: str | None) -> Validator:
    """The value is one of these words."""

    def check(owner: Any, attribute: "Attribute[Any]", value: Any) -> None:
        if not isinstance(value, str | None) or value not in words:
            said = repr(value[:40]) if isinstance(value, str) else type(value).__name__
            raise InvalidRequestError(
                f"{_place(owner, attribute.name)} is one of {', '.join(str(word) for word in words)}, not {said}"
            )

    return check


def at_least(least: int, *, or_none: bool = True) -> Validator:
    """A whole number from least on, or None."""
    check_kind = of(int, type(None)) if or_none else of(int)

    def check(owner: Any, attribute: "Attribute[Any]", value: Any) -> None:
        check_kind(owner, attribute, value)
        if value is not None and value < least:
            raise InvalidRequestError(f"{_place(owner, attribute.name)} is a whole number from {least} on")

    return check


def each(*kinds: type) -> Validator:
    """A tuple whose items are of these classes."""
    expected = " or ".join(NAMES.get(kind, kind.__name__) for kind in kinds)

    def check(owner: Any, attribute: "Attribute[Any]", value: Any) -> None:
        for item in value:
            if not isinstance(item, kinds):
                raise wrong(owner, attribute.name, f"a list of {expected}", item, "an item that is ")

    return check


def wrong(owner: Any, name: str, expected: str, value: object, which: str = "") -> InvalidRequestError:
    """The one wording. The value itself is not repeated: it may be a key in the wrong place."""
    return InvalidRequestError(f"{_place(owner, name)} takes {expected}, not {which}{kind_name(value)}")


def listed(value: Iterable[T] | None, name: str) -> tuple[T, ...]:
    """A converter's first step: None and a list -> a tuple; text, a mapping and what cannot be iterated are refused."""
    if type(value) is tuple:
        return cast("tuple[T, ...]", value)
    if value is None:
        return ()
    if isinstance(value, str | bytes | Mapping) or not isinstance(cast("object", value), Iterable):
        raise InvalidRequestError(f"{name} takes a list, not {kind_name(cast('object', value))}")
    return tuple(value)


def strings(value: str | Iterable[str] | None, name: str) -> tuple[str, ...]:
    """A converter's work: one text or several -> a tuple of texts."""
    items = (value,) if isinstance(value, str) else listed(value, name)
    for item in items:
        if not isinstance(cast("object", item), str):
            raise InvalidRequestError(f"{name} takes text, not {kind_name(item)}")
    return items


def mapping(value: Mapping[str, Any] | None, name: str) -> dict[str, Any]:
    """A converter's work: a mapping with text for keys, or None -> a dict of its own."""
    if value is None:
        return {}
    if not isinstance(cast("object", value), Mapping) or not all(isinstance(cast("object", key), str) for key in value):
        raise InvalidRequestError(f"{name} takes a mapping whose keys are text, not {kind_name(value)}")
    return dict(value)


def _place(owner: Any, name: str) -> str:
    return f"{type(owner).__name__}.{name}"


def no_header(headers: Mapping[str, str]) -> str:
    """Why these cannot be headers beside ours, in words that go on from where they stand; "" when they can. Who could
    say wrongly where a body ends, by a name or by what a name can hide, could write a request of their own behind it.

    source: RFC 9110, 5.1 and 5.5: names are tokens; a value holds no control character but the tab.
    """
    for name, value in headers.items():
        if name.strip().lower() in ("content-length", "transfer-encoding"):
            return f"cannot hold {name}: HTTP says so itself where a body ends"
        if not name:
            return "cannot hold an empty name"
        if wrong_one := _NO_TOKEN(name):  # the name is not told: it may be a whole header, key and all
            return f"cannot hold a name with {wrong_one[0]!r} in it: no header has such a name"
        if _NO_VALUE(value):
            return f"cannot hold what {name[:_LONGEST_NAME]} says: it has a line end or another control character"
    return ""


_NO_TOKEN = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]").search
_NO_VALUE = re.compile("[\0-\x08\n-\x1f\x7f\ud800-\udfff]").search
_LONGEST_NAME = 40  # characters of one that are told
