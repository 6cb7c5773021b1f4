"""Cohere's vectors and rankings. Source: Cohere API reference, "Embed API (v2)" and "Rerank API (v2)", read 2026-11."""

from typing import Any

from ..answer import Answer
from ..vectors import DIMENSIONS, ranked, vector_of
from .base import Received, Route
from .pieces import made_uuid, write
from .rules import Refused, as_list, as_object, refusal, unknown_keys

ROUTES = (Route("embed", "POST", "/v2/embed"), Route("rerank", "POST", "/v2/rerank"))
_EMBED = {
    *("model", "input_type", "texts", "images", "inputs", "max_tokens", "output_dimension", "embedding_types"),
    *("truncate", "priority"),
}
_TYPES = ("search_document", "search_query", "classification", "clustering", "image")
_MOST_TEXTS = 96


def check(request: Received) -> str | None:
    return refusal(_check_embed if request.verb == "embed" else _check_rerank, request.body)


def _check_embed(body: Any) -> None:
    asked = as_object(body) or {}
    for key in unknown_keys(asked, _EMBED):
        raise Refused(f"unknown field: parameter '{key}' is not a valid field")
    if asked.get("input_type") not in _TYPES:
        raise Refused("invalid request: valid input_type must be provided with the provided model.")
    texts = as_list(asked.get("texts"))
    if not texts:
        raise Refused("invalid request: at least one of texts, images or inputs must be provided")
    if len(texts) > _MOST_TEXTS:
        raise Refused(f"total number of texts must be at most {_MOST_TEXTS} - received {len(texts)}")


def _check_rerank(body: Any) -> None:
    asked = as_object(body) or {}
    for key in ("model", "query", "documents"):
        if not asked.get(key):
            raise Refused(f"invalid request: {key} must not be empty")


def body(answer: Answer, request: Received) -> bytes:
    asked = as_object(request.body) or {}
    meta: dict[str, Any] = {"api_version": {"version": "2"}}
    if request.verb == "embed":
        size, texts = asked.get("output_dimension") or DIMENSIONS, as_list(asked.get("texts")) or []
        said: dict[str, Any] = {
            "texts": texts,
            "embeddings": {"float": [list(vector_of(text, size)) for text in texts]},
            "response_type": "embeddings_by_type",
        }
        meta["billed_units"] = {"input_tokens": answer.usage.input_tokens}
    else:
        found = ranked(asked["query"], as_list(asked.get("documents")) or [])[: asked.get("top_n")]
        said = {"results": [{"index": place, "relevance_score": score} for place, score in found]}
        meta["billed_units"] = {"search_units": 1}
    return write({"id": answer.id or made_uuid(answer, request), **said, "meta": meta}).encode()
