"""Texts -> `POST /v2/embed`.

source: Cohere API reference, "Embed API (v2)", read 2026-11. What it calls billed tokens are those it read.
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
from .quirks import Quirks


class _Kinds(msgspec.Struct):
    numbers: msgspec.Raw = msgspec.field(name="float")


class _Page(msgspec.Struct):
    embeddings: _Kinds
    meta: msgspec.Raw = vectors.NOTHING


_page = msgspec.json.Decoder(_Page)
_rows = msgspec.json.Decoder(list[msgspec.Raw])


def encode_embed(asked: EmbedRequest, quirks: Quirks) -> WireRequest:
    table = there(quirks.embedding, "vectors")
    body: dict[str, Any] = {"model": asked.model, "texts": list(asked.texts), "embedding_types": ["float"]}
    body["truncate"] = "NONE"  # else a vector of half a text passes for that of the whole
    return WireRequest(table.path, body | options(asked, table))


def decode_embed(body: bytes, count: int, quirks: Quirks) -> Embeddings:
    try:
        page = _page.decode(body)
        numbers = bytes(page.embeddings.numbers)
        vectors.few(numbers, b"[", count)
        rows = _rows.decode(numbers)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise envelope.none_of(WHAT, body, quirks.error_words) from None
    read = [vectors.read(row) for row in rows]
    billed = as_object(as_object(vectors.small(page.meta)).get("billed_units"))
    usage = Usage(as_count(billed.get("input_tokens")), raw=billed or None)
    return Embeddings(vectors.in_order(read, [None] * len(read), count), usage=usage)
