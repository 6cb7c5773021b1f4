"""What wires with strict orders need of a conversation: its system text, and each tool result behind its call."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from attrs import field, frozen

from ..errors import UnsupportedFeatureError
from ..types.messages import Message, Role
from ..types.parts import AudioPart, Part, TextPart
from ..types.tools import ToolCall


@frozen
class Turn:
    """A message, and the results of the tools it called: (position of the call, result), in the order of the calls."""

    message: Message
    results: tuple[tuple[int, Message], ...] = field(default=())


def system_text(messages: Iterable[Message], separator: str = "\n\n") -> str:
    """All instructions in one text, wherever they stood. Raises UnsupportedFeatureError for more than text."""
    texts = [plain_text(message, "instructions") for message in messages if message.role is Role.system]
    return separator.join(text for text in texts if text)


def turns(messages: Iterable[Message]) -> Iterator[Turn]:
    """The conversation without its system messages, each tool result moved behind the turn that called the tool.

    A result belongs to the latest turn before it with a call of its id that has no result yet; one that belongs to no
    call is a turn of its own, where it stood.
    """
    all_turns: list[tuple[Message, dict[int, Message]]] = []
    unanswered: dict[str, list[_Unanswered]] = {}  # call id -> the turns that have such calls, the latest last
    for message in messages:
        if message.role is Role.system or (message.role is Role.tool and _answers(unanswered, message)):
            continue
        results: dict[int, Message] = {}
        all_turns.append((message, results))
        positions: dict[str, list[int]] = {}
        for position in reversed(range(len(message.tool_calls))):
            positions.setdefault(message.tool_calls[position].id, []).append(position)
        for id, those in positions.items():
            unanswered.setdefault(id, []).append((results, those))
    for message, found in all_turns:
        yield Turn(message, tuple(sorted(found.items(), key=lambda item: item[0])))


def plain_text(message: Message, what: str) -> str:
    """The text of a turn for a wire that has nothing else there; sound that carries its transcript counts as that text.

    what: the turn, for the message of the UnsupportedFeatureError that pictures, files and mute sound raise.
    """
    return "".join(_text_of(part, what) for part in message.parts)


def split(parts: Iterable[Part]) -> tuple[list[TextPart], list[Part]]:
    """The words of a turn that can hold nothing else on its wire, and what it shows, which the next user turn shows in
    its stead. Sound that carries its transcript is words."""
    words: list[TextPart] = []
    shown: list[Part] = []
    for part in parts:
        part = TextPart(part.transcript) if isinstance(part, AudioPart) and part.transcript else part
        if isinstance(part, TextPart):
            words.append(part)
        else:
            shown.append(part)
    return words, shown


# What the user turn says before it shows what another turn made.
DRAWN = TextPart("Made by the assistant:")


def from_tool(name: str) -> TextPart:
    return TextPart(f"From the result of the tool {name}:")


def call_of(turn: Turn, position: int) -> ToolCall:
    """The call that a result of this turn answers."""
    return turn.message.tool_calls[position]


def _text_of(part: Part, what: str) -> str:
    if isinstance(part, TextPart):
        return part.text
    if isinstance(part, AudioPart) and part.transcript:
        return part.transcript
    raise UnsupportedFeatureError(
        f"this wire takes only text in {what}, not {type(part).__name__}; put it into a user message, or leave it out"
    )


_Unanswered: TypeAlias = tuple[dict[int, Message], list[int]]
"""(the results of a turn, the positions of its calls of one id that have none yet, the first of them last)."""


def _answers(unanswered: dict[str, list[_Unanswered]], result: Message) -> bool:
    """Put the result with its call, if there is one."""
    waiting = unanswered.get(result.tool_call_id or "")
    if not waiting:
        return False
    results, positions = waiting[-1]
    results[positions.pop()] = result
    if not positions:
        waiting.pop()
    return True
