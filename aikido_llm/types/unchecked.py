"""Values made of parts that are in their fields' own forms already: `evolve` and the class itself check and convert all
fields again, which takes ten times as long as filling them."""

from collections import deque
from collections.abc import Callable, Iterable
from itertools import repeat
from operator import attrgetter, call
from typing import Any, Generic, TypeVar

from attrs import AttrsInstance, fields

T = TypeVar("T", bound=AttrsInstance)

_call: Callable[..., Any] = call


class Unchecked(Generic[T]):
    """Makes values of one attrs class with slots."""

    def __init__(self, kind: type[T]) -> None:
        names = tuple(attribute.name for attribute in fields(kind))
        self._kind = kind
        self._put = {name: getattr(kind, name).__set__ for name in names}
        self._all = tuple(self._put.values())
        self._values = attrgetter(*names)

    def like(self, value: T, changes: dict[str, Any]) -> T:
        """The same, with other values of these fields (by their slots' names)."""
        made = self.of(self._values(value))
        for name, held in changes.items():
            self._put[name](made, held)
        return made

    def of(self, values: Iterable[Any]) -> T:
        """Of the values of all fields, in their order."""
        made = object.__new__(self._kind)
        deque(map(_call, self._all, repeat(made), values), 0)  # a loop without steps of Python
        return made
