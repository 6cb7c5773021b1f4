"""`extra`: fields of the provider's own request body, laid over what stands under them.

Pure, and the same for a client's defaults under a request's as for both over the body that a dialect made.
"""

from collections.abc import Hashable, Mapping
from typing import Any, TypeAlias, TypeGuard

from ..codecs.plain import OMIT
from ..errors import InvalidRequestError

Lists: TypeAlias = frozenset[tuple[str, ...]]
"""Where lists join, as paths of keys; EACH stands for an entry that has neither a name nor a type."""

EACH = "*"
NO_LISTS: Lists = frozenset()


def layered(under: Mapping[str, Any], over: Mapping[str, Any], lists: Lists = NO_LISTS) -> dict[str, Any]:
    """Both as one `extra`: objects key by key at every depth, lists entry by entry at the paths in `lists`, else what
    is over wins. OMIT stays, for it speaks of what stands under both.

    Raises InvalidRequestError for what is nested too deep.
    """
    return _checked(under, over, lists, final=False)


def merged(body: Mapping[str, Any], extra: Mapping[str, Any], lists: Lists = NO_LISTS) -> dict[str, Any]:
    """The body with `extra` over it, as `layered` does it, and without the fields that are OMIT there. Neither is
    changed; only what `extra` holds is walked through.

    Raises InvalidRequestError for what is nested too deep, and for OMIT in a list.
    """
    return _checked(body, extra, lists, final=True)


def _checked(under: Mapping[str, Any], over: Mapping[str, Any], lists: Lists, *, final: bool) -> dict[str, Any]:
    try:
        return _objects(under, over, lists, (), final=final)
    except RecursionError:
        raise InvalidRequestError("extra is nested too deep") from None


def _objects(
    under: Mapping[str, Any], over: Mapping[str, Any], lists: Lists, path: tuple[str, ...], *, final: bool
) -> dict[str, Any]:
    result = dict(under)
    for name, above in over.items():
        if name in result:
            above = _joined(result[name], above, lists, (*path, name), final=final)
        elif final:
            above = _settled(above)
        if final and above is OMIT:
            result.pop(name, None)
        else:
            result[name] = above
    return result


def _joined(below: Any, above: Any, lists: Lists, path: tuple[str, ...], *, final: bool) -> Any:
    if _is_object(below) and _is_object(above):
        return _objects(below, above, lists, path, final=final)
    if path in lists and _is_list(below) and _is_list(above):
        return _entries(below, above, lists, path, final=final)
    if not final:
        return above
    settled = _settled(above)
    return below if settled is OMIT and above is not OMIT else settled


def _entries(below: Any, above: Any, lists: Lists, path: tuple[str, ...], *, final: bool) -> list[Any]:
    """The entries of both; one from above takes the place of the one below that it is the same as."""
    result = list(below)
    places = {_identity(entry): place for place, entry in enumerate(result)}
    for entry in above:
        identity = _identity(entry)
        place = places.get(identity) if identity is not None else None
        if place is None:
            result.append(_settled(entry, listed=True) if final else entry)
        elif isinstance(identity, frozenset):
            result[place] = _joined(result[place], entry, lists, (*path, EACH), final=final)
        else:
            result[place] = _settled(entry, listed=True) if final else entry
    return result


def _identity(entry: Any) -> Hashable | None:
    """What makes two entries the same: the name (which may stand one level down, under the type), else the type, else
    the keys, as a set; a text is its own. None: like no other."""
    if isinstance(entry, str):
        return entry
    if not _is_object(entry):
        return None
    kind = entry.get("type")
    inner = entry.get(kind) if isinstance(kind, str) else None
    name = entry.get("name") or (inner.get("name") if _is_object(inner) else None)
    if isinstance(name, str):
        return "name", name
    return ("type", kind) if isinstance(kind, str) else frozenset(entry)


def _settled(value: Any, *, listed: bool = False) -> Any:
    """The value without what is OMIT in it; OMIT itself for an object that held nothing else."""
    if _is_list(value):
        return [_settled(item, listed=True) for item in value]
    if _is_object(value):
        kept = {name: left for name, item in value.items() if (left := _settled(item)) is not OMIT}
        return kept if kept or not value or listed else OMIT
    if listed and value is OMIT:
        raise InvalidRequestError("OMIT takes out a field of an object; it is no entry of a list in extra")
    return value


def _is_object(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _is_list(value: Any) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    return isinstance(value, list | tuple)
