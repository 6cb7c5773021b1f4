"""Values made of parts that are in their fields' own forms already: `evolve` and the class itself check and convert all
fields again, which takes ten times as long as filling them."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from attrs import NOTHING, AttrsInstance, fields

T = TypeVar("T", bound=AttrsInstance)


class Unchecked(Generic[T]):
    """Makes values of one frozen attrs class with slots.

    of:   of the values of all fields, in their order.
    by:   of the values of some fields by their names, as the class itself takes them; the others have their defaults.
    like: the same as a value, with other values of these fields (by their slots' names).

    A frozen object can be filled by calls alone, which take many times as long as assignments. So an object of an open
    class of the same layout is filled by assignments, and then made one of the frozen class. The functions are written
    out for the class, as attrs writes its own.
    """

    of: Callable[[Iterable[Any]], T]
    by: Callable[..., T]
    like: Callable[[T, dict[str, Any]], T]

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    def __getattr__(self, name: str) -> Any:
        """The three, when one of them is first asked for: writing them takes a moment."""
        if name not in ("of", "by", "like"):
            raise AttributeError(name)
        kind = self._kind
        names = [attribute.name for attribute in fields(kind)]
        unguarded = {"__slots__": (), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
        scope: dict[str, Any] = {"kind": kind, "new": object.__new__, "open": type(kind.__name__, (kind,), unguarded)}
        parameters, fills = _by_name(kind, scope)
        targets = ", ".join(f"made.{name}" for name in names)
        copies = "; ".join(f"made.{name} = value.{name}" for name in names)
        exec(_WRITTEN.format(targets=targets, copies=copies, parameters=parameters, fills=fills), scope)
        self.of, self.by, self.like = scope["of"], scope["by"], scope["like"]
        return scope[name]


def _by_name(kind: type[AttrsInstance], scope: dict[str, Any]) -> tuple[str, str]:
    """(the parameters of `by`, what it does with them); the defaults are put into scope."""
    parameters, fills = list[str](), list[str]()
    for attribute in fields(kind):
        name, alias, default = attribute.name, attribute.alias, attribute.default
        make = getattr(default, "factory", None)
        scope[f"default_{alias}"] = default if make is None else make
        parameters.append(alias if default is NOTHING else f"{alias}=default_{alias}")
        value = alias if make is None else f"default_{alias}() if {alias} is default_{alias} else {alias}"
        fills.append(f"made.{name} = {value}")
    return ", ".join(parameters), "; ".join(fills)


_WRITTEN = """
def of(values):
    made = new(open)
    {targets}, = values
    made.__class__ = kind
    return made

def by(*, {parameters}):
    made = new(open)
    {fills}
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
