"""Tool calls of deltas and messages -> `ToolCalls`, with this family's own ways of writing them."""

from typing import Any

from ...codecs import json
from ...errors import MalformedStream
from ...types.events import Event
from ...types.request import Request
from ..toolcalls import ToolCalls, arguments_text
from ..values import as_object, as_objects, as_text
from .wire import Json, Message, PlainCall

_WRAPPERS = ("multi_tool_use.parallel", "parallel")  # OpenAI models' inner tool for several calls; it may leak out


class Calls:
    """The calls of one answer."""

    def __init__(self, request: Request) -> None:
        self._calls = ToolCalls()
        self._declared = frozenset(tool.name for tool in request.tools)
        self._wrapped: dict[int | None, list[str]] = {}  # wire index -> arguments of a leaked wrapper

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

    def read(self, message: Message, out: list[Event], provider_data: Json) -> None:
        for piece in as_objects(message.tool_calls):
            if as_object(piece.get("custom")).get("name"):  # free text, not JSON arguments: asked for by `extra` only
                provider_data.setdefault("custom_tool_calls", []).append(piece)
            else:
                self._piece(piece, out)
        legacy = as_object(message.function_call)
        if legacy.get("name") or legacy.get("arguments"):  # a stub with both empty is no call
            self._piece({"function": legacy}, out)

    def finish(self, out: list[Event], *, cut: bool) -> bool:
        """The answer is over: whether it has complete calls."""
        for pieces in self._wrapped.values():
            self._unwrap("".join(pieces), out)
        self._wrapped.clear()
        self._calls.finish(out, cut=cut)
        return bool(self._calls.finished)

    def plain(self, call: PlainCall, out: list[Event]) -> None:
        """A piece of a call as nearly all hosts send it."""
        function = call.function
        if call.id or function.name or self._wrapped or not self._calls.piece(out, call.index, function.arguments):
            self._add(out, call.index, call.id, function.name, function.arguments)

    def _piece(self, piece: Json, out: list[Event]) -> None:
        function = as_object(piece.get("function"))
        index, extra = piece.get("index"), piece.get("extra_content")
        self._add(
            out,
            index if isinstance(index, int) and not isinstance(index, bool) else None,
            as_text(piece.get("id")),
            as_text(function.get("name")),
            _arguments(function.get("arguments")),
            {"extra_content": extra} if extra else None,
        )

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


_WRAPPED_KEY = -1_000_000  # indexes that no wire uses
