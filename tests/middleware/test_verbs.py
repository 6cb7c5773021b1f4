"""The further verbs through what stands around a client."""

from array import array
from collections.abc import Iterable
from typing import Any

import pytest

import aikido_llm as llm
import aikido_llm.sync
from aikido_llm.client import Embedder, Reranker, TokenCounter
from aikido_llm.middleware import Budget, Limiter, Middleware, budgeted, hedged, hooked, limited, priced
from aikido_llm.testing import StubClient, WireServer, vector_of

from .makers import MAKERS, REQUEST

RANKING = llm.Ranking([llm.RerankResult(0, 0.5)], llm.Usage(9))


class Own(StubClient):
    """A client of somebody else, which has all three."""

    async def embed(
        self,
        texts: str | Iterable[str],
        model: str | None = None,
        dimensions: int | None = None,
        input_type: str | None = None,
    ) -> llm.Embeddings:
        found = [array("f", [len(text)] * (dimensions or 1)) for text in texts]
        return llm.Embeddings(found, model or "", llm.Usage(7))

    async def rerank(
        self, query: str, documents: Iterable[str], model: str | None = None, top_n: int | None = None
    ) -> llm.Ranking:
        return RANKING

    async def count_tokens(self, request: llm.Request) -> int:
        return len(request.messages)


def test_the_protocols_are_what_clients_have() -> None:
    for kind in (Embedder, Reranker, TokenCounter):
        assert isinstance(Own(), kind)
        assert isinstance(Middleware(StubClient()), kind)
        assert not isinstance(StubClient(), kind)


@pytest.mark.parametrize("name", [name for name in MAKERS if "fallback" not in name])
async def test_every_maker_forwards_them(name: str) -> None:
    client: Any = MAKERS[name](Own())
    found = await client.embed(["a", "bc"], model="m", dimensions=2, input_type="query")
    assert list(found.vectors) == [array("f", [1, 1]), array("f", [2, 2])]
    assert (found.model, found.usage.input_tokens) == ("m", 7)
    assert await client.rerank("q", ["a"], top_n=1) == RANKING
    assert await client.count_tokens(REQUEST) == len(REQUEST.messages)


async def test_a_client_of_others_is_let_pass_once_a_call() -> None:
    budget = Budget(tokens=1000)
    client: Any = budgeted(limited(Own(), Limiter(requests_per_minute=60)), budget)
    await client.embed(iter(["a", "b"]))
    assert budget.spent_tokens == 7
    await client.rerank("q", iter(["a"]))
    assert budget.spent_tokens == 16
    with pytest.raises(llm.BudgetExceededError):
        await client.embed(["a" * 2000])
    assert budget.spent_tokens == 16


async def test_views_of_ours_are_the_client_with_all_it_has() -> None:
    async with WireServer() as server, llm.open("openai-chat", server.dsn("openai-chat")) as client:
        around = hooked(hedged(limited(client, Limiter(concurrent=2))))
        assert (await around.embed("a")).vectors == (vector_of("a"),)
        assert (await around.single_attempt.embed("a")).vectors == (vector_of("a"),)
        with pytest.raises(llm.UnsupportedFeatureError, match="these have it"):
            await around.rerank("q", ["a"])


async def test_vectors_are_priced_where_the_table_knows_them() -> None:
    pytest.importorskip("genai_prices", reason="genai-prices is not installed; with it: make test")
    async with WireServer() as server, llm.open("openai-chat", server.dsn("openai-chat")) as client:
        known = await priced(client).embed(["a"], model="text-embedding-3-small")
        assert known.usage.cost_usd == pytest.approx(11 * 0.02 / 1e6)
        assert (await priced(client).embed(["a"], model="nobody-knows")).usage.cost_usd is None


def test_a_wrapped_client_has_them_without_await() -> None:
    with aikido_llm.sync.wrap(Own()) as client:
        assert client.embed(["abc"]).vectors == (array("f", [3]),)
        assert client.rerank("q", ["a"]) == RANKING
        assert client.count_tokens(REQUEST) == len(REQUEST.messages)
