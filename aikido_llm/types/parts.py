"""What a turn is made of beside its calls: text, pictures, sound, files."""

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from attrs import field, frozen

from ..codecs.base64 import decode, split_data_uri
from ..errors import InvalidRequestError
from .checks import of, one_of
from .notebook import show_image
from .unchecked import Unchecked


@frozen
class CacheBreakpoint:
    """Ask the provider to cache the prompt up to here. A hint: left out where a wire has no place for it."""

    ttl: Literal["5m", "1h"] = field(default="5m", validator=one_of("5m", "1h"))


@frozen
class TextPart:
    """text: str. cache: a breakpoint behind this part."""

    text: str = field(validator=of(str))
    cache: CacheBreakpoint | None = field(default=None, validator=of(CacheBreakpoint, type(None)))


TEXTS = Unchecked(TextPart)


class _Media:
    """What images, audio and files share: bytes or a URL, and a media type. A `data:` URI becomes bytes at once."""

    __slots__ = ()
    url: str | None
    data: bytes | None
    content_type: str

    if TYPE_CHECKING:  # what each of them takes

        def __init__(self, *, url: str | None = None, data: bytes | None = None, content_type: str = "") -> None: ...

    def __attrs_post_init__(self) -> None:
        if self.url is not None and self.url[:5].lower() == "data:":
            try:
                content_type, data = split_data_uri(self.url)
            except ValueError as error:
                raise InvalidRequestError(f"{type(self).__name__}.url: {error}") from None
            object.__setattr__(self, "url", None)
            object.__setattr__(self, "data", data)
            object.__setattr__(self, "content_type", self.content_type or content_type)
        if self.url is not None and self.data is not None:
            raise InvalidRequestError(f"{type(self).__name__} takes a url or data, not both")
        if self.url is None and self.data is None and not self._may_be_empty():
            raise InvalidRequestError(f"{type(self).__name__} needs a url or data")
        if not self.content_type and self.data is not None:
            object.__setattr__(self, "content_type", sniff(self.data))

    @classmethod
    def from_base64(cls, text: str, content_type: str = "") -> Self:
        """Base64 text (any of its usual forms, also as a data URI) -> the part, with its bytes decoded.

        raises: InvalidRequestError for what is not base64.
        """
        if text[:5].lower() == "data:":
            return cls(url=text, content_type=content_type)
        try:
            return cls(data=decode(text), content_type=content_type)
        except ValueError:
            raise InvalidRequestError(f"{cls.__name__}.from_base64 takes base64 text") from None

    def _may_be_empty(self) -> bool:
        return False

    def save(self, path: str | Path) -> Path:
        """Write the bytes to path and return it. Raises InvalidRequestError when the part is only a URL."""
        if self.data is None:
            raise InvalidRequestError("this part is a URL and holds no bytes; download it first")
        target = Path(path)
        target.write_bytes(self.data)
        return target


@frozen
class ImagePart(_Media):
    """One picture: bytes (`data`, raw, not base64) or an http(s) `url`; exactly one of them.

    url:          http(s) URL; a `data:` URI is accepted and turned into data.
    content_type: media type, `image/png`; sniffed from the bytes when empty.
    raises:       InvalidRequestError for neither, both, or a broken data URI.
    """

    url: str | None = field(default=None, validator=of(str, type(None)))
    data: bytes | None = field(default=None, repr=lambda data: _size(data), validator=of(bytes, type(None)))
    content_type: str = field(default="", validator=of(str))

    @classmethod
    def from_path(cls, path: str | Path) -> "ImagePart":
        """Read a file; the media type is sniffed, else guessed from the name."""
        data = Path(path).read_bytes()
        return cls(data=data, content_type=sniff(data) or mimetypes.guess_type(str(path))[0] or "")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """How a notebook shows it: as a picture."""
        return show_image(self)


@frozen
class AudioPart(_Media):
    """Sound: bytes or a URL, with its transcript when the provider sent one (a piece may be transcript only)."""

    url: str | None = field(default=None, validator=of(str, type(None)))
    data: bytes | None = field(default=None, repr=lambda data: _size(data), validator=of(bytes, type(None)))
    content_type: str = field(default="", validator=of(str))
    transcript: str = field(default="", validator=of(str))

    def _may_be_empty(self) -> bool:
        return bool(self.transcript)


@frozen
class FilePart(_Media):
    """A document: bytes or a URL; name is the file name shown to the model."""

    url: str | None = field(default=None, validator=of(str, type(None)))
    data: bytes | None = field(default=None, repr=lambda data: _size(data), validator=of(bytes, type(None)))
    content_type: str = field(default="", validator=of(str))
    name: str = field(default="", validator=of(str))


Part: TypeAlias = TextPart | ImagePart | AudioPart | FilePart


def sniff(data: bytes) -> str:
    """The media type that the first bytes prove, or ""."""
    for magic, offset, content_type in _MAGIC:
        if data[offset : offset + len(magic)] == magic:
            return content_type
    return ""


_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"WAVE", 8, "audio/wav"),
    (b"ID3", 0, "audio/mpeg"),
    (b"fLaC", 0, "audio/flac"),
    (b"OggS", 0, "audio/ogg"),
    (b"%PDF-", 0, "application/pdf"),
)


def _size(data: bytes | None) -> str:
    return "None" if data is None else f"<{len(data)} bytes>"
