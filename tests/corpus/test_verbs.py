"""Recorded vectors, rankings and counts of real services, beside what a plain reader takes from the same bytes."""

import base64
import json
import re
import struct
from typing import Any

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.values import as_object
from aikido_llm.dialects.verbs import Counts, Embeds, Reranks
from aikido_llm.errors import LLMError
from aikido_llm.providers import find
from aikido_llm.providers.base import Provider

from .load import FURTHER, Exchange, operations

pytestmark = pytest.mark.skipif(
    not FURTHER.is_file(), reason="without ../shared/corpus beside the project; with it: make test"
)
ROWS = {
    "azure": "azure", "cohere": "cohere", "google": "gemini", "llamacpp": "llamacpp", "mistral": "mistral",
    "ollama": "ollama", "openai": "openai-chat", "openrouter": "openrouter", "perplexity": "perplexity",
    "together": "together", "venice": "venice", "vertex": "vertex", "anthropic": "anthropic",
    "bedrock": "bedrock-converse",
}  # fmt: skip
# Another route of a service than the one that its dialect asks.
BESIDE = re.compile(r"/api/embeddings$|:embedContent$|/v1/tokenize$")


def row_of(exchange: Exchange) -> Provider:
    """doubleword, GitHub and Voyage have no row; Ollama's /v1 and OpenAI's Responses are other wires."""
    if exchange.provider == "ollama" and "/v1/" in exchange.url:
        return find("openai-compatible")
    if exchange.url.endswith("/responses/input_tokens"):
        return find("openai-responses")
    if exchange.url.endswith("/invoke"):
        return find("bedrock").speaking("invoke")
    return find(ROWS.get(exchange.provider, "openai-compatible"))


def answers(protocol: str) -> list[Exchange]:
    return [
        e for e in operations(protocol) if e.status == 200 and not BESIDE.search(e.url) and "multimodal" not in e.tags
    ]


def vectors_of_invoke() -> list[Exchange]:
    found = [exchange for exchange in operations("bedrock-invoke") if "embeddings" in exchange.tags]
    assert len(found) == 11
    return found


def numbers(value: Any, *, int8: bool) -> tuple[float, ...]:
    if not isinstance(value, str):
        return struct.unpack(f"<{len(value)}f", struct.pack(f"<{len(value)}f", *value))
    data = base64.b64decode(value)
    return tuple(
        map(float, struct.unpack(f"{len(data)}b", data) if int8 else struct.unpack(f"<{len(data) // 4}f", data))
    )


def plain(body: Any, *, int8: bool) -> list[tuple[float, ...]]:
    found: list[Any]
    if "data" in body:
        found = [entry["embedding"] for entry in sorted(body["data"], key=lambda entry: entry["index"])]
    elif "predictions" in body:
        found = [entry["embeddings"]["values"] for entry in body["predictions"]]
    elif "embedding" in body:
        found = [body["embedding"]]
    elif isinstance(body["embeddings"], dict):
        found = body["embeddings"]["float"]
    else:
        found = [_of_entry(entry) for entry in body["embeddings"]]
    return [numbers(value, int8=int8) for value in found]


def _of_entry(entry: Any) -> Any:
    said = as_object(entry)
    return said.get("values", said.get("embedding")) if said else entry


def read_tokens(body: Any) -> int | None:
    usage: dict[str, int] = (
        body.get("usage") or body.get("usageMetadata") or body.get("meta", {}).get("billed_units") or {}
    )
    names = ("prompt_tokens", "total_tokens", "promptTokenCount", "input_tokens")
    if "predictions" in body:
        counts: list[int] = [entry["embeddings"]["statistics"]["token_count"] for entry in body["predictions"]]
        return sum(counts)
    told: int | None = body.get("prompt_eval_count", body.get("inputTextTokenCount"))
    return next((usage[name] for name in names if name in usage), told)


def test_every_recorded_vector() -> None:
    seen = 0
    for exchange in [*answers("embeddings"), *vectors_of_invoke()]:
        body, dialect = json.loads(exchange.body), row_of(exchange).dialect
        if isinstance(body.get("embeddings"), dict) and "float" not in body["embeddings"]:
            continue  # another type than is asked for
        assert isinstance(dialect, Embeds), exchange.id
        assert dialect.embedding is not None, exchange.id
        expected = plain(body, int8=dialect.embedding.int8)
        found, tokens = dialect.decode_embed(exchange.body, len(expected)), read_tokens(body)
        assert [tuple(vector) for vector in found.vectors] == expected, exchange.id
        assert found.usage.input_tokens == (tokens and int(tokens)), exchange.id
        assert found.model == body.get("model", ""), exchange.id
        seen += 1
        for cut in (0, 1, len(exchange.body) // 2, len(exchange.body.rstrip()) - 1):
            with pytest.raises(LLMError):
                dialect.decode_embed(exchange.body[:cut], len(expected))
    assert seen > 50


def test_every_recorded_ranking() -> None:
    found = answers("rerank")
    for exchange in found:
        body, dialect = json.loads(exchange.body), row_of(exchange).dialect
        assert isinstance(dialect, Reranks), exchange.id
        results = body.get("results", body.get("data"))
        expected = sorted(((r["index"], r["relevance_score"]) for r in results), key=lambda result: -result[1])
        ranking = dialect.decode_rerank(exchange.body, 100)
        assert [(r.index, r.relevance_score) for r in ranking.results] == expected, exchange.id
        cost = body.get("usage", {}).get("cost")
        assert ranking.usage.cost_usd == cost, exchange.id
        for cut in range(0, len(exchange.body.rstrip()) - 1, 7):
            with pytest.raises(LLMError):
                dialect.decode_rerank(exchange.body[:cut], 100)
    assert len(found) > 10


def test_every_recorded_count() -> None:
    found = answers("count-tokens")
    for exchange in found:
        body, dialect = json.loads(exchange.body), row_of(exchange).dialect
        assert isinstance(dialect, Counts), exchange.id
        expected = next(body[name] for name in ("input_tokens", "totalTokens", "inputTokens") if name in body)
        assert dialect.decode_count(exchange.body) == expected, exchange.id
    assert len(found) > 20


def test_every_recorded_refusal_is_a_typed_error() -> None:
    """Their classes are held by test_errors.py; here that none of them passes for an answer."""
    for protocol in ("embeddings", "rerank", "count-tokens"):
        for exchange in (e for e in operations(protocol) if e.status != 200):
            row = row_of(exchange)
            error = row.dialect.decode_error(ErrorReply(exchange.status, exchange.headers, exchange.body))
            assert error.message, exchange.id
            if isinstance(row.dialect, Embeds) and protocol == "embeddings":
                with pytest.raises(LLMError):
                    row.dialect.decode_embed(exchange.body, 1)
