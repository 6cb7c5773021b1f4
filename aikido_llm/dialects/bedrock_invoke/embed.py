"""Texts -> the bodies in which the models' makers want them.

Which body a model takes, its id says: those of this service begin with their maker.

source: Amazon Bedrock User Guide, "Amazon Titan Embeddings G1 - Text" (V2 too), "Cohere Embed v3", "Cohere Embed v4",
and "Nova Multimodal Embeddings", read 2026-11; recorded exchanges of all three.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from attrs import frozen

from ...errors import UnsupportedFeatureError
from ...types.embeddings import Embeddings
from ...types.usage import Usage
from .. import envelope, vectors
from ..base import WireRequest
from ..embeddings import WHAT, options
from ..paths import segment
from ..values import as_count
from ..verbs import Embedding, EmbedRequest
from . import wire
from .quirks import Quirks

Body = dict[str, Any]


@frozen
class Maker:
    """table: what a request may ask for. write: the texts, and the keys of what is asked for beside -> the body."""

    table: Embedding
    write: Callable[[list[str], Body], Body]


def _titan(texts: list[str], chosen: Body) -> Body:
    return {"inputText": texts[0], **chosen}


def _cohere(texts: list[str], chosen: Body) -> Body:
    # else a vector of half a text passes for that of the whole
    return {"texts": texts, "embedding_types": ["float"], "truncate": "NONE", **chosen}


def _nova(texts: list[str], chosen: Body) -> Body:
    text = {"truncationMode": "NONE", "value": texts[0]}
    return {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": {**chosen, "text": text}}


USUAL = Embedding(
    "",
    most_texts=96,
    numbers="",
    dimensions="output_dimension",
    input_type="input_type",
    input_types={"query": "search_query", "document": "search_document"},
    usual_type="search_document",
)
_MAKERS: Mapping[str, Maker] = {
    "cohere.embed": Maker(USUAL, _cohere),
    "amazon.titan-embed": Maker(Embedding("", most_texts=1, numbers=""), _titan),
    "amazon.nova": Maker(
        Embedding(
            "",
            most_texts=1,
            numbers="",
            dimensions="embeddingDimension",
            input_type="embeddingPurpose",
            input_types={"query": "GENERIC_RETRIEVAL", "document": "GENERIC_INDEX"},
            usual_type="GENERIC_INDEX",
        ),
        _nova,
    ),
}


def maker_of(model: str) -> Maker:
    """By what stands in a model's id. Raises UnsupportedFeatureError for an id that names none of them."""
    found = next((maker for piece, maker in _MAKERS.items() if piece in model), None)
    if found is None:
        raise UnsupportedFeatureError(
            f"which body {model[:80]!r} takes for vectors is not known: its id holds none of {', '.join(_MAKERS)}"
        )
    return found


def encode_embed(asked: EmbedRequest, quirks: Quirks) -> WireRequest:
    maker = maker_of(asked.model)
    path = quirks.path.replace("{model}", segment(asked.model, "a model"))
    return WireRequest(path, maker.write(list(asked.texts), options(asked, maker.table)))


def decode_embed(body: bytes, count: int, quirks: Quirks) -> Embeddings:
    try:
        page = wire.PAGE.decode(body)
        rows = _rows(page, count)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise envelope.none_of(WHAT, body, quirks.error_words) from None
    read = [vectors.read(row) for row in rows]
    usage = Usage(as_count(vectors.small(page.inputTextTokenCount)))
    return Embeddings(vectors.in_order(read, [None] * len(read), count), usage=usage)


def _rows(page: wire.Page, count: int) -> list[msgspec.Raw]:
    several = bytes(page.embeddings)
    if several == bytes(vectors.NOTHING):
        return [page.embedding]
    if several[:1] == b"{":
        several = bytes(wire.KINDS.decode(several).numbers)
    vectors.few(several, b"[", count + 1)
    return [wire.ITEM.decode(row).embedding if bytes(row)[:1] == b"{" else row for row in wire.ROWS.decode(several)]
