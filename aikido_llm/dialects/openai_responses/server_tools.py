"""Output items of tools that the provider runs -> ServerToolCall.

source: OpenAI API reference, "Responses", output items, and openai 2026-08, types/responses, read 2026-11.
"""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from attrs import frozen

from ...codecs import json
from ...types.events import Event, ServerToolEvent, ServerToolStart
from ...types.server_tools import ServerToolCall
from ..toolcalls import ToolCalls
from ..values import as_object, as_text


@frozen
class _Told:
    """Where an item tells what the tool was called with, and what it gave; "" for nowhere.

    named: the arguments are an object of that one field. apart: the result is an item of its own.
    """

    arguments: str = "arguments"
    output: str = "output"
    named: bool = False
    apart: bool = False


_TOLD: Mapping[str, _Told] = {
    "web_search_call": _Told("action", ""),
    "file_search_call": _Told("queries", "results", named=True),
    "code_interpreter_call": _Told("code", "outputs"),
    "image_generation_call": _Told("revised_prompt", ""),
    "mcp_list_tools": _Told("", "tools"),
    "tool_search_call": _Told(apart=True),
    "shell_call": _Told("action", apart=True),
    "program": _Told("code", apart=True),
    "custom_tool_call": _Told("input"),  # of a host that runs tools of its own as such
}
_OUTPUTS = {"tool_search_output": "tools", "shell_call_output": "output", "program_output": "result"}
_CALLS = {"tool_search_output": "tool_search_call", "shell_call_output": "shell_call", "program_output": "program"}
_STATUS: Mapping[str, Literal["completed", "failed", "open"]] = {"completed": "completed", "failed": "failed"}
_SAID = {"type", "id", "name", "status"}


_Call: TypeAlias = tuple[str, str]
"""Type and call id of an item that calls."""


def _call_of(item: dict[str, Any]) -> _Call:
    return as_text(item.get("type")), as_text(item.get("call_id"))


def is_server_tool(type: str) -> bool:
    return type in _TOLD or type in _OUTPUTS or type.endswith("_call")


def waits(items: Sequence[Mapping[str, Any] | None]) -> bool:
    """Whether an answer's items end in a call of a kind newer than this code, with an id to answer to and no result:
    perhaps it is the caller's."""
    last = items[-1] if items else None
    if last is None or last["type"] in _TOLD or not last["type"].endswith("_call"):
        return False
    return bool(last.get("call_id")) and last.get("output") is None


class ServerTools:
    """The tools that the provider ran for one answer, by the keys of their items."""

    def __init__(self, calls: ToolCalls) -> None:
        self._calls = calls  # which keep the one count
        self._begun: dict[int, tuple[int, dict[str, Any]]] = {}  # (index, the item as far as it came)
        self._apart: dict[_Call, deque[int]] = {}  # those that wait for their result
        self._announced: Counter[_Call] = Counter()  # those of such whose item is not complete
        self._early: dict[_Call, deque[tuple[int, dict[str, Any]]]] = {}  # results of these
        self.told: list[ServerToolCall] = []

    def begin(self, key: int, item: dict[str, Any], out: list[Event]) -> None:
        """It has been announced. A result that is an item of its own begins nothing."""
        if key in self._begun or as_text(item.get("type")) in _OUTPUTS:
            return
        index = self._calls.next_index()
        self._begun[key] = (index, item)
        self._announced[_call_of(item)] += 1
        out.append(ServerToolStart(index, as_text(item.get("id")), _name(item)))

    def end(self, key: int, item: dict[str, Any], out: list[Event]) -> None:
        """Its item is complete. One whose result is an item of its own waits for that."""
        kind = as_text(item.get("type"))
        if kind in _OUTPUTS:
            self._result(key, item, out)
            return
        self.begin(key, item, out)
        index, _ = self._begun[key]
        if kind in _TOLD and _TOLD[kind].apart:
            call = _call_of(item)
            self._announced[call] -= 1
            self._begun[key] = (index, item)
            self._apart.setdefault(call, deque()).append(key)
            if early := self._early.get(call):
                self._result(*early.popleft(), out)
        else:
            self._tell(key, _read(item), out)

    def leave(self, out: list[Event]) -> None:
        """The answer is over, and it tells no results of the tools that are left."""
        for key, result in (result for results in self._early.values() for result in results):
            self._result(key, result, out, late=True)
        for key, (_, item) in sorted(self._begun.items(), key=lambda begun: begun[1][0]):
            self._tell(key, _read({**item, "status": "failed" if item.get("status") == "failed" else "open"}), out)

    def _result(self, key: int, item: dict[str, Any], out: list[Event], *, late: bool = False) -> None:
        of = _call_of({**item, "type": _CALLS[item["type"]]})
        waiting = self._apart.get(of)
        if not waiting and self._announced[of] > 0 and not late:  # the event that completes its call did not come
            self._early.setdefault(of, deque()).append((key, item))
            return
        output = _plain(item.get(_OUTPUTS[item["type"]]))
        data = _left(item, _OUTPUTS[item["type"]])
        if not waiting:  # its call was made in an earlier answer
            self.begin(key, {**item, "type": _CALLS[item["type"]]}, out)
            self._announced[of] -= 1
            kind = _kind(_CALLS[item["type"]])
            self._tell(key, ServerToolCall(as_text(item.get("id")), kind, kind, "", "completed", output, data), out)
            return
        mine = waiting.popleft()
        call = _read({**self._begun[mine][1], "status": item.get("status") or "completed"})
        both = {**data, **call.provider_data}
        if isinstance(item.get("id"), str):
            both["output_id"] = item["id"]
        self._tell(mine, ServerToolCall(
            call.id, call.name, call.kind, call.arguments, call.status, output, both
        ), out)  # fmt: skip

    def _tell(self, key: int, call: ServerToolCall, out: list[Event]) -> None:
        index, _ = self._begun.pop(key)
        self.told.append(call)
        out.append(ServerToolEvent(index, call))


def _read(item: dict[str, Any]) -> ServerToolCall:
    told = _TOLD.get(item["type"], _Told())
    arguments, output = item.get(told.arguments), item.get(told.output)
    if item["type"] == "web_search_call":
        item, arguments, output = _searched(item)
    error = item.get("error")
    status = _STATUS.get(as_text(item.get("status")) or "completed", "open")
    return ServerToolCall(
        as_text(item.get("id")) or as_text(item.get("call_id")),
        _name(item),
        _kind(item["type"]),
        _plain({told.arguments: arguments} if told.named and arguments is not None else arguments),
        "failed" if error is not None else status,
        _plain(output),
        _left(item, told.arguments, told.output),
    )


def _searched(item: dict[str, Any]) -> tuple[dict[str, Any], Any, Any]:
    """(the item, what was searched for, the sources): where these were asked for they stand beside the question. Some
    servers write a call of a function in the place of the action."""
    action = {name: value for name, value in as_object(item.get("action")).items() if value is not None}
    sources = action.pop("sources", None)
    if action or "arguments" not in item:
        return item, action or None, sources
    return {**item, "arguments": None}, item["arguments"], sources


def _name(item: dict[str, Any]) -> str:
    return as_text(item.get("name")) or _kind(as_text(item.get("type")))


def _kind(type: str) -> str:
    return type.removesuffix("_call")


def _plain(value: Any) -> str:
    """Text as it is, JSON as text, "" for nothing."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.text(value)


def _left(item: dict[str, Any], *said: str) -> dict[str, Any]:
    """What no field of ServerToolCall holds."""
    kept = {k: v for k, v in item.items() if k not in _SAID and k not in said and v is not None}
    if item.get("status") not in (None, "completed", "failed", "open"):
        kept["status"] = item["status"]  # the provider's word for what is open
    return kept
