"""What a conversation is made of: messages, by whom, and what of a turn goes back to its provider."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, cast

from attrs import field, frozen

from ..errors import InvalidRequestError
from . import chat_dicts
from .checks import each, listed, of, wrong
from .parts import TEXTS, AudioPart, CacheBreakpoint, ImagePart, Part, TextPart
from .tools import ToolCall


class Role(StrEnum):
    system = "system"
    user = "user"
    assistant = "assistant"
    tool = "tool"


@frozen
class ThinkingPart:
    """One block of the model's reasoning.

    signature: the provider's proof that it wrote this text; data: reasoning that came encrypted or redacted.
    provider:  whose block it is: signature and data mean nothing to any other.
    """

    text: str = field(default="", validator=of(str))
    signature: str = field(default="", validator=of(str))
    data: str = field(default="", validator=of(str))
    provider: str = field(default="", validator=of(str))


def _no_state() -> dict[str, Any]:
    return {}


@frozen
class Replay:
    """An assistant turn in its provider's own blocks, to be sent back verbatim (signatures, encrypted reasoning, ids).

    provider:    the row's name; another provider never sees the items.
    items:       the wire's blocks in wire order, plain JSON values; their meaning belongs to the dialect. Between two
                 turns that the provider made of one answer stands `NEXT_TURN`.
    fingerprint: of the text and the calls that the turn had; an edited message no longer matches and is encoded afresh.
    wire:        the name of the dialect; another wire of the same row never sees the items. "" was written by 0.1, when
                 each row had one wire.
    state:       what the service wants back beside the blocks (a container, ...), by the dialect's own names; also when
                 the text was edited.
    """

    provider: str = field(validator=of(str))
    items: tuple[Any, ...] = field(validator=of(tuple))
    fingerprint: str = field(default="", validator=of(str))
    wire: str = field(default="", validator=of(str), kw_only=True)
    state: dict[str, Any] = field(factory=_no_state, validator=of(dict), kw_only=True)

    def is_of(self, provider: str, wire: str) -> bool:
        """Whether that row and wire made the turn. wire: "" for any; data without a wire counts as of any."""
        return self.provider == provider and not (wire and self.wire and self.wire != wire)


NEXT_TURN: dict[str, Any] = {"$next_turn": True}
"""Stands among the items of a Replay where a provider paused and was asked to go on: each side is a turn of its own."""


def turns_of(items: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The items of a Replay, turn by turn."""
    turns: list[list[Any]] = [[]]
    for item in items:
        if item == NEXT_TURN:
            turns.append([])
        else:
            turns[-1].append(item)
    return [tuple(turn) for turn in turns if turn]


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
        said = f" not {value[:40]!r}" if isinstance(cast("object", value), str) else ""
        raise InvalidRequestError(f"Message.role is one of {', '.join(Role)},{said or ' and nothing else'}") from None


def _content(value: str | Part | Iterable[Part] | None) -> str | tuple[Part, ...]:
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str(value)
    if value is None:  # what chat dicts have beside calls
        return ""
    return (value,) if isinstance(value, Part) else listed(value, "Message.content")


def _images(value: Iterable[ImagePart] | None) -> tuple[ImagePart, ...]:
    return listed(value, "Message.images")


def _audio(value: Iterable[AudioPart] | None) -> tuple[AudioPart, ...]:
    return listed(value, "Message.audio")


def _tool_calls(value: Iterable[ToolCall | Mapping[str, Any]] | None) -> tuple[ToolCall, ...]:
    items = listed(value, "Message.tool_calls")
    return tuple(chat_dicts.read_call(item) if isinstance(item, Mapping) else item for item in items)


def _thinking(value: Iterable[ThinkingPart] | None) -> tuple[ThinkingPart, ...]:
    return listed(value, "Message.thinking")


def _check_content(owner: Any, attribute: Any, value: str | tuple[Part, ...]) -> None:
    if type(value) is str:
        return
    for part in value:
        if not isinstance(cast("object", part), Part):
            raise wrong(owner, "content", "text, or a list of TextPart, ImagePart, AudioPart and FilePart", part)


@frozen
class Message:
    """One turn.

    content:      text, or parts in the order the model shall see them; `images` and `audio` follow the content.
    tool_calls:   what an assistant turn asked for (calls as chat dicts have them are read); tool_call_id: which of them
                  a tool turn answers.
    name:         the tool's name on a tool turn (looked up from the calls when None), else the speaker's name.
    is_error:     the tool failed and content says how.
    thinking:     reasoning of an assistant turn. replay: the turn in its provider's own blocks (see Replay).
    answers:      the call that a tool turn answers, where more of it than its id decides how the answer is written (its
                  kind, what goes back with it): the call itself may be in a conversation that the provider keeps.
    raises:       InvalidRequestError for a field of another shape.
    """

    role: Role = field(converter=_role)
    content: str | tuple[Part, ...] = field(default="", converter=_content, validator=_check_content)
    images: tuple[ImagePart, ...] = field(default=(), converter=_images, validator=each(ImagePart))
    audio: tuple[AudioPart, ...] = field(default=(), converter=_audio, validator=each(AudioPart))
    tool_calls: tuple[ToolCall, ...] = field(default=(), converter=_tool_calls, validator=each(ToolCall))
    tool_call_id: str | None = field(default=None, validator=of(str, type(None)))
    name: str | None = field(default=None, validator=of(str, type(None)))
    is_error: bool = field(default=False, validator=of(bool))
    thinking: tuple[ThinkingPart, ...] = field(default=(), converter=_thinking, validator=each(ThinkingPart))
    cache: CacheBreakpoint | None = field(default=None, validator=of(CacheBreakpoint, type(None)))
    replay: Replay | None = field(default=None, validator=of(Replay, type(None)))
    answers: ToolCall | None = field(default=None, validator=of(ToolCall, type(None)), kw_only=True)

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
            content = (TEXTS.of((content, None)),) if content else ()
        return (*content, *self.images, *self.audio)

    def replay_for(self, provider: str, wire: str = "") -> tuple[Any, ...]:
        """The provider's own blocks, if this turn came from it over this wire and was not edited since; else (). The
        wires take the turns of one answer as one.

        wire: "" for any. Data without a wire is of a time when a row had one wire: it counts as any.
        """
        replay = self.replay
        if replay is None or not replay.is_of(provider, wire):
            return ()
        if replay.fingerprint != fingerprint(self.text, self.tool_calls):
            return ()
        return tuple(item for turn in turns_of(replay.items) for item in turn)

    def state_for(self, provider: str, wire: str = "") -> Mapping[str, Any]:
        """What the service wants back beside this turn, if the turn came from it over this wire; else {}."""
        replay = self.replay
        return replay.state if replay is not None and replay.is_of(provider, wire) else {}


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
    call: str | ToolCall,
    content: str | Iterable[Part],
    *,
    name: str | None = None,
    is_error: bool = False,
    images: Iterable[ImagePart] = (),
    cache: CacheBreakpoint | None = None,
) -> Message:
    """The result of that tool call, of any kind. call: the call, or (of a function's call that is in the messages) its
    id."""
    if not isinstance(call, ToolCall):
        return Message("tool", content, images, tool_call_id=call, name=name, is_error=is_error, cache=cache)
    special = call.kind != "function" or call.provider_data is not None
    return Message(
        "tool",
        content,
        images,
        tool_call_id=call.id,
        name=name or call.name,
        is_error=is_error,
        cache=cache,
        answers=call if special else None,
    )
