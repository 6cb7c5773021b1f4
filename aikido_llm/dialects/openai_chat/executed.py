"""`executed_tools` of a message (Groq's compound systems): tools that the host ran -> ServerToolStart, ServerToolEvent.

source: Groq documentation "Compound: executed tools", read 2026-11.
"""

from collections.abc import Callable
from typing import Any

from ...codecs import json
from ...types.events import Event
from ..server_tools import Running, ServerTools
from ..values import as_count, as_objects, as_text
from .wire import Json

_READ = ("index", "name", "type", "arguments", "output", "id")


class Executed:
    """Those of one choice. A stream tells of one tool in several deltas, under one index."""

    def __init__(self, next_index: Callable[[], int]) -> None:
        self._tools = ServerTools(next_index)
        self._running: dict[int, Running] = {}
        self._outputs: dict[int, str] = {}

    def read(self, tools: Any, out: list[Event]) -> None:
        for place, said in enumerate(as_objects(tools)):
            index = as_count(said.get("index"))
            self._one(place if index is None else index, said, out)

    def close(self, out: list[Event]) -> None:
        """The answer is whole; a tool of which no result was told is left open."""
        for key, tool in self._running.items():
            if key in self._outputs:
                self._tools.end(out, tool, self._outputs[key])
        self._tools.leave_open(out)
        self._running.clear()

    def _one(self, key: int, said: Json, out: list[Event]) -> None:
        kind, arguments = as_text(said.get("type")), _words(said.get("arguments"))
        tool = self._running.get(key)
        if tool is None:
            name = as_text(said.get("name")) or kind
            tool = self._running[key] = self._tools.start(out, as_text(said.get("id")), name, kind, arguments)
        tool.arguments = arguments or tool.arguments
        if said.get("output") is not None:
            self._outputs[key] = _words(said["output"])
        tool.data |= {name: value for name, value in said.items() if name not in _READ and value}


def _words(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.text(value)
