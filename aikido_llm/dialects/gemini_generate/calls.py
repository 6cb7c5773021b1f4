"""functionCall parts -> tool calls. A call comes whole in one part, unless the caller asked for streamed arguments.
Some gateways send its name in one part and its arguments in the next, or the whole call again."""

from typing import Any

from ...errors import MalformedStream
from ...types.events import Event
from ...types.response import FinishReason
from ..restated import grows
from ..toolcalls import ToolCalls, arguments_object, arguments_text
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
        self._whole: dict[str, dict[str, Any]] = {}  # what came of each id
        self._last: _Open | None = None

    @property
    def all_finished(self) -> bool:
        return len(self._calls.finished) == self._count

    @property
    def next_index(self) -> Any:
        return self._calls.next_index

    def seed(self, seed: str) -> None:
        """What ids of calls that come without one are made from."""
        self._calls.seed = seed

    def add(self, part: Part, call: FunctionCall, out: list[Event]) -> dict[str, Any] | None:
        """Returns the part as the turn keeps it; None for a piece of the call before it.

        Raises MalformedStream for a piece that belongs to no call."""
        last = self._last
        if call.name and not (last is not None and last.repeated_by(call)):
            return self._begin(part, call, call.name, out)
        if last is not None and last.growing is not None and not call.args:
            last.growing.add(call.partialArgs)
            if not call.willContinue:
                self._end_last(out)
        elif last is not None and call.args:
            self._go_on(last, call.args, out)
        elif not call.name and (call.args or call.id or call.partialArgs):
            raise MalformedStream("the answer calls a tool and does not say which", permanent=True)
        return None

    def end(self, out: list[Event], reason: FinishReason) -> FinishReason:
        """The answer is over: its whole calls, and how it ended, by the rule of all wires."""
        self._end_last(out, cut=reason is FinishReason.length)
        return self._calls.end(out, reason)

    def _begin(self, part: Part, call: FunctionCall, name: str, out: list[Event]) -> dict[str, Any] | None:
        self._end_last(out)
        identity = {**({"id": call.id} if call.id else {}), **(call.other or {})}
        sent: dict[str, Any] = {"name": name, **identity, "args": _object(call.args)}
        if call.id and self._whole.setdefault(call.id, sent) == sent and self._whole[call.id] is not sent:
            return None  # the whole call again
        data: dict[str, Any] = {"functionCall": identity}
        if part.thoughtSignature:
            data["thoughtSignature"] = part.thoughtSignature
        key = self._count
        self._count += 1
        growing = call.willContinue or call.partialArgs is not None
        arguments = arguments_text(call.args) if call.args and not growing else ""
        self._calls.delta(out, key=key, id=call.id, name=name, arguments=arguments, data=data)
        self._last = _Open(key, sent, PartialArgs() if growing else None, has_args=call.args is not None)
        if self._last.growing is not None:
            self._last.growing.add(call.partialArgs)
        return self._turn.part(part, sent)

    def _go_on(self, call: "_Open", args: Any, out: list[Event]) -> None:
        """Arguments behind the part that named their call."""
        args = _object(args)
        growing, call.growing = call.growing, None
        known = call.sent["args"] if growing is None else growing.value()
        if known and not grows(known, args):
            raise MalformedStream(f"a call of {call.sent['name']!r} has its arguments twice, and they do not agree")
        call.sent["args"] = args
        if growing is not None or known != args:
            self._calls.delta(out, key=call.key, arguments=arguments_text(args))

    def _end_last(self, out: list[Event], *, cut: bool = False) -> None:
        """The arguments are complete; some servers leave the ending piece out. cut: they are not, where they were
        still coming, and say so by lacking their last bracket."""
        call, self._last = self._last, None
        if call is None:
            return
        if call.growing is None:
            if call.has_args and not call.sent["args"]:  # none followed
                self._calls.delta(out, key=call.key, arguments="{}")
            return
        text = call.growing.text()
        self._calls.delta(out, key=call.key, arguments=text[:-1] if cut else text)
        if cut:
            self._turn.remove(call.sent)
            self._count -= 1
        else:
            call.sent["args"] = call.growing.value()


class _Open:
    """The latest call. sent: its functionCall in the turn's record. growing: its arguments where they come value by
    value. has_args: the wire has said that it has some, or none."""

    __slots__ = ("growing", "has_args", "key", "sent")

    def __init__(self, key: int, sent: dict[str, Any], growing: PartialArgs | None, *, has_args: bool) -> None:
        self.has_args = has_args
        self.key = key
        self.sent = sent
        self.growing = growing

    def repeated_by(self, call: FunctionCall) -> bool:
        """Whether the next named part is this call again, with more of its arguments or with the same."""
        if not call.id or (call.id, call.name) != (self.sent.get("id"), self.sent["name"]):
            return False
        return self.growing is not None or grows(self.sent["args"], _object(call.args))


def _object(args: Any) -> Any:
    """Arguments as the wire takes them back: an object; gateways have sent its JSON text, or nothing."""
    if isinstance(args, str):
        return arguments_object(args) if args else {}
    return {} if args is None else args
