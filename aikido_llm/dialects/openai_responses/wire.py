"""The needed fields of a stream's events.

Every field is optional and of any type: what servers put there varies (null deltas, missing indexes), and one odd value
must not cost the stream. Fields not named here (obfuscation, partial images) are skipped. What only few events have (an
item, the response) is read in a second pass, so that the many are read faster.
"""

from typing import Any, Literal

from msgspec import Raw, Struct

from ...codecs import json
from ...codecs.json import Typed
from ..values import as_list, as_object, is_list, is_object


class TextEvent(Struct, gc=False):
    """What most events are, a piece of text: its types turn down all others, so that the parser (C) does the check."""

    type: Literal["response.output_text.delta"]
    delta: str
    output_index: int
    content_index: int


class StreamEvent(Struct, gc=False):
    """One event of any kind."""

    type: Any = None
    delta: Any = None
    output_index: Any = None
    content_index: Any = None
    summary_index: Any = None
    item_id: Any = None
    sequence_number: Any = None
    text: Any = None
    refusal: Any = None
    arguments: Any = None
    input: Any = None
    name: Any = None


class _ItemHead(Struct, gc=False):
    """What tells which item it is; a picture of many megabytes in it is not built."""

    type: Any = None
    id: Any = None
    call_id: Any = None


class _Heads(Struct, gc=False):
    output: list[_ItemHead] = []


class _ResponseHeads(Struct, gc=False):
    response: _Heads | None = None


class _ResponseFields(Struct, gc=False):
    response: dict[str, Raw] | None = None


class _Sequence(Struct, gc=False):
    sequence_number: int | None = None


_FRAME = {"type", "response", "sequence_number"}

TEXT = Typed(TextEvent)
EVENT = Typed(StreamEvent)
_RESPONSE = Typed(_ResponseFields)
_HEADS = Typed(_ResponseHeads)
_SEQUENCE = Typed(_Sequence)
_FIELDS = Typed(dict[str, Raw])


def response_of(data: bytes) -> dict[str, Any]:
    """The response of an event, without its output (the items came before); empty when there is none."""
    try:
        fields = _RESPONSE.fast(data).response or {}
        return {name: json.loads(bytes(value)) for name, value in fields.items() if name != "output"}
    except json.UNREADABLE:  # something else stands there, or what the fast reader does not take
        found = as_object(field_of(data, "response"))
        return {name: value for name, value in found.items() if name != "output"}


def output_heads(data: bytes) -> list[dict[str, Any]] | None:
    """Type, id and call id of each item in the output of an event's response; None when it must be read whole."""
    try:
        heads = _HEADS.fast(data).response
    except json.UNREADABLE:
        return None
    return [{"type": head.type, "id": head.id, "call_id": head.call_id} for head in heads.output] if heads else []


def beside_response(data: bytes) -> dict[str, Any]:
    """What an event says beside its response and its own name."""
    try:
        fields = _FIELDS.fast(data)
        return {name: json.loads(bytes(value)) for name, value in fields.items() if name not in _FRAME}
    except json.UNREADABLE:
        return {name: value for name, value in json.loads_object(data).items() if name not in _FRAME}


def sequence_of(data: bytes) -> int | None:
    """The number of an event in the server's count."""
    try:
        return _SEQUENCE.fast(data).sequence_number
    except json.UNREADABLE:
        return None


def field_of(data: bytes, name: str) -> Any:
    """One field of an event, whole."""
    return json.loads_object(data).get(name)


def texts_of(value: Any) -> list[str]:
    """The texts of a list of parts, of one part, or of what some servers send in their place: the text itself."""
    if isinstance(value, str):
        return [value]
    parts = [value] if is_object(value) else as_list(value)
    return [part if isinstance(part, str) else text_of(part) for part in parts]


def text_of(part: Any) -> str:
    """The text of one part: text, or an object that has it under a usual key; "" when there is none."""
    if isinstance(part, str):
        return part
    if is_list(part):
        return "".join(texts_of(part))
    found = as_object(part)
    for key in ("text", "refusal", "content", "value"):
        value = found.get(key)
        if isinstance(value, str):
            return value
        if is_object(value) or is_list(value):
            return "".join(texts_of(value))
    return ""


def parts_of(content: Any) -> list[dict[str, Any]]:
    """The parts of a message. Some servers send its text alone, one part without a list, or parts that are text;
    numbers are their JSON text."""
    if content is None or content == "":
        return []
    if is_list(content):
        return [part for item in content for part in parts_of(item)]
    if is_object(content):
        return [content]
    return [{"type": "output_text", "text": content if isinstance(content, str) else json.text(content)}]
