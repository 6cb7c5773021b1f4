"""StubClient: a Client that plays the events and errors you list, with no wire and no waiting.

client = StubClient("Hello there", TurnScript([TextDelta("Hel"), OverloadedError("no capacity")]))
"""

import asyncio
import copy
import re
from collections import deque
from collections.abc import Iterable
from functools import partial
from types import TracebackType
from typing import Any, Protocol, TypeAlias

from attrs import evolve, field, frozen

from ..call.clocks import Clocks
from ..call.http_client import Messages
from ..call.stream import EventStream, Source, StreamCore
from ..errors import ConfigError, ContentFilteredError, LLMError, StreamTruncated
from ..retry import collect
from ..transport.base import Timeouts
from ..types.accumulate import FOLDED, Accumulator
from ..types.events import (
    EndEvent,
    ErrorEvent,
    Event,
    TextDelta,
    ToolCallDelta,
    ToolCallEvent,
    ToolCallStart,
)
from ..types.exchange import ResumeToken
from ..types.messages import Message, user
from ..types.request import Request
from ..types.response import FinishReason, ModelInfo, Response
from ..types.tools import ToolCall
from .grammar import check_grammar
from .promises import BrokenPromise

Step: TypeAlias = Event | Exception | str | ToolCall
"""An event; an error; text, which becomes a TextDelta per word; a whole call, which becomes its three events."""

_LAST = (Exception, ErrorEvent, EndEvent)
_NO_CLOCKS = Timeouts(connect=None, first_event=None, idle=None, total=None)


class Gate(Protocol):
    """What a turn can wait for: anyio's Event, and asyncio's."""

    async def wait(self) -> object: ...


class StubExhausted(AssertionError):
    """More calls than turns. No LLMError, so that no retry and no handler of the tested code takes it for one."""


def _steps(events: Iterable[Step]) -> tuple[Event | Exception, ...]:
    steps: list[Event | Exception] = []
    for step in [events] if isinstance(events, str) else events:
        if isinstance(step, str):
            steps += [TextDelta(word) for word in re.findall(r"\s*\S+|\s+", step)]
        elif isinstance(step, ToolCall):
            index = sum(isinstance(event, ToolCallStart) for event in steps)
            steps += [
                ToolCallStart(index, step.id, step.name),
                ToolCallDelta(index, step.arguments),
                ToolCallEvent(index, step),
            ]
        else:
            steps.append(step)
    return tuple(steps)


@frozen
class TurnScript:
    """What one call gets: its events in order, for `stream` one by one, for `complete` folded.

    events: events, text and whole ToolCalls (see `Step`). A missing EndEvent is added: tool_calls when a call is
            complete, else stop; the Response of one that is there gets what the events say.
            An LLMError before the first event is raised; behind one it becomes the ErrorEvent with all that had
            arrived as `partial`, and the EndEvent. Any other exception is raised at its place, as a bug would be.
    block:  held before the first event, until it is set or the call is cancelled (the request has been recorded).
    raises: ValueError for an order that no client may give: something behind the end, a call that never began.
    """

    events: tuple[Event | Exception, ...] = field(converter=_steps)
    block: Gate | None = field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        end = next((place for place, step in enumerate(self.events) if isinstance(step, _LAST)), len(self.events))
        behind = self.events[end + 1 :]
        if behind and isinstance(self.events[end], ErrorEvent) and isinstance(behind[0], EndEvent):
            behind = behind[1:]
        if behind:
            raise ValueError(f"no client may answer like this: {behind[0]!r} stands behind {self.events[end]!r}")
        events, failure = self.play("")
        try:
            if failure is None:
                check_grammar(events)
        except BrokenPromise as broken:
            raise ValueError(f"no client may answer like this: {broken.what}") from None

    def play(self, model: str) -> tuple[list[Event], Exception | None]:
        """All events, and what is then raised: None when they end in an EndEvent."""
        events: list[Event] = []
        for step in self.events:
            if isinstance(step, LLMError) and events:
                return [*events, *_failed(events, copy.copy(step), model)], None
            if isinstance(step, Exception):
                return events, copy.copy(step) if isinstance(step, LLMError) else step
            if isinstance(step, ErrorEvent):
                return [*events, *_failed(events, copy.copy(step.error), model)], None
            if isinstance(step, EndEvent):
                return [*events, _ended(events, step)], None
            events.append(step)
        return [*events, _end(events, model)], None


def _fold(events: list[Event], reason: FinishReason, model: str) -> Response:
    folded = Accumulator()
    folded.extend(events)
    return folded.response(finish_reason=reason, model=model, provider=StubClient.provider)


def _end(events: list[Event], model: str) -> EndEvent:
    called = any(isinstance(event, ToolCallEvent) for event in events)
    reason = FinishReason.tool_calls if called else FinishReason.stop
    return EndEvent(reason, _fold(events, reason, model))


def _ended(events: list[Event], end: EndEvent) -> EndEvent:
    """The scripted end; what its Response leaves out of the events is filled in."""
    folded = Accumulator()
    folded.extend(events)
    arrived, said = folded.response(), end.response
    empty = Response()
    filled = {name: getattr(arrived, name) for name in FOLDED if getattr(said, name) == getattr(empty, name)}
    if said.finish_reason is FinishReason.other:
        filled["finish_reason"] = end.finish_reason
    return EndEvent(end.finish_reason, evolve(said, **filled))


def _failed(events: list[Event], error: LLMError, model: str) -> list[Event]:
    reason = FinishReason.content_filter if isinstance(error, ContentFilteredError) else FinishReason.error
    error.partial = _fold(events, reason, model)
    return [ErrorEvent(error, reason), EndEvent(reason, error.partial)]


class _Turn:
    """One call in progress: hands out an event per read, as a slow network would."""

    def __init__(self, events: list[Event], failure: Exception | None) -> None:
        self._left = deque(events)
        self._given: list[Event] = []
        self._failure = failure

    @property
    def over(self) -> bool:
        return not self._left and self._failure is None

    async def events(self) -> list[Event]:
        await asyncio.sleep(0)
        if self._left:
            self._given.append(self._left.popleft())
            return self._given[-1:]
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        return []

    def close(self) -> None:
        """Who is still reading gets what a broken connection would give."""
        if not self.over:
            self._failure = None
            self._left = deque(_failed(self._given, StreamTruncated("the stream was closed", permanent=True), ""))


class StubClient:
    """`StubClient(turn, turn, ...)` answers one call with each turn, `stream` and `complete` alike, in the order of the
    calls; it may be used by several tasks at once. It has all that HTTPClient has, so that it can stand in for one.

    turns:    TurnScripts, or what one is made of: a text, a list of events and errors.
    models:   what `list_models` returns.
    requests: every Request that was asked, in order; like a real client it asks when the first event is read.
    resumed, cancelled: ids of answers that were taken up (each plays a turn) or cancelled.
    waiting:  turns that have not been played.
    raises:   StubExhausted when a call finds no turn; ConfigError when the client is closed.
    """

    provider = "stub"
    model: str | None = None

    def __init__(self, *turns: TurnScript | Iterable[Step], models: Iterable[ModelInfo] = ()) -> None:
        self._turns = deque(turn if isinstance(turn, TurnScript) else TurnScript(turn) for turn in turns)
        self._played = 0
        self._models = list(models)
        self._live: set[StreamCore] = set()
        self._closed = False
        self.requests: list[Request] = []
        self.resumed: list[str] = []
        self.cancelled: list[str] = []

    @property
    def waiting(self) -> int:
        return len(self._turns)

    @property
    def single_attempt(self) -> "StubClient":
        """Itself: it never retries."""
        return self

    def stream(self, request: Request) -> EventStream:
        return EventStream(partial(self._begin, request), _NO_CLOCKS, self._live)

    async def complete(self, request: Request) -> Response:
        return await collect(self.stream(request))

    async def chat(self, messages: Messages, **overrides: Any) -> Response:
        return await self.complete(_request(messages, overrides))

    def chat_stream(self, messages: Messages, **overrides: Any) -> EventStream:
        return self.stream(_request(messages, overrides))

    async def list_models(self) -> list[ModelInfo]:
        return list(self._models)

    def resume(self, answer: ResumeToken | str) -> EventStream:
        """Plays the next turn; the id is noted in `resumed`."""
        id = answer if isinstance(answer, str) else answer.id
        return EventStream(partial(self._begin, id), _NO_CLOCKS, self._live)

    async def cancel(self, answer: ResumeToken | str) -> None:
        """Only noted, in `cancelled`."""
        self._check()
        self.cancelled.append(answer if isinstance(answer, str) else answer.id)

    async def warm(self, connections: int) -> None:
        """It has no connections."""
        self._check()

    async def aclose(self) -> None:
        self._closed = True
        for core in list(self._live):
            core.end()

    async def __aenter__(self) -> "StubClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<StubClient {self._played} turns played, {self.waiting} waiting>"

    def _check(self) -> None:
        if self._closed:
            raise ConfigError("this client is closed; open a new one")

    async def _begin(self, asked: Request | str, clocks: Clocks) -> tuple[Source, list[Event]]:
        """asked: what for, or the id of what is taken up."""
        self._check()
        if isinstance(asked, str):
            self.resumed.append(asked)
        else:
            self.requests.append(asked)
        if not self._turns:
            call = len(self.requests) + len(self.resumed)
            raise StubExhausted(f"call {call} finds no turn: the script has {self._played}")
        script = self._turns.popleft()
        self._played += 1
        if script.block is not None:
            await _until_open(script.block, clocks)
        turn = _Turn(*script.play("" if isinstance(asked, str) else asked.model or ""))
        return turn, await turn.events()


async def _until_open(gate: Gate, clocks: Clocks) -> None:
    with clocks.attempt():
        await gate.wait()
        return
    raise clocks.error()


def _request(messages: Messages, overrides: dict[str, Any]) -> Request:
    if isinstance(messages, str):
        messages = user(messages)
    try:
        return Request((messages,) if isinstance(messages, Message) else messages, **overrides)
    except TypeError as error:
        raise ConfigError(f"not a field of Request: {error}") from None
