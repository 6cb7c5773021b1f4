"""Messages -> the wire's `system` and `messages`, by its rules of order:

- system text that opens the conversation stands at the top, several joined in order; a later system message stands
  directly behind a user turn, and nothing but the assistant's turn may follow it;
- the first turn is the user's, turns alternate, so neighbours of one role become one;
- all results of a turn's calls stand in the very next user turn, before its text, wherever they stood before;
- no text block is empty or blank; no turn and no tool result is empty;
- a trailing assistant turn (a prefill) does not end in blanks;
- thinking goes back only as the provider signed it.

source: Anthropic API reference, "Create a Message", "Tool use", "Extended thinking", "Preserved thinking",
"Mid-conversation system messages", "Change tools or instructions without failing the prefix check", read 2026-11.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from ...errors import InvalidRequestError, UnsupportedFeatureError
from ...types.messages import Message, Role
from ...types.parts import TextPart
from ...types.tools import ToolCall
from ..call_ids import CallIds, clean_name
from ..toolcalls import arguments_object
from ..turns import DRAWN, Turn, split
from ..values import is_object
from .blocks import Block, text_block, user_blocks
from .cache import THINKING, control, mark


def encode_system(messages: Iterable[Message]) -> str | list[Block]:
    """The system text: a string, or blocks when one of them has a cache breakpoint. "" for none."""
    blocks: list[Block] = []
    for message in messages:
        blocks += _system_blocks(message)
    if any("cache_control" in block for block in blocks):
        return blocks
    return "\n\n".join(block["text"] for block in blocks)


def _system_blocks(message: Message) -> list[Block]:
    blocks: list[Block] = []
    for part in message.parts:
        if not isinstance(part, TextPart):
            raise UnsupportedFeatureError("a system message is text on this wire; show media in a user message")
        if part.text.strip():
            blocks.append(text_block(part))
    mark(blocks, message.cache)
    return blocks


# A system message may stand neither behind the assistant nor before the user. To move it would change what was sent
# before, which signatures do not survive; so where it was said in such a place, a turn of these words keeps it apart.
_BEFORE_SYSTEM: Block = {"type": "text", "text": "(New instructions follow.)"}
_BEHIND_SYSTEM: Block = {"type": "text", "text": "(Noted.)"}


def encode_turns(turns: Iterable[Turn], provider: str, wire: str, empty_tool_result: str) -> list[Block]:
    """The turns, alternating. Raises InvalidRequestError for an order that the wire refuses.

    provider, wire: the names of the row and of the dialect, by which a turn's replay data is recognised as its own.
    """
    found: list[Block] = []
    ids = CallIds()
    message = _NOBODY
    made: list[Block] = []  # pictures and files of an assistant turn, which the next user turn shows
    for message in _results_behind_calls(turns):
        said_by = message.role
        role = "assistant" if said_by is _ASSISTANT else "system" if said_by is _SYSTEM else "user"  # as are results
        if made and said_by is not _TOOL:  # results stand first
            _append(found, "user", made)
            made = []
        if role == "assistant" and found and found[-1]["role"] != "assistant":
            ids.next_turn()
        _append(found, role, _turn_blocks(message, provider, wire, ids, empty_tool_result))
        if role == "assistant":
            made = _made(message)
    if made:
        _append(found, "user", made)
    ids.next_turn()
    if not found or found[0]["role"] != "user":
        raise InvalidRequestError("this wire wants a conversation that begins with a user message that is not empty")
    if not message.replay_for(provider, wire):  # a turn that was paused goes on as it is
        _strip_end(found)
    return found


_ASSISTANT, _SYSTEM, _TOOL = Role.assistant, Role.system, Role.tool
_NOBODY = Message(Role.user)


def _append(found: list[Block], role: str, blocks: list[Block]) -> None:
    if not blocks:
        return
    last = found[-1]["role"] if found else ""
    if last == role:
        found[-1]["content"] += blocks
        return
    if role == "system" and last != "user":
        found.append({"role": "user", "content": [dict(_BEFORE_SYSTEM)]})
    elif role == "user" and last == "system":
        found.append({"role": "assistant", "content": [dict(_BEHIND_SYSTEM)]})
    found.append({"role": role, "content": blocks})


def _made(message: Message) -> list[Block]:
    """Media that the assistant made. Only users may send media on this wire: the next user turn shows it."""
    shown = split(message.parts)[1]
    return user_blocks((DRAWN, *shown)) if shown else []


def _results_behind_calls(turns: Iterable[Turn]) -> Iterator[Message]:
    for turn in turns:
        yield turn.message
        yield from (result for _, result in turn.results)


def _turn_blocks(message: Message, provider: str, wire: str, ids: CallIds, empty_tool_result: str) -> list[Block]:
    if message.role is _TOOL:
        return [_tool_result(message, ids, empty_tool_result)]
    if message.role is _SYSTEM:
        return _system_blocks(message)
    if message.role is _ASSISTANT:
        items = message.replay_for(provider, wire)
        blocks = _replayed(items, ids) if items else _assistant(message, provider, ids)
    else:
        blocks = user_blocks(message.parts)
    mark(blocks, message.cache)
    return blocks


def _assistant(message: Message, provider: str, ids: CallIds) -> list[Block]:
    blocks: list[Block] = []
    for part in message.thinking:
        if part.provider != provider:
            continue  # another provider's reasoning: the signature would be refused, and without one it cannot go
        if part.data:
            blocks.append({"type": "redacted_thinking", "data": part.data})
        elif part.signature:
            blocks.append({"type": "thinking", "thinking": part.text, "signature": part.signature})
    blocks += user_blocks(split(message.parts)[0])
    blocks += [_tool_use(call, ids) for call in message.tool_calls]
    return blocks


def _tool_use(call: ToolCall, ids: CallIds) -> Block:
    return {
        "type": "tool_use",
        "id": ids.call(call.id),
        "name": clean_name(call.name),
        "input": arguments_object(call.arguments),
    }


def _replayed(items: tuple[Any, ...], ids: CallIds) -> list[Block]:
    """The provider's own blocks, copied because a cache breakpoint may be added. A thought at their end, which the
    token limit cut from what it led to, would have the service refuse the conversation."""
    blocks = [dict(item) for item in items if is_object(item)]
    while blocks and blocks[-1].get("type") in THINKING:
        blocks.pop()
    for block in blocks:
        if block.get("type") == "tool_use":
            block["id"] = ids.call(str(block.get("id")))
    return blocks


def _tool_result(message: Message, ids: CallIds, empty: str) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": ids.result(message.tool_call_id)}
    content = user_blocks(message.parts)
    # A breakpoint belongs to the result as a whole: blocks inside of blocks are not cached on their own.
    marks = [cache for part in content if (cache := part.pop("cache_control", None))]
    if not content:
        block["content"] = empty
    elif len(content) == 1 and content[0]["type"] == "text":
        block["content"] = content[0]["text"]
    else:
        block["content"] = content
    if message.is_error:
        block["is_error"] = True
    if message.cache is not None:
        block["cache_control"] = control(message.cache)
    elif marks:
        block["cache_control"] = marks[-1]
    return block


def _strip_end(turns: list[Block]) -> None:
    """A prefill must not end in blanks. (It may still be refused: newer models take none.)"""
    if turns[-1]["role"] == "assistant":
        last = turns[-1]["content"][-1]
        if last["type"] == "text":
            last["text"] = last["text"].rstrip()


def lacks_own_thinking(turns: list[Block]) -> bool:
    """Whether the answer goes on behind tool turns that were all made without this provider's thinking.

    One turn that has it is enough: models with a budget think once, before the first call of such a series.
    """
    series: list[Block] = []
    turns = [turn for turn in turns if turn["role"] != "system"]  # one stands behind the results that it was said after
    at = len(turns) - 1
    while at > 0 and turns[at]["content"][0]["type"] == "tool_result":
        series += turns[at - 1]["content"]
        at -= 2
    return bool(series) and not any(block["type"] in THINKING for block in series)
