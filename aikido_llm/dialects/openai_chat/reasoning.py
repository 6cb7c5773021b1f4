"""Reasoning in its spellings: plain strings, OpenRouter's list of details, parts of a content list."""

from typing import Any

from ..reasoned import NAMES, WORDS, text_of
from ..values import as_text, is_list, is_object, list_in, one_or_more
from .wire import Json

_TEXTS = ("text", "summary", "data")
_SIGNED_FORMATS = ("anthropic", "google")  # refuse a thought that lost its signature


class _Block:
    """One entry of the list while its fragments come in: texts are kept in pieces and joined once."""

    __slots__ = ("fields", "id", "texts")

    def __init__(self) -> None:
        self.id: Any = None
        self.fields: Json = {}
        self.texts: dict[str, list[str]] = {}

    def add(self, detail: Json) -> None:
        for key, value in detail.items():
            if key in _TEXTS and isinstance(value, str):
                self.fields.setdefault(key, "")  # keeps its place among the keys
                self.texts.setdefault(key, []).append(value)
            elif value is not None or key not in self.fields:
                self.fields[key] = value
        self.id = self.fields.get("id")

    def whole(self) -> Json:
        return {**self.fields, **{key: "".join(pieces) for key, pieces in self.texts.items()}}


class _Place:
    """The blocks of one type and index. latest: the last one that was begun. nameless: one without an id."""

    __slots__ = ("by_id", "latest", "nameless")

    def __init__(self) -> None:
        self.by_id: dict[str, _Block] = {}  # by repr, as a server may write anything there
        self.latest: _Block | None = None
        self.nameless: _Block | None = None

    def find(self, id: Any) -> _Block | None:
        return (self.by_id.get(repr(id)) or self.nameless) if id else self.latest

    def note(self, block: _Block) -> None:
        """The block has taken a fragment."""
        if block.id:
            self.by_id[repr(block.id)] = block
        if not block.id:
            self.nameless = block
        elif self.nameless is block:
            self.nameless = None


class ReasoningDetails:
    """The `reasoning_details` of one answer: the fragments of a stream merged as they must be sent back.

    Fragments belong together by type and index. A model's text and its encrypted twin may share an index, and two
    encrypted blocks may too: those have different ids.

    seen: the host sent the key, if only as an empty list, which must then be echoed too.
    """

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._places: dict[tuple[str, str], _Place] = {}
        self.seen = False

    def add(self, details: Any) -> None:
        self.seen = self.seen or isinstance(details, list)
        for detail in one_or_more(details):
            place = self._places.setdefault((repr(detail.get("type")), repr(detail.get("index"))), _Place())
            block = place.find(detail.get("id"))
            if block is None:
                block = place.latest = _Block()
                self._blocks.append(block)
            block.add(detail)
            place.note(block)

    def proofs(self) -> list[Json]:
        """The entries that hold more than their text: signatures, encrypted reasoning."""
        return [item for item in (block.whole() for block in self._blocks) if item.get("signature") or item.get("data")]

    def replay(self) -> list[Json]:
        items = [block.whole() for block in self._blocks]
        return [item for item in items if not _unsigned(item)]


def _unsigned(item: Json) -> bool:
    if item.get("type") != "reasoning.text" or item.get("signature"):
        return False
    return as_text(item.get("format")).startswith(_SIGNED_FORMATS)


_REASONING = frozenset(NAMES)
_PLAIN = frozenset((*WORDS, "type", "index", "closed"))


def thought(message: Json, provider_data: Json) -> str:
    """The reasoning text of a delta or message: one spelling of it, because hosts send the same text in several.

    What stands beside the text (signatures), or has no text in it, is kept.
    """
    said = ""
    for key in () if _REASONING.isdisjoint(message) else NAMES:
        value = message.get(key)
        if not value:
            continue
        text = text_of(value)
        said = said or text
        if not text or _has_more(value):
            keep_on(provider_data, key, value)
    return said or (text_of_details(message["reasoning_details"]) if message.get("reasoning_details") else "")


def keep_on(provider_data: Json, key: str, value: Any) -> None:
    """A value, which in a list goes on from chunk to chunk."""
    if is_list(value):
        list_in(provider_data, key).extend(value)
    else:
        provider_data[key] = value


def _has_more(value: Any) -> bool:
    return any(not _PLAIN.issuperset(block) for block in (value if is_list(value) else [value]) if is_object(block))


def text_of_details(details: Any) -> str:
    if isinstance(details, str):
        return details
    return "".join(as_text(detail.get("text")) or as_text(detail.get("summary")) for detail in one_or_more(details))
