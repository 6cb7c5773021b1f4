"""The model list: `GET /v1/models` (there is none under /v2), in pages.

source: Cohere API reference, "List Models", read 2026-11.
"""

from typing import Any

from ...codecs import json
from ...types.response import ModelInfo
from .. import envelope, paths
from ..base import ModelPage, WireRequest
from ..values import as_count, as_objects, as_text, is_list
from ..words import NO_WORDS, Words

PATH = "/v1/models?endpoint=chat&page_size=1000"


def encode_models(cursor: str | None) -> WireRequest:
    return WireRequest(f"{PATH}&page_token={paths.cursor(cursor)}" if cursor else PATH, method="GET")


def decode_models(body: bytes, words: Words = NO_WORDS) -> ModelPage:
    """`name` is the id; the list has no dates, prices or output limits."""
    try:
        page = json.loads_object(body)
    except ValueError:
        raise envelope.no_models(body, words) from None
    found = page.get("models")
    if not is_list(found):
        raise envelope.no_models(body, words)
    models = tuple(_model(entry) for entry in as_objects(found) if as_text(entry.get("name")))
    return ModelPage(models, as_text(page.get("next_page_token")) or None)


def _model(entry: dict[str, Any]) -> ModelInfo:
    return ModelInfo(entry["name"], context_length=as_count(entry.get("context_length")) or None, raw=entry)
