"""hedged: a second request when the first is late, and the answer of whichever begins first."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, cast

from ..client import Client
from ..errors import ConfigError, LLMError
from ..types.events import EndEvent, Event
from ..types.request import Options, Request
from ..types.response import with_facts
from .base import Middleware, needs_model
from .call import Call
from .roads import Begun, Road, closed, failure_in, for_others, until_content

After: TypeAlias = float | Literal["p95"]

_LEAST = 20  # calls before a percentile says anything
_MOST = 200  # the latest that it is taken of
_SHARE = 0.95


def hedged(
    client: Client,
    *others: Client,
    after: After = "p95",
    max_extra: float = 0.05,
    clock: Callable[[], float] = time.monotonic,
) -> "HedgedClient":
    """The client, asked a second time when its first content event is late; the answer that begins first is handed out,
    the other request is closed at once. (Of a `complete`: the answer that is there first.)

    It may have been paid for: the input of both is. So it is never done with tools, in the background, or within a
    conversation that the provider stores.

    others:    who gets the second request, in turn, without what is the first's alone (see `fallback`); the client
               itself when there are none.
    after:     seconds, or "p95": what 95 of 100 of this client's own latest calls did not need, once there were 20.
    max_extra: the most second requests, as a share of all calls.
    clock:     seconds.
    raises:    ConfigError for other values, and for one of the others without a model of its own. Of a call: the first
               request's error, when both failed.
    """
    if after != "p95" and (isinstance(after, bool | str) or not after >= 0):
        raise ConfigError(f'after takes seconds, 0 or more, or "p95", not {after!r}')
    if not 0 <= max_extra <= 1:
        raise ConfigError(f"max_extra is a share of the calls, from 0 to 1, not {max_extra!r}")
    return HedgedClient((client, *others), after, max_extra, clock)


class Pace:
    """How long it took until answers began, lately."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_MOST)

    def add(self, seconds: float) -> None:
        self._seconds.append(seconds)

    def late(self) -> float | None:
        """Seconds that 95 of 100 did not need; None while too few are known."""
        if len(self._seconds) < _LEAST:
            return None
        ordered = sorted(self._seconds)
        return ordered[min(len(ordered) - 1, int(_SHARE * len(ordered)))]


class Extra:
    """Second requests: at most a share of the calls."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._calls = 0
        self._extra = 0

    def call(self) -> None:
        self._calls += 1

    def take(self) -> bool:
        """Whether one more may be sent; it then counts."""
        if self._extra + 1 > self._share * self._calls:
            return False
        self._extra += 1
        return True


class HedgedClient(Middleware):
    """See `hedged`."""

    made_by = "hedged"

    def __init__(self, clients: tuple[Client, ...], after: After, max_extra: float, clock: Callable[[], float]) -> None:
        super().__init__(*clients)
        for client in clients[1:]:
            needs_model(client, self.made_by)
        self.after = None if isinstance(after, str) else after  # None: by its own pace
        self.clock = clock
        self.extra = Extra(max_extra)
        self._paces = {True: Pace(), False: Pace()}  # a whole answer takes longer than its first event
        self._turn = [0]  # of the others; shared by the views

    async def _begin(self, request: Request, road: Road) -> Begun:
        self.extra.call()
        if not self._may_be_asked_twice(request):
            return await road.ask(self.first, request)
        return await _Hedged(self, road).begin(self.first, request)

    def pace(self, road: Road) -> Pace:
        return self._paces[road.streams]

    def second(self, request: Request) -> tuple[Client, Request]:
        """Whom to ask, and what."""
        others = self._clients[1:]
        if not others:
            return self.first, request
        self._turn[0] += 1
        return others[self._turn[0] % len(others)], for_others(request)

    def _may_be_asked_twice(self, request: Request) -> bool:
        defaults = cast("Options | None", getattr(self.first, "options", None))
        tools = request.tools or (defaults is not None and defaults.tools)
        return not (tools or request.background or request.conversation or request.previous_response_id)


class _Hedged(Call):
    """One call: one request, or two of which one is read on."""

    def __init__(self, clients: HedgedClient, road: Road) -> None:
        super().__init__(road)
        self.each_read = False
        self._clients = clients
        self._twice = False

    async def ask(self, client: Client, request: Request) -> Begun:
        begun = self._clients.clock()
        pace = self._clients.pace(self.road)
        late = pace.late() if self._clients.after is None else self._clients.after
        answer = await (self._ask(client, request) if late is None else self._race(client, request, late))
        pace.add(self._clients.clock() - begun)
        return answer

    async def _ask(self, client: Client, request: Request) -> Begun:
        return await until_content(await self.road.ask(client, request))

    async def _race(self, client: Client, request: Request, late: float) -> Begun:
        runners = [asyncio.ensure_future(self._ask(client, request))]
        winner: asyncio.Future[Begun] | None = None
        try:
            await asyncio.wait(runners, timeout=late)
            if not runners[0].done() and self._clients.extra.take():
                self._twice = True
                runners.append(asyncio.ensure_future(self._ask(*self._clients.second(request))))
            winner = await _first_that_answers(runners)
            return await winner
        finally:
            await _close([runner for runner in runners if runner is not winner])

    async def came(self, events: list[Event]) -> list[Event]:
        """Both requests count."""
        if self._twice and self.failure is not None:
            self.failure.attempts += 1
        if not self._twice or self.end is None:
            return events
        response = with_facts(self.end.response, attempts=self.end.response.attempts + 1)
        return [*events[:-1], EndEvent(self.end.finish_reason, response)]

    async def failed(self, error: Exception) -> None:
        if self._twice and isinstance(error, LLMError):
            error.attempts += 1


async def _first_that_answers(runners: Sequence[asyncio.Future[Begun]]) -> asyncio.Future[Begun]:
    """The first that answers; of those that all failed the first one."""
    waiting = set(runners)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for runner in done:
            if runner.exception() is None and failure_in(runner.result()[1]) is None:
                return runner
    return runners[0]


async def _close(losers: Sequence[asyncio.Future[Begun]]) -> None:
    """Their connections are closed before this first waits."""
    for loser in losers:
        if not loser.done():
            loser.cancel()
        elif not loser.cancelled() and loser.exception() is None:
            source, _ = loser.result()
            source.close()
            await closed(source)
    running = [loser for loser in losers if not loser.done()]
    if running:
        await asyncio.wait(running)
