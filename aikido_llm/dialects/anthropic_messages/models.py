"""The model list: `GET /v1/models`, newest first, in pages.

source: Anthropic API reference, "List Models", read 2026-11.
"""

from typing import Any

from ...codecs import json
from ...types.response import ModelInfo
from .. import envelope, paths
from ..base import ModelPage, WireRequest
from ..lacking import listed_at
from ..values import as_count, as_objects, as_text, is_object
from ..words import NO_WORDS, Words
from .quirks import Quirks

_PAGE = 1000  # the most the server gives


def encode_models(cursor: str | None, quirks: Quirks) -> WireRequest:
    """cursor: the last id of the page before."""
    after = f"&after_id={paths.cursor(cursor)}" if cursor else ""
    return WireRequest(f"{listed_at(quirks.models_path)}?limit={_PAGE}{after}", method="GET")


def decode_models(body: bytes, words: Words = NO_WORDS) -> ModelPage:
    """Raises the error that came instead, MalformedStream when this is no model list."""
    try:
        page = json.loads(body)
    except ValueError:
        page = None
    if not is_object(page) or not isinstance(page.get("data"), list):
        raise envelope.no_models(body, words)
    entries = [entry for entry in as_objects(page["data"]) if as_text(entry.get("id"))]
    more = page.get("has_more") is True and bool(entries)
    last = as_text(page.get("last_id")) or (entries[-1]["id"] if entries else "")
    return ModelPage(tuple(_model(entry) for entry in entries), last if more else None)


def _model(entry: dict[str, Any]) -> ModelInfo:
    return ModelInfo(
        entry["id"],
        name=as_text(entry.get("display_name")),
        context_length=as_count(entry.get("max_input_tokens")),
        max_output_tokens=as_count(entry.get("max_tokens")),
        raw=entry,
    )
