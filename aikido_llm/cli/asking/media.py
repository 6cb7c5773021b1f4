"""Files and pictures: what to attach, how large a picture is. Reads files, prints nothing."""

import errno
import locale
import mimetypes
import os
import sys
from pathlib import Path
from typing import IO, TypeAlias
from urllib.parse import urlsplit

import click
from attrs import evolve

import aikido_llm as llm

Shown: TypeAlias = llm.TextPart | llm.ImagePart | llm.AudioPart | llm.FilePart


_MOST = 256 * 1024 * 1024  # bytes: no service takes as much in a request, and a device or a pipe may have no end


def read(path: str) -> bytes:
    """What a file holds, or a pipe; `-` is stdin. Raises OSError, also for more than any request can hold."""
    if path == "-":
        return _all_of(sys.stdin.buffer) if sys.stdin else b""
    with Path(path).open("rb") as file:
        return _all_of(file)


def _all_of(file: IO[bytes]) -> bytes:
    pieces: list[bytes] = []
    left = _MOST
    while piece := file.read(min(_PIECE, left + 1)):
        pieces.append(piece)
        left -= len(piece)
        if left < 0:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return b"".join(pieces)


_PIECE = 1024 * 1024


def text_of(data: bytes) -> str:
    """Bytes as text: UTF-8 (a byte order mark is dropped), else the locale's encoding. Raises ValueError, which says
    `is not text ...`: no request shall carry what is none."""
    if b"\0" not in data:
        for encoding in ("utf-8-sig", locale.getencoding()):
            try:
                return data.decode(encoding)
            except (UnicodeDecodeError, LookupError):
                continue
    raise ValueError("is not text in UTF-8")


def image(source: str) -> llm.ImagePart:
    """A picture from an http(s) or `data:` address, from a file or from stdin (`-`). Raises click.BadParameter."""
    try:
        if source.partition(":")[0].lower() in ("http", "https", "data"):
            return llm.ImagePart(url=source)
        picture = llm.ImagePart(data=read(source))
        return picture if picture.content_type else evolve(picture, content_type=mimetypes.guess_type(source)[0] or "")
    except OSError as error:
        raise click.BadParameter(f"{source}: {error.strerror}", param_hint="--image") from None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--image") from None


def document(path: str, kind: str = "", hint: str = "--file") -> Shown:
    """A file (`-`: stdin) to show to the model: text as text (every provider takes it), pictures, sounds and others as
    what they are. kind: a media type that is said. Raises click.BadParameter."""
    try:
        data = read(path)
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}", param_hint=hint) from None
    name = "stdin" if path == "-" else Path(path).name
    kind = kind or llm.FilePart(data=data, name=name).content_type or mimetypes.guess_type(name)[0] or ""
    if kind.startswith("image/") and kind != "image/svg+xml":
        return llm.ImagePart(data=data, content_type=kind)
    if kind.startswith("audio/"):
        return llm.AudioPart(data=data, content_type=kind)
    try:
        return llm.TextPart(text_of(data))
    except ValueError:
        return llm.FilePart(data=data, content_type=kind, name=name)


def attachment(said: str) -> tuple[str, Shown]:
    """(name, part) of `-a`: a file, `-` for stdin, or an address, whose type its name tells or `;type=image/png` behind
    it. Raises click.BadParameter."""
    source, _, kind = said.partition(";type=")
    if source.partition(":")[0].lower() not in ("http", "https"):
        return "stdin" if source == "-" else Path(source).name, document(source, kind, "--attach")
    name = Path(urlsplit(source).path).name
    kind = kind or mimetypes.guess_type(name)[0] or ""
    match kind.partition("/")[0]:
        case "image":
            return name, llm.ImagePart(url=source, content_type=kind)
        case "audio":
            return name, llm.AudioPart(url=source, content_type=kind)
        case "application" | "video":
            return name, llm.FilePart(url=source, content_type=kind, name=name)
        case _:
            advice = "what is there is not read here: curl it into the command" if kind else "say what it is"
            raise click.BadParameter(f"{source}: {advice} (-a 'URL;type=image/png')", param_hint="--attach")


def pixels(data: bytes) -> tuple[int, int] | None:
    """(width, height) as the file's own head says, None for a format that is not read here."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data[:4] == b"GIF8" and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    if data[:2] == b"\xff\xd8":
        return _jpeg_pixels(data)
    if data[8:16] == b"WEBPVP8X" and len(data) >= 30:
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    return None


def _jpeg_pixels(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        mark = data[at + 1]
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):  # a frame's head: precision, height, width
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
