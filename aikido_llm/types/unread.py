"""A value that is made when it is first asked for."""

from collections.abc import Callable
from typing import Any


class Unread:
    """make: gives the value; it is let go of, with all that it holds, when the value is there."""

    __slots__ = ("_make", "_value")

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make: Callable[[], Any] | None = make
        self._value: Any = None

    def value(self) -> Any:
        if (make := self._make) is not None:
            self._value = make()
            self._make = None
        return self._value

    def __eq__(self, other: object) -> bool:
        return bool(self.value() == value_of(other))

    def __reduce__(self) -> tuple[Any, ...]:
        return _read, (self.value(),)


def _read(value: Any) -> Unread:
    return Unread(lambda: value)


def value_of(value: Any) -> Any:
    """What a field holds that may be unread."""
    return value.value() if type(value) is Unread else value
