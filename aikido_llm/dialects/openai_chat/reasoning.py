"""Reasoning in its spellings: plain strings, OpenRouter's list of details, parts of a content list."""

from typing import Any

from .wire import Json, Message, as_list, as_object, as_text, objects

_TEXTS = ("text", "summary", "data")
_SIGNED_FORMATS = ("anthropic", "google")  # refuse a thought that lost its signature


class ReasoningDetails:
    """The `reasoning_details` of one answer: the fragments of a stream merged as they must be sent back.

    seen: the host sent the key, if only as an empty list, which must then be echoed too.
    """

    def __init__(self) -> None:
        self.items: list[Json] = []
        self.seen = False

    def add(self, details: Any) -> None:
        """Fragments belong together by type and index. A model's text and its encrypted twin may share an index, and
        two encrypted blocks may too: those have different ids."""
        self.seen = self.seen or isinstance(details, list)
        for detail in objects(details):
            known = next((item for item in self.items if _same_block(item, detail)), None)
            if known is None:
                self.items.append(dict(detail))
            else:
                _merge(known, detail)

    def replay(self) -> list[Json]:
        return [item for item in self.items if not _unsigned(item)]


def _same_block(item: Json, detail: Json) -> bool:
    if item.get("type") != detail.get("type") or item.get("index") != detail.get("index"):
        return False
    ids = (item.get("id"), detail.get("id"))
    return not (ids[0] and ids[1] and ids[0] != ids[1])


def _merge(item: Json, detail: Json) -> None:
    for key, value in detail.items():
        if key in _TEXTS and isinstance(value, str):
            item[key] = as_text(item.get(key)) + value
        elif value is not None:
            item[key] = value


def _unsigned(item: Json) -> bool:
    if item.get("type") != "reasoning.text" or item.get("signature"):
        return False
    return as_text(item.get("format")).startswith(_SIGNED_FORMATS)


def thought(message: Message) -> str:
    """The reasoning text of a delta or message: one spelling of it, because hosts send the same text in several."""
    for value in (message.reasoning_content, message.reasoning):
        if isinstance(value, str) and value:
            return value
    details = objects(message.reasoning_details)
    return "".join(as_text(detail.get("text")) or as_text(detail.get("summary")) for detail in details)


def thought_of_part(part: Json) -> str:
    """The text of a content part of type thinking (Mistral) or reasoning (Databricks)."""
    for key in ("thinking", "reasoning", "summary", "text"):
        value = part.get(key)
        if isinstance(value, str):
            return value
        if as_list(value):
            return "".join(as_text(as_object(piece).get("text")) for piece in objects(value))
    return ""
