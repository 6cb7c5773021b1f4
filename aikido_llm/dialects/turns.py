"""What wires with strict orders need of a conversation: its system text, and each tool result behind its call.

What is decided here about a message depends on those before it alone, so that a conversation that grows leaves what was
sent of it as it was: prompt caches hit, and thinking that was signed over its prefix stays valid.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from attrs import field, frozen

from ..errors import UnsupportedFeatureError
from ..types.messages import Message, Role
from ..types.parts import AudioPart, Part, TextPart
from ..types.tools import ToolCall
from ..types.unchecked import Unchecked
from .late_system import LateSystem

_SYSTEM, _TOOL = Role.system, Role.tool  # to look one up takes three times as long as another attribute


@frozen
class Turn:
    """A message, and the results of the tools it called: (position of the call, result), in the order of the calls.

    instruction: a system message that is said in the user's role.
    """

    message: Message
    results: tuple[tuple[int, Message], ...] = field(default=())
    instruction: bool = False


@frozen
class Conversation:
    """opening: the system messages that stand at the top. turns: all else, in order; a system message among them is one
    that has to be said in the wire's own role for it."""

    opening: tuple[Message, ...]
    turns: tuple[Turn, ...]

    @property
    def instructions(self) -> str:
        """The text of the opening. Raises UnsupportedFeatureError for more than text."""
        return "\n\n".join(text for message in self.opening if (text := plain_text(message, "instructions")))


_TURNS, _CONVERSATIONS = Unchecked(Turn), Unchecked(Conversation)


def conversation(messages: Iterable[Message], late_system: LateSystem) -> Conversation:
    """The messages in the order of the wires: instructions, then turns, each tool result behind the turn that called.

    A result belongs to the latest turn before it with a call of its id that has no result yet; one that belongs to no
    call is a turn of its own, where it stood. A late system message (see LateSystem) that stood among results is behind
    them; one without text is left out in the user's role.
    """
    opening: list[Message] = []
    said: list[tuple[Message, dict[int, Message]]] = []
    unanswered: dict[str, list[_Unanswered]] = {}  # call id -> the turns that have such calls, the latest last
    for message in messages:
        role = message.role
        if role is _SYSTEM and (late_system == "front" or not said):
            opening.append(message)
        elif role is not _TOOL or not _answers(unanswered, message):
            results: dict[int, Message] = {}
            said.append((message, results))
            if message.tool_calls:
                _note_calls(unanswered, message, results)
    turns = [
        _TURNS.of((message, tuple(sorted(found.items(), key=_by_position)) if found else (), False))
        for message, found in said
    ]
    return _CONVERSATIONS.of((tuple(opening), tuple(_as_user(turns) if late_system == "user" else turns)))


def _by_position(result: tuple[int, Message]) -> int:
    return result[0]


def _as_user(turns: Iterable[Turn]) -> Iterator[Turn]:
    for turn in turns:
        if turn.message.role is not Role.system:
            yield turn
        elif text := plain_text(turn.message, "instructions"):
            marks = (part.cache for part in turn.message.parts if isinstance(part, TextPart) and part.cache)
            cache = turn.message.cache or next(marks, None)
            yield Turn(Message(Role.user, f"<system>\n{text}\n</system>", cache=cache), instruction=True)


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


def _note_calls(unanswered: "dict[str, list[_Unanswered]]", message: Message, results: dict[int, Message]) -> None:
    positions: dict[str, list[int]] = {}
    for position in reversed(range(len(message.tool_calls))):
        positions.setdefault(message.tool_calls[position].id, []).append(position)
    for id, those in positions.items():
        unanswered.setdefault(id, []).append((results, those))


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
