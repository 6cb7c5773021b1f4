"""Types -> JSON Schema (2020-12, definitions under `$defs`): attrs classes, dataclasses, TypedDicts, msgspec structs,
pydantic models (by what they offer: none of theirs is imported), and what is made of them.

Docstrings of classes and texts in `Annotated[..., "text"]` become descriptions.
source: msgspec's and pydantic's documentation of their JSON Schema functions, read 2026-11.
"""

from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

import msgspec


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON Schema of a type. Raises TypeError for one that JSON has no form for."""
    if get_origin(kind) in (
        Union,
        UnionType,
    ):  # at the top a choice of classes may be made, which msgspec has no word for
        found: dict[str, Any] = {"anyOf": [schema_of(member) for member in get_args(kind)]}
    else:
        found = msgspec.json.schema(kind, schema_hook=_foreign)
    return _finished(found, [kind])


def parameters_schema(name: str, fields: Iterable[tuple[str, Any] | tuple[str, Any, Any]]) -> dict[str, Any]:
    """The JSON Schema of an object with these (name, type[, default]) fields. Raises TypeError as `schema_of` does."""
    listed = [(field[0], _with_description(field[1]), *field[2:]) for field in fields]
    struct = msgspec.defstruct(name, cast("Any", listed))
    return _finished(msgspec.json.schema(struct, schema_hook=_foreign), [field[1] for field in listed])


def is_model(kind: Any) -> bool:
    """Whether it is a model of pydantic's: it offers a schema of itself, and reads itself."""
    return isinstance(kind, type) and hasattr(kind, "model_json_schema") and hasattr(kind, "model_validate")


def _foreign(kind: Any) -> dict[str, Any]:
    if is_model(kind):
        return dict(kind.model_json_schema())
    raise NotImplementedError  # msgspec says by TypeError which type it was


def _with_description(kind: Any) -> Any:
    text = description_of(kind)
    if not text:
        return kind
    bare = get_args(kind)[0]
    return Annotated[bare, msgspec.Meta(description=text)]


def description_of(kind: Any) -> str:
    """The text of `Annotated[..., "text"]`, "" for none."""
    if get_origin(kind) is not Annotated:
        return ""
    return next((note for note in get_args(kind)[1:] if isinstance(note, str)), "")


def _finished(schema: dict[str, Any], kinds: list[Any]) -> dict[str, Any]:
    """Definitions all at the top, where references look for them, and with their fields' descriptions."""
    definitions: dict[str, Any] = {}
    root = _lifted(schema, definitions)
    for owner in _classes(kinds, set()):
        _describe(owner, root, definitions)
    return {**root, "$defs": definitions} if definitions else root


def _lifted(node: Any, definitions: dict[str, Any]) -> Any:
    """The same without `$defs`, which are added to the definitions."""
    if isinstance(node, list):
        return [_lifted(item, definitions) for item in cast("list[object]", node)]
    if not isinstance(node, dict):
        return node
    fields = cast("dict[str, Any]", node)
    for name, inner in fields.get("$defs", {}).items():
        found = _lifted(inner, definitions)
        if definitions.setdefault(name, found) != found:
            raise TypeError(f"two different types are called {name}")
    return {key: _lifted(value, definitions) for key, value in fields.items() if key != "$defs"}


def _classes(kinds: Iterable[Any], seen: set[Any]) -> Iterator[type[Any]]:
    """Every class with annotated fields that these types reach."""
    for kind in kinds:
        arguments = get_args(kind)
        if arguments:
            yield from _classes((one for one in arguments if not isinstance(one, str)), seen)
        elif isinstance(kind, type) and kind not in seen and getattr(kind, "__annotations__", None):
            seen.add(kind)
            yield kind
            yield from _classes(_hints(kind).values(), seen)


def _hints(owner: type[Any]) -> dict[str, Any]:
    try:
        return get_type_hints(owner, include_extras=True)
    except (NameError, TypeError):  # annotations for type checkers alone: msgspec would have refused fields like that
        return {}


def _describe(owner: type[Any], root: dict[str, Any], definitions: dict[str, Any]) -> None:
    texts = {name: text for name, hint in _hints(owner).items() if (text := description_of(hint))}
    for node in (definitions.get(owner.__name__), root) if texts else ():
        properties: dict[str, Any] = (node or {}).get("properties", {})
        if node is root and node is not None and node.get("title") != owner.__name__:
            continue
        for name in texts.keys() & properties.keys():
            properties[name] = {"description": texts[name], **properties[name]}
