"""Values made of parts that are in their fields' own forms already: `evolve` and the class itself check and convert all
fields again, which takes ten times as long as filling them."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from attrs import AttrsInstance, fields

T = TypeVar("T", bound=AttrsInstance)


class Unchecked(Generic[T]):
    """Makes values of one frozen attrs class with slots.

    of:   of the values of all fields, in their order.
    like: the same as a value, with other values of these fields (by their slots' names).

    A frozen object can be filled by calls alone, which take many times as long as assignments. So an object of an open
    class of the same layout is filled by assignments, and then made one of the frozen class. Both functions are written
    out for the class, as attrs writes its own.
    """

    of: Callable[[Iterable[Any]], T]
    like: Callable[[T, dict[str, Any]], T]

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    def __getattr__(self, name: str) -> Any:
        """The two, when one of them is first asked for: writing them takes a moment."""
        if name not in ("of", "like"):
            raise AttributeError(name)
        kind = self._kind
        names = [attribute.name for attribute in fields(kind)]
        unguarded = {"__slots__": (), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
        scope: dict[str, Any] = {"kind": kind, "new": object.__new__, "open": type(kind.__name__, (kind,), unguarded)}
        targets = ", ".join(f"made.{name}" for name in names)
        copies = "; ".join(f"made.{name} = value.{name}" for name in names)
        exec(_WRITTEN.format(targets=targets, copies=copies), scope)
        self.of, self.like = scope["of"], scope["like"]
        return scope[name]


_WRITTEN = """
def of(values):
    made = new(open)
    {targets}, = values
    made.__class__ = kind
    return made

def like(value, changes):
    made = new(open)
    {copies}
    for name, held in changes.items():
        setattr(made, name, held)
    made.__class__ = kind
    return made
"""
