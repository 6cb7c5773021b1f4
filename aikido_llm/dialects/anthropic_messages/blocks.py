"""Parts -> content blocks.

source: Anthropic API reference, "Create a Message", read 2026-11.
"""

from collections.abc import Sequence
from typing import Any

from ...codecs.base64 import Base64Text
from ...errors import UnsupportedFeatureError
from ...types.parts import AudioPart, FilePart, ImagePart, Part, TextPart
from .cache import control

Block = dict[str, Any]

_IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")


def user_blocks(parts: Sequence[Part]) -> list[Block]:
    """What a user or a tool shows, in order. Text of nothing but blanks is left out: the wire refuses it."""
    return [_block(part) for part in parts if not _blank(part)]


def _blank(part: Part) -> bool:
    return isinstance(part, TextPart) and not part.text.strip()


def _block(part: Part) -> Block:
    match part:
        case TextPart():
            return text_block(part)
        case ImagePart():
            return _image(part)
        case FilePart():
            return _file(part)
        case AudioPart(data=None, url=None):
            return text_block(TextPart(part.transcript))
        case AudioPart():
            raise UnsupportedFeatureError("this wire takes no audio; send a transcript as text instead")


def text_block(part: TextPart) -> Block:
    block: Block = {"type": "text", "text": part.text}
    if part.cache is not None:
        block["cache_control"] = control(part.cache)
    return block


def _image(part: ImagePart | FilePart) -> Block:
    if part.data is None:
        return {"type": "image", "source": {"type": "url", "url": part.url}}
    media_type = _media_type(part)
    media_type = "image/jpeg" if media_type == "image/jpg" else media_type
    if media_type not in _IMAGE_TYPES:
        raise UnsupportedFeatureError(
            f"this wire takes JPEG, PNG, GIF and WebP images, not {media_type or 'bytes of an unknown type'}; "
            "convert the image, or name its type in content_type"
        )
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": Base64Text(part.data)}}


def _file(part: FilePart) -> Block:
    media_type = _media_type(part)
    if media_type.startswith("image/"):
        return _image(part)
    if part.data is None:
        if media_type not in ("", "application/pdf"):
            raise UnsupportedFeatureError(
                f"this wire takes only PDF files by URL, not {media_type}; download it and pass data="
            )
        source: Block = {"type": "url", "url": part.url}
    elif media_type == "application/pdf":
        source = {"type": "base64", "media_type": media_type, "data": Base64Text(part.data)}
    else:
        source = {"type": "text", "media_type": "text/plain", "data": _plain_text(part.data, media_type)}
    block: Block = {"type": "document", "source": source}
    if part.name:
        block["title"] = part.name
    return block


def _plain_text(data: bytes, media_type: str) -> str:
    """The wire knows one text type; Markdown, CSV, JSON and the like go as that."""
    if media_type in _TEXT_TYPES or media_type.startswith("text/"):
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise UnsupportedFeatureError("a text file must be UTF-8 on this wire; convert it") from None
    raise UnsupportedFeatureError(
        f"this wire takes PDF, text and image files, not {media_type or 'bytes of an unknown type'}; "
        "convert the file, or name its type in content_type"
    )


_TEXT_TYPES = ("application/json", "application/xml", "application/yaml", "application/x-yaml")


def _media_type(part: ImagePart | FilePart) -> str:
    return part.content_type.partition(";")[0].strip().lower()
