"""The shape that hosts give rankings: `{"query", "documents"}` to `/rerank`, `results[].index, relevance_score` back.

source: the hosts' API references, "Rerank", and recorded exchanges of five hosts, read 2026-11.
"""

import math
from typing import Any

from ..codecs import json
from ..types.ranking import Ranking, RerankResult
from ..types.usage import Usage
from . import envelope
from .base import WireRequest
from .embeddings import usage
from .values import as_count, as_object, as_text, first_count, is_list, is_object
from .vectors import malformed
from .verbs import Reranking, RerankRequest
from .words import NO_WORDS, Words

WHAT = "ranking"


def encode(asked: RerankRequest, table: Reranking) -> WireRequest:
    body: dict[str, Any] = {"model": asked.model, "query": asked.query, "documents": list(asked.documents)}
    if asked.top_n is not None:
        body[table.top_n] = asked.top_n
    return WireRequest(table.path, body)


def decode(body: bytes, count: int, own: Words = NO_WORDS) -> Ranking:
    """The best first, whatever order they came in; documents of the same score as they came."""
    try:
        page = as_object(json.loads(body))
    except ValueError:
        page = {}
    entries = page.get("results", page.get("data"))
    if not is_list(entries):
        raise envelope.none_of(WHAT, body, own)
    results = [_result(entry, count) for entry in entries]
    if len({result.index for result in results}) < len(results):
        raise malformed("a document that is ranked twice")
    results.sort(key=lambda result: -result.relevance_score)
    return Ranking(results, _usage(page), model=as_text(page.get("model")))


def _result(entry: Any, count: int) -> RerankResult:
    found = as_object(entry)
    index, score = found.get("index"), found.get("relevance_score", found.get("score"))
    if type(index) is not int or not 0 <= index < count:
        raise malformed(f"a result that is of none of the {count} documents")
    if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
        raise malformed("a document without a score")
    return RerankResult(index, float(score))


def _usage(page: dict[str, Any]) -> Usage:
    """`usage`, or what is billed by `meta`; units of search are no tokens, and stay in `raw`."""
    if is_object(page.get("usage")):
        return usage(page["usage"])
    billed = as_object(as_object(page.get("meta")).get("billed_units"))
    if not billed:
        return Usage()
    return Usage(first_count(billed, "input_tokens"), as_count(billed.get("output_tokens")), raw=billed)
