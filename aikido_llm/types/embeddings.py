"""Vectors of texts."""

from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

from .checks import listed, of, wrong
from .usage import Usage, added

if TYPE_CHECKING:
    Vector: TypeAlias = array[float]
else:
    Vector = array  # Python 3.11 cannot say of what
"""float32 numbers: an `array.array` of type code `f`. `numpy.asarray(vector)` reads it where it lies."""


def _vectors(value: Iterable[Vector] | None) -> tuple[Vector, ...]:
    return listed(value, "Embeddings.vectors")


def _indexes(value: Iterable[int] | None) -> tuple[int, ...] | None:
    return None if value is None else listed(value, "Embeddings.indexes")


def _are_float32(owner: object, _: object, vectors: tuple[object, ...]) -> None:
    for vector in vectors:
        kind: object = type(vector)
        if kind is not array or getattr(vector, "typecode", "") != "f":
            raise wrong(owner, "vectors", "float32 arrays (array.array of type code f)", vector)


def _are_as_many(owner: "Embeddings", _: object, indexes: tuple[int, ...] | None) -> None:
    if indexes is None:
        return
    if len(indexes) != len(owner.vectors) or not all(type(index) is int for index in indexes):
        raise wrong(owner, "indexes", "one whole number for each vector", indexes)


@frozen
class Embeddings:
    """What `embed` returns.

    vectors: one for each text, in the order of the texts, all of one length; each a float32 `array.array`.
    model:   that made them, as the provider names it. usage: of all requests together.
    indexes: of which texts the vectors are, in rising order; None when they are those of all. Only the finished ones
             that an error carries (`LLMError.partial_embeddings`) have it.
    """

    vectors: tuple[Vector, ...] = field(converter=_vectors, validator=_are_float32, repr=False)
    model: str = field(default="", validator=of(str))
    usage: Usage = field(default=Usage(), validator=of(Usage))
    indexes: tuple[int, ...] | None = field(
        default=None, converter=_indexes, validator=_are_as_many, repr=False, kw_only=True
    )


class Gathering:
    """The vectors of so many texts, while they come from several requests in any order."""

    def __init__(self, count: int) -> None:
        self._vectors: list[Vector | None] = [None] * count
        self._usages: list[Usage] = []
        self._model = ""

    def add(self, found: Embeddings, indexes: Sequence[int]) -> None:
        """indexes: of which texts the vectors of `found` are."""
        for index, vector in zip(indexes, found.vectors, strict=True):
            self._vectors[index] = vector
        self._usages.append(found.usage)
        self._model = self._model or found.model

    @property
    def missing(self) -> list[int]:
        """The texts that have none yet."""
        return [index for index, vector in enumerate(self._vectors) if vector is None]

    def so_far(self) -> Embeddings | None:
        """The finished ones, None for none."""
        there = {index: vector for index, vector in enumerate(self._vectors) if vector is not None}
        if not there:
            return None
        return Embeddings(there.values(), self._model, self._usage(), indexes=list(there))

    def all(self) -> Embeddings:
        """All of them."""
        return Embeddings([vector for vector in self._vectors if vector is not None], self._model, self._usage())

    def _usage(self) -> Usage:
        return self._usages[0] if len(self._usages) == 1 else added(self._usages)
