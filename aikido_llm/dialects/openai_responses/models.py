"""The list of models: one page."""

from typing import Any

from ...codecs import json
from ...types.response import ModelInfo
from .. import envelope
from ..base import ModelPage, WireRequest
from ..lacking import listed_at
from ..values import as_count, as_object, as_objects, as_text, is_list, is_object
from ..words import NO_WORDS, Words
from .quirks import Quirks

# OpenAI's list says no context length; servers that speak the same wire do, each under its own name.
_CONTEXT = ("context_length", "max_model_len", "context_window", "max_context_length")


def encode_models(quirks: Quirks) -> WireRequest:
    """GET, no cursor: there is only one page."""
    return WireRequest(listed_at(quirks.models_path), method="GET")


def decode_models(body: bytes, words: Words = NO_WORDS) -> ModelPage:
    """`{"data": [{"id", ..}]}`, or the bare array of some servers. Raises MalformedStream for anything else."""
    try:
        listed: Any = json.loads(body)
    except ValueError:
        listed = None
    if is_object(listed):
        listed = listed.get("data")
    if not is_list(listed):
        raise envelope.no_models(body, words)
    return ModelPage(tuple(_model(entry) for entry in as_objects(listed) if as_text(entry.get("id"))))


def _model(entry: dict[str, Any]) -> ModelInfo:
    meta = as_object(entry.get("meta"))  # llama.cpp: the context it runs with, else the one the model was trained for
    sizes = [entry.get(name) for name in _CONTEXT] + [meta.get("n_ctx"), meta.get("n_ctx_train")]
    return ModelInfo(
        id=entry["id"],
        name=as_text(entry.get("name")),
        context_length=next((count for size in sizes if (count := as_count(size))), None),
        raw=entry,
    )
