"""The fields of a class by what it is made with: attrs, dataclasses or TypedDict."""

import dataclasses
from typing import Any, NotRequired, Required, TypeAlias, get_args, get_origin, get_type_hints, is_typeddict

import attrs

Field: TypeAlias = tuple[str, Any] | tuple[str, Any, Any]
"""(name, type[, default]). A default that is made anew each time is its factory."""


def fields_of(kind: Any) -> list[Field] | None:
    """Those that it is made from, those with a default last; None for what is no such class."""
    if not isinstance(kind, type):
        return None
    found = _listed(kind)
    return None if found is None else sorted(found, key=len)


def _listed(kind: type[Any]) -> list[Field] | None:
    hints = get_type_hints(kind, include_extras=True)
    if is_typeddict(kind):
        required: frozenset[str] = kind.__required_keys__
        return [(n, _bare(hint)) if n in required else (n, _bare(hint), ABSENT) for n, hint in hints.items()]
    if attrs.has(kind):
        own = [(one.name, one.default) for one in attrs.fields(kind) if one.init]
        return [(n, hints[n]) if default is attrs.NOTHING else (n, hints[n], default) for n, default in own]
    if dataclasses.is_dataclass(kind):
        return [_of_dataclass(one, hints) for one in dataclasses.fields(kind) if one.init]
    return None


class _Absent:
    """No value: the field may be left out, and what stands for it then has no form in JSON."""


ABSENT = _Absent()


def _of_dataclass(one: "dataclasses.Field[Any]", hints: dict[str, Any]) -> Field:
    if one.default is not dataclasses.MISSING:
        return (one.name, hints[one.name], one.default)
    return (
        (one.name, hints[one.name])
        if one.default_factory is dataclasses.MISSING
        else (one.name, hints[one.name], ABSENT)
    )


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in (NotRequired, Required) else hint


def own_doc(kind: type[Any]) -> str:
    """What was written of a class; "" where its docstring was made for it."""
    text = kind.__doc__ or ""
    return "" if text.startswith((f"{kind.__name__}(", "dict(")) else text
