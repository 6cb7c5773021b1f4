"""hooked: functions of the caller's around every call."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from attrs import field, frozen

from ..client import Client
from ..codecs.text import kind_name
from ..errors import InvalidRequestError
from ..types.events import Event
from ..types.exchange import Timing
from ..types.request import Request
from ..types.response import Response
from .base import Middleware
from .call import Call
from .roads import Begun, Road, by_itself, finished, has_content


@frozen
class Outcome:
    """How a call ended. response: the whole answer. error: what it failed with (its `partial` has what had arrived).
    Both are None when the caller left before the end.

    request:  as it was sent, behind `before`. attempts: HTTP requests made, as the answer or the error tells.
    timing:   seconds since the call was made: to the first content event (None on `complete`), to the end.
    """

    request: Request
    response: Response | None = None
    error: Exception | None = None
    attempts: int = 1
    timing: Timing = field(factory=Timing)


Before: TypeAlias = Callable[[Request], Request | Awaitable[Request | None] | None]
OnEvents: TypeAlias = Callable[[list[Event]], Awaitable[None] | None]
After: TypeAlias = Callable[[Outcome], Awaitable[None] | None]


def hooked(
    client: Client,
    before: Before | None = None,
    on_events: OnEvents | None = None,
    after: After | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> "HookedClient":
    """The client, with functions of yours called around each call. All of them may be async.

    before:    gets the Request; what it returns is asked instead (None: the same).
    on_events: gets the events of each read of a stream, in order; to look at, not to change.
    after:     gets the Outcome, once per call, whichever way it ended.
    clock:     seconds, for the Outcome's timing.

    What one of them raises is raised to the caller, and the connection is closed.
    """
    return HookedClient(client, before, on_events, after, clock)


class HookedClient(Middleware):
    """See `hooked`."""

    made_by = "hooked"

    def __init__(
        self,
        client: Client,
        before: Before | None,
        on_events: OnEvents | None,
        after: After | None,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(client)
        self.before = before
        self.on_events = on_events
        self.after = after
        self.clock = clock

    def _begin(self, request: Request, road: Road) -> Awaitable[Begun]:
        return _Hooks(self, road).begin(self._clients[0], request)


class _Hooks(Call):
    def __init__(self, hooks: HookedClient, road: Road) -> None:
        super().__init__(road)
        self._hooks = hooks
        self._begun = hooks.clock()
        self._first: float | None = None
        self._request: Request | None = None
        self._leaving: asyncio.Task[None] | None = None

    async def ask(self, client: Client, request: Request) -> Begun:
        self._request = request
        if self._hooks.before is not None:
            changed = await _called(self._hooks.before, request)
            if changed is not None:
                if not isinstance(changed, Request):
                    raise InvalidRequestError(f"before of hooked returned {kind_name(changed)}, not a Request")
                self._request = changed
        return await self.road.ask(client, self._request)

    async def came(self, events: list[Event]) -> list[Event]:
        if self.road.streams:
            if self._first is None and has_content(events):
                self._first = self._hooks.clock() - self._begun
            if self._hooks.on_events is not None:
                await _called(self._hooks.on_events, events)
        if self.end is not None and self._hooks.after is not None:
            self.over = True  # what `after` raises is not told to it again
            response = self.end.response if self.failure is None else None
            await _called(self._hooks.after, self._outcome(response, self.failure))
        return events

    async def failed(self, error: Exception) -> None:
        if self._hooks.after is not None:
            await _called(self._hooks.after, self._outcome(None, error))

    def left(self) -> None:
        if self._hooks.after is None or self._request is None:
            return
        told = self._hooks.after(self._outcome(None, self.failure))
        if inspect.isawaitable(told):
            self._leaving = by_itself(_awaited(told))

    async def closed(self) -> None:
        await super().closed()
        await finished(self._leaving)

    def _outcome(self, response: Response | None, error: Exception | None) -> Outcome:
        told: Any = response if response is not None else error
        assert self._request is not None
        timing = Timing(self._first, self._hooks.clock() - self._begun)
        return Outcome(self._request, response, error, getattr(told, "attempts", 1), timing)


async def _called(function: Callable[[Any], Any], value: Any) -> Any:
    result = function(value)
    return await result if inspect.isawaitable(result) else result


async def _awaited(told: Awaitable[None]) -> None:
    await told
