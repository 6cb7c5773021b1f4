"""Vectors, rankings and counts as bytes: what is read, and what is refused as no answer."""

import json
from array import array
from typing import Any

import msgspec
import pytest

import aikido_llm as llm
from aikido_llm.codecs import base64, float32
from aikido_llm.dialects import counting, embeddings, rankings, vectors
from aikido_llm.dialects.verbs import Embedding, EmbedRequest, Embeds, Reranking, RerankRequest
from aikido_llm.providers import find

TABLE = Embedding()
NUMBERS = [0.25, -1.5, 3.0e-5]
TEXT = base64.encode(float32.to_bytes(array("f", NUMBERS)))


def page(*items: Any, **more: Any) -> bytes:
    return json.dumps({"data": list(items), "model": "m", **more}).encode()


def item(numbers: Any = NUMBERS, **more: Any) -> dict[str, Any]:
    return {"embedding": numbers, **more}


def test_base64_and_lists_are_the_same_float32() -> None:
    found = embeddings.decode(page(item(TEXT, index=1), item(index=0)), 2, TABLE)
    assert found.vectors == (array("f", NUMBERS), array("f", NUMBERS))
    assert found.vectors[0].itemsize == 4


def test_vectors_are_in_the_order_of_their_indexes_and_of_coming_where_there_are_none() -> None:
    ordered = embeddings.decode(page(item([2], index=2), item([0], index=0), item([1], index=1)), 3, TABLE)
    assert [vector[0] for vector in ordered.vectors] == [0, 1, 2]
    came = embeddings.decode(page(item([5]), item([4])), 2, TABLE)
    assert [vector[0] for vector in came.vectors] == [5, 4]


def test_base64_may_be_escaped_in_its_json() -> None:
    slashes = base64.encode(b"\xff" * 3 + b"\x3f")
    body = page(item("X")).replace(b'"X"', b'"' + slashes.replace("/", "\\/").encode() + b'"')
    assert "/" in slashes
    assert b"\\/" in body
    assert embeddings.decode(body, 1, Embedding(int8=True)).vectors[0] == array("f", [-1, -1, -1, 63])


def test_bytes_of_int8_are_numbers() -> None:
    text = base64.encode(bytes((0, 1, 255, 128, 127)))
    found = embeddings.decode(page(item(text, index=0)), 1, Embedding(int8=True))
    assert list(found.vectors[0]) == [0, 1, -1, -128, 127]


NAN = base64.encode(float32.to_bytes(array("f", [1.0, float("nan")])))
INFINITE = base64.encode(float32.to_bytes(array("f", [float("-inf"), 1.0])))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (page(item(index=0), item(index=0)), "each once"),
        (page(item(index=0), item(index=2)), "each once"),
        (page(item(index=0), item()), "each once"),
        (page(item(index=-1), item(index=0)), "each once"),
        (page(item(index=0)), "1 vectors for 2 texts"),
        (page(item(), item(), item()), "3 vectors for 2 texts"),
        (page(item(index=0), item([1.0], index=1)), "vectors of 1 and 3 numbers"),
        (page(item([]), item([])), "vectors of 0 numbers"),
        (page(item(NAN), item(NAN)), "not finite"),
        (page(item(INFINITE), item(INFINITE)), "not finite"),
        (page(item([1e39]), item([1.0])), "not finite"),
        (page(item("AAAA"), item("AAAA")), "3 bytes"),
        (page(item("***"), item("***")), "no base64"),
        (page(item([1, None]), item([1, 2])), "no list of numbers"),
        (page(item([1, "2"]), item([1, 2])), "no list of numbers"),
        (page(item(None), item(None)), "no list of numbers"),
        (page(item({}), item({})), "no list of numbers"),
        (page(item([0] * (2 << 20))), "bytes of JSON"),
        (b'{"data": [{"embedding": [NaN]}, {"embedding": [1]}]}', "no list of vectors"),
        (b'{"data": [{"index": 0}, {"index": 1}]}', "no list of vectors"),
        (b'{"data": [{"embedding": [1', "no list of vectors"),
        (b"<html>busy</html>", "busy"),
        (b"", "it is empty"),
    ],
)
def test_what_is_no_answer_is_told(body: bytes, said: str) -> None:
    with pytest.raises(llm.MalformedStream, match=said):
        embeddings.decode(body, 2, TABLE)


@pytest.mark.parametrize(
    ("row", "body"),
    [
        ("openai-chat", b'{"data":[' + b",".join([b'{"embedding":[1]}'] * 1000) + b"]}"),
        ("cohere", b'{"embeddings":{"float":[' + b",".join([b"[]"] * 1000) + b"]}}"),
        ("ollama", b'{"embeddings":[' + b",".join([b"[]"] * 1000) + b"]}"),
        ("gemini", b'{"embeddings":[' + b",".join([b'{"values":[]}'] * 1000) + b"]}"),
        ("vertex", b'{"predictions":[' + b",".join([b'{"embeddings":{"values":[]}}'] * 1000) + b"]}"),
    ],
)
def test_of_more_than_was_asked_for_no_value_is_made(row: str, body: bytes) -> None:
    dialect = find(row).dialect
    assert isinstance(dialect, Embeds)
    with pytest.raises(llm.MalformedStream, match="more of them than were asked for"):
        dialect.decode_embed(body, 100)
    with pytest.raises(llm.MalformedStream, match="more of them than were asked for"):
        rankings.decode(ranking(*[{"index": 1}] * 1000), 100)


def test_what_stands_beside_and_is_large_is_left() -> None:
    found = embeddings.decode(page(item(), usage={"prompt_tokens": 1, "more": [0] * 100_000}), 1, TABLE)
    assert found.usage == llm.Usage()
    with pytest.raises(llm.MalformedStream):
        counting.decode(json.dumps({"input_tokens": 1, "more": [0] * 100_000}).encode(), ("input_tokens",))


def test_large_numbers_that_are_finite_are_kept() -> None:
    largest = 3.4028234663852886e38
    vector = vectors.read(msgspec.Raw(json.dumps([largest, -largest, 1.0]).encode()))
    assert list(vector) == [largest, -largest, 1.0]


def test_an_error_inside_a_200_is_that_error() -> None:
    error = b'{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}'
    with pytest.raises(llm.RateLimitedError, match="slow down"):
        embeddings.decode(error, 1, TABLE)
    with pytest.raises(llm.RateLimitedError):
        rankings.decode(error, 1)
    with pytest.raises(llm.RateLimitedError):
        counting.decode(error, ("input_tokens",))


def test_usage_and_what_it_cost() -> None:
    said = {"prompt_tokens": 7, "total_tokens": 7, "cost": 1.4e-07}
    usage = embeddings.decode(page(item(), usage=said), 1, TABLE).usage
    assert (usage.input_tokens, usage.output_tokens, usage.cost_usd, usage.raw) == (7, None, 1.4e-07, said)
    assert embeddings.decode(page(item(), usage={"total_tokens": 4}), 1, TABLE).usage.input_tokens == 4
    assert embeddings.decode(page(item()), 1, TABLE).usage == llm.Usage()


def test_the_words_of_a_host() -> None:
    asked = EmbedRequest(["a"], "m", 256, "query")
    assert embeddings.encode(asked, Embedding(input_type="kind", input_types={"query": "q"})).body == {
        "model": "m", "input": ["a"], "encoding_format": "base64", "dimensions": 256, "kind": "q",
    }  # fmt: skip
    own = Embedding(input_type="kind", input_types={"query": "q"}, usual_type="d", dimensions="size", numbers="")
    assert embeddings.encode(EmbedRequest(["a"], "m", 8, "own"), own).body == {
        "model": "m", "input": ["a"], "size": 8, "kind": "own",
    }  # fmt: skip
    assert embeddings.encode(EmbedRequest(["a"], "m"), own).body == {"model": "m", "input": ["a"], "kind": "d"}
    with pytest.raises(llm.UnsupportedFeatureError, match="leave dimensions out"):
        embeddings.encode(asked, Embedding(dimensions=""))


@pytest.mark.parametrize(
    ("row", "path", "body"),
    [
        ("cohere", "/v2/embed", {"model": "m", "texts": ["a"], "embedding_types": ["float"], "truncate": "NONE",
                                 "input_type": "search_query", "output_dimension": 8}),
        ("gemini", "/models/m:batchEmbedContents", {"requests": [
            {"model": "models/m", "content": {"parts": [{"text": "a"}]}, "taskType": "RETRIEVAL_QUERY",
             "outputDimensionality": 8}]}),
        ("vertex", "/models/m:predict", {"instances": [{"content": "a", "task_type": "RETRIEVAL_QUERY"}],
                                         "parameters": {"autoTruncate": False, "outputDimensionality": 8}}),
        ("nvidia", "/embeddings", {"model": "m", "input": ["a"], "dimensions": 8, "input_type": "query"}),
    ],
)  # fmt: skip
def test_what_each_wire_is_asked(row: str, path: str, body: Any) -> None:
    dialect = find(row).dialect
    assert isinstance(dialect, Embeds)
    wire = dialect.encode_embed(EmbedRequest(["a"], "m", 8, "query"))
    assert (wire.path, wire.body) == (path, body)


# ---------------------------------------------------------------- rankings and counts


def ranking(*results: Any, **more: Any) -> bytes:
    return json.dumps({"results": list(results), **more}).encode()


def test_a_ranking_has_the_best_first() -> None:
    body = ranking({"index": 1, "relevance_score": 0.1}, {"index": 0, "relevance_score": 2}, usage={"total_tokens": 5})
    found = rankings.decode(body, 2)
    assert found.results == (llm.RerankResult(0, 2.0), llm.RerankResult(1, 0.1))
    assert found.usage.input_tokens == 5
    billed = rankings.decode(ranking(meta={"billed_units": {"search_units": 1}}), 2)
    assert billed == llm.Ranking(usage=llm.Usage(raw={"search_units": 1}))
    wire = rankings.encode(RerankRequest("q", ["a"], "m", 3), Reranking("/r", top_n="top_k"))
    assert (wire.path, wire.body) == ("/r", {"model": "m", "query": "q", "documents": ["a"], "top_k": 3})


@pytest.mark.parametrize(
    "body",
    [
        ranking({"index": 2, "relevance_score": 1}),
        ranking({"index": -1, "relevance_score": 1}),
        ranking({"index": True, "relevance_score": 1}),
        ranking({"relevance_score": 1}),
        ranking({"index": 0}),
        ranking({"index": 0, "relevance_score": "high"}),
        b'{"results": [{"index": 0, "relevance_score": NaN}]}',
        ranking({"index": 0, "relevance_score": 1}, {"index": 0, "relevance_score": 1}),
        ranking("a"),
        b'{"results": {}}',
        b"[]",
        b"",
    ],
)
def test_what_is_no_ranking_is_told(body: bytes) -> None:
    with pytest.raises(llm.MalformedStream):
        rankings.decode(body, 2)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"7", b"", b'{"input_tokens": "many"}', b'{"input_tokens": -1}'])
def test_what_is_no_count_is_told(body: bytes) -> None:
    assert counting.decode(b'{"data": {"total": 3}}', ("a",), ("data", "total")) == 3
    with pytest.raises(llm.MalformedStream, match="no count of tokens"):
        counting.decode(body, ("input_tokens",))


def test_values_are_checked_when_they_are_made() -> None:
    for wrong in (["a"], [[1.0]], [array("d", [1.0])]):
        with pytest.raises(llm.InvalidRequestError, match="float32"):
            llm.Embeddings(wrong)  # type: ignore[arg-type]
    with pytest.raises(llm.InvalidRequestError, match="one whole number for each vector"):
        llm.Embeddings([array("f", [1.0])], indexes=[1, 2])
    with pytest.raises(llm.InvalidRequestError):
        llm.RerankResult(-1, 0.5)
