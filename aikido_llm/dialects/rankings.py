"""The shape that hosts give rankings: `{"query", "documents"}` to `/rerank`, `results[].index, relevance_score` back.

source: the hosts' API references, "Rerank", and recorded exchanges of five hosts, read 2026-11.
"""

from typing import Any

import msgspec

from ..types.ranking import Ranking, RerankResult
from ..types.usage import Usage
from . import envelope
from .base import WireRequest
from .embeddings import usage
from .values import as_count, as_object, as_text, first_count, is_object
from .vectors import NOTHING, few, malformed, small
from .verbs import Reranking, RerankRequest
from .words import NO_WORDS, Words

WHAT = "ranking"


def encode(asked: RerankRequest, table: Reranking) -> WireRequest:
    body: dict[str, Any] = {"model": asked.model, "query": asked.query, "documents": list(asked.documents)}
    if asked.top_n is not None:
        body[table.top_n] = asked.top_n
    return WireRequest(table.path, body)


class _Result(msgspec.Struct):
    index: int
    relevance_score: float | None = None
    score: float | None = None  # as engines before that name call it


class _Page(msgspec.Struct):
    results: list[_Result] | None = None
    data: list[_Result] | None = None
    model: msgspec.Raw = NOTHING
    usage: msgspec.Raw = NOTHING
    meta: msgspec.Raw = NOTHING


_page = msgspec.json.Decoder(_Page)


def decode(body: bytes, count: int, own: Words = NO_WORDS) -> Ranking:
    """The best first, whatever order they came in; documents of the same score as they came."""
    few(body, b'"index"', count)
    try:
        page = _page.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise envelope.none_of(WHAT, body, own) from None
    entries = page.data if page.results is None else page.results
    if entries is None:
        raise envelope.none_of(WHAT, body, own)
    if len({entry.index for entry in entries}) < len(entries):
        raise malformed("a document that is ranked twice")
    results = [_result(entry, count) for entry in entries]
    results.sort(key=lambda result: -result.relevance_score)
    return Ranking(results, _usage(page), model=as_text(small(page.model)))


def _result(entry: _Result, count: int) -> RerankResult:
    if not 0 <= entry.index < count:
        raise malformed(f"a result that is of none of the {count} documents")
    score = entry.score if entry.relevance_score is None else entry.relevance_score
    if score is None:
        raise malformed("a document without a score")
    return RerankResult(entry.index, score)


def _usage(page: _Page) -> Usage:
    """`usage`, or what is billed by `meta`; units of search are no tokens, and stay in `raw`."""
    if is_object(said := small(page.usage)):
        return usage(said)
    billed = as_object(as_object(small(page.meta)).get("billed_units"))
    if not billed:
        return Usage()
    return Usage(first_count(billed, "input_tokens"), as_count(billed.get("output_tokens")), raw=billed)
