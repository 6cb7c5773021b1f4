"""Texts -> `:batchEmbedContents`, or `:predict` on the enterprise API.

source: Gemini API reference, "models.batchEmbedContents", v1beta; Vertex AI docs, "Get text embeddings"; recorded
exchanges of both; read 2026-11.
"""

from typing import Any

import msgspec

from ...types.embeddings import Embeddings
from ...types.usage import Usage
from .. import envelope, vectors
from ..base import WireRequest
from ..embeddings import WHAT, options
from ..values import as_count, as_object
from ..verbs import EmbedRequest, there
from .names import model_path
from .quirks import Quirks


class _Values(msgspec.Struct):
    values: msgspec.Raw
    statistics: msgspec.Raw = vectors.NOTHING


class _Prediction(msgspec.Struct):
    embeddings: _Values


class _Batch(msgspec.Struct):
    embeddings: list[_Values]
    usage: msgspec.Raw = msgspec.field(default=vectors.NOTHING, name="usageMetadata")


class _Predictions(msgspec.Struct):
    predictions: list[_Prediction]


_batch = msgspec.json.Decoder(_Batch)
_predictions = msgspec.json.Decoder(_Predictions)


def encode_embed(asked: EmbedRequest, quirks: Quirks) -> WireRequest:
    path = model_path(asked.model)
    chosen = options(asked, there(quirks.embedding, "vectors"))
    if quirks.embed_form == "predict":
        kinds = {"task_type": chosen.pop("taskType")} if "taskType" in chosen else {}
        body: dict[str, Any] = {"instances": [{"content": text, **kinds} for text in asked.texts]}
        # else a vector of half a text passes for that of the whole
        return WireRequest(f"{path}:predict", body | {"parameters": {"autoTruncate": False, **chosen}})
    model = path.removeprefix("/")
    requests = [{"model": model, "content": {"parts": [{"text": text}]}, **chosen} for text in asked.texts]
    return WireRequest(f"{path}:batchEmbedContents", {"requests": requests})


def decode_embed(body: bytes, count: int, quirks: Quirks) -> Embeddings:
    vectors.few(body, b'"values"', count)
    try:
        found, usage = _predicted(body) if quirks.embed_form == "predict" else _embedded(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise envelope.none_of(WHAT, body, quirks.error_words) from None
    read = [vectors.read(each.values) for each in found]
    return Embeddings(vectors.in_order(read, [None] * len(read), count), usage=usage)


def _embedded(body: bytes) -> tuple[list[_Values], Usage]:
    page = _batch.decode(body)
    said = as_object(vectors.small(page.usage))
    return page.embeddings, Usage(as_count(said.get("promptTokenCount")), raw=said or None)


def _predicted(body: bytes) -> tuple[list[_Values], Usage]:
    """Each text's tokens are told beside its vector."""
    found = [prediction.embeddings for prediction in _predictions.decode(body).predictions]
    counts = [as_count(as_object(vectors.small(each.statistics)).get("token_count")) for each in found]
    known = [count for count in counts if count is not None]
    return found, Usage(sum(known) if len(known) == len(found) else None)
