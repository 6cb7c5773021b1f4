"""One answer out of several turns: a provider that says "ask me again to go on" is asked again, and the caller sees one
stream with one end. Which word of a wire says so is in its dialect's `finish.py`, with its source.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from attrs import evolve

from ..errors import LLMError
from ..types.citations import Citation
from ..types.events import (
    CitationEvent,
    EndEvent,
    ErrorEvent,
    Event,
    ServerToolEvent,
    ServerToolStart,
    ToolCallDelta,
    ToolCallEvent,
    ToolCallStart,
    UsageEvent,
)
from ..types.messages import NEXT_TURN
from ..types.request import Request
from ..types.response import FinishReason, Response
from ..types.usage import added
from .stream import Source

Ask: TypeAlias = Callable[[Request], Awaitable[tuple[Source, list[Event]]]]
"""Sends a request (retrying its start), and gives the reader of its answer with the first events."""

_INDEXED = (ToolCallStart, ToolCallDelta, ToolCallEvent, ServerToolStart, ServerToolEvent)


class Continued:
    """The events of an answer and of those that continue it. Indexes of calls go on, usage is that of all turns so far,
    places in the text count from its beginning.

    most: how often to go on; then the answer ends as `paused`.
    """

    def __init__(self, ask: Ask, request: Request, most: int) -> None:
        self._ask = ask
        self._request = request
        self._left = most
        self._source: Source | None = None
        self._before: Response | None = None  # all turns that have ended, as one
        self._paused = False
        self._index = 0  # of the first call of this turn
        self.over = False

    async def begin(self, first: Source, events: list[Event]) -> tuple["Continued", list[Event]]:
        """Stand around the first turn, which has begun with these events."""
        self._source = first
        return self, await self._taken(events)

    async def events(self) -> list[Event]:
        """The next events, at least one."""
        source = self._source
        if self._paused or source is None:
            return await self._taken(await self._go_on())
        events = await source.events()
        if self._before is None and events and type(events[-1]) is not EndEvent:  # as nearly always
            return events
        return await self._taken(events)

    def close(self) -> None:
        """Drop the connection at once; never waits."""
        if self._source is not None:
            self._source.close()

    async def _taken(self, events: list[Event]) -> list[Event]:
        """What a caller sees of the events of one read."""
        while True:
            if self._before is not None:
                events = [self._shifted(event, self._before) for event in events]
            end = events[-1] if events else None
            if not isinstance(end, EndEvent):
                return events
            if not self._pauses(end):
                self.over = True
                return events
            self._pause(end.response)
            events = events[:-1]
            if events:
                return events
            events = await self._go_on()

    def _pauses(self, end: EndEvent) -> bool:
        """Whether more is to be asked for behind this turn."""
        return end.finish_reason is FinishReason.paused and self._left > 0 and self._room(end.response) != 0

    def _room(self, so_far: Response) -> int | None:
        """Tokens that are left of what the caller allowed; None for any number."""
        if self._request.max_tokens is None:
            return None
        return max(0, self._request.max_tokens - (so_far.usage.output_tokens or 0))

    def _pause(self, so_far: Response) -> None:
        self._before = so_far
        self._paused = True
        self._left -= 1
        self._index += getattr(self._source, "calls_begun", 0)

    async def _go_on(self) -> list[Event]:
        """Ask for the next turn: its first events, or what tells of the failure."""
        before = self._before
        assert before is not None
        self._paused = False
        messages = (*self._request.messages, before.message)
        try:
            self._source, events = await self._ask(
                evolve(self._request, messages=messages, max_tokens=self._room(before))
            )
        except LLMError as error:
            self._source = None
            empty = Response(provider=before.provider, model=before.model, wire=before.wire)
            failed = evolve(empty, finish_reason=FinishReason.error)
            error.partial = failed  # joined to what came before like any other
            return [ErrorEvent(error), EndEvent(FinishReason.error, failed)]
        return events

    def _shifted(self, event: Event, before: Response) -> Event:
        """An event of a later turn as one of the whole answer."""
        match event:
            case EndEvent(finish_reason=reason, response=response):
                return EndEvent(reason, joined(before, response))
            case ErrorEvent(error=error):
                error.partial = joined(before, error.partial or Response())
            case UsageEvent(usage=usage):
                return UsageEvent(added([before.usage, usage]))
            case CitationEvent(citation=citation):
                return CitationEvent(_moved(citation, len(before.text)))
            case _:
                if self._index and isinstance(event, _INDEXED):
                    event.index += self._index  # ours alone: it was made for this read
        return event


def joined(before: Response, last: Response) -> Response:
    """Two turns of one answer as one: what was said together, the rest as the last one told it."""
    return evolve(
        last,
        text=before.text + last.text,
        thinking=before.thinking + last.thinking,
        tool_calls=(*before.tool_calls, *last.tool_calls),
        images=(*before.images, *last.images),
        audio=(*before.audio, *last.audio),
        usage=added([before.usage, last.usage]),
        provider_data={**before.provider_data, **last.provider_data},
        replay=_replay(before, last),
        server_tools=(*before.server_tools, *last.server_tools),
        citations=(*before.citations, *(_moved(citation, len(before.text)) for citation in last.citations)),
        logprobs=(*before.logprobs, *last.logprobs),
        continuations=before.continuations + 1,
    )


def _replay(before: Response, last: Response) -> tuple[Any, ...]:
    """The blocks of both, with the border between them. Blocks name pictures and sound by their place in the turn:
    where those of the first would be taken for the second's, the words and calls alone go back."""
    if before.images or before.audio or not (before.replay and last.replay):
        return ()
    return (*before.replay, NEXT_TURN, *last.replay)


def _moved(citation: Citation, by: int) -> Citation:
    start, end = citation.start, citation.end
    return evolve(citation, start=start if start is None else start + by, end=end if end is None else end + by)
