"""Media and results of tools, in the forms that pages take."""

from typing import Any

from ..codecs import json
from ..codecs.base64 import Base64Text
from ..types.messages import Message
from ..types.parts import AudioPart, FilePart, ImagePart, TextPart
from ..types.response import Response


def url_of(part: ImagePart | AudioPart | FilePart) -> str | Base64Text:
    """Where a page finds it: its URL, or a data URI with all of it."""
    return part.url if part.url is not None else Base64Text(part.data or b"", f"data:{media_type(part)};base64,")


def media_type(part: ImagePart | AudioPart | FilePart) -> str:
    """The media type; that of arbitrary bytes where none is known."""
    return part.content_type or "application/octet-stream"


def text_of(message: Message) -> str:
    """The text of a tool's result; a picture or file in it by its media type alone."""
    if isinstance(message.content, str):
        return message.content
    return "".join(part.text if isinstance(part, TextPart) else f"[{media_type(part)}]" for part in message.content)


def value_of(text: str) -> Any:
    """What JSON text holds; other text as it is, and so what can be read and not be written inside a frame."""
    try:
        value = json.loads(text)
        if text.count("[") + text.count("{") > _DEEP:
            json.dumps([[[value]]])
    except ValueError:
        return text
    return value


_DEEP = 200  # levels that are no question


def choice_of(choice: Response, index: int, thinking: bool) -> dict[str, Any]:
    """A further answer to the same question, in the plain form that pages get it in."""
    said: dict[str, Any] = {"index": index, "text": choice.text, "finishReason": str(choice.finish_reason)}
    if choice.thinking and thinking:
        said["reasoning"] = choice.thinking
    if choice.tool_calls:
        said["toolCalls"] = [
            {"id": call.id, "name": call.name, "arguments": call.arguments} for call in choice.tool_calls
        ]
    return said
