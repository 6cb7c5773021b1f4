"""Limiter: a gate that lets requests pass at the rate that was set, first come first served."""

import asyncio
import math
import time
from typing import Any

from ...client import Lease
from ...errors import ConfigError, InvalidRequestError, LLMError, RateLimitedError, ServerError
from ...types.exchange import RateLimits
from ...types.request import Request
from ...types.usage import Usage
from .estimate import Estimates, Tokens
from .ledger import Bounds, Ledger
from .line import Clock, Line, Sleep
from .redis import RedisStore


class Limiter:
    """At most so many requests and tokens a minute, and so many requests at once; use it by `limited(client, limiter)`.

    Every HTTP request takes its place in one queue, first come first served, and reserves what it is guessed to take:
    its input by characters and pictures, and `max_tokens` or what the model's answers usually take, whichever is less.
    The usage of the answer corrects that, and the guesses after it. What an answer takes beyond its reservation is a
    debt, which is paid before the next request goes out.

    requests_per_minute, tokens_per_minute: in any T seconds at most T/60 of them and the burst are reserved; None is
        without a bound, and without any the limiter keeps to what the host says alone. Input and output tokens count
        alike, cached ones too.
    concurrent: requests that are under way at the same time, until their answers have been read to the end.
    burst:  requests that may go out at once after a pause; None is a tenth of a minute's. Tokens get the same share of
        their minute. A request above the burst waits until it has saved up for itself; the others wait behind it.
    store:  a `RedisStore`, to share the limits between processes and machines. name: which of the limits in it.
    clock, sleep: for tests that do not wait.

    What a host says of its own limits is kept too (`rate_limits`, Retry-After), and never more than what is set here.
    One Limiter may serve several clients, event loops and threads. Nothing closes it.

    raises: ConfigError for what is no such number. `acquire` raises InvalidRequestError for a request that alone
        exceeds a minute's tokens, RateLimitedError where the host asks to wait longer than five minutes.
    """

    def __init__(
        self,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        concurrent: int | None = None,
        burst: float | None = None,
        store: RedisStore | None = None,
        name: str = "",
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        _check("requests_per_minute", requests_per_minute)
        _check("tokens_per_minute", tokens_per_minute)
        _check("concurrent", concurrent)
        _check("burst", burst)
        if burst is not None and requests_per_minute is None:
            raise ConfigError("Limiter.burst counts requests: it needs requests_per_minute beside it")
        self._bounds = Bounds(requests_per_minute, tokens_per_minute, concurrent, burst)
        self._estimates = Estimates()
        self._line: Any = Line(Ledger(self._bounds, clock()), clock, sleep)
        if store is not None:
            from .shared import SharedLine

            self._line = SharedLine(store, name, self._bounds, clock, sleep)

    passes_batches = True
    """Hosted batches have limits of their own, beside those that are kept here."""

    async def acquire(self, request: Request) -> Lease:
        """Wait until the request may go out, and reserve for it."""
        tokens = self._guessed(request)
        return _Reserved(self._line, self._estimates, tokens, await self._line.enter(tokens), request.model or "")

    def _guessed(self, request: Request) -> Tokens:
        tokens = self._estimates.of(request)
        minute = self._bounds.tokens_per_minute
        if minute is not None and tokens.total > minute:
            return self._fitting(minute, tokens, request)
        return tokens

    def _fitting(self, minute: float, tokens: Tokens, request: Request) -> Tokens:
        """Of more than a minute has, what may be asked for: what is only guessed of the output refuses nothing."""
        asked = 0 if request.max_tokens is None else request.max_tokens * (request.n or 1)
        if tokens.input > minute or tokens.output == asked:
            raise InvalidRequestError(
                f"this request takes some {tokens.total:.0f} tokens, and Limiter.tokens_per_minute is {minute:g}: "
                "shorten it, lower max_tokens, or raise the limit"
            )
        return Tokens(tokens.input, minute - tokens.input, tokens.guess)


class Entrance(Limiter):
    """The same limiter as the gate of a client (`call.gates.at_once`)."""

    def __init__(self, limiter: Limiter) -> None:
        vars(self).update(vars(limiter))

    def at_once(self, request: Request) -> Lease | None:
        """What `acquire` gives, where the request may go out now; None where it may have to wait."""
        tokens = self._guessed(request)
        holding = self._line.at_once(tokens)
        return None if holding is None else _Reserved(self._line, self._estimates, tokens, holding, request.model or "")


def _check(name: str, value: object) -> None:
    if value is None:
        return
    whole = name == "concurrent"
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not 1 <= value < math.inf:
        raise ConfigError(f"Limiter.{name} takes a {'whole ' if whole else ''}number, 1 or more, or None")


class _Reserved:
    """What one HTTP request has reserved. holding: what the line calls it."""

    __slots__ = ("_estimates", "_holding", "_line", "_model", "_open", "_tokens")

    def __init__(self, line: Any, estimates: Estimates, tokens: Tokens, holding: Any, model: str) -> None:
        self._line = line
        self._estimates = estimates
        self._tokens = tokens
        self._holding = holding
        self._model = model
        self._open = True

    def told(self, limits: RateLimits | None, error: LLMError | None = None) -> None:
        if limits is not None:
            self._line.told(self._holding, limits)
        if error is None:
            self._line.answered()
        elif isinstance(error, RateLimitedError) or (isinstance(error, ServerError) and error.retry_after is not None):
            self._line.refused(error.retry_after)

    def settle(self, usage: Usage | None) -> None:
        if not self._open:
            return
        self._open = False
        if usage is None:
            self._line.settle(self._holding, None)
            return
        tokens, input_, output = self._tokens, usage.input_tokens, usage.output_tokens
        # what the host does not say is what was guessed
        total = (tokens.input if input_ is None else input_) + (tokens.output if output is None else output)
        self._line.settle(self._holding, total)
        if input_ or output:  # else it was not worked on
            self._estimates.learn(self._model, tokens, usage)
