"""The shapes of vectors, by the models' makers. What is not named here is passed over."""

import msgspec

from ..vectors import NOTHING


class Page(msgspec.Struct):
    """`embedding` is Titan's, `embeddings` Cohere's and Nova's."""

    embedding: msgspec.Raw = NOTHING
    embeddings: msgspec.Raw = NOTHING
    inputTextTokenCount: msgspec.Raw = NOTHING


class Kinds(msgspec.Struct):
    """Cohere's, where it was asked for kinds of numbers."""

    numbers: msgspec.Raw = msgspec.field(name="float")


class Item(msgspec.Struct):
    """Nova's."""

    embedding: msgspec.Raw


PAGE = msgspec.json.Decoder(Page)
KINDS = msgspec.json.Decoder(Kinds)
ITEM = msgspec.json.Decoder(Item)
ROWS = msgspec.json.Decoder(list[msgspec.Raw])
