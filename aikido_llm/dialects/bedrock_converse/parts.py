"""Parts -> content blocks. Media go as base64 of their bytes, or as a place in S3.

source: Amazon Bedrock API reference, "ImageBlock", "DocumentBlock", "VideoBlock", "AudioBlock", read 2026-11.
"""

import re
from typing import Any

from ...codecs.base64 import Base64Text
from ...errors import UnsupportedFeatureError
from ...types.parts import AudioPart, FilePart, ImagePart, Part, TextPart
from ..media import audio_format

Block = dict[str, Any]

_IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_SOUNDS = frozenset(("mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "m4a", "pcm", "webm"))
_VIDEOS = {
    "video/mp4": "mp4", "video/webm": "webm", "video/quicktime": "mov", "video/x-matroska": "mkv",
    "video/x-flv": "flv", "video/mpeg": "mpeg", "video/x-ms-wmv": "wmv", "video/3gpp": "three_gp",
}  # fmt: skip
_DOCUMENTS = {
    "application/pdf": "pdf", "text/csv": "csv", "text/html": "html", "text/plain": "txt", "text/markdown": "md",
    "application/msword": "doc", "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}  # fmt: skip
_TEXTS = ("application/json", "application/xml", "application/yaml", "application/x-yaml")  # sent as txt
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9()\[\]-]+")
_LONGEST_NAME = 200 - 6  # room for a number behind it


class Documents:
    """The names of a request's documents, in the wire's few characters and each once."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def name(self, name: str) -> str:
        """The ending goes: the format says it, and a dot is refused."""
        base = _NOT_IN_A_NAME.sub(" ", name.rpartition(".")[0] or name).strip()[:_LONGEST_NAME].strip() or "document"
        self._counts[base] = count = self._counts.get(base, 0) + 1
        return base if count == 1 else f"{base} {count}"


def blocks_of(part: Part, documents: Documents) -> list[Block]:
    """[] for text of nothing but blanks, which the wire refuses. Raises UnsupportedFeatureError."""
    match part:
        case TextPart():
            return [{"text": part.text}] if part.text.strip() else []
        case AudioPart(data=None, url=None):
            return [{"text": part.transcript}] if part.transcript.strip() else []
        case AudioPart():
            format = audio_format(part)
            if format not in _SOUNDS:
                raise _unknown("sound", _SOUNDS, format)
            return [{"audio": {"format": format, "source": _source(part)}}]
        case ImagePart():
            return [_image(part)]
        case FilePart():
            return [_file(part, documents)]


def _image(part: ImagePart | FilePart) -> Block:
    kind = _media_type(part) or _by_ending(part.url, _IMAGES)
    if kind not in _IMAGES:
        raise _unknown("pictures", _IMAGES.values(), kind)
    return {"image": {"format": _IMAGES[kind], "source": _source(part)}}


def _file(part: FilePart, documents: Documents) -> Block:
    kind = _media_type(part) or _by_ending(part.url or part.name, {**_DOCUMENTS, **_VIDEOS, **_IMAGES})
    if kind in _IMAGES:
        return _image(part)
    if kind in _VIDEOS:
        return {"video": {"format": _VIDEOS[kind], "source": _source(part)}}
    format = _DOCUMENTS.get(kind) or ("txt" if kind.startswith("text/") or kind in _TEXTS else "")
    if not format:
        raise _unknown("documents", _DOCUMENTS.values(), kind)
    return {"document": {"format": format, "name": documents.name(part.name), "source": _source(part)}}


def _source(part: ImagePart | AudioPart | FilePart) -> Block:
    if part.data is not None:
        return {"bytes": Base64Text(part.data)}
    if (part.url or "").lower().startswith("s3://"):
        return {"s3Location": {"uri": part.url}}
    raise UnsupportedFeatureError("this wire takes media as bytes or from S3 (s3://...): download it and pass data=")


def _media_type(part: ImagePart | FilePart) -> str:
    return part.content_type.partition(";")[0].strip().lower()


def _by_ending(name: str | None, known: dict[str, str]) -> str:
    """The media type of a place whose type nobody named."""
    ending = (name or "").rpartition(".")[2].lower()
    return next((kind for kind, format in known.items() if format == ending), "")


def _unknown(what: str, known: Any, kind: str) -> UnsupportedFeatureError:
    return UnsupportedFeatureError(
        f"this wire takes {what} as {', '.join(sorted(set(known)))}, not {kind or 'bytes of an unknown type'}; convert "
        "it, or name its type in content_type"
    )
