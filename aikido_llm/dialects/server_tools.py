"""Tools that a provider runs itself, told of in pieces -> ServerToolStart, ServerToolEvent: the same on every wire."""

from collections.abc import Callable
from typing import Any

from attrs import define, field

from ..types.events import Event, ServerToolEvent, ServerToolStart
from ..types.server_tools import ServerToolCall


def _no_data() -> dict[str, Any]:
    return {}


@define
class Running:
    """A tool that has begun and is not told to be over. The fields are those of ServerToolCall, filled as they come."""

    index: int
    id: str
    name: str
    kind: str
    arguments: str = ""
    data: dict[str, Any] = field(factory=_no_data)


class ServerTools:
    """The tools of one answer. next_index: of the one count with the calls (`ToolCalls.next_index`)."""

    def __init__(self, next_index: Callable[[], int]) -> None:
        self._next_index = next_index
        self._running: dict[int, Running] = {}
        self._by_id: dict[str, Running] = {}
        self.seen = False

    def start(self, out: list[Event], id: str, name: str, kind: str, arguments: str = "") -> Running:
        self.seen = True
        tool = Running(self._next_index(), id, name, kind, arguments)
        self._running[tool.index] = self._by_id[id] = tool
        out.append(ServerToolStart(tool.index, id, name))
        return tool

    @property
    def any_running(self) -> bool:
        return bool(self._running)

    def running(self, id: str) -> Running | None:
        """The latest tool of that id, if it is not over."""
        return self._by_id.get(id)

    def end(self, out: list[Event], tool: Running, output: str = "", *, failed: bool = False) -> None:
        """Its result has come."""
        self._end(out, tool, ServerToolCall(
            tool.id, tool.name, tool.kind, tool.arguments, "failed" if failed else "completed", output, tool.data
        ))  # fmt: skip

    def leave_open(self, out: list[Event]) -> None:
        """The answer is over, and it tells no results of the tools that are left."""
        for tool in list(self._running.values()):
            self._end(out, tool, ServerToolCall(
                tool.id, tool.name, tool.kind, tool.arguments, "open", provider_data=tool.data
            ))  # fmt: skip

    def _end(self, out: list[Event], tool: Running, call: ServerToolCall) -> None:
        del self._running[tool.index]
        if self._by_id.get(tool.id) is tool:
            del self._by_id[tool.id]
        out.append(ServerToolEvent(tool.index, call))
