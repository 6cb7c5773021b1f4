"""Types -> JSON Schema (2020-12, definitions under `$defs`): attrs classes, dataclasses, TypedDicts, msgspec structs,
pydantic models (by what they offer: none of theirs is imported), and what is made of them.

Docstrings of classes and texts in `Annotated[..., "text"]` become descriptions.
source: msgspec's and pydantic's documentation of their JSON Schema functions, read 2026-11.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, NotRequired, Required, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from .fields import Field, fields_of, own_doc


def schema_of(kind: Any, within: tuple[Any, ...] = ()) -> dict[str, Any]:
    """The JSON Schema of a type. within: the classes being written around it, which it may refer to by name.

    Raises TypeError for a type that JSON has no form for.
    """
    return _finished(_written(kind, within), [kind])


def parameters_schema(
    name: str, fields: Iterable[Field], within: tuple[Any, ...] = (), doc: str = ""
) -> dict[str, Any]:
    """The JSON Schema of an object with these fields. doc: what it is. Raises TypeError as `schema_of` does."""
    listed = [(field[0], _writable(field[1], within), *map(_optional, field[2:])) for field in fields]
    struct = msgspec.defstruct(name, cast("Any", listed), namespace={"__doc__": doc})
    found = _finished(msgspec.json.schema(struct, schema_hook=_foreign), [struct])
    _root(found)["properties"] |= {
        field[0]: {**_root(found)["properties"][field[0]], **_default(field[2])} for field in fields if len(field) > 2
    }
    return found


def _written(kind: Any, within: tuple[Any, ...]) -> dict[str, Any]:
    """What msgspec says of it; of what holds a choice of several classes, which it has no word for, part by part."""
    if kind in within:
        return {"$ref": f"#/$defs/{kind.__name__}"}
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return {"anyOf": [schema_of(member, within) for member in inner]}
    try:
        return msgspec.json.schema(kind, schema_hook=_foreign)
    except TypeError as error:
        if origin is Annotated:
            text = description_of(kind)
            return {**schema_of(inner[0], within), **({"description": text} if text else {})}
        if inner and isinstance(origin, type):
            standing = tuple(part if part is ... else _writable(part, within) for part in inner)
            return msgspec.json.schema(cast("Any", origin)[standing], schema_hook=_foreign)
        if (fields := fields_of(kind)) is None:
            raise TypeError(
                str(error).rpartition("\n")[2]
            ) from None  # what stands before is advice to who calls msgspec
    return parameters_schema(kind.__name__, fields, (*within, kind), own_doc(kind))


def _writable(kind: Any, within: tuple[Any, ...]) -> Any:
    """The type, with its text as a description; where msgspec cannot write it, one that stands in with its schema."""
    text = description_of(kind)
    bare = get_args(kind)[0] if text else kind
    try:
        msgspec.json.schema(bare, schema_hook=_foreign)
    except TypeError:
        bare = type("StandIn", (), {_SCHEMA: schema_of(bare, within)})
    return Annotated[bare, msgspec.Meta(description=text)] if text else bare


_SCHEMA = "schema_it_stands_for"


def _root(schema: dict[str, Any]) -> dict[str, Any]:
    definitions: dict[str, dict[str, Any]] = schema.get("$defs", {})
    return definitions.get(str(schema.get("$ref", "")).removeprefix("#/$defs/"), schema)


def _optional(_: Any) -> Any:
    """A field that has a default, of which msgspec is not told: it takes only a few kinds of them."""
    return msgspec.field(default_factory=lambda: None)


def _default(value: Any) -> dict[str, Any]:
    """What the schema says of a default: nothing, where JSON has no word for it."""
    try:
        return {"default": msgspec.to_builtins(value, str_keys=True, enc_hook=_text)}
    except (TypeError, ValueError, NotImplementedError):
        return {}


def _text(value: Any) -> str:
    if _scalar_schema(type(value)) is None:
        raise NotImplementedError
    return str(value)


def is_model(kind: Any) -> bool:
    """Whether it is a model of pydantic's: it offers a schema of itself, and reads itself."""
    return isinstance(kind, type) and hasattr(kind, "model_json_schema") and hasattr(kind, "model_validate")


def _foreign(kind: Any) -> dict[str, Any]:
    if (known := getattr(kind, _SCHEMA, None)) is not None:
        return dict(known)
    if is_model(kind):
        return dict(kind.model_json_schema())
    if _scalar_schema(kind) is not None:
        return {"type": "string"}
    raise NotImplementedError  # msgspec says by TypeError which type it was


def _scalar_schema(kind: Any) -> Mapping[str, str] | None:
    from .scalars import scalar_of  # decimals, dates and the like are not needed by who has no such parameter

    scalar = scalar_of(kind)
    return None if scalar is None else scalar.schema


def description_of(kind: Any) -> str:
    """The text of `Annotated[..., "text"]`, "" for none."""
    if get_origin(kind) is not Annotated:
        return ""
    return next((note for note in get_args(kind)[1:] if isinstance(note, str)), "")


def _finished(schema: dict[str, Any], kinds: list[Any]) -> dict[str, Any]:
    """Definitions all at the top, where references look for them, and with their fields' descriptions."""
    definitions: dict[str, Any] = {}
    root = _lifted(schema, definitions)
    for kind in kinds:
        _say_format(root, kind)
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
    """Say of the class's fields what their annotations say and msgspec does not."""
    hints = _hints(owner)
    for node in (definitions.get(owner.__name__), root):
        properties: dict[str, Any] = (node or {}).get("properties", {})
        if node is root and node is not None and node.get("title") != owner.__name__:
            continue
        for name in hints.keys() & properties.keys():
            _say_format(properties[name], hints[name])
            if text := description_of(hints[name]):
                properties[name] = {**properties[name], "description": text}


def _say_format(node: dict[str, Any], kind: Any) -> None:
    """Say how the scalars of a type are written, wherever they stand in it."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Annotated, NotRequired, Required):
        _say_format(node, inner[0])
    elif origin in (Union, UnionType):
        for member in inner:
            for option in node.get("anyOf", ()):
                if (
                    option.get("type") == _JSON_TYPE.get(get_origin(member) or member, "string")
                    and "enum" not in option
                ):
                    _say_format(option, member)
    elif inner and isinstance(node.get("items"), dict):
        _say_format(node["items"], inner[0])
    elif inner and isinstance(node.get("additionalProperties"), dict):
        _say_format(node["additionalProperties"], inner[-1])
    elif node.get("type") == "string" and not inner and (said := _scalar_schema(kind)) is not None:
        node.pop("format", None)
        node.update({**said, **{name: text for name, text in node.items() if name == "description"}})


_JSON_TYPE: Mapping[Any, str] = {
    **dict.fromkeys((list, tuple, set, frozenset), "array"),
    dict: "object",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}
