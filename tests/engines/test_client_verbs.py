"""Vectors, rankings and counts of llama.cpp's real server."""

import math
from pathlib import Path

import pytest

import aikido_llm as llm

from . import llamacpp as engine
from .llamacpp import LlamaCpp, start_embedding


def client_of(server: LlamaCpp, row: str = "llamacpp") -> llm.HTTPClient:
    return llm.open(row, server.base_url, model=engine.MODEL, api_key="any")


async def test_vectors_of_texts(scripted_gguf: Path) -> None:
    texts = [f"text number {number}" for number in range(70)]
    with start_embedding(scripted_gguf, "mean") as server:
        async with client_of(server) as client:
            found = await client.embed(texts)
            alone = await client.embed(texts[69])
        async with client_of(server, "together") as client:
            lists = await client.embed(texts[:3])
    assert len(found.vectors) == 70
    assert found.usage.input_tokens
    assert all(math.isclose(math.hypot(*vector), 1.0, rel_tol=1e-4) for vector in found.vectors)
    assert found.vectors[69].tolist() == pytest.approx(alone.vectors[0].tolist(), abs=1e-4)
    for listed, packed in zip(lists.vectors, found.vectors, strict=False):
        assert listed.tolist() == pytest.approx(packed.tolist(), abs=1e-4)


async def test_a_ranking(scripted_gguf: Path) -> None:
    """The scripted model has no head that ranks: its scores mean nothing, and are numbers in the engine's own words."""
    with start_embedding(scripted_gguf, "rank") as server:
        async with client_of(server) as client:
            ranking = await client.rerank("a question", ["one", "two", "three"], top_n=2)
    assert len(ranking.results) == 2
    assert {result.index for result in ranking.results} <= {0, 1, 2}
    assert ranking.usage.input_tokens


async def test_what_the_server_was_not_started_for_is_its_error(llamacpp: LlamaCpp) -> None:
    async with client_of(llamacpp) as client:
        with pytest.raises(llm.LLMError, match="embeddings"):
            await client.embed(["a"])
        with pytest.raises(llm.LLMError, match="reranking"):
            await client.rerank("q", ["a"])


async def test_a_count_is_what_the_answer_then_reads(llamacpp: LlamaCpp) -> None:
    tool = llm.ToolDef(engine.TOOL_NAME, "Tells the weather.", engine.TOOL_SCHEMA)
    request = llm.Request([llm.system("be brief"), llm.user("hi")], tools=[tool])
    async with client_of(llamacpp) as client:
        counted = await client.count_tokens(request)
        answered = await client.complete(request)
    assert counted == answered.usage.input_tokens
