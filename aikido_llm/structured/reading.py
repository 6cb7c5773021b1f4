"""Plain data, as a model wrote it -> values of a caller's types: attrs classes, dataclasses, TypedDicts, msgspec
structs, pydantic models, and lists, dicts, unions and Literals of these. Of a union the first type that fits.

Nothing is bent to fit (but 3 is a float where one is due); a failure says where and what, never the value.
Loads cattrs, which takes tens of milliseconds.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from cattrs import Converter

from ..codecs.json import convert
from ..codecs.plain import UnfitError
from ..codecs.schema import is_model
from ..codecs.strict import MOST_LINES, lines, register, strict_converter
from ..errors import InvalidRequestError


def read_as(data: object, kind: Any) -> Any:
    """A value of the type. Raises InvalidRequestError that names each wrong place."""
    try:
        return _converter().structure(data, kind)
    except Exception as error:  # cattrs raises groups; what pydantic and the classes themselves refuse is inside them
        problem = "; ".join(lines(error))
    raise InvalidRequestError(problem)


def read_arguments(data: Mapping[str, Any], kinds: Mapping[str, Any]) -> dict[str, Any]:
    """The same for each named value of a call. Raises InvalidRequestError that names all wrong places."""
    read: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in data.items():
        try:
            read[name] = _converter().structure(value, kinds[name])
        except Exception as error:
            problems += [line.replace("$", name, 1) for line in lines(error)]
    if problems:
        raise InvalidRequestError("; ".join(problems[:MOST_LINES]))
    return read


@lru_cache(maxsize=1)
def _converter() -> Converter:
    converter = strict_converter(forbid_extra_keys=True)
    converter.register_structure_hook_func(_is_union, lambda value, kind: _first_that_fits(value, kind, converter))
    converter.register_structure_hook_func(is_model, _read_model)
    converter.register_structure_hook_func(_is_struct, convert)
    converter.register_structure_hook_func(lambda kind: kind is Any or kind is object, lambda value, _: value)
    converter.register_structure_hook_func(lambda kind: kind is type(None), _read_none)
    register(converter, float, _read_float)
    return converter


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType)


def _first_that_fits(value: Any, kind: Any, converter: Converter) -> Any:
    problems: list[str] = []
    for member in get_args(kind):
        try:
            return converter.structure(value, member)
        except Exception as error:
            problems += [line.removeprefix("$").lstrip(".: ") for line in lines(error)]
    raise UnfitError(" or ".join(dict.fromkeys(problems)))


def _read_model(value: Any, kind: Any) -> Any:
    try:
        return kind.model_validate(value)
    except ValueError as error:
        wrong: Callable[..., list[dict[str, Any]]] | None = getattr(error, "errors", None)
        listed = wrong(include_input=False, include_url=False) if wrong is not None else []
    lines = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in listed[:MOST_LINES]]
    raise UnfitError(", ".join(lines) or f"this is no {kind.__name__}")


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and hasattr(kind, "__struct_fields__")


def _read_none(value: Any, _: Any) -> None:
    if value is not None:
        raise UnfitError("null was expected")


def _read_float(value: Any, _: Any) -> float:
    """JSON has one kind of number: a model writes 3 where it means 3.0."""
    if type(value) not in (int, float):
        raise UnfitError("a number was expected")
    try:
        return float(value)
    except OverflowError:
        raise UnfitError("a number was expected that a float can hold") from None
