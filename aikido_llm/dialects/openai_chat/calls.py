"""Tool calls of deltas and messages -> `ToolCalls`, with this family's own ways of writing them."""

from collections.abc import Sequence
from typing import Any

from ...codecs import json
from ...errors import MalformedStream
from ...types.events import Event
from ...types.request import Request
from ...types.response import FinishReason
from ...types.tools import ToolCall
from ..call_shapes import called, in_function
from ..toolcalls import ToolCalls, arguments_text
from ..values import as_count, as_id, as_object, as_objects, as_text
from .wire import Json, PlainCall

_WRAPPERS = ("multi_tool_use.parallel", "parallel")  # OpenAI models' inner tool for several calls; it may leak out


class Calls:
    """The calls of one answer."""

    def __init__(self, request: Request) -> None:
        self._declared = frozenset(tool.name for tool in request.tools) if request.tools else _NONE
        self._calls = ToolCalls(declared=self._declared)
        self._wrapped: dict[int | None, list[str]] = {}  # wire index -> arguments of a leaked wrapper
        self._modern = False  # calls have come as `tool_calls`: servers say the first again as `function_call`

    @property
    def seed(self) -> str:
        return self._calls.seed

    @seed.setter
    def seed(self, seed: str) -> None:
        self._calls.seed = self._calls.seed or seed

    @property
    def extra_content(self) -> Json:
        """Call id -> what Google's compatible route wants back with that call (thought signatures)."""
        return {call.id: call.provider_data["extra_content"] for call in self._calls.finished if call.provider_data}

    def next_index(self) -> int:
        return self._calls.next_index()

    def read(self, message: Json, out: list[Event], *, whole: bool) -> None:
        """whole: of a whole message each entry is a call of its own, also where neither index nor id say so."""
        calls = called(message.get("tool_calls"))
        for place, piece in enumerate(calls):
            self._piece(piece, out, place if whole else None)
        legacy = as_object(message.get("function_call"))
        self._modern = self._modern or bool(calls)
        if not self._modern and (legacy.get("name") or legacy.get("arguments")):  # a stub with both empty is no call
            self._piece({"function": legacy}, out, _LEGACY if whole else None)

    def adopt(self, calls: Sequence[ToolCall], out: list[Event]) -> bool:
        """Whole calls of another choice; whether there are any."""
        for call in calls:
            self._calls.delta(out, None, call.id, call.name, call.arguments, call.provider_data, call.kind, whole=True)
        return bool(calls)

    @property
    def begun(self) -> bool:
        """Whether any call has come."""
        return bool(self._calls) or bool(self._wrapped)

    @property
    def unfinished(self) -> bool:
        """Whether the arguments of a call have begun and lack their end."""
        return self._calls.unfinished

    def end(self, out: list[Event], reason: FinishReason | None) -> FinishReason:
        """The answer is over: its calls, and how it ended (see `ToolCalls.end`)."""
        for pieces in self._wrapped.values():
            self._unwrap("".join(pieces), out)
        self._wrapped.clear()
        return self._calls.end(out, reason)

    def plain(self, call: PlainCall, out: list[Event]) -> None:
        """A piece of a call as nearly all hosts send it."""
        function = call.function
        if call.id or function.name:
            self._add(out, call.index, call.id, function.name, function.arguments)
        else:
            self.more(call.index, function.arguments, out)

    def more(self, index: int | None, arguments: str | None, out: list[Event]) -> None:
        """The next piece of the arguments of a call that is told by its index alone, if at all."""
        if self._wrapped or not self._calls.piece(out, index, arguments):
            self._add(out, index, None, None, arguments)

    def _piece(self, piece: Json, out: list[Event], place: int | None) -> None:
        index, extra, kind = piece.get("index"), piece.get("extra_content"), as_text(piece.get("type"))
        key = place if place is not None else index if type(index) is int else as_count(index)
        id, function, custom = (
            as_id(piece.get("id")),
            as_object(in_function(piece).get("function")),
            as_object(piece.get("custom")),
        )
        data = {"extra_content": extra} if extra else None
        if custom.get("name") or (custom.get("input") and not function):  # free text, not JSON; else a stub
            self._calls.delta(out, key, id, as_text(custom.get("name")), as_text(custom.get("input")), data, "custom")
        elif kind not in ("", "function") and not function and kind in piece:  # a call of a kind we do not know
            self._calls.delta(out, key, id, kind, json.text(piece[kind]), data, kind)
        else:
            name, arguments = as_text(function.get("name")), _arguments(function.get("arguments"))
            self._add(out, key, id, name, arguments, data)

    def _add(
        self,
        out: list[Event],
        key: int | None,
        id: str | None,
        name: str | None,
        arguments: str | None,
        data: Json | None = None,
    ) -> None:
        if (name in _WRAPPERS and name not in self._declared) or (not name and key in self._wrapped):
            self._wrapped.setdefault(key, []).append(arguments or "")
        else:
            self._calls.delta(out, key, id, name, arguments, data)

    def _unwrap(self, arguments: str, out: list[Event]) -> None:
        """Each use inside a wrapper is a call of its own; a wrapper that cannot be read is handed on as it is."""
        try:
            uses = as_objects(json.loads_object(arguments).get("tool_uses"))
        except ValueError:
            uses = []
        for position, use in enumerate(uses):
            name = as_text(use.get("recipient_name")).removeprefix("functions.")
            self._calls.delta(out, _WRAPPED_KEY - position, None, name, _arguments(use.get("parameters")))
        if not uses:
            self._calls.delta(out, _WRAPPED_KEY, None, _WRAPPERS[0], arguments)


def _arguments(value: Any) -> str:
    try:
        return arguments_text(value)
    except (ValueError, RecursionError) as error:
        raise MalformedStream(f"the arguments of a tool call cannot be written as JSON text: {error}") from None


_NONE = frozenset[str]()
_WRAPPED_KEY = -1_000_000  # indexes that no wire uses
_LEGACY = -1
