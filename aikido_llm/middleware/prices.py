"""What an answer costs where its provider does not say: by the table of genai-prices. The one place that names it.

source: genai-prices 0.2, `calc_price`, read 2026-11: its input tokens include what is read from and written to a cache,
as ours do. Nothing is fetched: who wants the newest prices runs its `UpdatePrices`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from attrs import evolve

from ..client import Client
from ..errors import ConfigError
from ..types.batches import Answered, HostedBatch
from ..types.embeddings import Embeddings
from ..types.events import EndEvent, ErrorEvent, Event, UsageEvent
from ..types.ranking import Ranking
from ..types.request import Request
from ..types.response import Response
from ..types.usage import Usage
from .base import Middleware
from .call import Call
from .roads import Begun, Road

# Row -> who sells there, in the table's own words, where that is another word.
SELLERS = {
    "azure-anthropic": "azure",
    "bedrock": "aws",
    "bedrock-converse": "aws",
    "gemini": "google",
    "grok": "x-ai",
    "moonshot": "moonshotai",
    "openai-chat": "openai",
    "openai-responses": "openai",
    "vertex": "google",
    "vertex-anthropic": "google",
}


class Prices:
    """The table, once it is loaded: that takes half a second, in a thread."""

    def __init__(self, maker: str) -> None:
        """maker: who needs it. Raises ConfigError where genai-prices is not installed."""
        if find_spec("genai_prices") is None:
            raise ConfigError(f"{maker} needs genai-prices: pip install 'aikido-llm[prices]'")
        self._table: Any = None

    async def load(self) -> None:
        """Before the first price."""
        if self._table is None:
            self._table = await asyncio.to_thread(import_module, "genai_prices")

    def usd(self, provider: str, model: str, usage: Usage) -> float | None:
        """What this usage of a model costs at a row, in US dollars; None where the table has no such price.

        provider: the row's name; "" takes whoever the model's name points to.
        """
        if usage.total_tokens is None or not model:
            return None
        table = self._table
        counts = table.Usage(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cache_read_tokens=usage.cache_read_tokens,
            cache_write_tokens=usage.cache_write_tokens,
        )
        try:
            price = table.calc_price(counts, model, provider_id=SELLERS.get(provider, provider) or None)
        except (LookupError, ValueError):
            return None
        return float(price.total_price)


def priced(client: Client) -> "PricedClient":
    """The client, whose answers say what they cost: `usage.cost_usd`, where the provider does not say it itself.

    Of a model that the table has no price for it stays None. What the table leaves out (a contract, a discount, tools
    that the provider runs) is not in it.

    raises: ConfigError without genai-prices (extra `prices`).
    """
    return PricedClient(client, Prices("priced"))


class PricedClient(Middleware):
    """See `priced`."""

    made_by = "priced"

    def __init__(self, client: Client, prices: Prices) -> None:
        super().__init__(client)
        self.prices = prices

    def hosted_batches(self) -> "PricedBatches":
        """The provider's batches; what their rows cost is the usual price, at the share that a batch costs."""
        return PricedBatches(super().hosted_batches(), self.prices, self.model or "")

    async def _begin(self, request: Request, road: Road) -> Begun:
        await self.prices.load()
        return await _Pricing(self.prices, request.model or self.model or "", road).begin(self._clients[0], request)

    async def embed(
        self,
        texts: str | Iterable[str],
        model: str | None = None,
        dimensions: int | None = None,
        input_type: str | None = None,
    ) -> Embeddings:
        """Vectors of texts, as the inner client's `embed`, with what they cost."""
        await self.prices.load()
        found = await super().embed(texts, model, dimensions, input_type)
        return evolve(found, usage=self._priced(found.usage, found.model, model or self.model or ""))

    async def rerank(
        self, query: str, documents: Iterable[str], model: str | None = None, top_n: int | None = None
    ) -> Ranking:
        """Documents by their relevance, as the inner client's `rerank`, with what that cost."""
        await self.prices.load()
        found = await super().rerank(query, documents, model, top_n)
        return evolve(found, usage=self._priced(found.usage, found.model, model or self.model or ""))

    def _priced(self, usage: Usage, *models: str) -> Usage:
        """By the first of these names of a model that the table knows."""
        if usage.cost_usd is not None:
            return usage
        costs = (self.prices.usd(self.provider, model, usage) for model in models)
        return evolve(usage, cost_usd=next((cost for cost in costs if cost is not None), None))


class _Pricing(Call):
    def __init__(self, prices: Prices, model: str, road: Road) -> None:
        super().__init__(road)
        self._prices = prices
        self._model = model

    async def came(self, events: list[Event]) -> list[Event]:
        """The UsageEvent that stands before the end is priced as the whole answer."""
        if self.end is None:
            return events
        response = self._priced(self.end.response)
        usage = response.usage
        if usage is self.end.response.usage:
            return events
        return [self._told(event, response) for event in events]

    async def failed(self, error: Exception) -> None:
        partial = getattr(error, "partial", None)
        if isinstance(partial, Response):
            vars(error)["partial"] = self._priced(partial)

    def _priced(self, response: Response) -> Response:
        return with_price(self._prices, self._model, response)

    def _told(self, event: Event, response: Response) -> Event:
        match event:
            case UsageEvent():
                return UsageEvent(response.usage)
            case ErrorEvent(error=error):
                error.partial = response
            case EndEvent(finish_reason=reason):
                return EndEvent(reason, response)
            case _:
                pass
        return event


def with_price(prices: Prices, model: str, response: Response, share: float = 1.0) -> Response:
    """The response, which says what it cost, where it does not yet. model: that was asked for. share: of the price."""
    if response.usage.cost_usd is not None:
        return response
    cost = prices.usd(response.provider, response.model or model, response.usage)
    if cost is None and response.model != model:
        cost = prices.usd(response.provider, model, response.usage)
    return response if cost is None else evolve(response, usage=evolve(response.usage, cost_usd=cost * share))


class PricedBatches:
    """A host of batches (see `aikido_llm.bulk`), whose answers say what they cost."""

    def __init__(self, host: Any, prices: Prices, model: str) -> None:
        self._host = host
        self._prices = prices
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def answers(self, batch: HostedBatch, asked: Callable[[str], Request | None]) -> "_PricedAnswers":
        """As the host's."""
        return _PricedAnswers(self._host.answers(batch, asked), self._price)

    async def _price(self, answered: Answered) -> Answered:
        await self._prices.load()
        outcome, share = answered.outcome, self._host.price
        if isinstance(outcome, Response):
            return evolve(answered, outcome=with_price(self._prices, self._model, outcome, share))
        if outcome.partial is not None:
            outcome.partial = with_price(self._prices, self._model, outcome.partial, share)
        return answered


class _PricedAnswers:
    def __init__(self, answers: Any, price: Callable[[Answered], Awaitable[Answered]]) -> None:
        self._answers = answers
        self._price = price

    async def next(self) -> list[Answered] | None:
        several: list[Answered] | None = await self._answers.next()
        return None if several is None else [await self._price(answered) for answered in several]

    def close(self) -> None:
        self._answers.close()
