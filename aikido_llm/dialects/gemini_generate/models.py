"""The model list (source: Gemini API reference, models.list, v1beta, read 2026-11)."""

from typing import Any

from ...codecs import json
from ...types.response import ModelInfo
from .. import envelope, paths
from ..base import ModelPage, WireRequest
from ..lacking import listed_at
from ..values import as_count, as_text, is_list, is_object
from ..words import NO_WORDS, Words
from .quirks import Quirks

_PAGE_SIZE = 1000  # the most the service gives


def encode_models(cursor: str | None, quirks: Quirks) -> WireRequest:
    token = f"&pageToken={paths.cursor(cursor)}" if cursor else ""
    return WireRequest(f"{listed_at(quirks.models_path)}?pageSize={_PAGE_SIZE}{token}", method="GET")


def decode_models(body: bytes, words: Words = NO_WORDS) -> ModelPage:
    """Models that can do generateContent; those for embeddings, speech alone or live sessions are left out."""
    try:
        page = json.loads_object(body)
    except ValueError:
        raise envelope.no_models(body, words) from None
    entries = page.get("models", [])
    if not is_list(entries) or ("models" not in page and page):
        raise envelope.no_models(body, words)
    models = tuple(_model(e) for e in entries if is_object(e) and _generates(e))
    return ModelPage(models, as_text(page.get("nextPageToken")) or None)


def _generates(entry: dict[str, Any]) -> bool:
    methods = entry.get("supportedGenerationMethods")
    return isinstance(entry.get("name"), str) and (not is_list(methods) or "generateContent" in methods)


def _model(entry: dict[str, Any]) -> ModelInfo:
    return ModelInfo(
        entry["name"].removeprefix("models/"),
        as_text(entry.get("displayName")),
        as_count(entry.get("inputTokenLimit")),
        as_count(entry.get("outputTokenLimit")),
        raw=entry,
    )
