"""The model's turn in the wire's own parts: kept while it is received, filled in again when it is sent back.

Signatures belong to the very part they came in, so a signed part is never merged; neighbouring unsigned text is. A
picture or sound stands as its position in the message (`{"inlineData": {"image": 0}}`): its bytes are kept once.
"""

from collections.abc import Sequence
from typing import Any

from ...codecs.base64 import Base64Text
from ...types.messages import Message
from ...types.parts import AudioPart, ImagePart
from ..values import as_text, is_object
from .wire import Part

CONTINUATION = "continuationToken"  # with it the service goes on with a turn that it has paused
_FOLD_AT = 4096  # pieces of text


class Turn:
    """Add the parts in wire order; `items` are what `Response.replay` takes, () when text and calls say it all."""

    def __init__(self) -> None:
        self._items: list[dict[str, Any]] = []
        self._text: list[str] = []
        self._thought = False
        self._needed = False
        self._removed: set[int] = set()  # identities of the calls that were never finished
        self._images = 0
        self._sounds = 0
        self._sound_type: str | None = None

    def text(self, text: str, thought: bool) -> None:
        """An unsigned piece of text."""
        if thought is not self._thought:
            self._end_text()
            self._thought = thought
        self._text.append(text)
        if len(self._text) > _FOLD_AT:
            self._text = ["".join(self._text)]

    def part(self, part: Part, call: dict[str, Any] | None = None) -> dict[str, Any]:
        """Any other part; returns it as it is kept. call: its functionCall."""
        item: dict[str, Any] = dict(part.other or _known(part))
        if call is not None:
            item["functionCall"] = call
        if part.inlineData is not None:
            item["inlineData"] = self._position(part.inlineData.mimeType or "")
        if call is None or len(item) > 1:
            self._needed = True
        self._end_text()
        self._items.append(item)
        return item

    def remove(self, call: dict[str, Any]) -> None:
        """Leave out the part with this functionCall: it was never finished."""
        self._removed.add(id(call))

    def items(self, *, calls: bool, verbatim: bool = False) -> tuple[Any, ...]:
        """calls: False when the answer failed, so that its calls do not count. verbatim: also when text says it all."""
        self._end_text()
        self._leave_out_removed()
        if not self._needed and not verbatim:
            return ()
        return tuple(item for item in self._items if calls or "functionCall" not in item)

    def visible(self) -> list[str]:
        """The text of each part, "" of one that shows none."""
        self._end_text()
        return ["" if item.get("thought") else as_text(item.get("text")) for item in self._items]

    def _leave_out_removed(self) -> None:
        if self._removed:
            self._items = [item for item in self._items if id(item.get("functionCall")) not in self._removed]
            self._removed.clear()

    def _end_text(self) -> None:
        if self._text:
            text = "".join(self._text)
            self._items.append({"text": text, "thought": True} if self._thought else {"text": text})
            self._text = []

    def _position(self, content_type: str) -> dict[str, int]:
        """Where the message will have it: each picture by itself, pieces of one sound joined."""
        if not content_type.startswith("audio/"):
            self._images += 1
            return {"image": self._images - 1}
        if self._sound_type != content_type:
            self._sounds += 1
            self._sound_type = content_type
        return {"audio": self._sounds - 1}


def _known(part: Part) -> dict[str, Any]:
    known = {"text": part.text, "thought": part.thought, "thoughtSignature": part.thoughtSignature}
    return {name: value for name, value in known.items() if value is not None}


def filled(items: tuple[Any, ...], message: Message) -> list[dict[str, Any]] | None:
    """The parts to send, pictures and sound put back; None when the message no longer has them."""
    parts: list[dict[str, Any]] = []
    sent: set[str] = set()
    images, audio = message.images, message.audio
    for item in items:
        if not is_object(item):
            return None
        position = item.get("inlineData")
        if position is None:
            parts.append(item)
        elif str(position) not in sent:  # the pieces of one sound have one position
            sent.add(str(position))
            blob = _blob(position, images, audio)
            if blob is None:
                return None
            parts.append({**item, "inlineData": blob})
    return parts


def _blob(position: Any, images: Sequence[ImagePart], audio: Sequence[AudioPart]) -> dict[str, Any] | None:
    media: Sequence[ImagePart | AudioPart]
    for name, media in (("image", images), ("audio", audio)):
        index = position.get(name) if is_object(position) else None
        if isinstance(index, int) and 0 <= index < len(media):
            part: ImagePart | AudioPart = media[index]
            return None if part.data is None else {"mimeType": part.content_type, "data": Base64Text(part.data)}
    return None
