"""The common chat dicts -> what a Message is made of: `{"role", "content", "name", "tool_calls", "tool_call_id"}`.

Content is text, None, or the chat-completions parts: text, image_url, input_audio, file.
source: the API reference of that wire, "Create chat completion", messages, read 2026-11.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from ..codecs import json
from ..codecs.base64 import decode
from ..errors import InvalidRequestError
from .parts import AudioPart, FilePart, ImagePart, Part, TextPart
from .tools import ToolCall

Dict: TypeAlias = Mapping[str, Any]

_FIELDS = ("role", "content", "name", "tool_calls", "tool_call_id")
_ROLES = {"developer": "system", "function": "tool"}


def read_fields(message: Dict) -> dict[str, Any]:
    """A chat dict -> the fields of a Message. Raises InvalidRequestError that names what it does not know."""
    unknown = sorted(str(name)[:40] for name, value in message.items() if name not in _FIELDS and value is not None)
    if unknown or "role" not in message:
        lacks = f"it does not know {', '.join(unknown)}" if unknown else "it has no role"
        raise InvalidRequestError(f"a message as a dict has {', '.join(_FIELDS)}; {lacks}")
    fields = {name: message[name] for name in _FIELDS if message.get(name) is not None}
    role = fields["role"]
    if isinstance(role, str):
        fields["role"] = _ROLES.get(role, role)
    content = fields.get("content")
    if isinstance(content, list | tuple):
        fields["content"] = tuple(read_part(part) for part in cast("list[Any]", content))
    return fields


def read_call(call: Dict) -> ToolCall:
    """`{"id", "type", "function": {"name", "arguments"}}`, or the same flat -> a ToolCall."""
    kind = call.get("type") or "function"
    inner = call.get(kind) if isinstance(kind, str) else None
    said = cast("Dict", inner) if isinstance(inner, Mapping) else call
    name, arguments = said.get("name"), said.get("arguments", said.get("input", ""))
    if isinstance(arguments, Mapping):
        arguments = json.text(dict(cast("Dict", arguments)))
    if not isinstance(name, str) or not isinstance(arguments, str | None):
        raise InvalidRequestError('a tool call as a dict is {"id", "function": {"name", "arguments"}}')
    return ToolCall(call.get("id") or "", name, arguments or "", kind=kind)


def read_part(part: Any) -> Part:
    """One part of a content list; a part of ours and a text are taken as they are."""
    if isinstance(part, Part):
        return part
    if isinstance(part, str):
        return TextPart(part)
    kind: Any = cast("Dict", part).get("type") if isinstance(part, Mapping) else None
    if not isinstance(kind, str) or kind not in _PARTS:
        raise InvalidRequestError(f"a part of a message as a dict has a type: one of {', '.join(_PARTS)}")
    inner = cast("Dict", part).get(kind)
    try:
        return _PARTS[kind](inner)
    except (AttributeError, KeyError, TypeError):
        raise InvalidRequestError(f"a part of type {kind!r} has another shape than the chat wire's") from None


def _image(value: Any) -> ImagePart:
    return ImagePart(url=value if isinstance(value, str) else value["url"])


def _sound(value: Any) -> AudioPart:
    return AudioPart(data=_bytes(value["data"]), content_type=f"audio/{value['format']}" if value.get("format") else "")


def _file(value: Any) -> FilePart:
    name: str = value.get("filename") or ""
    data: str = value["file_data"]
    if data.startswith(("data:", "http:", "https:")):
        return FilePart(url=data, name=name)
    return FilePart(data=_bytes(data), name=name)


def _bytes(text: str) -> bytes:
    try:
        return decode(text)
    except ValueError:
        raise InvalidRequestError("a part's data is base64 text") from None


def _text(value: Any) -> TextPart:
    return TextPart(value)


_PARTS: dict[str, Callable[[Any], Part]] = {"text": _text, "image_url": _image, "input_audio": _sound, "file": _file}
