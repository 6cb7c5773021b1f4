"""Further verbs of a dialect, beside answers and model lists: vectors of texts, documents by relevance, counted tokens.

Each is a small protocol of its own: encode and decode, pure. What a host has of it is a value in its row's dialect;
None says that it has not the verb.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

from attrs import field, frozen

from ..errors import UnsupportedFeatureError
from ..types.embeddings import Embeddings
from ..types.ranking import Ranking
from ..types.request import Request
from .base import WireRequest

T = TypeVar("T")
VerbName: TypeAlias = Literal["embed", "rerank", "count_tokens"]


def _no_words() -> dict[str, str]:
    return {}


@frozen
class Embedding:
    """How a host makes vectors.

    path:        behind the base URL. most_texts: of one request. most_tokens: of all texts of one request together,
                 0 where the host says nothing of it.
    numbers:     what is asked for: base64 of float32 (`base64`), lists (`float`), or nothing, for hosts that know no
                 such key. Whatever comes is read.
    int8:        base64 text holds signed bytes, one a dimension.
    dimensions:  the key that shortens vectors, "" where there is none.
    input_type:  the key that says what a text is for, "" where there is none. input_types: the common words `query`
                 and `document` -> the host's; any other word goes as it is. usual_type: the host's word where the
                 caller gives none, for hosts that insist on one.
    """

    path: str = "/embeddings"
    most_texts: int = 32
    most_tokens: int = 0
    numbers: Literal["base64", "float", ""] = "base64"
    int8: bool = False
    dimensions: str = "dimensions"
    input_type: str = ""
    input_types: Mapping[str, str] = field(factory=_no_words)
    usual_type: str = ""


@frozen
class Reranking:
    """How a host ranks. path: behind the base URL. top_n: the key of how many are wanted."""

    path: str = "/rerank"
    top_n: str = "top_n"


@frozen
class EmbedRequest:
    """What one request asks for. input_type: `query`, `document`, or a word of the host's own."""

    texts: Sequence[str]
    model: str
    dimensions: int | None = None
    input_type: str | None = None


@frozen
class RerankRequest:
    """What one request asks for. top_n: how many of the best, None for all."""

    query: str
    documents: Sequence[str]
    model: str
    top_n: int | None = None


@runtime_checkable
class Embeds(Protocol):
    """A dialect with vectors."""

    @property
    def embedding(self) -> Embedding | None:
        """What its host takes, None for a host without."""
        ...

    def encode_embed(self, asked: EmbedRequest) -> WireRequest:
        """asked: no more than `embedding` allows. Raises UnsupportedFeatureError for what the host has no word for."""
        ...

    def decode_embed(self, body: bytes, count: int) -> Embeddings:
        """A vector for each of `count` texts, in their order. Raises MalformedStream for anything else, or the error
        that came instead."""
        ...


@runtime_checkable
class EmbedsByModel(Embeds, Protocol):
    """A dialect whose host takes of one model what it does not take of another."""

    def embedding_of(self, model: str) -> Embedding:
        """Of that model. Raises UnsupportedFeatureError for one that makes no vectors."""
        ...


@runtime_checkable
class Reranks(Protocol):
    """A dialect with rankings."""

    @property
    def reranking(self) -> Reranking | None: ...

    def encode_rerank(self, asked: RerankRequest) -> WireRequest: ...

    def decode_rerank(self, body: bytes, count: int) -> Ranking:
        """count: of the documents. Raises MalformedStream for what is no ranking of so many, or the error that came
        instead."""
        ...


@runtime_checkable
class Counts(Protocol):
    """A dialect that counts a request's tokens without answering it."""

    @property
    def counts(self) -> bool:
        """Whether its host does."""
        ...

    def encode_count(self, request: Request, *, provider: str) -> WireRequest:
        """request: as for `Dialect.encode`, whose errors it raises."""
        ...

    def decode_count(self, body: bytes) -> int: ...


def has(dialect: object, verb: VerbName) -> bool:
    """Whether a dialect's host has the verb."""
    match verb:
        case "embed":
            return isinstance(dialect, Embeds) and dialect.embedding is not None
        case "rerank":
            return isinstance(dialect, Reranks) and dialect.reranking is not None
        case "count_tokens":
            return isinstance(dialect, Counts) and dialect.counts


def embedding_of(dialect: Embeds, model: str) -> Embedding | None:
    """What a dialect's host takes of a model, None where it has no vectors. Raises UnsupportedFeatureError as those do
    whose models differ."""
    return dialect.embedding_of(model) if isinstance(dialect, EmbedsByModel) else dialect.embedding


def there(table: T | None, name: str) -> T:
    """What a host takes of a verb. Raises UnsupportedFeatureError where it is None."""
    if table is None:
        raise UnsupportedFeatureError(f"this provider's wire has no {name}")
    return table
