"""Messages -> `instructions` and `input` items.

A conversation is a flat list here: a turn's text, its calls and their results are items side by side. Every result must
stand behind its call, so it is put right behind the turn that called, in the order of the calls.
source: OpenAI API reference, "Create a response", input items, read 2026-11.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from ...errors import UnsupportedFeatureError
from ...types.messages import Message, Role
from ...types.parts import AudioPart, CacheBreakpoint, FilePart, ImagePart, Part, TextPart
from ...types.tools import ToolCall
from .. import media
from ..turns import Conversation, Turn, call_of, conversation, plain_text
from ..values import as_object
from .calls import is_known, item_of
from .quirks import Quirks
from .results import result_item

_ID_MAX = 64  # characters of a call_id


def instructions_and_input(
    messages: Sequence[Message], quirks: Quirks, provider: str, wire: str, *, instructions: bool
) -> tuple[str, list[Any]]:
    """instructions: whether the system text that opens the conversation may leave the input for that field.

    A conversation of nothing else stays in the input, which must not be empty."""
    sorted_out = conversation(messages, quirks.late_system)
    opening = sorted_out.opening
    leading = 0
    while instructions and sorted_out.turns and leading < len(opening) and not _is_marked(opening[leading], quirks):
        leading += 1
    text = Conversation(opening[:leading], ()).instructions
    items = [_system(message, quirks) for message in opening[leading:]]
    for turn in sorted_out.turns:
        items += _items(turn, quirks, provider, wire)
    return text, items


def call_id(id: str) -> str:
    """The id as it stands, unless it is too long (or empty) for this wire: then one made from it."""
    return (
        id if 0 < len(id) <= _ID_MAX else "call_" + blake2b(id.encode("utf-8", "replace"), digest_size=16).hexdigest()
    )


def _items(turn: Turn, quirks: Quirks, provider: str, wire: str) -> list[Any]:
    message = turn.message
    if message.role is Role.system:
        return [_system(message, quirks)]
    if message.role is Role.tool:  # its call is not in this conversation
        call, id = message.answers, call_id(message.tool_call_id or "")
        content = _content(message, quirks) if call is None else _output(message, call, quirks)
        return [result_item(message, call, id, content)]
    if message.role is not Role.assistant:
        return [_message("user", message, quirks)]
    replayed = message.replay_for(provider, wire)
    results = [
        result_item(result, call, call.id if replayed else call_id(call.id), _output(result, call, quirks))
        for position, result in turn.results
        for call in (call_of(turn, position),)
    ]
    return (_replayed(replayed, message) if replayed else _assistant(message, quirks)) + results


def _system(message: Message, quirks: Quirks) -> dict[str, Any]:
    plain_text(message, "instructions")  # refuses what is not text
    return _message(quirks.system_role, message, quirks)


def _message(role: str, message: Message, quirks: Quirks) -> dict[str, Any]:
    """The speaker's name has no place on this wire and is left out."""
    return {"type": "message", "role": role, "content": _content(message, quirks)}


def _content(message: Message, quirks: Quirks) -> str | list[dict[str, Any]]:
    """Plain text as a string, anything else as parts. A mark of the message goes on its last part."""
    parts = message.parts
    if not _is_marked(message, quirks) and all(isinstance(part, TextPart) for part in parts) and len(parts) <= 1:
        return message.text
    content = [_part(part, quirks) for part in parts]
    if content and message.cache is not None and quirks.cache_breakpoints:
        content[-1] |= _mark(message.cache)
    return content


def _part(part: Part, quirks: Quirks) -> dict[str, Any]:
    match part:
        case TextPart():
            mark = _mark(part.cache) if part.cache is not None and quirks.cache_breakpoints else {}
            return {"type": "input_text", "text": part.text, **mark}
        case ImagePart():
            return {"type": "input_image", "image_url": media.data_uri(part, "image/png"), "detail": "auto"}
        case FilePart():
            return _file(part)
        case AudioPart(data=None, url=None):
            return {"type": "input_text", "text": part.transcript}
        case AudioPart():
            raise UnsupportedFeatureError(
                "this wire takes no sound: send its transcript as text, or ask a chat model that listens"
            )


def _file(part: FilePart) -> dict[str, Any]:
    if part.content_type.startswith("audio/"):
        raise UnsupportedFeatureError("this wire takes no sound, not as a file either: send its transcript")
    if part.data is None:
        return {"type": "input_file", "file_url": part.url}
    name = part.name or ("document.pdf" if part.content_type in ("", "application/pdf") else "document")
    return {"type": "input_file", "filename": name, "file_data": media.data_uri(part, "application/pdf")}


def _mark(_: CacheBreakpoint) -> dict[str, Any]:
    """The wire has one lifetime for all marks, so theirs is left out."""
    return {"prompt_cache_breakpoint": {"mode": "explicit"}}


def _is_marked(message: Message, quirks: Quirks) -> bool:
    if not quirks.cache_breakpoints:
        return False
    return message.cache is not None or any(isinstance(p, TextPart) and p.cache is not None for p in message.parts)


def _output(result: Message, call: ToolCall, quirks: Quirks) -> str | list[dict[str, Any]]:
    """What a function or a custom tool gave, pictures and files too; other calls are answered in their own words."""
    return _content(result, quirks) if call.kind in ("function", "custom") or not is_known(call) else ""


def _replayed(items: Sequence[Any], message: Message) -> list[Any]:
    """The turn's own items, with the bytes of its pictures back in their places."""
    filled: list[Any] = []
    for item in items:
        place = as_object(as_object(item).get("result")).get("image")
        if type(place) is not int:
            filled.append(item)
        elif 0 <= place < len(message.images) and message.images[place].data is not None:
            filled.append({**item, "result": media.bare_base64(message.images[place], "pictures")})
    while filled and as_object(filled[-1]).get("type") == "reasoning":  # refused without the picture that it led to
        filled.pop()
    return filled


def _assistant(message: Message, quirks: Quirks) -> list[Any]:
    """A turn that came from elsewhere (its reasoning means nothing here and is left out) or was written by hand.

    The model's own turns hold text only, so what it drew or attached goes on as a user's turn behind it."""
    text: list[str] = []
    shown: list[Part] = []
    for part in message.parts:
        if isinstance(part, TextPart):
            text.append(part.text)
        elif isinstance(part, AudioPart) and part.transcript:
            text.append(part.transcript)
        else:
            shown.append(part)
    items: list[Any] = []
    if any(text):
        content = [{"type": "output_text", "text": "".join(text)}]
        items.append({"type": "message", "role": "assistant", "content": content})
    if shown:
        items.append({"type": "message", "role": "user", "content": [_part(part, quirks) for part in shown]})
    return items + [item_of(call, call_id(call.id)) for call in message.tool_calls]


def has_reasoning(items: Sequence[Any]) -> bool:
    """Whether the conversation replays reasoning, so that its model is one that reasons."""
    return any(as_object(item).get("type") == "reasoning" for item in items)
