"""What an answer costs where its provider does not say: by the table of genai-prices. The one place that names it.

source: genai-prices 0.2, `calc_price`, read 2026-11: its input tokens include what is read from and written to a cache,
as ours do. Nothing is fetched: who wants the newest prices runs its `UpdatePrices`.
"""

import asyncio
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from attrs import evolve

from ..client import Client
from ..errors import ConfigError
from ..types.events import EndEvent, ErrorEvent, Event, UsageEvent
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

    async def _begin(self, request: Request, road: Road) -> Begun:
        await self.prices.load()
        return await _Pricing(self.prices, self.model or "", road).begin(self._clients[0], request)


class _Pricing(Call):
    def __init__(self, prices: Prices, model: str, road: Road) -> None:
        super().__init__(road)
        self._prices = prices
        self._model = model

    async def asked(self, request: Request) -> Request:
        self._model = request.model or self._model
        return request

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
        if response.usage.cost_usd is not None:
            return response
        cost = self._prices.usd(response.provider, response.model or self._model, response.usage)
        if cost is None and response.model != self._model:
            cost = self._prices.usd(response.provider, self._model, response.usage)
        return response if cost is None else evolve(response, usage=evolve(response.usage, cost_usd=cost))

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
