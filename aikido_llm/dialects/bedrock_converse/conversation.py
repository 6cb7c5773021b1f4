"""Messages -> the wire's `system` and `messages`, by its rules of order:

- the first turn is the user's, turns alternate, so neighbours of one role become one;
- all results of a turn's calls stand in the very next user turn, before its text, wherever they stood before;
- no text is empty; reasoning goes back only as it was signed; documents have names of few characters, each once.

source: Amazon Bedrock API reference, "Message", "ContentBlock", "DocumentBlock", read 2026-11.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ...errors import InvalidRequestError, UnsupportedFeatureError
from ...types.messages import Message, Role
from ...types.parts import Part, TextPart
from ...types.tools import ToolCall
from ..call_ids import CallIds, clean_name
from ..toolcalls import arguments_object
from ..turns import DRAWN, Turn, split
from ..values import is_object
from . import cache
from .parts import Block, Documents, blocks_of
from .wire import OF_THE_SERVER

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""Of a tool."""
_LONGEST_NAME = 64
_SHOWN = {"text": "(a document)"}


def encode_system(messages: Iterable[Message]) -> list[Block]:
    """Text blocks, with marks of the cache behind those that ask for one."""
    blocks: list[Block] = []
    for message in messages:
        for part in message.parts:
            if not isinstance(part, TextPart):
                raise UnsupportedFeatureError("a system message is text on this wire; show media in a user message")
            if part.text.strip():
                blocks += [{"text": part.text}, *cache.point(part.cache)]
        blocks += cache.point(message.cache) if blocks else []
    return blocks


def encode_turns(turns: Iterable[Turn], provider: str, wire: str, empty_result: str) -> list[Block]:
    """The turns, alternating. Raises InvalidRequestError for an order that the wire refuses.

    provider, wire: the names of the row and of the dialect, by which a turn's replay data is recognised as its own.
    """
    encoding = _Encoding(provider, wire, empty_result)
    found: list[Block] = []
    message = Message(Role.user)
    made: list[Block] = []  # pictures and files of an assistant turn, which the next user turn shows
    for message in _results_behind_calls(turns):
        role = "assistant" if message.role is Role.assistant else "user"
        if message.role is not Role.tool:  # results stand first
            _append(found, "user", made)
            made = []
        if role == "assistant" and found and found[-1]["role"] != "assistant":
            encoding.ids.next_turn()
        _append(found, role, encoding.turn(message))
        if role == "assistant":
            made = encoding.made(message)
    _append(found, "user", made)
    encoding.ids.next_turn()
    if not found or found[0]["role"] != "user":
        raise InvalidRequestError("this wire wants a conversation that begins with a user message that is not empty")
    if not message.replay_for(provider, wire):
        _strip_end(found)
    return found


def _append(found: list[Block], role: str, blocks: list[Block]) -> None:
    if not blocks:
        return
    if found and found[-1]["role"] == role:
        found[-1]["content"] += blocks
    else:
        found.append({"role": role, "content": blocks})


def _results_behind_calls(turns: Iterable[Turn]) -> Iterator[Message]:
    for turn in turns:
        yield turn.message
        yield from (result for _, result in turn.results)


class _Encoding:
    def __init__(self, provider: str, wire: str, empty_result: str) -> None:
        self.ids = CallIds()
        self._provider, self._wire, self._empty = provider, wire, empty_result
        self._documents = Documents()

    def turn(self, message: Message) -> list[Block]:
        match message.role:
            case Role.tool:
                blocks = [self._result(message)]
            case Role.assistant:
                items = message.replay_for(self._provider, self._wire)
                blocks = self._replayed(items) if items else self._assistant(message)
            case _:
                blocks = _with_words(self._blocks(message.parts))
        return [*blocks, *cache.point(message.cache)] if blocks else []

    def made(self, message: Message) -> list[Block]:
        """Media that the assistant made: only users show media on this wire."""
        shown = split(message.parts)[1]
        return self._blocks((DRAWN, *shown)) if shown else []

    def _blocks(self, parts: Iterable[Part]) -> list[Block]:
        return [block for part in parts for block in (*blocks_of(part, self._documents), *_mark_of(part))]

    def _assistant(self, message: Message) -> list[Block]:
        blocks: list[Block] = []
        for part in message.thinking:
            if part.provider != self._provider:
                continue  # another's: its signature would be refused
            if part.data:
                blocks.append({"reasoningContent": {"redactedContent": part.data}})
            elif part.signature:
                said = {"text": part.text, "signature": part.signature}
                blocks.append({"reasoningContent": {"reasoningText": said}})
        blocks += self._blocks(split(message.parts)[0])
        return [*blocks, *map(self._call, message.tool_calls)]

    def _call(self, call: ToolCall) -> Block:
        name = clean_name(call.name)[:_LONGEST_NAME]
        return {
            "toolUse": {"toolUseId": self.ids.call(call.id), "name": name, "input": arguments_object(call.arguments)}
        }

    def _replayed(self, items: tuple[Any, ...]) -> list[Block]:
        """The provider's own blocks, without a thought at their end, which is refused without what it led to. A call's
        id is followed, and changed only where another turn has it too."""
        blocks = [dict(item) for item in items if is_object(item)]
        while blocks and "reasoningContent" in blocks[-1]:
            blocks.pop()
        for block in blocks:
            call = block.get("toolUse")
            if is_object(call) and call.get("type") != OF_THE_SERVER:
                block["toolUse"] = call | {"toolUseId": self.ids.call(str(call.get("toolUseId")))}
        return blocks

    def _result(self, message: Message) -> Block:
        content = [block for part in message.parts for block in blocks_of(part, self._documents)]
        result: Block = {
            "toolUseId": self.ids.result(message.tool_call_id),
            "content": content or [{"text": self._empty}],
        }
        if message.is_error:
            result["status"] = "error"
        return {"toolResult": result}


def _with_words(blocks: list[Block]) -> list[Block]:
    """A message with a document wants text beside it."""
    alone = any("document" in block for block in blocks) and not any("text" in block for block in blocks)
    return [*blocks, _SHOWN] if alone else blocks


def _mark_of(part: Part) -> list[Block]:
    return cache.point(part.cache) if isinstance(part, TextPart) and part.text.strip() else []


def _strip_end(turns: list[Block]) -> None:
    """A prefill must not end in blanks."""
    last = turns[-1]["content"][-1]
    if turns[-1]["role"] == "assistant" and "text" in last:
        last["text"] = last["text"].rstrip()


def called_in(turns: list[Block]) -> list[str]:
    """The names of the client's tools that turns called, each once."""
    calls = (block["toolUse"] for turn in turns for block in turn["content"] if "toolUse" in block)
    return list(dict.fromkeys(call["name"] for call in calls if call.get("type") != OF_THE_SERVER))
