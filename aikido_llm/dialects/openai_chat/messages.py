"""The conversation -> `messages`."""

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from ...types.messages import Message, Role
from ...types.parts import AudioPart, ImagePart, Part, TextPart
from ...types.tools import ToolCall
from ..toolcalls import arguments_json
from ..turns import DRAWN, conversation, from_tool
from ..values import as_object
from .parts import content, image_parts, text_content
from .quirks import Quirks
from .wire import Json

_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def encode_messages(messages: Iterable[Message], quirks: Quirks, provider: str, wire: str) -> list[Json]:
    """All turns, in order. Media that a turn cannot hold (a tool's pictures, those that the assistant drew) are shown
    by the next user message, behind the results of all calls: the results of one turn must stand together.

    provider, wire: the names of the row and of the dialect, by which a turn's replay data is recognised as its own.
    """
    sorted_out = conversation(messages, quirks.late_system)
    made = _Messages(quirks, provider, wire)
    for message in sorted_out.opening:
        made.add(message)
    for turn in sorted_out.turns:
        made.add(turn.message, instruction=turn.instruction)
        for _, result in turn.results:
            made.add(result)
    return made.finish()


class _Messages:
    """The messages so far, and the media that still wait for a user message."""

    def __init__(self, quirks: Quirks, provider: str, wire: str) -> None:
        self._quirks = quirks
        self._provider = provider
        self._wire = wire
        self._messages: list[Json] = []
        self._waiting: list[Part] = []
        self._tool_names: dict[str, str] = {}  # call id -> name
        self._called = False  # tools were called since the user's last words
        self._instructed = False  # the last message is an instruction in the user's role

    def add(self, message: Message, *, instruction: bool = False) -> None:
        """instruction: it is said in the user's role, and is one message with the words around it: many templates that
        take no late system message want roles to alternate too."""
        match message.role:
            case Role.user:
                self._user(message, joins=instruction or self._instructed)
                self._instructed = instruction
                self._called = False
                return
            case Role.tool:
                self._result(message)
            case Role.system:
                self._show_waiting()
                system = text_content(message, self._quirks, "system messages")
                self._append(self._quirks.system_role, message, content=system)
            case Role.assistant:
                self._show_waiting()
                self._assistant(message)
        self._instructed = False

    def finish(self) -> list[Json]:
        self._show_waiting()
        prefill = self._quirks.prefill_field
        if prefill and self._messages and self._messages[-1]["role"] == "assistant":
            self._messages[-1][prefill] = True
        return self._messages

    def _append(self, role: str, message: Message, **fields: Any) -> None:
        name = {"name": speaker(message.name)} if message.name and self._quirks.speaker_names else {}
        self._messages.append({"role": role, **name, **fields})

    def _user(self, message: Message, *, joins: bool) -> None:
        said: str | list[Json]
        if message.name and self._quirks.speaker_names:
            self._show_waiting()  # in a message of its own, which had no name before these words came
        if self._waiting or message.images or message.audio or message.cache or not isinstance(message.content, str):
            said = content((*self._waiting, *message.parts), self._quirks, message.cache)
            self._waiting.clear()
        else:
            said = message.content
        last = self._messages[-1] if self._messages else {}
        if joins and last.keys() == {"role", "content"} and last["role"] == "user" and not message.name:
            before = last["content"]
            if isinstance(before, str) and isinstance(said, str):
                last["content"] = f"{before}\n\n{said}"
                return
        self._append("user", message, content=said)

    def _show_waiting(self) -> None:
        if self._waiting:
            self._messages.append({"role": "user", "content": content(self._waiting, self._quirks)})
            self._waiting = []

    def _result(self, message: Message) -> None:
        call_id = message.tool_call_id or ""
        name = message.name or self._tool_names.get(call_id, "")
        parts = message.parts
        if not self._quirks.tool_result_images:
            media = [part for part in parts if not isinstance(part, TextPart)]
            if media:
                self._waiting += [from_tool(name or call_id), *media]
            parts = tuple(part for part in parts if isinstance(part, TextPart))
        result: Json = {"role": "tool", "tool_call_id": wire_call_id(call_id, self._quirks)}
        if name and self._quirks.tool_names:
            result["name"] = name
        result["content"] = content(parts, self._quirks, message.cache)
        self._messages.append(result)

    def _assistant(self, message: Message) -> None:
        said = self._said(message)
        calls = [self._call(call) for call in message.tool_calls]
        replayed = self._replayed(message, calls)
        if calls and (not said or (isinstance(said, str) and said.isspace())):
            said = ""  # blanks before calls come from some models and are refused by others
        pictures = [] if "images" in replayed else [part for part in message.parts if isinstance(part, ImagePart)]
        if pictures:
            self._waiting += [DRAWN, *pictures]
        if not (said or calls or any(replayed.values())):
            return  # an empty turn says nothing and strict hosts refuse it
        fields: Json = {}
        if said or not (calls or "audio" in replayed):
            fields["content"] = said
        elif self._quirks.null_content:
            fields["content"] = None  # the empty string is refused behind some gateways
        if calls:
            fields["tool_calls"] = calls
        self._append("assistant", message, **fields, **replayed)

    def _said(self, message: Message) -> str | list[Json]:
        """The text of a turn. Its pictures go their own way; sound is its transcript, unless the host remembers it."""
        spoken = "audio" in _extras(message, self._provider, self._wire)
        parts = [part for part in message.parts if not isinstance(part, ImagePart)]
        if spoken:
            parts = [part for part in parts if not isinstance(part, AudioPart)]
        return text_content(Message("assistant", parts, cache=message.cache), self._quirks, "assistant messages")

    def _call(self, call: ToolCall) -> Json:
        self._tool_names[call.id] = call.name
        if call.kind == "custom" and self._quirks.custom_tools:
            custom = {"name": call.name, "input": call.arguments}
            return {"id": wire_call_id(call.id, self._quirks), "type": "custom", "custom": custom}
        function = {"name": call.name, "arguments": arguments_json(call.arguments)}
        return {"id": wire_call_id(call.id, self._quirks), "type": "function", "function": function}

    def _replayed(self, message: Message, calls: list[Json]) -> Json:
        """What the host wants back beside text and calls; nothing of another provider's."""
        extras = _extras(message, self._provider, self._wire)
        fields: Json = {}
        for call, wire_call in zip(message.tool_calls, calls, strict=True):
            signature = as_object(extras.get("extra_content")).get(call.id)
            if signature:
                wire_call["extra_content"] = signature
        if "audio" in extras:
            fields["audio"] = extras["audio"]
        fields |= self._reasoning(message, extras)
        pictures = [part for part in message.parts if isinstance(part, ImagePart)]
        if pictures and self._quirks.assistant_images:
            fields["images"] = image_parts(pictures, self._quirks)
        return fields

    def _reasoning(self, message: Message, extras: Json) -> Json:
        """The turn's own reasoning, in the host's spelling. What a turn needs is known from it and those before it."""
        own = "".join(part.text for part in message.thinking if part.provider == self._provider)
        self._called = self._called or bool(message.tool_calls)
        match self._quirks.reasoning_replay:
            case "details":
                if "reasoning_details" in extras:
                    return {"reasoning_details": extras["reasoning_details"]}
                return {"reasoning": own} if own else {}
            case "content":
                needed, wanted = False, bool(message.tool_calls)
            case "turn":
                needed, wanted = self._called, self._called
            case "always":
                needed, wanted = bool(message.tool_calls), True
            case "none":
                return {}
        return {"reasoning_content": own} if needed or (wanted and own) else {}


def _extras(message: Message, provider: str, wire: str) -> Json:
    return as_object(next(iter(message.replay_for(provider, wire)), None))


def speaker(name: str) -> str:
    """A name with the letters that the wire allows."""
    return _NAME.sub("_", name)[:64]


def wire_call_id(call_id: str, quirks: Quirks) -> str:
    """The id as this host takes it: another provider's may be too long or have the wrong letters. The digest depends on
    the id alone, so the call and its result still name each other."""
    if not quirks.call_id_pattern or re.fullmatch(quirks.call_id_pattern, call_id):
        return call_id
    number = int.from_bytes(blake2b(call_id.encode("utf-8", "surrogatepass"), digest_size=32).digest(), "big")
    letters: list[str] = []
    for _ in range(quirks.call_id_length):
        number, digit = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[digit])
    return "".join(letters)
