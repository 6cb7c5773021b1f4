"""What is free of requests, tokens and places, and one decision over all of them. Pure: the time comes in."""

from collections.abc import Callable
from operator import attrgetter

from attrs import frozen

from ...types.exchange import RateLimits
from .allowance import Allowance
from .bucket import Bucket
from .estimate import Tokens

NEVER = float("inf")

_MINUTE = 60.0
_TENTH = 0.1
_FIRST_PAUSE = 1.0  # s behind a refusal that names no time, doubled with each that follows
_LONGEST_PAUSE = 30.0

Amounts = tuple[float, float, float, float]
Told = tuple[float | None, float | None, float | None]

_KINDS = ("requests", "tokens", "input_tokens", "output_tokens")  # in the order of Amounts
_TOLD: tuple[Callable[[RateLimits], Told], ...] = tuple(
    attrgetter(f"{kind}_limit", f"{kind}_remaining", f"{kind}_reset") for kind in _KINDS
)


@frozen
class Bounds:
    """What a limiter is set to; None is without a bound. burst: requests at once; of tokens, the same share of their
    minute."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    concurrent: float | None = None
    burst: float | None = None

    @property
    def requests_burst(self) -> float:
        return self._share * (self.requests_per_minute or 0.0)

    @property
    def tokens_burst(self) -> float:
        return self._share * (self.tokens_per_minute or 0.0)

    @property
    def _share(self) -> float:
        """Of a minute's, what may be taken at once: at least one request."""
        minute = self.requests_per_minute
        if minute is None:
            return _TENTH
        return max(1.0, minute * _TENTH if self.burst is None else self.burst) / minute

    def part(self, of: int) -> "Bounds":
        """What one of so many processes may use. Of places each has one at least."""
        rpm, tpm, places = self.requests_per_minute, self.tokens_per_minute, self.concurrent
        return Bounds(
            None if rpm is None else rpm / of,
            None if tpm is None else tpm / of,
            None if places is None else max(1, places // of),
            None if self.burst is None else max(1.0, self.burst / of),
        )


class Ledger:
    """The books of one limiter."""

    def __init__(self, bounds: Bounds, now: float) -> None:
        rpm, tpm = bounds.requests_per_minute, bounds.tokens_per_minute
        self._requests = None if rpm is None else Bucket(rpm / _MINUTE, bounds.requests_burst, now)
        self._tokens = None if tpm is None else Bucket(tpm / _MINUTE, bounds.tokens_burst, now)
        self._places = NEVER if bounds.concurrent is None else bounds.concurrent
        self._open = 0
        self._taken: Amounts = (0.0, 0.0, 0.0, 0.0)
        self._allowances: dict[int, Allowance] = {}
        self._paused = 0.0  # until then
        self._refusals = 0  # one behind the other

    def held(self, tokens: Tokens, now: float) -> float:
        """Seconds that the host asks to wait before a request of so many tokens."""
        wait = self._paused - now
        if self._allowances:
            amounts = _amounts(tokens)
            for kind, allowance in self._allowances.items():
                wait = max(wait, allowance.wait(amounts[kind], now))
        return max(wait, 0.0)

    def wait(self, tokens: Tokens, now: float) -> float:
        """Seconds until the first in line, who asks, can take this; NEVER while only an end of another can help."""
        wait = self.held(tokens, now) if self._allowances or now < self._paused else 0.0
        if self._requests is not None and (more := self._requests.wait(1.0, now)) > wait:
            wait = more
        if self._tokens is not None and (more := self._tokens.wait(tokens.total, now)) > wait:
            wait = more
        return wait if self._open < self._places else NEVER

    def take(self, tokens: Tokens) -> Tokens:
        """Take what `wait` has just said is there: the same, noted as taken."""
        if self._allowances:
            amounts = _amounts(tokens)
            for kind, allowance in self._allowances.items():
                allowance.take(amounts[kind])
        self._open += 1
        a, b, c, d = self._taken
        self._taken = (a + 1.0, b + tokens.total, c + tokens.input, d + tokens.output)
        if self._requests is not None:
            self._requests.take(1.0)
        if self._tokens is not None:
            self._tokens.take(tokens.total)
        tokens.before = self._taken
        tokens.open = True
        return tokens

    def settle(self, tokens: Tokens, total: float | None, now: float) -> None:
        """Its place is free, once; and it took so many tokens (None: what it was guessed to take)."""
        if tokens.open:
            tokens.open = False
            self._open -= 1
        if total is not None and self._tokens is not None:
            self._tokens.correct(total - tokens.total, now)

    def undo(self, tokens: Tokens, now: float) -> None:
        """Nothing was sent."""
        self.settle(tokens, 0.0, now)
        if self._requests is not None:
            self._requests.correct(-1.0, now)

    def told(self, tokens: Tokens, limits: RateLimits, now: float) -> None:
        """What the reply to it says of the limits."""
        for kind, read in enumerate(_TOLD):
            limit, remaining, reset = read(limits)
            if remaining is None:
                continue
            allowance = self._allowances.get(kind)
            if allowance is None:
                allowance = self._allowances[kind] = Allowance()
            allowance.told(limit, remaining, reset, self._taken[kind] - tokens.before[kind], now)

    def answered(self) -> None:
        """The host took a request."""
        self._refusals = 0

    def refused(self, retry_after: float | None, now: float) -> float:
        """The host asks to wait: so many seconds, or it does not say how long. Returns the seconds that are waited."""
        if retry_after is None:
            if now < self._paused:
                return self._paused - now  # the others that were under way
            retry_after = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self._refusals)
            self._refusals += 1
        self._paused = max(self._paused, now + retry_after)
        for bucket in (self._requests, self._tokens):
            if bucket is not None:
                bucket.hold(self._paused, now)
        return self._paused - now

    def empty(self, now: float) -> None:
        """Nothing is there yet: what was, others may have taken."""
        for bucket in (self._requests, self._tokens):
            if bucket is not None:
                bucket.empty(now)


def _amounts(tokens: Tokens) -> Amounts:
    return 1.0, tokens.total, tokens.input, tokens.output
