"""What a run of `map` would take, before anything is sent."""

import asyncio
from collections.abc import Container

from attrs import evolve, frozen

import aikido_llm as llm
from aikido_llm.middleware.limits.estimate import GUESS, input_tokens
from aikido_llm.middleware.prices import Prices

from .inputs import Reader
from .job import with_system
from .tables import Source

_ASSUMED = 1024  # tokens of an answer that has no bound


@frozen
class Estimate:
    """rows: that would be asked; wrong: that ask nothing. Tokens: input by a rule of thumb (four bytes of English make
    one); output at most, where every answer has a bound, else assumed."""

    rows: int = 0
    wrong: int = 0
    input_tokens: float = 0.0
    output_tokens: int = 0
    bounded: bool = True

    def said(self, usd: float | None) -> str:
        """usd: what it would cost, None where nobody knows."""
        bound = "at most" if self.bounded else "about, for some answers have no bound (--max-tokens),"
        return (
            f"map: {self.rows:,} rows would be asked"
            + (f", {self.wrong:,} are no rows" if self.wrong else "")
            + f": about {self.input_tokens:,.0f} tokens in, {bound} {self.output_tokens:,} out"
            + (f", ${usd:,.4g}" if usd is not None else "")
            + "; nothing was sent"
        )


def cost(provider: str, model: str | None, found: Estimate) -> float | None:
    """US dollars, by the table of genai-prices; None without it, and for what it does not know."""
    try:
        prices = Prices("the estimate")
    except llm.ConfigError:
        return None
    asyncio.run(prices.load())
    usage = llm.Usage(input_tokens=round(found.input_tokens), output_tokens=found.output_tokens)
    return prices.usd(provider, model or "", usage)


def estimate(source: Source, reader: Reader, done: Container[int], system: str | None) -> Estimate:
    """done: rows that are answered."""
    found = Estimate()
    for number, text in source.numbered():
        if number in done:
            continue
        item = reader.read(number, text)
        if item.request is None:
            found = evolve(found, wrong=found.wrong + 1)
            continue
        request = with_system(item.request, system)
        most = request.max_tokens
        found = Estimate(
            found.rows + 1,
            found.wrong,
            found.input_tokens + input_tokens(request, GUESS),
            found.output_tokens + (most or _ASSUMED) * (request.n or 1),
            found.bounded and most is not None,
        )
    return found
