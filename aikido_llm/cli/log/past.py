"""A call that was kept -> the conversation that it was the last of, ready to go on."""

from typing import TYPE_CHECKING, Any

from attrs import frozen

import aikido_llm as llm
from aikido_llm.types.tools import Tool

if TYPE_CHECKING:
    from aikido_llm.middleware import CallStore
    from aikido_llm.types.calls import Call

_LOOKED_AT = 50  # calls among which the last one with an answer is looked for
_NOT_RUN = "this call was not run"


@frozen
class Past:
    """A conversation as it was kept. id: of its last call. model: as it was asked for.

    messages: the turns, instructions first. tools: what was offered, when a turn calls one: the wire wants to know it.
    dropped:  pictures, sounds and files that were sent, which are not kept.
    """

    id: int
    provider: str
    model: str | None
    messages: tuple[llm.Message, ...]
    tools: tuple[Tool, ...] = ()
    dropped: int = 0

    @property
    def notes(self) -> str:
        """What a person should know of it."""
        said = "1 file that was shown before is" if self.dropped == 1 else f"{self.dropped} files shown before are"
        return f"aikido-llm: {said} not kept: the model gets a note instead"


async def find(store: "CallStore", number: int | None = None) -> Past:
    """The conversation that ends in this call, or the one that was last answered.

    raises: ConfigError when there is none; OSError.
    """
    return of(await call(store, number))


async def call(store: "CallStore", number: int | None = None) -> "Call":
    """The call of this number, or the last one that has an answer. Raises as `find`."""
    if number is not None:
        found = await store.find(before=number + 1, limit=1)
        if not found or found[0].id != number:
            raise llm.ConfigError(f"there is no call {number} (`aikido-llm logs` lists them)")
        return found[0]
    for one in await store.find(limit=_LOOKED_AT):
        if one.response is not None and one.error is None and (one.response.text or one.response.tool_calls):
            return one
    raise llm.ConfigError("no conversation was kept (`aikido-llm logs` lists what was)")


def of(call: "Call") -> Past:
    """What is not kept of it becomes a note in its place. Raises InvalidRequestError for what no version wrote."""
    dropped = 0
    turns: list[dict[str, Any]] = call.request["messages"]
    for turn in turns:
        dropped += _note_what_is_not_kept(turn)
    messages = llm.serialize.from_dict(turns, list[llm.Message])
    messages += _answer(call)
    used = any(message.tool_calls for message in messages)
    tools = [llm.serialize.from_dict(one, Tool) for one in call.request.get("tools", ())] if used else []
    return Past(
        call.id, call.provider, call.request.get("model") or call.model or None, tuple(messages), tuple(tools), dropped
    )


def _answer(call: "Call") -> list[llm.Message]:
    """The turns that the answer adds: calls that nobody has answered are, for the next question would fail."""
    response = call.response
    if response is None:
        return []
    if not response.complete and not response.tool_calls:
        return [llm.assistant(response.text)] if response.text else []
    message = response.message
    return [message, *(llm.tool(one, _NOT_RUN, is_error=True) for one in message.tool_calls)]


def _note_what_is_not_kept(turn: dict[str, Any]) -> int:
    content: Any = turn.get("content", "")
    parts: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    parts += [part for name in ("images", "audio") for part in turn.pop(name, ())]
    gone = [part for part in parts if "sha256" in part]
    if gone or not isinstance(content, str):
        turn["content"] = [_note(part) if "sha256" in part else part for part in parts if part.get("text") != ""]
    elif len(parts) > 1:
        turn["content"] = parts
    return len(gone)


def _note(part: dict[str, Any]) -> dict[str, Any]:
    kind = part.get("name") or part.get("content_type") or part.get("type")
    return {"type": "text", "text": f"[{kind}, {part['bytes']:,} bytes: shown before, not kept]\n"}
