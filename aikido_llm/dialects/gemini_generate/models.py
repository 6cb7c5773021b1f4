"""The model list (source: Gemini API reference, models.list, v1beta, read 2026-11)."""

from typing import Any
from urllib.parse import quote

from ...codecs import json
from ...errors import MalformedStream
from ...types.response import ModelInfo
from ..base import ModelPage, WireRequest
from .wire import is_list, is_object

_PAGE_SIZE = 1000  # the most the service gives


def encode_models(cursor: str | None) -> WireRequest:
    token = f"&pageToken={quote(cursor, safe='')}" if cursor else ""
    return WireRequest(f"/models?pageSize={_PAGE_SIZE}{token}", method="GET")


def decode_models(body: bytes) -> ModelPage:
    """Models that can do generateContent; those for embeddings, speech alone or live sessions are left out."""
    try:
        page = json.loads_object(body)
    except ValueError:
        raise MalformedStream("the model list is no JSON object") from None
    entries = page.get("models", [])
    if not is_list(entries) or "error" in page:
        raise MalformedStream("the server's answer is no model list")
    token = page.get("nextPageToken")
    models = tuple(_model(e) for e in entries if is_object(e) and _generates(e))
    return ModelPage(models, token if isinstance(token, str) and token else None)


def _generates(entry: dict[str, Any]) -> bool:
    methods = entry.get("supportedGenerationMethods")
    return isinstance(entry.get("name"), str) and (not is_list(methods) or "generateContent" in methods)


def _model(entry: dict[str, Any]) -> ModelInfo:
    name = entry.get("displayName")
    return ModelInfo(
        entry["name"].removeprefix("models/"),
        name if isinstance(name, str) else "",
        _tokens(entry.get("inputTokenLimit")),
        _tokens(entry.get("outputTokenLimit")),
        raw=entry,
    )


def _tokens(value: Any) -> int | None:
    return value if type(value) is int else None
