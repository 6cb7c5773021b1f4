"""Pictures, sound and files between parts and wires: data URIs, base64, media types."""

from collections.abc import Mapping
from typing import TypeAlias

from ..codecs.base64 import Base64Text, decode, split_data_uri
from ..errors import MalformedStream, UnsupportedFeatureError
from ..framing.media import Media
from ..types.parts import AudioPart, FilePart, ImagePart, sniff

Arrived: TypeAlias = Mapping[str, Media]
"""Media that were decoded while they came, by the marks that stand for them (see `framing.media`)."""

_NOTHING: Arrived = {}


def image_from_url(url: str, arrived: Arrived = _NOTHING) -> ImagePart:
    """What a wire calls an image URL: a data URI becomes bytes. Raises MalformedStream when its base64 is broken."""
    if url[:5].lower() != "data:":
        return ImagePart(url=arrived[url].text() if url in arrived else url)
    try:
        content_type, data = split_data_uri(url, lambda text: _bytes(text, arrived))
    except ValueError as error:
        raise MalformedStream(f"an image is not base64: {error}") from None
    return ImagePart(data=data, content_type=content_type)


def image_from_base64(text: str, content_type: str = "", arrived: Arrived = _NOTHING) -> ImagePart:
    """Bare base64 -> an image; the media type is sniffed when the wire names none. Raises MalformedStream."""
    return ImagePart(data=bytes_from_base64(text, "an image", arrived), content_type=content_type)


def bytes_from_base64(text: str, what: str, arrived: Arrived = _NOTHING) -> bytes:
    """Raises MalformedStream, saying what was not base64."""
    try:
        return _bytes(text, arrived)
    except ValueError as error:
        raise MalformedStream(f"{what} is not base64: {error}") from None


def _bytes(text: str, arrived: Arrived) -> bytes:
    found = arrived.get(text)
    return decode(text) if found is None else found.take()


def data_uri(part: ImagePart | AudioPart | FilePart, default_type: str) -> str | Base64Text:
    """The part as a wire wants a URL: its own, or a data URI whose base64 is written when the body is sent."""
    if part.data is None:
        return part.url or ""
    return Base64Text(part.data, f"data:{part.content_type or default_type};base64,")


def bare_base64(part: ImagePart | AudioPart | FilePart, what: str) -> Base64Text:
    """The part's bytes, for wires that take no URL. Raises UnsupportedFeatureError for a URL."""
    if part.data is None:
        raise UnsupportedFeatureError(
            f"this wire takes {what} as bytes only: download {_shown(part.url)} and pass data="
        )
    return Base64Text(part.data)


def audio_format(part: AudioPart) -> str:
    """`audio/x-wav` -> `wav`: the short names that chat wires use. Sniffed when the part names no type."""
    subtype = (part.content_type or sniff(part.data or b"")).partition("/")[2].partition(";")[0].lower()
    return _AUDIO_NAMES.get(subtype, subtype or "wav")


_AUDIO_NAMES = {
    "mpeg": "mp3",
    "x-wav": "wav",
    "wave": "wav",
    "vnd.wave": "wav",
    "x-flac": "flac",
    "l16": "pcm16",
    "x-m4a": "m4a",
}


def _shown(url: str | None) -> str:
    return (url or "it").partition("?")[0]
