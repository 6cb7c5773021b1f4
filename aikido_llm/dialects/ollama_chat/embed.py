"""Texts -> `POST /api/embed`.

source: Ollama docs, "API", "Generate Embeddings", read 2026-11. Texts beyond the model's context are cut by the server
unless `truncate` is false: a vector of half a text passes for that of the whole, so it is.
"""

from typing import Any

import msgspec

from ...types.embeddings import Embeddings
from ...types.usage import Usage
from .. import envelope, vectors
from ..base import WireRequest
from ..embeddings import WHAT, options
from ..values import as_count, as_text
from ..verbs import EmbedRequest, there
from .quirks import Quirks


class _Page(msgspec.Struct):
    embeddings: list[msgspec.Raw]
    model: msgspec.Raw = vectors.NOTHING
    read: msgspec.Raw = msgspec.field(default=vectors.NOTHING, name="prompt_eval_count")


_page = msgspec.json.Decoder(_Page)


def encode_embed(asked: EmbedRequest, quirks: Quirks) -> WireRequest:
    table = there(quirks.embedding, "vectors")
    body: dict[str, Any] = {"model": asked.model, "input": list(asked.texts), "truncate": False}
    return WireRequest(table.path, body | options(asked, table))


def decode_embed(body: bytes, count: int, quirks: Quirks) -> Embeddings:
    vectors.few(body, b"[", count)
    try:
        page = _page.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise envelope.none_of(WHAT, body, quirks.error_words) from None
    read = [vectors.read(numbers) for numbers in page.embeddings]
    ordered = vectors.in_order(read, [None] * len(read), count)
    return Embeddings(ordered, as_text(vectors.small(page.model)), Usage(as_count(vectors.small(page.read))))
