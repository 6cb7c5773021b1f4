"""What a `repl` holds between two answers, and how it is kept in a file. No terminal, no network."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import define, field

import aikido_llm as llm
from aikido_llm.codecs.json import loads_object
from aikido_llm.types.tools import Tool

from ..access import places

_FORMAT = 1


def _no_messages() -> list[llm.Message]:
    return []


@define
class Conversation:
    """system: instructions, "" for none. messages: the turns, without the instructions. answers, tokens, cost: of this
    run. own: the files that hold this conversation, or an earlier state of it. tools: what its calls are of."""

    system: str = ""
    messages: list[llm.Message] = field(factory=_no_messages)
    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    own: set[Path] = field(factory=lambda: set[Path]())
    tools: tuple[Tool, ...] = ()

    @classmethod
    def of(cls, messages: Sequence[llm.Message], tools: tuple[Tool, ...] = ()) -> "Conversation":
        """The conversation that these turns are; the first one may be instructions."""
        first = messages[0] if messages and messages[0].role == llm.Role.system else None
        return cls(first.text if first else "", list(messages[1:] if first else messages), tools=tools)

    @property
    def start(self) -> list[llm.Message]:
        """The instructions as a turn."""
        return [llm.system(self.system)] if self.system else []

    def request(self, turn: llm.Message) -> llm.Request:
        """What is asked when the user says this; the conversation stays as it is until `took`."""
        return llm.Request(messages=[*self.start, *self.messages, turn], tools=self.tools)

    def took(self, turn: llm.Message, *answers: llm.Message, tools: Sequence[Tool] = ()) -> None:
        """An answer has come, after the calls of tools and their results: all of it stays. tools: that were offered;
        the wire wants to know those that were called from then on."""
        self.messages += [turn, *answers]
        called = {call.name for message in answers for call in message.tool_calls}
        known = {tool.name for tool in self.tools}
        self.tools += tuple(tool for tool in tools if tool.name in called - known)

    def clear(self) -> None:
        """Another conversation begins."""
        self.messages.clear()
        self.tools = ()
        self.own.clear()

    def count(self, usage: llm.Usage) -> None:
        self.answers += 1
        self.input_tokens += usage.input_tokens or 0
        self.output_tokens += usage.output_tokens or 0
        self.cost += usage.cost_usd or 0.0

    def take_back(self) -> llm.Message | None:
        """Drop the last question with all that followed it, and return it; None when there is none."""
        for at in range(len(self.messages) - 1, -1, -1):
            if self.messages[at].role == llm.Role.user:
                turn = self.messages[at]
                del self.messages[at:]
                return turn
        return None

    def save(self, path: Path, provider: str, model: str | None) -> Path | None:
        """Write it whole or not at all; only the user may read it. Signatures and encrypted reasoning are kept.

        returns: where another conversation of that name is now, None when there was none.
        raises:  InvalidRequestError when what is there is no conversation; OSError.
        """
        path = path.resolve()
        moved = self._make_room(path)
        data = {
            "aikido_llm_conversation": _FORMAT,
            "provider": provider,
            "model": model,
            "system": self.system,
            "messages": [llm.serialize.to_dict(message) for message in self.messages],
        }
        with places.drafted(path) as file:
            file.write(json.dumps(data, indent=1).encode("utf-8"))
        self.own.add(path)
        return moved

    def _make_room(self, path: Path) -> Path | None:
        """What this conversation wrote may be written over; another one gets a name of its own; anything else stays."""
        if not path.exists():
            return None
        if not path.is_file() or _read(path) is None:
            raise llm.InvalidRequestError(f"{path} is there and is no conversation that /save wrote: take another name")
        if path in self.own:
            return None
        number = 1
        while (free := path.with_name(f"{path.name}.~{number}~")).exists():
            number += 1
        path.rename(free)
        return free

    def load(self, path: Path) -> tuple[str, str | None]:
        """Take over what a file holds, and return its provider and model.

        raises: OSError; InvalidRequestError for another kind of file, and then nothing has changed.
        """
        fields = _read(path)
        if fields is None:
            raise llm.InvalidRequestError(f"{path} is no conversation that /save wrote")
        messages = llm.serialize.from_dict(fields.get("messages"), list[llm.Message])
        self.system = str(fields.get("system") or "")
        self.messages = messages
        self.own = {path.resolve()}
        model = fields.get("model")
        return str(fields.get("provider") or ""), model if isinstance(model, str) else None

    def totals(self) -> str:
        """`3 answers, 120 in, 456 out, $0.01`."""
        cost = f", ${self.cost:.6g}" if self.cost else ""
        return (
            f"{self.answers} answer{'' if self.answers == 1 else 's'}, "
            f"{self.input_tokens:,} in, {self.output_tokens:,} out{cost}"
        )


def _read(path: Path) -> dict[str, Any] | None:
    """What a file holds; None when it is no conversation. Raises OSError."""
    try:
        fields = loads_object(path.read_bytes())
    except ValueError:
        return None
    return fields if fields.get("aikido_llm_conversation") == _FORMAT else None


def place(name: str) -> Path:
    """A file name that a person typed. Raises InvalidRequestError for what can be none."""
    try:
        path = Path(name).expanduser()
    except RuntimeError:  # ~nobody
        raise llm.InvalidRequestError(f"{name}: there is no such user") from None
    if "\0" in name or path.name in ("", ".."):
        raise llm.InvalidRequestError(f"{name} is no name of a file")
    return path
