"""What is asked before every HTTP request of an answer, and told how it ended: limits and budgets stand on it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias, TypeVar, cast

from ..client import NOTHING, Gate, Lease
from ..errors import ConfigError, ConnectError, LLMError, StreamError, TimedOutError
from ..types.events import EndEvent, ErrorEvent, Event
from ..types.exchange import RateLimits
from ..types.request import Request
from ..types.usage import Usage
from .stream import Source

_UNREAD = object()

T = TypeVar("T")
Begun: TypeAlias = tuple[Source, list[Event]]
"""An answer under way: where its further events come from, and its first ones."""


class Headed(Protocol):
    """A source that has read the head of its reply. It is known by its attribute: `isinstance` takes longer than all
    else that is done for a gate."""

    @property
    def rate_limits(self) -> RateLimits | None: ...


def at_once(gates: Sequence[Gate], request: Request) -> "Leases":
    """Pass the gates that let pass at once, in their order, up to the first where one may have to wait.

    A gate that can tell has `at_once(request)`: what `acquire` would give without waiting, and raises; None where one
    has to wait. What nobody waits for so takes no coroutine."""
    leases = Leases()
    try:
        for gate in gates:
            passes: Callable[[Request], Lease | None] | None = getattr(gate, "at_once", None)
            if passes is None or (lease := passes(request)) is None:
                break
            leases.append(lease)
    except BaseException:
        leases.settle(NOTHING)
        raise
    return leases


async def enter(leases: "Leases", gates: Sequence[Gate], request: Request) -> None:
    """Pass all others, in their order. What a later one refuses, those before it get back."""
    try:
        for gate in gates[len(leases) :]:
            leases.append(await gate.acquire(request))
    except BaseException:
        leases.settle(NOTHING)
        raise


async def kept(lease: Lease, asking: Awaitable[Begun]) -> Begun:
    """What is asked for under a lease: the answer, whose end settles it; what fails before that settles it at once."""
    try:
        source, events = await asking
    except LLMError as error:
        lease.told(error.rate_limits, error)
        lease.settle(used_by(error))
        raise
    except BaseException:
        lease.settle(None)
        raise
    lease.told(_limits(source, events))
    if source.over:  # it came whole
        lease.settle(used(events))
        return source, events
    return Settling(source, lease), events


async def settled(lease: Lease, asking: Awaitable[tuple[T, RateLimits | None]], used: Callable[[T], Usage | None]) -> T:
    """What is asked for under a lease and comes whole; what it took settles the lease.

    asking: gives the answer, and what its reply says of limits. used: what an answer took, None where it does not say.
    """
    try:
        answer, limits = await asking
    except LLMError as error:
        lease.told(error.rate_limits, error)
        lease.settle(used_by(error))
        raise
    except BaseException:
        lease.settle(None)
        raise
    lease.told(limits)
    lease.settle(used(answer))
    return answer


class Leases(list[Lease]):
    """The leases of several gates as one."""

    def told(self, limits: RateLimits | None, error: LLMError | None = None) -> None:
        for lease in self:
            lease.told(limits, error)

    def settle(self, usage: Usage | None) -> None:
        for lease in self:
            lease.settle(usage)


class Settling:
    """The events of an answer, at whose end its lease is settled; left before it, what was reserved stays."""

    __slots__ = ("_lease", "_source")

    def __init__(self, source: Source, lease: Lease) -> None:
        self._source = source
        self._lease = lease

    @property
    def over(self) -> bool:
        return self._source.over

    @property
    def calls_begun(self) -> int:
        """How many indexes of calls and server tools the answer has used so far."""
        return getattr(self._source, "calls_begun", 0)

    async def events(self) -> list[Event]:
        """The next events, at least one."""
        events = await self._source.events()
        if self._source.over:
            self._lease.settle(used(events))
        return events

    def close(self) -> None:
        """Drop the connection at once; never waits."""
        self._source.close()
        self._lease.settle(None)

    async def closed(self) -> None:
        """Wait for what `close` could only begin."""
        wait = getattr(self._source, "closed", None)
        if wait is not None:
            await wait()


def _limits(source: Source, events: list[Event]) -> RateLimits | None:
    """What the head of the reply says; of a client that is not ours, what a whole answer does."""
    told = getattr(source, "rate_limits", _UNREAD)
    if told is not _UNREAD:
        return cast("RateLimits | None", told)
    end = events[-1] if events else None
    return end.response.rate_limits if isinstance(end, EndEvent) else None


def used(events: list[Event]) -> Usage | None:
    """What the last events of an answer say that it took; None where they do not say all."""
    end = events[-1] if events else None
    if not isinstance(end, EndEvent):
        return None
    last = events[-2] if len(events) > 1 else None
    if isinstance(last, ErrorEvent) and _cut(last.error):
        return None
    usage = end.response.usage
    return None if usage.input_tokens is None and usage.output_tokens is None else usage


def used_by(error: LLMError) -> Usage | None:
    """What a request took that failed before its answer began; None where nobody knows: it may have been worked on."""
    if error.partial is not None and error.partial.usage.total_tokens is not None and not _cut(error):
        return error.partial.usage
    if error.status is not None or isinstance(error, ConfigError):
        return NOTHING
    unconnected = isinstance(error, TimedOutError) and error.phase == "connect"
    return NOTHING if unconnected or (isinstance(error, ConnectError) and not error.sent) else None


def _cut(error: LLMError) -> bool:
    """The answer broke off on the way: what was said of its usage until then is not all."""
    return isinstance(error, StreamError) or (isinstance(error, TimedOutError) and error.phase is not None)
