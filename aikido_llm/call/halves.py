"""Halves of a character that come in two deltas are one character. Pure.

Gateways that cut text in UTF-16 send such halves as two escapes. Each kind of text (the answer's, the reasoning, each
call's arguments) waits for its own other half; one that does not come is U+FFFD.
"""

from typing import Any, cast

from attrs import evolve, fields, has

from ..codecs.text import ends_in_half, mended, mended_in
from ..types.events import Event, TextDelta, ThinkingDelta, ToolCallDelta, ToolCallEvent


def without_halves(value: Any) -> Any:
    """A value of ours, and whatever it is made of, with no half of a character in any text."""
    if isinstance(value, tuple):
        return tuple(without_halves(item) for item in cast("tuple[object, ...]", value))
    kind = type(cast("object", value))
    if not has(kind):
        return mended_in(value)
    return evolve(value, **{at.alias: without_halves(getattr(value, at.name)) for at in fields(kind) if at.init})


class Halves:
    """held: what waits for its other half, of the text, the thinking, and the calls by their index. While there is
    something, the next events must be looked at too."""

    def __init__(self) -> None:
        self.held: dict[str | int, str] = {}

    def joined(self, events: list[Event]) -> list[Event]:
        """The events with whole characters; a half at the end of one is kept for the next of its kind."""
        out: list[Event] = []
        for event in events:
            match event:
                case TextDelta(text=text):
                    out += [TextDelta(whole)] if (whole := self._next("text", text)) else []
                case ThinkingDelta(text=text):
                    out += [ThinkingDelta(whole)] if (whole := self._next("thinking", text)) else []
                case ToolCallDelta(index=index, arguments=arguments):
                    out += [ToolCallDelta(index, whole)] if (whole := self._next(index, arguments)) else []
                case ToolCallEvent(index=index, call=call):
                    if self.held.pop(index, ""):
                        out.append(ToolCallDelta(index, "\ufffd"))
                    out.append(ToolCallEvent(index, without_halves(call)))
                case _:  # what it holds comes whole, and at once: a name, a citation
                    out.append(without_halves(event))
        return out

    def rest(self) -> list[Event]:
        """What still waits at the end of the answer: nothing comes any more."""
        out: list[Event] = []
        for kind, event in (("text", TextDelta("\ufffd")), ("thinking", ThinkingDelta("\ufffd"))):
            out += [event] if self.held.pop(kind, "") else []
        self.held.clear()
        return out

    def _next(self, kind: str | int, text: str) -> str:
        text = self.held.pop(kind, "") + text
        if ends_in_half(text):
            self.held[kind] = text[-1]
            text = text[:-1]
        return mended(text)
