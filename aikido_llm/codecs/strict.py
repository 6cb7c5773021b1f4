"""A cattrs converter that bends nothing: no value is made to fit its field, no unknown field is skipped, and a failure
says where and what, never the value itself.

Left to itself, cattrs takes None for the text "None", "false" for True, 1.9 for 1, and "12" for a list of two.
"""

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args, get_origin

from cattrs import Converter, cols, transform_error
from cattrs.errors import ForbiddenExtraKeysError

from . import base64
from .plain import UnfitError
from .scalars import is_scalar, read_scalar

Hook: TypeAlias = Callable[[Any, Any], Any]
"""(plain value, type) -> value."""

MOST_LINES = 10
"""Places of one value that are told."""


def strict_converter(**settings: Any) -> Converter:
    """A fresh one; settings are cattrs' own. Each compiles two functions per class, when it is first needed."""
    converter = Converter(unstruct_collection_overrides={tuple: list}, **settings)
    for kind in (int, str, bool):
        register(converter, kind, _exactly(kind))
    register(converter, float, _exactly(float, int))
    register(converter, bytes, _read_bytes)
    converter.register_structure_hook_func(lambda kind: kind == bool | int, _exactly(bool, int))
    converter.register_structure_hook_func(_is_literal, read_word)
    converter.register_structure_hook(Enum, _read_enum)
    converter.register_structure_hook(Path, read_scalar)
    converter.register_structure_hook_func(is_scalar, read_scalar)
    _register_collections(converter)
    return converter


def register(converter: Converter, kind: type, hook: Hook) -> None:
    """For the type, and for enums that are such a thing too, which cattrs would read as that."""
    converter.register_structure_hook(kind, lambda value, of: (_read_enum if _is_enum(of) else hook)(value, of))


def _register_collections(converter: Converter) -> None:
    """Left to itself, cattrs takes anything that can be iterated: `"12"` for a list of two."""
    _register_strict(converter, tuple, _tuple_reader, list, tuple)
    _register_strict(converter, list, cols.list_structure_factory, list, tuple)
    _register_strict(converter, dict, _mapping_reader, dict)
    for origin in (set, frozenset):
        _register_strict(converter, origin, _set_reader, list, set, frozenset)
    converter.register_structure_hook_func(_is_bare, _read_bare)


def _register_strict(converter: Converter, origin: type, factory: Callable[[Any, Any], Hook], *kinds: type) -> None:
    def is_it(kind: Any) -> bool:
        return get_origin(kind) is origin

    def make(kind: Any) -> Hook:
        read = factory(kind, converter)

        def reader(value: Any, kind: Any) -> Any:
            if type(value) not in kinds:
                raise UnfitError(f"{_NAMES[kinds[0]]} was expected")
            return read(value, kind)

        return reader

    converter.register_structure_hook_factory(is_it, make)


def _tuple_reader(kind: Any, converter: Converter) -> Hook:
    members = get_args(kind)
    if ... in members:
        return cols.homogenous_tuple_structure_factory(kind, converter)

    def read(value: Any, _: Any) -> Any:
        if len(value) != len(members):
            raise UnfitError(f"{len(members)} values were expected, not {len(value)}")
        return tuple(converter.structure(item, member) for item, member in zip(value, members, strict=True))

    return read


def _mapping_reader(kind: Any, converter: Converter) -> Hook:
    names, items = get_args(kind)

    def read(value: Any, _: Any) -> Any:
        return {converter.structure(name, names): converter.structure(item, items) for name, item in value.items()}

    return read


def _set_reader(kind: Any, converter: Converter) -> Hook:
    make = get_origin(kind)
    (items,) = get_args(kind)
    return lambda value, _: make(converter.structure(item, items) for item in value)


def _is_bare(kind: Any) -> bool:
    return any(kind is bare for bare in (tuple, list, set, frozenset))


def _read_bare(value: Any, kind: Any) -> Any:
    if not isinstance(value, list | tuple | set | frozenset):
        raise UnfitError("a list was expected")
    return kind(value)


def _read_bytes(value: Any, _: Any) -> bytes:
    """Base64, as the schema says. `bytes(1000000000)` would be a gigabyte."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise UnfitError("base64 text was expected")
    try:
        return base64.decode(value)
    except ValueError:
        raise UnfitError("base64 text was expected") from None


def _exactly(*kinds: type) -> Hook:
    def read(value: Any, _: Any) -> Any:
        if type(value) not in kinds:
            raise UnfitError(f"{_NAMES[kinds[0]]} was expected")
        return value

    return read


_NAMES: dict[type, str] = {
    int: "an integer",
    str: "text",
    bool: "true or false",
    float: "a number",
    list: "a list",
    dict: "an object",
}


def _is_literal(kind: Any) -> bool:
    return get_origin(kind) is Literal


def read_word(value: Any, kind: Any) -> Any:
    """One of a Literal's words, or of an enum's values: the very one, for True is no 1."""
    words: list[Any] = list(get_args(kind) or [getattr(word, "value", word) for word in kind])
    for word in words:
        if word == value and type(word) is type(value):
            return word
    raise UnfitError(f"one of {', '.join(map(str, words))} was expected")


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _read_enum(value: Any, kind: Any) -> Any:
    return value if isinstance(value, kind) else kind(read_word(value, kind))


def lines(error: Exception) -> list[str]:
    """`$.path: what is wrong`, a line per place. The exception's own text would repeat the input."""
    lines = [line.rpartition(" @ ") for line in transform_error(error, format_exception=_describe)]
    return [f"{path}: {problem}" for problem, _, path in lines[:MOST_LINES]]


def _describe(error: BaseException, kind: type | None) -> str:
    if isinstance(error, KeyError):
        return "this field is missing"
    if isinstance(error, ForbiddenExtraKeysError):
        names = sorted(str(name)[:40] for name in error.extra_fields)
        return f"there is no field {', '.join(names[:5])}"
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
        return str(error)  # ours, and what the classes refuse: their fields have been checked, so it quotes nothing
    return "this does not fit"
