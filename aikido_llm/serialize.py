"""Values <-> plain data (dicts, lists, text, numbers, true/false, None), to be stored as JSON; an exact round trip.

What stands at its default is left out. Bytes are base64 text. A part says its `type` ("text", "image", "audio",
"file"), an event its `kind`, an error the name of its class. Reading is strict: no value is bent to fit its field, no
unknown field is skipped, and a failure says where and what, never the value itself.

cattrs lives here and nowhere else; importing it takes tens of milliseconds, so this module is loaded on use.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import UnionType
from typing import Any, TypeVar, cast, get_args, overload

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from .codecs import base64
from .codecs.float32 import read_float32, write_float32
from .codecs.plain import UnfitError, plain, read_bytes, revived, revived_object, revived_tuple
from .codecs.strict import Hook, lines, strict_converter
from .codecs.text import kind_name
from .errors import InvalidRequestError, LLMError
from .types.events import Event, RunEvent, ToolResultEvent
from .types.failure import Failure, from_failure, to_failure
from .types.logprobs import TokenLogprob
from .types.messages import Message
from .types.parts import AudioPart, FilePart, ImagePart, Part, TextPart
from .types.response import Response
from .types.server_tools import ServerTool
from .types.tools import CustomTool, Tool, ToolDef
from .types.unread import value_of

T = TypeVar("T")


def to_dict(value: Any) -> dict[str, Any]:
    """A Request, Message, Response, event or any other value of ours (an LLMError too) -> a dict that JSON can carry.

    Of a caller's own subclass of an error, the nearest class of ours is kept.
    raises: InvalidRequestError for what is no such value, and for something inside that JSON has no word for.
    """
    return _written(value, _converter())


def to_kept(value: Any) -> dict[str, Any]:
    """The same without what tells of the HTTP exchange of an answer or an error, their `headers` and `raw`: for what is
    stored. They are not made for it either, where nobody has asked for them yet."""
    return _written(value, _converter(exchange=False))


def _written(value: Any, converter: Converter) -> dict[str, Any]:
    if not isinstance(value, LLMError) and not _is_class(cast("object", type(value))):
        raise InvalidRequestError(f"to_dict writes values of this package, not {kind_name(value)}")
    try:
        return cast("dict[str, Any]", converter.unstructure(value))
    except UnfitError as error:
        problem = str(error)
    except RecursionError:
        problem = "nested too deep"
    raise InvalidRequestError(f"this {type(value).__name__} cannot be written: {problem}")


@overload
def from_dict(data: object, kind: type[T]) -> T: ...
@overload
def from_dict(data: object, kind: UnionType) -> Any: ...
def from_dict(data: object, kind: Any) -> Any:
    """What `to_dict` wrote -> the value.

    kind:   its class, a union told apart by tags (`Event`, `Part`), or a list of these (`list[Message]`).
    raises: InvalidRequestError that names each wrong place (`$.messages[0].role: one of ...`), not what stands there.
    """
    try:
        return _converter().structure(data, kind)
    except Exception as error:  # cattrs raises groups; what the classes themselves refuse is inside them
        problem = "; ".join(lines(error))
    raise InvalidRequestError(f"this is no valid {_title(kind)}: {problem}")


# ---------------------------------------------------------------- the converter


@lru_cache(maxsize=2)
def _converter(exchange: bool = True) -> Converter:
    """Made once: it compiles two functions per class, each when it is first needed. exchange: see `to_kept`."""
    converter = strict_converter()
    converter.register_structure_hook(bytes, read_bytes)
    converter.register_unstructure_hook(bytes, base64.encode)
    converter.register_structure_hook(array, read_float32)
    converter.register_unstructure_hook(array, write_float32)
    _register_classes(converter, () if exchange else ("headers", "raw"))
    _register_errors(converter)
    return converter


def _register_classes(converter: Converter, left_out: Sequence[str]) -> None:
    """left_out: fields of an answer and of an error that are not written."""
    for kind in (Response, TokenLogprob):  # they hold others of their own kind
        attrs.resolve_types(kind)

    def register(union: Any, name: str, tags: dict[str, type], usual: str = "") -> None:
        def read(value: Any, _: Any) -> Any:
            member: Any = _member(value, name, tags, usual)
            return converter.structure(value, member)

        converter.register_structure_hook_func(lambda kind: kind == union, read)

    register(Event, "kind", _EVENTS)
    register(RunEvent, "kind", _RUN_EVENTS)
    register(Tool, "type", _TOOLS, "function")  # 0.1 knew functions only
    register(Part, "type", _PARTS)

    def reader(kind: Any) -> Hook:
        return _class_reader(kind, converter)

    def writer(kind: Any) -> Callable[[Any], dict[str, Any]]:
        return _class_writer(kind, converter, left_out if kind in (Response, Failure) else ())

    converter.register_structure_hook_factory(_is_class, reader)
    converter.register_unstructure_hook_factory(_is_class, writer)


def _is_class(kind: Any) -> bool:
    return attrs.has(kind)


_EVENTS: dict[str, type] = {kind.kind.value: kind for kind in get_args(Event)}
_RUN_EVENTS: dict[str, type] = {**_EVENTS, ToolResultEvent.kind: ToolResultEvent}
_TOOLS: dict[str, type] = {"function": ToolDef, "custom": CustomTool, "server": ServerTool}
_PARTS: dict[str, type] = {"text": TextPart, "image": ImagePart, "audio": AudioPart, "file": FilePart}
_TAGS: dict[type, tuple[str, str]] = {
    **{kind: ("kind", tag) for tag, kind in _RUN_EVENTS.items()},
    **{kind: ("type", tag) for tag, kind in _TOOLS.items()},
    **{kind: ("type", tag) for tag, kind in _PARTS.items()},
}


def _register_errors(converter: Converter) -> None:
    def write(error: LLMError) -> Any:
        return converter.unstructure(to_failure(error))

    def read(value: Any, kind: Any) -> Any:
        return from_failure(converter.structure(value, Failure), kind)

    converter.register_unstructure_hook_func(_is_error, write)
    converter.register_structure_hook_func(_is_error, read)


def _is_error(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, LLMError)


def _class_reader(kind: Any, converter: Converter) -> Hook:
    hooks = {name: override(struct_hook=hook) for name, hook in _own_readers(kind, converter).items()}
    read = cast("Hook", _make_reader(kind, converter, _cattrs_forbid_extra_keys=True, _cattrs_use_alias=True, **hooks))
    tag_name, tag = _TAGS.get(kind, ("", ""))

    def reader(value: Any, _: Any) -> Any:
        if type(value) is not dict:
            raise UnfitError("an object was expected")
        fields = cast("dict[str, Any]", value)
        if tag and tag_name in fields:
            if fields[tag_name] != tag:
                raise UnfitError(f"{tag_name} must be {tag!r} here")
            fields = {name: item for name, item in fields.items() if name != tag_name}
        return read(fields, kind)

    return reader


def _class_writer(kind: Any, converter: Converter, left_out: Sequence[str]) -> Callable[[Any], dict[str, Any]]:
    def content(value: Any) -> Any:
        return value if isinstance(value, str) else [converter.unstructure(part) for part in value]

    hooks = {a.name: override(unstruct_hook=_plain_value) for a in attrs.fields(kind) if a.type in _PLAIN}
    if kind is Message:
        hooks["content"] = override(unstruct_hook=content)
    hooks |= {a.name: override(omit=True) for a in attrs.fields(kind) if a.alias in left_out}
    write = _make_writer(kind, converter, _cattrs_omit_if_default=True, _cattrs_use_alias=True, **hooks)
    tag = dict([_TAGS[kind]] if kind in _TAGS else [])
    return lambda value: {**tag, **write(value)}


def _plain_value(value: object) -> Any:
    return plain(value_of(value))


# cattrs takes its own switches and our fields' hooks as keywords of one call, which no type checker can tell apart.
_make_reader = cast("Callable[..., Any]", make_dict_structure_fn)
_make_writer = cast("Callable[..., Any]", make_dict_unstructure_fn)


def _own_readers(kind: Any, converter: Converter) -> dict[str, Hook]:
    """The fields that hold free JSON, and the one that is text or a list of parts."""

    def content(value: Any, _: Any) -> Any:
        return converter.structure(value, str if isinstance(value, str) else tuple[Part, ...])

    readers = {a.name: _PLAIN[a.type] for a in attrs.fields(kind) if a.type in _PLAIN}
    return {**readers, "content": content} if kind is Message else readers


_PLAIN: dict[Any, Hook] = {
    Any: revived,
    dict[str, Any]: revived_object,
    dict[str, Any] | None: lambda value, _: None if value is None else revived_object(value),
    Mapping[str, Any]: revived_object,
    Mapping[str, Any] | None: lambda value, _: None if value is None else revived_object(value),
    tuple[Any, ...]: revived_tuple,
}


def _member(value: Any, name: str, members: Mapping[str, type], usual: str) -> type:
    tag = cast("dict[str, Any]", value).get(name, usual) if type(value) is dict else None
    if not isinstance(tag, str) or tag not in members:
        raise UnfitError(f"an object was expected whose {name} is one of {', '.join(members)}")
    return members[tag]


def _title(kind: Any) -> str:
    return next((name for union, name in ((Event, "Event"), (Part, "Part")) if kind == union), "") or getattr(
        kind, "__name__", str(kind)
    )
