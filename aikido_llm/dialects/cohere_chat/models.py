"""The model list: `GET /v1/models` (there is none under /v2), in pages.

source: Cohere API reference, "List Models", read 2026-11.
"""

from typing import Any, cast
from urllib.parse import quote

from ...codecs import json
from ...errors import MalformedStream
from ...types.response import ModelInfo
from .. import status
from ..base import ModelPage, WireRequest

PATH = "/v1/models?endpoint=chat&page_size=1000"


def encode_models(cursor: str | None) -> WireRequest:
    return WireRequest(f"{PATH}&page_token={quote(cursor, safe='')}" if cursor else PATH, method="GET")


def decode_models(body: bytes) -> ModelPage:
    """`name` is the id; the list has no dates, prices or output limits."""
    try:
        page = json.loads_object(body)
    except ValueError:
        excerpt = status.page_text(body.decode("utf-8", "replace"))
        raise MalformedStream(f"the model list is not JSON: {excerpt}") from None
    found: object = page.get("models", [])
    if not isinstance(found, list):
        raise MalformedStream("the model list has no list of models")
    entries = [cast("dict[str, Any]", entry) for entry in cast("list[object]", found) if isinstance(entry, dict)]
    models = tuple(_model(entry) for entry in entries if isinstance(entry.get("name"), str))
    cursor = page.get("next_page_token")
    return ModelPage(models, cursor if isinstance(cursor, str) and cursor else None)


def _model(entry: dict[str, Any]) -> ModelInfo:
    context = entry.get("context_length")
    if isinstance(context, bool) or not isinstance(context, int | float) or not 0 < context < 1e12:
        context = None
    return ModelInfo(entry["name"], context_length=None if context is None else int(context), raw=entry)
