"""budgeted: a client that sends nothing that a budget may not bear."""

import math
from typing import Any, TypeVar, cast, overload

from attrs import evolve

from ..call.http_client import HTTPClient
from ..client import NOTHING, Client, Lease
from ..codecs.text import kind_name
from ..errors import BudgetExceededError, ConfigError, LLMError, UnsupportedFeatureError
from ..types.exchange import RateLimits
from ..types.request import Request
from ..types.usage import Usage
from .base import Middleware
from .gating import PerCall, gated
from .limits.estimate import BOUND, input_tokens
from .limits.redis import RedisStore
from .limits.sums import Most, OwnSums, SharedSums, Sums
from .prices import Prices

_UNITS = 1_000_000_000  # of money, in a dollar
M = TypeVar("M", bound=Middleware)


class Budget:
    """Money or tokens that may be spent; use it by `budgeted(client, budget)`, with as many clients as share it.

    usd:    US dollars, by the table of genai-prices (extra `prices`); what the provider says a request cost wins.
    tokens: input and output together. Both may be set; None is without that bound.
    assume_output: tokens that a request without `max_tokens` is held to answer at most.
    store:  a `RedisStore`, to share the budget between processes and machines. name: which of the budgets in it.

    raises: ConfigError for what is no such number, and without genai-prices where `usd` is set.
    """

    def __init__(
        self,
        usd: float | None = None,
        tokens: int | None = None,
        assume_output: int = 4096,
        store: RedisStore | None = None,
        *,
        name: str = "",
    ) -> None:
        _check("usd", usd, float)
        _check("tokens", tokens, int)
        _check("assume_output", assume_output, int)
        if usd is None and tokens is None:
            raise ConfigError("Budget takes usd, tokens or both")
        self.usd = usd
        self.tokens = tokens
        self.assume_output = assume_output
        self.prices = None if usd is None else Prices("Budget(usd=...)")
        most = Most(None if usd is None else math.floor(usd * _UNITS), tokens)
        self.sums: Sums = OwnSums(most) if store is None else SharedSums(store, name, most)

    @property
    def spent_usd(self) -> float:
        """What is spent and reserved, in dollars, where `usd` is set; of a shared budget what this process knows."""
        return self.sums.usd / _UNITS

    @property
    def spent_tokens(self) -> int:
        """What is spent and reserved, in tokens."""
        return self.sums.tokens

    def refusal(self, usd: int, tokens: int) -> BudgetExceededError:
        """So much does not fit into what is left. usd: in billionths."""
        said: list[str] = []
        if self.usd is not None:
            left = max(0.0, self.usd - self.spent_usd)
            said.append(f"up to ${usd / _UNITS:.4g}, and ${left:.4g} of ${self.usd:g} are left")
        if self.tokens is not None:
            left = max(0, self.tokens - self.spent_tokens)
            said.append(f"up to {tokens} tokens, and {left} of {self.tokens} are left")
        return BudgetExceededError(f"not sent: the request may take {'; '.join(said)} (a smaller max_tokens lowers it)")


def _check(name: str, value: object, kind: type) -> None:
    if value is None:
        return
    right = isinstance(value, int) or (kind is float and isinstance(value, float) and math.isfinite(value))
    if isinstance(value, bool) or not right or not isinstance(value, int | float) or value < 0:
        raise ConfigError(f"Budget.{name} takes a {'whole ' if kind is int else ''}number, 0 or more")


@overload
def budgeted(client: HTTPClient, budget: Budget) -> HTTPClient: ...
@overload
def budgeted(client: M, budget: Budget) -> M: ...
@overload
def budgeted(client: Client, budget: Budget) -> Client: ...
def budgeted(client: Client, budget: Budget) -> Client:
    """The same client, which sends a request only if the budget can bear the most that it may cost.

    Before every HTTP request (each attempt and each continuation; of a client that is not ours, each call) that is
    reserved: its input at most, and `max_tokens` or `assume_output` of output. The usage of the answer takes its place;
    an answer that was left keeps what was reserved. What runs over is charged, and stops the next one. So it is exact
    with `max_tokens` and without tools that the provider runs.

    raises: ConfigError for what is no client or no budget. A call: BudgetExceededError before anything is sent;
        ConfigError for a model that the table has no price for, where `usd` is set.
    """
    if not isinstance(cast("object", budget), Budget):
        raise ConfigError(f"budgeted takes a Budget, not {kind_name(budget)}")
    return gated(client, lambda inner: _Purse(budget, inner), _Budgeted)


class _Budgeted(PerCall):
    made_by = "budgeted"

    def hosted_batches(self) -> Any:
        """None: what no request is let pass by cannot be held to a budget."""
        raise UnsupportedFeatureError("no budget can hold a hosted batch: submit it by the client without one")


class _Purse:
    """The gate of one client. It knows who sells."""

    def __init__(self, budget: Budget, client: Client) -> None:
        self.budget = budget
        self._provider: str = getattr(client, "provider", "")
        self._model: str = getattr(client, "model", None) or ""

    async def acquire(self, request: Request) -> Lease:
        """Reserve the most that the request may cost."""
        budget = self.budget
        input_, output = self._tokens(request)
        model = request.model or self._model
        usd = 0 if budget.prices is None else await self._most(budget.prices, request, model, Usage(input_, output))
        if not await budget.sums.reserve(usd, input_ + output):
            raise budget.refusal(usd, input_ + output)
        return _Reserved(self, model, input_, output, usd)

    def at_once(self, request: Request) -> Lease | None:
        """The same where nothing need be waited for: no prices, no Redis."""
        budget = self.budget
        if budget.prices is not None or not isinstance(budget.sums, OwnSums):
            return None
        input_, output = self._tokens(request)
        if not budget.sums.add(0, input_ + output):
            raise budget.refusal(0, input_ + output)
        return _Reserved(self, request.model or self._model, input_, output, 0)

    def _tokens(self, request: Request) -> tuple[int, int]:
        """The most that it takes, of input and of output."""
        most = self.budget.assume_output if request.max_tokens is None else request.max_tokens
        return math.ceil(input_tokens(request, BOUND)), most * (request.n or 1)

    async def _most(self, prices: Prices, request: Request, model: str, most: Usage) -> int:
        """What the request may cost that takes so many tokens."""
        await prices.load()
        usd = self.cost(prices, model, most)
        if usd is None:
            raise ConfigError(
                f"no price is known of the model {model[:100]!r} at {self._provider or 'this client'}: "
                "a Budget with usd cannot bear it (one with tokens can)"
            )
        if any(message.cache for message in request.messages):  # what is to be cached may cost more
            usd = max(usd, self.cost(prices, model, evolve(most, cache_write_tokens=most.input_tokens)) or 0)
        return usd

    def cost(self, prices: Prices, model: str, usage: Usage) -> int | None:
        """In billionths of a dollar, rounded up; None where nobody knows."""
        cost = usage.cost_usd if usage.cost_usd is not None else prices.usd(self._provider, model, usage)
        return None if cost is None else math.ceil(cost * _UNITS)


class _Reserved:
    """What one HTTP request has reserved."""

    __slots__ = ("_input", "_model", "_open", "_output", "_purse", "_usd")

    def __init__(self, purse: _Purse, model: str, input_: int, output: int, usd: int) -> None:
        self._purse = purse
        self._model = model
        self._input = input_
        self._output = output
        self._usd = usd
        self._open = True

    def told(self, limits: RateLimits | None, error: LLMError | None = None) -> None:
        pass

    def settle(self, usage: Usage | None) -> None:
        if not self._open:
            return
        self._open = False
        if usage is None:
            return
        budget, usd = self._purse.budget, 0
        # what the answer does not say is what was reserved
        input_ = self._input if usage.input_tokens is None else usage.input_tokens
        output = self._output if usage.output_tokens is None else usage.output_tokens
        if budget.prices is not None and usage != NOTHING:
            known = evolve(usage, input_tokens=input_, output_tokens=output)
            cost = self._purse.cost(budget.prices, self._model, known)
            usd = self._usd if cost is None else cost
        budget.sums.correct(usd - self._usd, input_ + output - self._input - self._output)
