"""Pictures and sound as this family writes them."""

from typing import Any

from ...types.parts import AudioPart, ImagePart, sniff
from ...types.request import Request
from ..media import Arrived, bytes_from_base64, image_from_base64, image_from_url
from ..values import as_object, as_text

_SOUND_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "opus": "audio/opus",
    "pcm16": "audio/pcm16",
}


# Where `image_of` looks, from a message on.
IMAGE_PLACES = (
    "images[]",
    *(
        f"{holder}[].{place}"
        for holder in ("images", "content")
        for place in ("image_url", "image_url.url", "url", "url.url", "b64_json", "image_base64")
    ),
)


def image_of(item: Any, arrived: Arrived) -> ImagePart | None:
    """An entry of `images`, or a content part: a URL (often a data URI) in one of three places, or bare base64.

    None when it is no image. Raises MalformedStream for broken base64.
    """
    if isinstance(item, str):
        return image_from_url(item, arrived) if item else None
    image = as_object(item)
    holder = image.get("image_url") or image.get("url")
    url = as_text(holder) or as_text(as_object(holder).get("url"))
    if url:
        return image_from_url(url, arrived)
    data = as_text(image.get("b64_json")) or as_text(image.get("image_base64"))
    return image_from_base64(data, as_text(image.get("media_type")), arrived) if data else None


def audio_type(request: Request) -> str:
    """The media type of the sound that was asked for; "" leaves it to the bytes."""
    name = as_text(as_object(request.extra.get("audio")).get("format"))
    return _SOUND_TYPES.get(name, f"audio/{name}" if name else "")


def sound(data: str, transcript: str, content_type: str, arrived: Arrived) -> AudioPart:
    """A piece of sound. Bytes of no known type are raw samples: the one format that comes in pieces.

    Raises MalformedStream for broken base64.
    """
    if not data:
        return AudioPart(transcript=transcript)
    samples = bytes_from_base64(data, "a piece of audio", arrived)
    return AudioPart(
        data=samples, content_type=content_type or sniff(samples) or _SOUND_TYPES["pcm16"], transcript=transcript
    )
