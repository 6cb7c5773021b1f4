"""What a conversation is made of: roles, messages, their parts, tools. Imports nothing of ours but the leaf codecs."""

import hashlib
import mimetypes
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

from ..codecs import json
from ..codecs.base64 import split_data_uri
from ..errors import InvalidToolArguments
from .functions import describe
from .notebook import show_image


class Role(StrEnum):
    system = "system"
    user = "user"
    assistant = "assistant"
    tool = "tool"


@frozen
class CacheBreakpoint:
    """Ask the provider to cache the prompt up to here. A hint: left out where a wire has no place for it."""

    ttl: Literal["5m", "1h"] = "5m"


@frozen
class TextPart:
    """text: str. cache: a breakpoint behind this part."""

    text: str
    cache: CacheBreakpoint | None = None


class _Media:
    """What images, audio and files share: bytes or a URL, and a media type. A `data:` URI becomes bytes at once."""

    __slots__ = ()
    url: str | None
    data: bytes | None
    content_type: str

    def __attrs_post_init__(self) -> None:
        if self.url is not None and self.url[:5].lower() == "data:":
            content_type, data = split_data_uri(self.url)
            object.__setattr__(self, "url", None)
            object.__setattr__(self, "data", data)
            object.__setattr__(self, "content_type", self.content_type or content_type)
        if self.url is not None and self.data is not None:
            raise ValueError(f"{type(self).__name__} takes a url or data, not both")
        if self.url is None and self.data is None and not self._may_be_empty():
            raise ValueError(f"{type(self).__name__} needs a url or data")
        if not self.content_type and self.data is not None:
            object.__setattr__(self, "content_type", sniff(self.data))

    def _may_be_empty(self) -> bool:
        return False

    def save(self, path: str | Path) -> Path:
        """Write the bytes to path and return it. Raises ValueError when the part is only a URL."""
        if self.data is None:
            raise ValueError("this part is a URL and holds no bytes; download it first")
        target = Path(path)
        target.write_bytes(self.data)
        return target


@frozen
class ImagePart(_Media):
    """One picture: bytes (`data`, raw, not base64) or an http(s) `url`; exactly one of them.

    url:          http(s) URL; a `data:` URI is accepted and turned into data.
    content_type: media type, `image/png`; sniffed from the bytes when empty.
    raises:       ValueError for neither, both, or a broken data URI.
    """

    url: str | None = None
    data: bytes | None = field(default=None, repr=lambda data: _size(data))
    content_type: str = ""

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

    url: str | None = None
    data: bytes | None = field(default=None, repr=lambda data: _size(data))
    content_type: str = ""
    transcript: str = ""

    def _may_be_empty(self) -> bool:
        return bool(self.transcript)


@frozen
class FilePart(_Media):
    """A document: bytes or a URL; name is the file name shown to the model."""

    url: str | None = None
    data: bytes | None = field(default=None, repr=lambda data: _size(data))
    content_type: str = ""
    name: str = ""


Part: TypeAlias = TextPart | ImagePart | AudioPart | FilePart


@frozen
class ThinkingPart:
    """One block of the model's reasoning.

    signature: the provider's proof that it wrote this text; data: reasoning that came encrypted or redacted.
    provider:  whose block it is: signature and data mean nothing to any other.
    """

    text: str = ""
    signature: str = ""
    data: str = ""
    provider: str = ""


def _arguments(text: str) -> str:
    return text or "{}"


@frozen
class ToolCall:
    """A tool the model wants called.

    arguments:     the model's own JSON text, `"{}"` when it sent none; `.parsed()` reads it.
    provider_data: what its wire wants back with the call (a thought signature, an item id), opaque.
    """

    id: str
    name: str
    arguments: str = field(default="{}", converter=_arguments)
    provider_data: dict[str, Any] | None = None

    def parsed(self) -> dict[str, Any]:
        """The arguments as a dict. Raises InvalidToolArguments when they are not a JSON object."""
        try:
            return json.loads_object(self.arguments)
        except ValueError as error:
            raise InvalidToolArguments(f"the arguments of tool {self.name!r}: {error}") from None


@frozen
class ToolDef:
    """A tool the model may call; parameters is a JSON Schema of type object."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(factory=lambda: dict[str, Any](type="object", properties={}))
    cache: CacheBreakpoint | None = None

    @classmethod
    def from_function(cls, function: Callable[..., Any]) -> "ToolDef":
        """A typed function -> its tool: the name, the docstring, and the parameters from the annotations.

        raises: ConfigError for a parameter without an annotation, or of a type that JSON has no form for.
        """
        return cls(*describe(function))


@frozen
class Replay:
    """An assistant turn in its provider's own blocks, to be sent back verbatim (signatures, encrypted reasoning, ids).

    provider:    the row's name; another provider never sees the items.
    items:       the wire's blocks in wire order, plain JSON values; their meaning belongs to the dialect.
    fingerprint: of the text and the calls that the turn had; an edited message no longer matches and is encoded afresh.
    """

    provider: str
    items: tuple[Any, ...]
    fingerprint: str = ""


def fingerprint(content: str, tool_calls: Sequence[ToolCall]) -> str:
    """A short digest of what a turn says, by which an edited turn is told from the one that was received."""
    digest = hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=12)
    for call in tool_calls:
        digest.update(f"\0{call.id}\0{call.name}\0{call.arguments}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _role(value: str) -> Role:
    try:
        return Role(value)
    except ValueError:
        raise ValueError(f"role {value!r} is none of system, user, assistant, tool") from None


def _parts(value: str | Iterable[Part]) -> str | tuple[Part, ...]:
    return value if isinstance(value, str) else tuple(value)


def _images(value: Iterable[ImagePart]) -> tuple[ImagePart, ...]:
    return tuple(value)


def _audio(value: Iterable[AudioPart]) -> tuple[AudioPart, ...]:
    return tuple(value)


def _tool_calls(value: Iterable[ToolCall]) -> tuple[ToolCall, ...]:
    return tuple(value)


def _thinking(value: Iterable[ThinkingPart]) -> tuple[ThinkingPart, ...]:
    return tuple(value)


@frozen
class Message:
    """One turn.

    content:      text, or parts in the order the model shall see them; `images` and `audio` follow the content.
    tool_calls:   what an assistant turn asked for; tool_call_id: which of them a tool turn answers.
    name:         the tool's name on a tool turn (looked up from the calls when None), else the speaker's name.
    is_error:     the tool failed and content says how.
    thinking:     reasoning of an assistant turn. replay: the turn in its provider's own blocks (see Replay).
    """

    role: Role = field(converter=_role)
    content: str | tuple[Part, ...] = field(default="", converter=_parts)
    images: tuple[ImagePart, ...] = field(default=(), converter=_images)
    audio: tuple[AudioPart, ...] = field(default=(), converter=_audio)
    tool_calls: tuple[ToolCall, ...] = field(default=(), converter=_tool_calls)
    tool_call_id: str | None = None
    name: str | None = None
    is_error: bool = False
    thinking: tuple[ThinkingPart, ...] = field(default=(), converter=_thinking)
    cache: CacheBreakpoint | None = None
    replay: Replay | None = None

    @property
    def text(self) -> str:
        """The text of the content, parts joined."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content if isinstance(part, TextPart))

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything the turn shows, in order: content, then images, then audio. Empty text is left out."""
        content = self.content
        if isinstance(content, str):
            content = (TextPart(content, cache=None),) if content else ()
        return (*content, *self.images, *self.audio)

    def replay_for(self, provider: str) -> tuple[Any, ...]:
        """The provider's own blocks, if this turn came from it and was not edited since; else ()."""
        replay = self.replay
        if replay is None or replay.provider != provider:
            return ()
        return replay.items if replay.fingerprint == fingerprint(self.text, self.tool_calls) else ()


def system(content: str | Iterable[Part], *, cache: CacheBreakpoint | None = None) -> Message:
    """Instructions to the model."""
    return Message("system", content, cache=cache)


def user(
    content: str | Iterable[Part] = "",
    *,
    images: Iterable[ImagePart] = (),
    audio: Iterable[AudioPart] = (),
    name: str | None = None,
    cache: CacheBreakpoint | None = None,
) -> Message:
    """What the user says and shows."""
    return Message("user", content, images, audio, name=name, cache=cache)


def assistant(
    content: str | Iterable[Part] = "",
    *,
    tool_calls: Iterable[ToolCall] = (),
    images: Iterable[ImagePart] = (),
    thinking: Iterable[ThinkingPart] = (),
    name: str | None = None,
    cache: CacheBreakpoint | None = None,
) -> Message:
    """What the model said; `Response.message` makes it from an answer, with all that must be replayed."""
    return Message("assistant", content, images, tool_calls=tool_calls, thinking=thinking, name=name, cache=cache)


def tool(
    call_id: str,
    content: str | Iterable[Part],
    *,
    name: str | None = None,
    is_error: bool = False,
    images: Iterable[ImagePart] = (),
    cache: CacheBreakpoint | None = None,
) -> Message:
    """The result of the tool call with that id."""
    return Message("tool", content, images, tool_call_id=call_id, name=name, is_error=is_error, cache=cache)


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
