"""Tool names: this wire takes letters, digits and underscores, no digit first. Others are renamed, and back."""

import re
from collections.abc import Iterable

from ...types.tools import Tool

_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_]")


class ToolNames:
    """The names of one request's tools on the wire; the same tools always get the same names."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._wire: dict[str, str] = {}
        self._ours: dict[str, str] = {}
        names = [tool.name for tool in tools]
        # Names that need no change go first, so that no renamed one takes theirs.
        for name in sorted(names, key=lambda name: _allowed(name) != name):
            self._add(name)

    def wire(self, name: str) -> str:
        return self._wire.get(name) or _allowed(name)

    def ours(self, wire_name: str) -> str:
        """The caller's name for what the model called."""
        return self._ours.get(wire_name, wire_name)

    def _add(self, name: str) -> None:
        base = wire = _allowed(name)
        count = 1
        while self._ours.get(wire, name) != name:
            count += 1
            wire = f"{base}_{count}"
        self._wire[name] = wire
        self._ours[wire] = name


def _allowed(name: str) -> str:
    wire = _NOT_ALLOWED.sub("_", name)
    return f"_{wire}" if wire[:1].isdigit() else wire
