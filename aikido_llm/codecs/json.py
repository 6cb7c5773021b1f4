"""The one place that names a JSON library (msgspec; why: docs/decisions/0002-json-and-base64.md).

Reading falls back to the standard library where msgspec is stricter than the servers we meet (NaN, lone surrogates);
what neither can read is a ValueError, whatever its cause (also nesting that is too deep). No half of a character comes
out but of `loads_frame`, `loads_answer` and `Typed.decode`, for readers that join it with its other half (`HALVES_MET`
counts them).
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, cast

import msgspec

from .base64 import Base64Text, encode_blocks, encoded_size
from .text import mended_in

T = TypeVar("T")

UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeError)
"""What a fast parser (`Typed.fast`) raises for JSON that is broken or not of its type."""


def loads(data: bytes | str) -> Any:
    """JSON text -> plain Python values. Raises ValueError."""
    try:
        return msgspec.json.decode(data)
    except UNREADABLE:
        return _mended(_lenient(data))


def loads_frame(data: bytes | str) -> Any:
    """The same for a frame of a stream, or an answer in one document: half a character in a piece of text may find its
    other half in the next one."""
    try:
        return msgspec.json.decode(data)
    except UNREADABLE:
        value = _lenient(data)
        HALVES_MET[0] += 1
        return value


HALVES_MET = [0]
"""How many frames were read so far in which half a character may stand: a look that costs nothing per event."""


def loads_answer(data: bytes) -> dict[str, Any]:
    """An answer in one document, which must be an object: `loads_frame` for it. Raises ValueError."""
    value = loads_frame(data)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return cast("dict[str, Any]", value)


def loads_first(data: bytes) -> Any:
    """The value with which the text begins, whatever stands behind it; None where there is none."""
    try:
        return loads(data)
    except ValueError:
        found = value_at(data.decode("utf-8", "replace").lstrip(), 0)
        return None if found is None else _mended(found[0])


def loads_object(data: bytes | str) -> dict[str, Any]:
    """JSON text that must be an object. Raises ValueError."""
    value = loads(data)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return cast("dict[str, Any]", value)


def is_valid(text: str) -> bool:
    """Whether `loads` reads it; no value is built where that can be told without."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except UNREADABLE:
        try:
            _lenient(text)
        except ValueError:
            return False
    return True


def value_at(text: str, at: int) -> tuple[Any, int] | None:
    """(the JSON value that begins there, where it ends); None when it has no end in the text, or is none."""
    try:
        return _scan(text, at)
    except (ValueError, RecursionError):
        return None


_scan = json.JSONDecoder().raw_decode


def dumps(value: Any) -> bytes:
    """Plain values (and `Base64Text`) -> compact JSON bytes.

    Raises TypeError for anything else, ValueError for what is nested too deep.
    """
    return _dumps(value, _encoder, _encode_other)


def canonical(value: Any) -> bytes:
    """The same with the names of every object in order: equal values give equal bytes, to take a hash of."""
    return _dumps(value, _canonical_encoder, _encode_other)


class Pieces:
    """JSON bytes in which large `Base64Text` is written piece by piece: it is never in memory as a whole, and no piece
    takes long. len() is that of the whole; each call of `pieces` begins anew."""

    def __init__(self, parts: Sequence[bytes | Base64Text]) -> None:
        self._parts = parts
        self._size = sum(len(part) if isinstance(part, bytes) else encoded_size(part.data) for part in parts)

    def __len__(self) -> int:
        return self._size

    def pieces(self) -> Iterator[bytes]:
        for part in self._parts:
            if isinstance(part, bytes):
                yield from (part[at : at + _PIECE] for at in range(0, len(part), _PIECE))
            else:
                yield from encode_blocks(part.data)


def dumps_body(value: Any) -> bytes | Pieces:
    """`dumps`, in pieces when there is large `Base64Text` in the value."""
    try:
        return _dumps(value, _small_encoder, _encode_small)
    except _LargeError:
        return _in_pieces(value)


class _LargeError(Exception):
    """There is large `Base64Text` in the value."""


def _encode_small(value: Any) -> Any:
    if isinstance(value, Base64Text) and len(value.data) >= _LARGE:
        raise _LargeError
    return _encode_other(value)


def _in_pieces(value: Any) -> Pieces:
    large: list[Base64Text] = []
    seam = secrets.token_hex(8)

    def encode_other(other: Any) -> Any:
        if isinstance(other, Base64Text) and len(other.data) >= _LARGE:
            large.append(other)
            return seam
        return _encode_other(other)

    encoded = _dumps(value, msgspec.json.Encoder(enc_hook=encode_other), encode_other)
    parts: list[bytes | Base64Text] = []
    before, *rests = encoded.split(f'"{seam}"'.encode())
    for media, rest in zip(large[-len(rests) :], rests, strict=True):  # an encoder that gave up had found some too
        parts += (b'%b"%b' % (before, dumps(media.prefix)[1:-1]), media)
        before = b'"' + rest
    parts.append(before)
    return Pieces(parts)


def _dumps(value: Any, encoder: msgspec.json.Encoder, encode_other: Callable[[Any], Any]) -> bytes:
    try:
        return encoder.encode(value)
    except UnicodeEncodeError:  # half a character, which no server takes
        return encoder.encode(_mended(value))
    except RecursionError:
        raise ValueError("the value is nested too deep") from None


_LARGE = 64 * 1024  # bytes; smaller ones are written at once
_PIECE = 256 * 1024  # bytes


def text(value: Any) -> str:
    """The same as str: for tool arguments, which are JSON inside JSON."""
    return dumps(value).decode("utf-8")


def convert(value: Any, kind: Any) -> Any:
    """Plain values, as `loads` gives them, -> a msgspec struct, or what is made of such. Raises ValueError with places
    and without values."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def cut_short(data: bytes) -> bool:
    """Whether data, which does not parse, looks like JSON that lacks its end (rather than like something else)."""
    text = data.decode("utf-8", "replace").strip()
    if not text:
        return True
    if text[0] not in "{[":
        return False
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # it was whole
            return False
        return error.msg.startswith("Unterminated") or len(text) - error.pos < _LONGEST_TOKEN
    except RecursionError:
        return len(_OPENING.findall(text)) > len(_CLOSING.findall(text))
    except ValueError:  # a number of more digits than Python reads
        return False
    return False


_OPENING, _CLOSING = re.compile(r"[\[{]"), re.compile(r"[\]}]")
_LONGEST_TOKEN = 12  # characters in which a literal or an escape that is cut off is noticed only at its start


class Typed(Generic[T]):
    """Decodes JSON into one msgspec type, skipping what the type does not name.

    A field of an unexpected JSON type makes the fast road fail; then the whole value is read untyped and converted, in
    the end behind `mend` (if any), which puts right what servers are known to get wrong. Raises ValueError when that
    fails too.
    """

    def __init__(self, kind: type[T], mend: Callable[[Any], Any] | None = None) -> None:
        self._kind = kind
        self._mend = mend
        self.fast: Callable[[bytes], T] = msgspec.json.Decoder(kind).decode

    def decode(self, data: bytes) -> T:
        try:
            return self.fast(data)
        except UNREADABLE:
            return self.convert(loads_frame(data))

    def convert(self, value: Any) -> T:
        """Plain values, as `loads` gives them, -> the type."""
        try:
            return msgspec.convert(value, self._kind)  # as the fast road would take it
        except (msgspec.ValidationError, RecursionError):
            pass
        try:
            return msgspec.convert(self._mend(value) if self._mend else value, self._kind, strict=False)
        except (msgspec.ValidationError, RecursionError) as error:
            raise ValueError(str(error)) from None


def _mended(value: Any) -> Any:
    try:
        return mended_in(value)
    except RecursionError:
        raise ValueError("JSON is nested too deep") from None


def _lenient(data: bytes | str) -> Any:
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("JSON is nested too deep") from None


def _encode_other(value: Any) -> Any:
    if isinstance(value, Base64Text):
        return value.text()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


_encoder = msgspec.json.Encoder(enc_hook=_encode_other)
_small_encoder = msgspec.json.Encoder(enc_hook=_encode_small)
_canonical_encoder = msgspec.json.Encoder(enc_hook=_encode_other, order="sorted")
