"""The grammar of a stream, for every provider and every fault (see `aikido_llm.types.events`). Pure."""

import re
from collections.abc import Sequence
from typing import assert_never, get_args

from ..types.accumulate import FOLDED, Accumulator
from ..types.events import (
    AudioEvent,
    CitationEvent,
    EndEvent,
    ErrorEvent,
    Event,
    ImageEvent,
    ServerToolEvent,
    ServerToolStart,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEvent,
    ToolCallStart,
    UsageEvent,
)
from ..types.response import FinishReason
from .promises import BrokenPromise

_EVENTS = get_args(Event)
_NOTHINGS = re.compile(r'(?:\s*(?:\{\s*\}|null|""))*\s*')
"""What gateways write behind arguments that are whole, and what is left out of them."""
_CUT = (FinishReason.length, FinishReason.other)
_FAILED = (FinishReason.error, FinishReason.content_filter)


def check_grammar(events: Sequence[Event]) -> None:
    """All events of one stream, in order. Raises BrokenPromise, which says what is wrong and which promise that is."""
    for place, event in enumerate(events):
        if not isinstance(event, _EVENTS):
            raise BrokenPromise("events", f"item {place} is {event!r}, which is no event")
    end = events[-1] if events else None
    if not isinstance(end, EndEvent):
        raise BrokenPromise("one-end", f"the stream ended {_behind(events)}, without an EndEvent")
    body = list(events[:-1])
    failure = body.pop() if body and isinstance(body[-1], ErrorEvent) else None
    _check_order(body)
    may_be_open = end.finish_reason in _CUT or not end.response.complete
    check_calls(body, may_be_open=failure is not None or may_be_open)
    _check_end(end, failure if isinstance(failure, ErrorEvent) else None)
    _check_fold(body, end)


def check_calls(body: Sequence[Event], *, may_be_open: bool) -> None:
    """The tool calls among the events. may_be_open: the answer was cut off, so that calls need not be complete."""
    calls = _Calls()
    for event in body:
        match event:
            case ToolCallStart():
                calls.start(event)
            case ToolCallDelta():
                calls.delta(event)
            case ToolCallEvent():
                calls.end(event)
            case ServerToolStart():
                calls.start(event)
            case ServerToolEvent():
                calls.server_end(event)
            case TextDelta(text=text) | ThinkingDelta(text=text):
                if not text:
                    raise BrokenPromise("events", f"an empty {event.kind}")
            case ImageEvent() | AudioEvent() | CitationEvent() | UsageEvent() | ErrorEvent() | EndEvent():
                pass  # says nothing of a call
            case _:
                assert_never(event)
    if calls.open and not may_be_open:
        raise BrokenPromise("calls", f"calls {sorted(calls.open)} never ended: no ToolCallEvent")


class _Calls:
    def __init__(self) -> None:
        self.open: dict[int, list[str]] = {}
        self._ids: dict[int, str] = {}
        self._server: dict[int, bool] = {}  # whether it is open

    def start(self, event: ToolCallStart | ServerToolStart) -> None:
        if event.index in self._ids or event.index in self._server:
            raise BrokenPromise("calls", f"call {event.index} starts twice")
        if isinstance(event, ServerToolStart):
            self._server[event.index] = True
            return
        if not event.id or not event.name:
            raise BrokenPromise("calls", f"call {event.index} starts without its id or its name")
        if event.id in self._ids.values():
            raise BrokenPromise("calls", f"two calls have the id {event.id!r}")
        self._ids[event.index] = event.id
        self.open[event.index] = []

    def delta(self, event: ToolCallDelta) -> None:
        if event.index not in self.open:
            raise BrokenPromise("calls", f"a delta of call {event.index}, which is not open")
        if not event.arguments:
            raise BrokenPromise("events", f"an empty {event.kind}")
        self.open[event.index].append(event.arguments)

    def end(self, event: ToolCallEvent) -> None:
        if event.index not in self.open:
            raise BrokenPromise("calls", f"call {event.index} ends and was not open: it needs its ToolCallStart first")
        if event.call.id not in self._ids.values():
            raise BrokenPromise("calls", f"call {event.index} ends with the id {event.call.id!r}, which never started")
        pieces = "".join(self.open.pop(event.index))
        at = pieces.rfind(event.call.arguments)
        told = at >= 0 and _NOTHINGS.fullmatch(pieces, at + len(event.call.arguments)) is not None
        if not told and pieces.strip() not in ("", "null"):
            raise BrokenPromise("calls", f"the deltas of call {event.index} are not its arguments")

    def server_end(self, event: ServerToolEvent) -> None:
        if not self._server.get(event.index):
            raise BrokenPromise("calls", f"server tool {event.index} ends and was not open")
        self._server[event.index] = False


def _behind(events: Sequence[Event]) -> str:
    return f"behind {events[-1].kind}" if events else "at once"


def _check_order(body: Sequence[Event]) -> None:
    for place, event in enumerate(body):
        if isinstance(event, EndEvent):
            raise BrokenPromise("one-end", f"an EndEvent stands at place {place}, and more follows")
        if isinstance(event, ErrorEvent):
            raise BrokenPromise("order", f"an ErrorEvent stands at place {place}, and more than the EndEvent follows")


def _check_end(end: EndEvent, failure: ErrorEvent | None) -> None:
    if end.response.finish_reason is not end.finish_reason:
        said, folded = end.finish_reason, end.response.finish_reason
        raise BrokenPromise("fold", f"the EndEvent says {said}, its Response {folded}")
    if failure is None:
        if end.finish_reason in _FAILED:
            raise BrokenPromise("failure", f"the stream ends in {end.finish_reason} without an ErrorEvent")
        return
    if end.finish_reason not in _FAILED or failure.finish_reason is not end.finish_reason:
        reasons = f"the ErrorEvent says {failure.finish_reason}, the EndEvent {end.finish_reason}"
        raise BrokenPromise("failure", reasons)
    if failure.error.partial is None:
        raise BrokenPromise("failure", "the error has no `partial`: what had arrived is lost")
    if failure.error.partial != end.response:
        raise BrokenPromise("failure", "the error's `partial` is not the EndEvent's Response")


def _check_fold(body: Sequence[Event], end: EndEvent) -> None:
    folded = Accumulator()
    folded.extend(body)
    response = folded.response()
    for name in FOLDED:
        said, has = getattr(response, name), getattr(end.response, name)
        if said != has:
            raise BrokenPromise("fold", f"the events say {name} {_short(said)}, the Response has {_short(has)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
