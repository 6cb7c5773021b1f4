"""Documents by how much they tell about a query."""

from collections.abc import Iterable

from attrs import field, frozen

from .checks import at_least, each, listed, of
from .usage import Usage


@frozen
class RerankResult:
    """One document. index: its place among those that were asked about. relevance_score: the higher the better, on the
    model's own scale; scores of two queries or models cannot be compared."""

    index: int = field(validator=at_least(0, or_none=False))
    relevance_score: float = field(validator=of(float))


def _results(value: Iterable[RerankResult] | None) -> tuple[RerankResult, ...]:
    return listed(value, "Ranking.results")


@frozen
class Ranking:
    """What `rerank` returns. results: the best document first; as many as there are, or `top_n`."""

    results: tuple[RerankResult, ...] = field(default=(), converter=_results, validator=each(RerankResult))
    usage: Usage = field(default=Usage(), validator=of(Usage))
    model: str = field(default="", validator=of(str), kw_only=True)
