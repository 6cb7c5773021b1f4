"""Parts of a message -> content, as a string where that says it all (some models take nothing else)."""

from collections.abc import Iterable, Sequence
from typing import Any

from ...errors import UnsupportedFeatureError
from ...types.messages import Message
from ...types.parts import AudioPart, CacheBreakpoint, FilePart, ImagePart, Part, TextPart
from ..media import audio_format, bare_base64, data_uri
from .quirks import Quirks
from .wire import Json


def text_content(message: Message, quirks: Quirks, where: str) -> str | list[Json]:
    """The content of a turn that may hold text only. Sound counts as its transcript."""
    texts: list[TextPart] = []
    for part in message.parts:
        if isinstance(part, AudioPart) and part.transcript:
            part = TextPart(part.transcript)
        if not isinstance(part, TextPart):
            raise UnsupportedFeatureError(
                f"this wire takes only text in {where}, not {type(part).__name__}; put it into a user message"
            )
        texts.append(part)
    return content(texts, quirks, message.cache)


def content(parts: Sequence[Part], quirks: Quirks, cache: CacheBreakpoint | None = None) -> str | list[Json]:
    """A string for text alone, else a list. cache: a breakpoint behind the whole, which the last text part carries."""
    texts = [part for part in parts if isinstance(part, TextPart)]
    marked = quirks.cache_marks and (cache is not None or any(part.cache for part in texts))
    if len(texts) == len(parts) and not (marked and texts):
        return "".join(part.text for part in texts)
    encoded = [encode_part(part, quirks) for part in parts]
    if marked and cache is not None and texts:
        last = max(index for index, part in enumerate(parts) if isinstance(part, TextPart))
        encoded[last]["cache_control"] = cache_control(cache)
    return encoded


def cache_control(cache: CacheBreakpoint) -> Json:
    """Five minutes are what the mark means without a ttl."""
    return {"type": "ephemeral"} if cache.ttl == "5m" else {"type": "ephemeral", "ttl": cache.ttl}


def encode_part(part: Part, quirks: Quirks) -> Json:
    match part:
        case TextPart(text=text, cache=cache):
            mark = {"cache_control": cache_control(cache)} if cache is not None and quirks.cache_marks else {}
            return {"type": "text", "text": text, **mark}
        case ImagePart():
            return _image(part, quirks)
        case AudioPart(data=None, url=None):
            return {"type": "text", "text": part.transcript}
        case AudioPart():
            return _audio(part, quirks)
        case FilePart():
            return _file(part, quirks)


def image_parts(images: Iterable[ImagePart], quirks: Quirks) -> list[Json]:
    return [_image(image, quirks) for image in images]


def _image(part: ImagePart, quirks: Quirks) -> Json:
    if not quirks.image_input:
        raise UnsupportedFeatureError("this provider's models take no images; describe the picture, or ask another one")
    return {"type": "image_url", "image_url": {"url": data_uri(part, "image/png")}}


def _audio(part: AudioPart, quirks: Quirks) -> Json:
    if quirks.audio_input is None:
        raise UnsupportedFeatureError("this provider's wire has no audio input; send the transcript as text")
    if quirks.audio_input == "string":
        return {"type": "input_audio", "input_audio": part.url if part.data is None else bare_base64(part, "audio")}
    return {
        "type": "input_audio",
        "input_audio": {"data": bare_base64(part, "audio"), "format": audio_format(part)},
    }


def _file(part: FilePart, quirks: Quirks) -> Json:
    if quirks.file_input is None:
        raise UnsupportedFeatureError("this provider's wire has no files; send their text as text")
    source: Any = data_uri(part, "application/pdf")
    if quirks.file_input == "document_url":
        named = {"document_name": part.name} if part.name else {}
        return {"type": "document_url", "document_url": source, **named}
    if part.data is None and not quirks.file_urls:
        raise UnsupportedFeatureError("this provider takes files as bytes only: download the URL and pass data=")
    return {"type": "file", "file": {"filename": part.name or "file.pdf", "file_data": source}}
