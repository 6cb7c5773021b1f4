"""What of a request and of an answer is kept, as plain data (`serialize.to_kept`): no header, no raw body, no media.

Media stand in it by their SHA-256 and size, in the place of their data. What a function here is given, it changes.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from operator import attrgetter
from typing import Any, cast

from attrs import evolve, fields, frozen

from ..codecs import base64, json
from .messages import Message, Role
from .request import Request, others_of
from .unchecked import Unchecked


def digest(*parts: bytes) -> bytes:
    """16 bytes of SHA-256. Of several parts, each but the last must be a digest."""
    return hashlib.sha256(b"".join(parts)).digest()[:PIECE]


# ---------------------------------------------------------------- requests


@frozen
class Piece:
    """A part of a request. decides: a hash of what of it changes an answer. hash: of `json`, which is what is kept."""

    decides: bytes
    hash: bytes
    json: bytes


_PIECES = Unchecked(Piece)


def plain_pieces(request: Request) -> list[Piece] | None:
    """The pieces of a Request of nothing but text, which nearly all rows of a run are, without a dict between; None for
    any other one. The same as `request_pieces` gives."""
    others = others_of(request)
    if others[1:] != _NO_OTHERS:
        return None
    pieces = [_piece(b"{}" if others[0] is None else json.canonical({"model": others[0]}))]
    for message in request.messages:
        content = message.content
        if not content or type(content) is not str or _beside(message) != _NOTHING_BESIDE:
            return None
        pieces.append(_same(json.canonical({"content": content, "role": message.role})))
    return pieces


def _same(said: bytes) -> Piece:
    """One that is kept as it decides."""
    hashed = digest(said)
    return _PIECES.of((hashed, hashed, said))


_beside = attrgetter(*(attribute.name for attribute in fields(Message) if attribute.name not in ("role", "content")))
_NOTHING_BESIDE = _beside(Message(Role.user))
_NO_OTHERS = others_of(Request(()))[1:]  # but the model, which is the first


def request_pieces(request: dict[str, Any], secret: Callable[[str], bool]) -> list[Piece]:
    """A Request: all but its messages, then each message. Hints (cache marks, metadata) decide nothing, and neither
    does a header that holds a secret. secret: whether a header of that name does."""
    messages: list[dict[str, Any]] = request.pop("messages", [])
    headers: dict[str, str] = request.pop("extra_headers", {})
    metadata: dict[str, Any] | None = request.pop("metadata", None)
    for tool in request.get("tools", ()):
        tool.pop("cache", None)
    for name in ("temperature", "top_p"):
        if name in request and request[name] == int(request[name]):
            request[name] = int(request[name])  # 1.0 is 1
    rest = _piece(json.canonical(request))
    open_headers = {name.lower(): value for name, value in headers.items() if not secret(name)}
    if open_headers:
        rest = evolve(rest, decides=digest(rest.decides, json.canonical(open_headers)))
    if metadata:
        kept = json.canonical({**request, "metadata": metadata})
        rest = Piece(rest.decides, digest(kept), kept)
    return [rest, *map(_message, messages)]


@lru_cache(maxsize=16)
def _piece(said: bytes) -> Piece:
    """The requests of a run share it."""
    return _same(said)


def _message(message: dict[str, Any]) -> Piece:
    message.pop("cache", None)
    if all(isinstance(value, str) for value in message.values()):  # nothing is in it that has an order of its own
        return _same(json.canonical(message))
    content: Any = message.get("content")
    parts: list[dict[str, Any]] = [*(content if isinstance(content, list) else ()), *media_of(message)]
    for part in parts:
        part.pop("cache", None)
        detach(part)
    decides = digest(json.canonical(message))
    for part in parts:
        if part.get("url"):
            part["url"] = _OPENS.sub("", part["url"])
    kept = json.dumps(message)  # in the order in which it came: what a provider has signed goes back as it was
    return Piece(decides, digest(kept), kept)


_OPENS = re.compile(r"(?<=//)[^/@]*@|[?#].*", re.DOTALL)  # what opens the thing that a URL names


def request_of(pieces: Iterable[bytes]) -> dict[str, Any]:
    """What is kept of a request, of its pieces' JSON."""
    rest, *messages = map(json.loads_object, pieces)
    return {"messages": messages, **rest}


PIECE, MEDIA = 16, 32  # bytes of a hash


def split(hashes: bytes, size: int) -> list[bytes]:
    """Hashes that stand one behind the other."""
    return [hashes[at : at + size] for at in range(0, len(hashes), size)]


def text_in(message: bytes, answer: bytes) -> str:
    """What can be searched for in a kept message and a kept answer. For the same bytes the same, in every version:
    SQLite wants the text again to forget it."""
    asked, said = json.loads_object(message).get("content", ""), json.loads_object(answer)
    text = asked if isinstance(asked, str) else "".join(part.get("text", "") for part in asked)
    return f"{text}\n{said.get('text') or said.get('message', '')}"


# ---------------------------------------------------------------- answers


def detached(answer: dict[str, Any], lines: Iterable[Any]) -> dict[bytes, bytes]:
    """The media of an answer and of its events, by their SHA-256, which are no longer in them."""
    media: dict[bytes, bytes] = {}
    if lines or not _MORE.isdisjoint(answer):
        events = [cast("dict[str, Any]", line) for line in lines if isinstance(line, dict)]
        for holder in (*answers_in(answer), *events):
            media |= filter(None, map(detach, media_of(holder)))
    return media


_MORE = frozenset({"images", "image", "audio", "choices", "route", "partial"})
"""Where there may be some: media, and further answers and errors."""


def answers_in(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A Response or an LLMError, and all that are inside it: what broke off, further choices, whom a fallback asked."""
    yield answer
    failed: list[dict[str, Any]] = [hop["error"] for hop in answer.get("route", ()) if "error" in hop]
    partial: list[dict[str, Any]] = [answer["partial"]] if answer.get("partial") else []
    for inner in (*partial, *answer.get("choices", ()), *failed):
        yield from answers_in(inner)


def media_of(holder: dict[str, Any]) -> list[dict[str, Any]]:
    """The pictures and sound of a Message, a Response or an event."""
    found: list[dict[str, Any]] = []
    for name in ("images", "image", "audio"):
        held: Any = holder.get(name)
        if held:
            found += [held] if isinstance(held, dict) else held
    return found


def detach(part: dict[str, Any]) -> tuple[bytes, bytes] | None:
    """(SHA-256 of its data, data), which is no longer in it; None for a part without."""
    if "data" not in part:
        return None
    data = base64.decode(part.pop("data"))
    whole = hashlib.sha256(data).digest()
    part["sha256"], part["bytes"] = whole.hex(), len(data)
    return whole, data


def attach(part: dict[str, Any], data_of: Callable[[bytes], bytes]) -> None:
    """The way back."""
    if "sha256" in part:
        part["data"] = base64.encode(data_of(bytes.fromhex(part.pop("sha256"))))
        del part["bytes"]
