"""fallback: the next client, when one fails before any of its answer came.

Once a part of an answer has been handed out nobody else is asked: no answer is made of two.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias, TypeVar

from attrs import define, frozen

from ..call.watch import watcher
from ..client import Client
from ..errors import (
    InsufficientCreditsError,
    LLMError,
    RateLimitedError,
    ServerError,
    StreamError,
    TimedOutError,
    TooLargeError,
    UnsupportedFeatureError,
)
from ..types.embeddings import Embeddings, Gathering
from ..types.events import EndEvent, Event
from ..types.exchange import HOPS, Hop
from ..types.ranking import Ranking
from ..types.request import Request, checked
from ..types.response import Response, with_facts
from ..types.usage import Usage
from .base import Middleware, embed_with, needs_model, rerank_with
from .breaker import Admission, Breaker
from .call import Call
from .roads import Begun, Road, failure_in, for_others, has_content, until_content

T = TypeVar("T")

When: TypeAlias = Callable[[LLMError], bool]


@frozen
class Rule:
    """over: the next client is asked. counts: it speaks against this one, whose breaker is told. permanent: the error
    must be so; None: it may be either."""

    error: type[LLMError]
    over: bool
    counts: bool = False
    permanent: bool | None = None


RULES = (
    Rule(UnsupportedFeatureError, over=True),  # another wire may carry it
    Rule(InsufficientCreditsError, over=True, counts=True),
    Rule(RateLimitedError, over=True),  # the client itself would wait no longer, or not as long as it was told to
    Rule(TooLargeError, over=False),  # a cap of the caller's
    Rule(StreamError, over=False, permanent=True),  # no API answered, or an answer was whole but for its words
    Rule(ServerError, over=True, counts=True),  # 5xx, 408, overloaded, no connection, a clock, cut off
    Rule(LLMError, over=False),  # the request, the key, the context, a policy, a budget: the caller's to know
)
"""What is done with an error that came before any of the answer: the first that fits decides."""


def rule_for(error: LLMError) -> Rule:
    """The first that fits; one of its own for an answer that is still being made, and paid, at the provider."""
    if error.resume is not None:
        return _STILL_MADE
    return next(rule for rule in RULES if isinstance(error, rule.error) and rule.permanent in (None, error.permanent))


_STILL_MADE = Rule(LLMError, over=False)


def fallback(
    first: Client,
    *others: Client,
    when: When | None = None,
    deadline: float | None = None,
    same_model: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> "FallbackClient":
    """The first client, and when it fails before its first content event the next one, and so on (see `RULES`).

    A client that keeps failing is left out for half a minute, then tried with one call. When all are left out, they are
    asked in their order all the same.

    others:     get the request without its `model`, `extra`, `extra_headers`, `previous_response_id` and
                `conversation`, which are the first's alone: each uses its own model and defaults.
    when:       further errors behind which the next client is asked, such as ContextLengthError.
    deadline:   seconds for all of them together, to the first content event (of a `complete`, to its end).
    same_model: all clients serve one model, so that vectors of one can be compared with those of another (`embed`).
    clock:      seconds, for the breakers.
    raises:     ConfigError when one of the others has no model of its own. Of a call: the last client's error, with the
                `route` that led to it; TimedOutError at the deadline.
    """
    return FallbackClient((first, *others), when, deadline, same_model, clock)


class FallbackClient(Middleware):
    """See `fallback`."""

    made_by = "fallback"

    def __init__(
        self,
        clients: tuple[Client, ...],
        when: When | None,
        deadline: float | None,
        same_model: bool,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(*clients)
        for client in clients[1:]:
            needs_model(client, self.made_by)
        self._when = when
        self._same_model = same_model
        self._breakers = tuple(Breaker(clock) for _ in clients)
        self.deadline = deadline

    def _begin(self, request: Request, road: Road) -> Awaitable[Begun]:
        return _Routed(road, self).begin(self, request)

    async def complete(self, request: Request) -> Response:
        """Ask without streaming, and return the whole answer. Raises the last client's error."""
        self._life.check()  # by itself, for a whole answer is no read and has no end of its own
        asked, chain = checked(request), Chain(self)
        answer = await chain.run(lambda turn: turn.client.complete(for_others(asked) if turn.place else asked))
        return routed(answer, chain.route)

    def turn(self, behind: "Turn | None") -> "Turn | None":
        """Whom to ask behind that one. Those that are left out are asked, in their order, when nobody else is there."""
        if behind is None and (admission := self._breakers[0].admit()) is not None:  # nearly always
            return Turn(self._clients[0], 0, admission, False)
        insisted = behind is not None and behind.insisted
        for place in range(1 if behind is None else behind.place + 1, len(self._clients)):
            breaker = self._breakers[place]
            admission = breaker.insist() if insisted else breaker.admit()
            if admission is not None:
                return Turn(self._clients[place], place, admission, insisted)
        return None if behind is not None else Turn(self._clients[0], 0, self._breakers[0].insist(), True)

    def goes_over(self, error: LLMError) -> bool:
        """Whether the next client is asked behind this error."""
        if self._life.closed or _has_answer(error):
            return False
        return rule_for(error).over or (self._when is not None and bool(self._when(error)))

    async def embed(
        self,
        texts: str | Iterable[str],
        model: str | None = None,
        dimensions: int | None = None,
        input_type: str | None = None,
    ) -> Embeddings:
        """Vectors of texts; of those that one client has not made when it fails, the next one is asked.

        Raises UnsupportedFeatureError unless all clients are of one model."""
        if not self._same_model and len(self._clients) > 1:
            raise UnsupportedFeatureError(
                "vectors of different models cannot be compared: embed with one client, or make the fallback with"
                " same_model=True when all its clients serve one model"
            )
        self._life.check()
        several = [texts] if isinstance(texts, str) else list(texts)
        gathering = Gathering(len(several))

        async def ask(turn: Turn) -> None:
            places = gathering.missing
            left = [several[place] for place in places]
            try:
                found = await embed_with(turn.client, left, None if turn.place else model, dimensions, input_type)
                gathering.add(found, places)
            except LLMError as error:
                if (made := error.partial_embeddings) is not None:
                    gathering.add(made, [places[at] for at in made.indexes or ()])
                error.partial_embeddings = gathering.so_far()
                raise

        await Chain(self).run(ask)
        return gathering.all()

    async def rerank(
        self, query: str, documents: Iterable[str], model: str | None = None, top_n: int | None = None
    ) -> Ranking:
        """Documents by their relevance; asked of the next client when one fails."""
        self._life.check()
        several = list(documents)

        async def ask(turn: Turn) -> Ranking:
            return await rerank_with(turn.client, query, several, None if turn.place else model, top_n)

        return await Chain(self).run(ask)


@define(eq=False)
class Turn:
    """One client's turn to be asked. place: among the fallback's; the request names the model of the first, in 0.
    insisted: although its breaker leaves it out."""

    client: Client
    place: int
    admission: Admission
    insisted: bool

    def failed(self, error: LLMError) -> None:
        """Tell the breaker."""
        if rule_for(error).counts:
            self.admission.failed()
        else:
            self.admission.unsure()


class Chain:
    """One call: the clients in their order, until one answers. route: those that did not. turn: the one that is asked,
    or has answered."""

    def __init__(self, clients: FallbackClient) -> None:
        self._clients = clients
        self.turn: Turn | None = None
        self.route: tuple[Hop, ...] = ()

    def run(self, ask: Callable[[Turn], Awaitable[T]]) -> Awaitable[T]:
        """What the first of them returns that does not fail. Raises the last error; TimedOutError at the deadline."""
        deadline = self._clients.deadline
        return self._run(ask) if deadline is None else self._in_time(ask, deadline)

    async def _in_time(self, ask: Callable[[Turn], Awaitable[T]], deadline: float) -> T:
        scope = asyncio.timeout(deadline)
        try:
            async with scope:
                return await self._run(ask)
        except TimeoutError:
            if not scope.expired() or self.turn is None:
                raise
        self.turn.admission.breaker.insist().failed()
        late = TimedOutError(f"fallback: no answer had begun within its deadline of {deadline:g} s", phase="total")
        late.route = (*self.route, _hop(self.turn.client, TimedOutError("given up at the deadline", phase="total")))
        raise late

    async def _run(self, ask: Callable[[Turn], Awaitable[T]]) -> T:
        clients = self._clients
        failure: LLMError | None = None
        turn = clients.turn(None)
        while turn is not None:
            self.turn = turn
            try:
                answer = await ask(turn)
            except LLMError as error:
                turn.failed(error)
                failure = error
                turn = clients.turn(turn) if clients.goes_over(error) else None
                if turn is not None:
                    self._go_over(self.turn.client, error)
            except BaseException:
                turn.admission.unsure()
                raise
            else:
                turn.admission.succeeded()
                return answer
        assert failure is not None
        failure.route = (*self.route, *failure.route)
        raise failure

    def _go_over(self, client: Client, failure: LLMError) -> None:
        hop = _hop(client, failure)
        self.route = (*self.route, *failure.route, hop)
        if (watching := watcher.get()) is not None:
            watching.went_over(hop)


class _Routed(Call):
    """One stream: the first client that answers is read, and its end tells the way there."""

    def __init__(self, road: Road, clients: FallbackClient) -> None:
        super().__init__(road)
        self.each_read = False
        self._chain = Chain(clients)
        self._failed: tuple[LLMError, Begun] | None = None

    def ask(self, client: Client, request: Request) -> Awaitable[Begun]:
        def one(turn: Turn) -> Awaitable[Begun]:
            return self._with_content(self.road.ask(turn.client, for_others(request) if turn.place else request))

        return self._or_failed(self._chain.run(one))

    async def _or_failed(self, asking: Awaitable[Begun]) -> Begun:
        """Where bytes of an answer had come, its events tell of the failure."""
        try:
            return await asking
        except LLMError as error:
            if self._failed is None or self._failed[0] is not error:
                raise
            return self._failed[1]

    async def _with_content(self, asking: Awaitable[Begun]) -> Begun:
        """The answer from its first content event on. Raises what it fails with before."""
        begun = await asking
        if has_content(begun[1]):
            return begun
        begun = await until_content(begun)
        failure = failure_in(begun[1])
        if failure is not None:
            self._failed = failure, begun
            raise failure
        return begun

    async def came(self, events: list[Event]) -> list[Event]:
        if self.failure is not None and (self._failed is None or self._failed[0] is not self.failure):
            self._broke_off(self.failure)
        if self.end is None:
            return events
        return [*events[:-1], EndEvent(self.end.finish_reason, routed(self.end.response, self._chain.route))]

    def _broke_off(self, failure: LLMError) -> None:
        """Behind its first content: nobody else is asked, and the client has failed all the same."""
        if self._chain.turn is not None and rule_for(failure).counts:
            self._chain.turn.admission.breaker.insist().failed()
        failure.route = (*self._chain.route, *failure.route)


def routed(response: Response, route: tuple[Hop, ...]) -> Response:
    """The answer, which tells the way there. route: of those that did not answer."""
    last = response.route or (HOPS.of((response.provider, response.model, None, response.usage)),)
    return with_facts(response, route=(*route, *last))


def _hop(client: Client, error: LLMError) -> Hop:
    usage = error.partial.usage if error.partial is not None else Usage()
    provider = error.provider or str(getattr(client, "provider", ""))
    return Hop(provider, error.model or str(getattr(client, "model", None) or ""), error, usage)


def _has_answer(error: LLMError) -> bool:
    """Whether a part of an answer had come."""
    partial = error.partial
    return partial is not None and any(getattr(partial, name) for name in _ANSWER)


_ANSWER = ("text", "thinking", "tool_calls", "images", "audio", "server_tools", "citations")
