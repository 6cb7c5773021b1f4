"""The model list: `GET /api/tags`, one page, the latest change first.

source: Ollama docs, "API", "List Local Models", read 2026-11.
"""

from typing import Any

from ...codecs import json
from ...types.response import ModelInfo
from .. import envelope
from ..base import ModelPage, WireRequest
from ..values import as_count, as_object, as_objects, as_text, is_list
from ..words import NO_WORDS, Words


def encode_models(cursor: str | None) -> WireRequest:
    return WireRequest("/api/tags", method="GET")


def decode_models(body: bytes, words: Words = NO_WORDS) -> ModelPage:
    """`name` is the id. Models that can only embed are left out, where the server tells what models can."""
    try:
        page = json.loads_object(body)
    except ValueError:
        raise envelope.no_models(body, words) from None
    found: Any = page.get("models") or []  # null on a server without models
    if not is_list(found) or ("models" not in page and page):
        raise envelope.no_models(body, words)
    entries = [entry for entry in as_objects(found) if as_text(entry.get("name")) and _chats(entry)]
    return ModelPage(tuple(_model(entry) for entry in entries))


def _chats(entry: dict[str, Any]) -> bool:
    can = entry.get("capabilities")
    return not is_list(can) or "embedding" not in can or "completion" in can


def _model(entry: dict[str, Any]) -> ModelInfo:
    context = as_count(as_object(entry.get("details")).get("context_length"))  # newer servers only
    return ModelInfo(entry["name"], context_length=context or None, raw=entry)
