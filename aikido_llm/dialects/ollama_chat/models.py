"""The model list: `GET /api/tags`, one page, the latest change first.

source: Ollama docs, "API", "List Local Models", read 2026-11.
"""

from typing import Any, cast

from ...codecs import json
from ...errors import MalformedStream
from ...types.response import ModelInfo
from .. import status
from ..base import ModelPage, WireRequest


def encode_models(cursor: str | None) -> WireRequest:
    return WireRequest("/api/tags", method="GET")


def decode_models(body: bytes) -> ModelPage:
    """`name` is the id. Models that can only embed are left out, where the server tells what models can."""
    try:
        page = json.loads_object(body)
    except ValueError:
        excerpt = status.page_text(body.decode("utf-8", "replace"))
        raise MalformedStream(f"the model list is not JSON: {excerpt}") from None
    found: object = page.get("models") or []  # null on a server without models
    if not isinstance(found, list):
        raise MalformedStream("the model list has no list of models")
    entries = cast("list[object]", found)
    objects = [cast("dict[str, Any]", entry) for entry in entries if isinstance(entry, dict)]
    return ModelPage(tuple(_model(entry) for entry in objects if isinstance(entry.get("name"), str) and _chats(entry)))


def _chats(entry: dict[str, Any]) -> bool:
    can = entry.get("capabilities")
    return not isinstance(can, list) or "embedding" not in can or "completion" in can


def _model(entry: dict[str, Any]) -> ModelInfo:
    found = entry.get("details")
    details = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    context = details.get("context_length")  # newer servers only
    known = isinstance(context, int) and not isinstance(context, bool) and context > 0
    return ModelInfo(entry["name"], context_length=context if known else None, raw=entry)
