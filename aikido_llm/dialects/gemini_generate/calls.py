"""functionCall parts -> tool calls. A call comes whole in one part, unless the caller asked for streamed arguments."""

from typing import Any

from ...types.events import Event
from ..toolcalls import ToolCalls, arguments_text
from .partial_args import PartialArgs
from .replay import Turn
from .wire import FunctionCall, Part


class Calls:
    """The calls of one answer, which also go into the turn's record.

    A call's provider_data is its part without name and arguments: `{"functionCall": {"id": ...}, "thoughtSignature":
    ...}`. It tells the encoder that the call came from this wire, and whether its id did.
    """

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._calls = ToolCalls()
        self._count = 0
        self._growing: _Growing | None = None

    @property
    def all_finished(self) -> bool:
        return len(self._calls.finished) == self._count

    def seed(self, seed: str) -> None:
        """What ids of calls that come without one are made from."""
        self._calls.seed = seed

    def add(self, part: Part, call: FunctionCall, out: list[Event]) -> dict[str, Any] | None:
        """Returns the part as the turn keeps it; None for a piece of the call before it."""
        if call.name:
            return self._begin(part, call, call.name, out)
        if self._growing is not None:
            self._growing.arguments.add(call.partialArgs)
            if not call.willContinue:
                self._end_growing(out)
        return None

    def finish(self, out: list[Event], *, cut: bool) -> bool:
        """The answer is over; cut: by the token limit. Returns whether there are complete calls."""
        self._end_growing(out, cut=cut)
        self._calls.finish(out, cut=cut)
        return bool(self._calls.finished)

    def _begin(self, part: Part, call: FunctionCall, name: str, out: list[Event]) -> dict[str, Any]:
        self._end_growing(out)
        key = self._count
        self._count += 1
        identity = {"id": call.id} if call.id else {}
        sent: dict[str, Any] = {"name": name, **identity, "args": {} if call.args is None else call.args}
        data: dict[str, Any] = {"functionCall": identity}
        if part.thoughtSignature:
            data["thoughtSignature"] = part.thoughtSignature
        growing = call.willContinue or call.partialArgs is not None
        arguments = None if growing else arguments_text(call.args)
        self._calls.delta(out, key=key, id=call.id, name=name, arguments=arguments, data=data)
        item = self._turn.part(part, sent)
        if growing:
            self._growing = _Growing(key, sent)
            self._growing.arguments.add(call.partialArgs)
        return item

    def _end_growing(self, out: list[Event], *, cut: bool = False) -> None:
        """The arguments are complete; some servers leave the ending piece out. cut: they are not, and say so by
        lacking their last bracket."""
        call, self._growing = self._growing, None
        if call is None:
            return
        text = call.arguments.text()
        self._calls.delta(out, key=call.key, arguments=text[:-1] if cut else text)
        if cut:
            self._turn.remove(call.sent)
            self._count -= 1
        else:
            call.sent["args"] = call.arguments.value()


class _Growing:
    """A call whose arguments come value by value. sent: its functionCall in the turn's record."""

    __slots__ = ("arguments", "key", "sent")

    def __init__(self, key: int, sent: dict[str, Any]) -> None:
        self.key = key
        self.sent = sent
        self.arguments = PartialArgs()
