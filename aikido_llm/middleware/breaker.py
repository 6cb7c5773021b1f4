"""A breaker: leaves a client out that keeps failing, and tries it again with one call. Pure; time comes in."""

from collections import deque
from collections.abc import Callable
from typing import Literal, TypeAlias

from attrs import frozen

State: TypeAlias = Literal["closed", "open", "half-open"]

_MOST_CALLS = 1000  # that are looked back at, however many there were in the window


@frozen
class Rules:
    """window: seconds that are looked back at. least: calls in it before anything is concluded. share: how many of them
    must have failed. rest: seconds for which the client is then left out."""

    window: float = 60.0
    least: int = 5
    share: float = 0.5
    rest: float = 30.0


class Breaker:
    """One client's. closed: it is asked. open: it is left out. half-open: behind the rest one call, the probe, decides:
    closed again, or open for another rest.

    clock: seconds.
    """

    def __init__(self, clock: Callable[[], float], rules: Rules | None = None) -> None:
        self._clock = clock
        self._rules = rules or Rules()
        self._calls: deque[tuple[float, bool]] = deque()  # when it ended, whether it failed
        self._failures = 0
        self._opened: float | None = None
        self._turns = 0  # how often it opened or closed
        self._probing = False

    def state(self) -> State:
        if self._opened is None:
            return "closed"
        return "open" if self._clock() - self._opened < self._rules.rest else "half-open"

    def admit(self) -> "Admission | None":
        """May the client be asked now? Its answer is told to what is returned."""
        if self._opened is not None:
            if self._probing or self.state() == "open":
                return None
            self._probing = True
        return Admission(self, self._turns)

    def insist(self) -> "Admission":
        """Ask it although it is left out, for nobody else is there."""
        return Admission(self, self._turns)

    def took(self, admission: "Admission", *, failed: bool | None) -> None:
        """How a call ended that was let through; None: it told nothing of the client."""
        turn, admission.turn = admission.turn, None
        if turn != self._turns:
            return  # it began before the breaker last turned, or has been told
        self._probing = False
        if failed is None:
            return
        now, rules = self._clock(), self._rules
        if self._opened is not None:
            self._turn(now if failed else None)
            return
        self._calls.append((now, failed))
        self._failures += failed
        while self._calls[0][0] <= now - rules.window or len(self._calls) > _MOST_CALLS:
            self._failures -= self._calls.popleft()[1]
        if failed and len(self._calls) >= rules.least and self._failures >= rules.share * len(self._calls):
            self._turn(now)

    def _turn(self, opened: float | None) -> None:
        self._opened = opened
        self._turns += 1
        self._calls.clear()
        self._failures = 0


class Admission:
    """One call that was let through. Tell it once how the call ended; telling it again is of no effect."""

    __slots__ = ("breaker", "turn")

    def __init__(self, breaker: Breaker, turn: int) -> None:
        self.breaker = breaker
        self.turn: int | None = turn  # of the breaker, until it is told

    def succeeded(self) -> None:
        self.breaker.took(self, failed=False)

    def failed(self) -> None:
        self.breaker.took(self, failed=True)

    def unsure(self) -> None:
        """It was cancelled, or the request was at fault."""
        self.breaker.took(self, failed=None)
