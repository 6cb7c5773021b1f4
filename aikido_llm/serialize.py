"""Values <-> plain data (dicts, lists, text, numbers, true/false, None), to be stored as JSON; an exact round trip.

What stands at its default is left out. Bytes are base64 text. A part says its `type` ("text", "image", "audio",
"file"), an event its `kind`, an error its class's name. Reading is strict: no value is bent to fit its field, no
unknown field is skipped, and a failure says where and what, never the value itself.

cattrs lives here and nowhere else; importing it takes tens of milliseconds, so this module is loaded on use.
"""

from collections.abc import Callable
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, TypeVar, cast, get_origin, overload

import attrs
from cattrs import Converter
from cattrs.cols import homogenous_tuple_structure_factory, list_structure_factory, mapping_structure_factory

from . import _base64
from .errors import InvalidRequestError, LLMError, Phase
from .types.response import Response

T = TypeVar("T")
Read = Callable[[Any, Any], Any]


def to_dict(value: Any) -> dict[str, Any]:
    """A Request, Message, Response, event or any other value of ours (an LLMError too) -> a dict that JSON can carry.

    raises: InvalidRequestError for what is no such value, and for a value inside that JSON has no word for.
    """
    if not isinstance(value, LLMError) and not attrs.has(type(value)):
        raise InvalidRequestError(f"a {type(value).__name__} is none of the values that to_dict writes")
    try:
        return cast("dict[str, Any]", _converter().unstructure(value))
    except _BadValueError as error:
        problem = str(error)
    raise InvalidRequestError(f"this {type(value).__name__} cannot be written: {problem}")


@overload
def from_dict(data: object, kind: type[T]) -> T: ...
@overload
def from_dict(data: object, kind: UnionType) -> Any: ...
def from_dict(data: object, kind: Any) -> Any:
    """What `to_dict` wrote -> the value.

    kind:   its class, a union told apart by tags (`Event`, `Part`), or a list of these (`list[Message]`).
    raises: InvalidRequestError that names each wrong place (`$.messages[0].role: ...`), without what stands there.
    """
    try:
        return _converter().structure(data, kind)
    except RecursionError:
        problem = "nested too deep @ $"
    except Exception as error:  # cattrs raises groups, and what attrs validators raise inside them
        problem = "; ".join(_lines(error))
    raise InvalidRequestError(f"this is not a {_shown(kind)}: {problem}")


class _BadValueError(ValueError):
    """A value that does not fit; the text never repeats it."""


@attrs.frozen
class _Failure:
    """An LLMError as a value: the name of its class, and its facts."""

    error: str
    message: str = ""
    provider: str = ""
    model: str = ""
    status: int | None = None
    code: str = ""
    request_id: str = ""
    retry_after: float | None = None
    partial: Response | None = None
    attempts: int = 1
    body: str = ""
    permanent: bool = False
    available: tuple[str, ...] = ()
    phase: Phase | None = None
    cap: str = ""
    limit: int | None = None


# ------------------------------------------------------------------------------------------------- the converter


@lru_cache(maxsize=1)
def _converter() -> Converter:
    """Made once: it compiles a function per class on first use."""
    converter = Converter()
    for kind in (int, str, bool):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(float, _exactly(float, int))
    converter.register_structure_hook(bytes, _read_bytes)
    converter.register_unstructure_hook(bytes, _base64.encode)
    converter.register_unstructure_hook_func(_is_enum, lambda value: value.value)
    converter.register_structure_hook_func(_is_enum, _read_word)
    converter.register_structure_hook_func(lambda kind: get_origin(kind) is Literal, _read_word)
    converter.register_structure_hook_factory(_is_optional, lambda kind: _optional(converter, kind))
    converter.register_structure_hook_factory(
        lambda kind: get_origin(kind) is tuple,
        lambda kind: _is_a(list, homogenous_tuple_structure_factory(kind, converter)),
    )
    converter.register_structure_hook_factory(
        lambda kind: get_origin(kind) is list, lambda kind: _is_a(list, list_structure_factory(kind, converter))
    )
    converter.register_structure_hook_factory(
        lambda kind: get_origin(kind) is dict, lambda kind: _is_a(dict, mapping_structure_factory(kind, converter))
    )
    converter.register_structure_hook_factory(_is_plain, lambda kind: _plain_reader(kind))
    _register_classes(converter)
    _register_errors(converter)
    return converter
