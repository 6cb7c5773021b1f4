"""Free JSON <-> plain data: the fields whose content belongs to a provider or to the caller, not to us.

They are JSON already, but bytes may stand in them (a picture in a raw body), and `OMIT`: these become
{"$bytes": base64} and {"$omit": true}, and an object that looks like that by chance gets one more "$".
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, cast

from . import base64
from .text import kind_name


class Omit:
    """As the value of a field of `extra`: leave the field out of what is sent, though it would be in it."""

    _only: ClassVar["Omit | None"] = None

    def __new__(cls) -> "Omit":
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "OMIT"

    def __reduce__(self) -> str:
        return "OMIT"


OMIT: Final = Omit()


class UnfitError(ValueError):
    """A value that does not fit. The text never repeats it."""


def plain(value: object) -> Any:
    """What json.dumps can write. Raises UnfitError for what JSON has no word for."""
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Omit):
        return {_OMIT: True}
    if isinstance(value, bytes):
        return {_BYTES: base64.encode(value)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in cast("list[Any]", value)]
    if not isinstance(value, Mapping):
        raise UnfitError(f"JSON has no word for {kind_name(value)}")
    fields = cast("Mapping[object, object]", value)
    escape = "$" if _is_marked(fields) else ""
    return {escape + _name(name): plain(item) for name, item in fields.items()}


def revived(value: object, _: Any = None) -> Any:
    """The way back: any JSON value. Raises UnfitError."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [revived(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        raise UnfitError("a JSON value was expected")
    fields = cast("dict[object, object]", value)
    if not _is_marked(fields):
        return {_name(name): revived(item) for name, item in fields.items()}
    name, item = next(iter(fields.items()))
    if name == _OMIT:
        if item is not True:
            raise UnfitError("$omit is true")
        return OMIT
    return read_bytes(item) if name == _BYTES else {_name(name)[1:]: revived(item)}


def revived_object(value: Any, _: Any = None) -> dict[str, Any]:
    """The way back to a dict. Raises UnfitError."""
    found = revived(value)
    if not isinstance(found, dict):
        raise UnfitError("an object was expected")
    return cast("dict[str, Any]", found)


def revived_tuple(value: Any, _: Any = None) -> tuple[Any, ...]:
    """The way back to a tuple of values. Raises UnfitError."""
    if not isinstance(value, list | tuple):
        raise UnfitError("a list was expected")
    return tuple(revived(item) for item in cast("list[Any]", value))


def read_bytes(value: Any, _: Any = None) -> bytes:
    """Base64 text -> bytes. Raises UnfitError."""
    if isinstance(value, str):
        try:
            return base64.decode(value)
        except ValueError:
            pass
    raise UnfitError("base64 text was expected")


_BYTES = "$bytes"
_OMIT = "$omit"


def _is_marked(fields: Mapping[object, object]) -> bool:
    """Whether this is {"$bytes": ..}, {"$$bytes": ..}, ..., or the same with omit."""
    if len(fields) != 1:
        return False
    name = next(iter(fields))
    return isinstance(name, str) and name.startswith("$") and name.lstrip("$") in ("bytes", "omit")


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise UnfitError("an object's names must be text")
    return str(name)
