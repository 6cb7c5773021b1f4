"""The list of models: one page."""

from typing import Any

from ...codecs import json
from ...errors import MalformedStream
from ...types.response import ModelInfo
from ..base import ModelPage, WireRequest
from ..status import page_text
from .quirks import Quirks
from .wire import object_of, objects_of, string_of

# OpenAI's list says no context length; servers that speak the same wire do, each under its own name.
_CONTEXT = ("context_length", "max_model_len", "context_window", "max_context_length")


def encode_models(quirks: Quirks) -> WireRequest:
    """GET, no cursor: there is only one page."""
    return WireRequest(quirks.models_path, method="GET")


def decode_models(body: bytes) -> ModelPage:
    """`{"data": [{"id", ..}]}`, or the bare array of some servers. Raises MalformedStream for anything else."""
    try:
        listed: Any = json.loads(body)
    except ValueError:
        listed = None
    if isinstance(listed, dict):
        listed = object_of(listed).get("data")
    if not isinstance(listed, list):
        raise MalformedStream(f"this is not a list of models: {page_text(body.decode('utf-8', 'replace'))}")
    return ModelPage(tuple(_model(entry) for entry in objects_of(listed) if string_of(entry.get("id"))))


def _model(entry: dict[str, Any]) -> ModelInfo:
    meta = object_of(entry.get("meta"))  # llama.cpp: the context it runs with, else the one the model was trained for
    sizes = [entry.get(name) for name in _CONTEXT] + [meta.get("n_ctx"), meta.get("n_ctx_train")]
    return ModelInfo(
        id=entry["id"],
        name=string_of(entry.get("name")),
        context_length=next((size for size in sizes if type(size) is int and size > 0), None),
        raw=entry,
    )
