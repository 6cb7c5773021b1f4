"""The shape that most hosts give vectors: `{"model", "input": [...]}` to `/embeddings`, `data[].embedding` back.

source: the hosts' API references, "Create embeddings", and recorded exchanges of twelve hosts, read 2026-11.
"""

from typing import Any

import msgspec

from ..errors import UnsupportedFeatureError
from ..types.embeddings import Embeddings
from ..types.usage import Usage
from . import envelope, vectors
from .base import WireRequest
from .cost import dollars
from .values import as_object, as_text, first_count
from .verbs import Embedding, EmbedRequest
from .words import NO_WORDS, Words

WHAT = "list of vectors"


class _Item(msgspec.Struct):
    embedding: msgspec.Raw
    index: int | None = None


class _Page(msgspec.Struct):
    data: list[_Item]
    model: msgspec.Raw = vectors.NOTHING
    usage: msgspec.Raw = vectors.NOTHING


_page = msgspec.json.Decoder(_Page)


def encode(asked: EmbedRequest, table: Embedding) -> WireRequest:
    """Raises UnsupportedFeatureError for what the host has no word for."""
    body: dict[str, Any] = {"model": asked.model, "input": list(asked.texts)}
    if table.numbers:
        body["encoding_format"] = table.numbers
    return WireRequest(table.path, body | options(asked, table))


def options(asked: EmbedRequest, table: Embedding) -> dict[str, Any]:
    """The keys of what a caller may ask for beside the texts."""
    found: dict[str, Any] = {}
    if asked.dimensions is not None:
        if not table.dimensions:
            raise UnsupportedFeatureError("this provider gives vectors one length; leave dimensions out")
        found[table.dimensions] = asked.dimensions
    if asked.input_type is not None and not table.input_type:
        raise UnsupportedFeatureError("this provider has no word for what a text is for; leave input_type out")
    word = table.usual_type if asked.input_type is None else table.input_types.get(asked.input_type, asked.input_type)
    if word and table.input_type:
        found[table.input_type] = word
    return found


def decode(body: bytes, count: int, table: Embedding, own: Words = NO_WORDS) -> Embeddings:
    """A vector for each of `count` texts, in their order."""
    vectors.few(body, b'"embedding"', 2 * count)  # the key, and the word that says what each is
    try:
        page = _page.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise envelope.none_of(WHAT, body, own) from None
    found = [vectors.read(item.embedding, int8=table.int8) for item in page.data]
    ordered = vectors.in_order(found, (item.index for item in page.data), count)
    return Embeddings(ordered, as_text(vectors.small(page.model)), usage(vectors.small(page.usage)))


def usage(value: Any) -> Usage:
    """What a `usage` object says of a verb that reads and writes nothing."""
    said = as_object(value)
    if not said:
        return Usage()
    read = first_count(said, "prompt_tokens", "input_tokens", "total_tokens")
    return Usage(read, first_count(said, "completion_tokens", "output_tokens"), cost_usd=dollars(said), raw=said)
