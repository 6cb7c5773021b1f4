"""What may differ between hosts or generations of this wire."""

from attrs import field, frozen
from attrs.validators import in_

from ..late_system import LATE_SYSTEM, LateSystem
from ..verbs import Embedding, Reranking
from ..words import NO_WORDS, Words

# Cohere API reference, "Embed API (v2)", where input_type is required, and "Rerank API (v2)", read 2026-11.
EMBEDDING = Embedding(
    "/v2/embed",
    most_texts=96,
    numbers="float",
    dimensions="output_dimension",
    input_type="input_type",
    input_types={"query": "search_query", "document": "search_document"},
    usual_type="search_document",
)
RERANKING = Reranking("/v2/rerank")


@frozen
class Quirks:
    # The service answers 400 outside these ranges.
    max_temperature: float = 1.0
    min_top_p: float = 0.01
    max_top_p: float = 0.99
    max_stops: int = 5
    # The wire knows budgets, not efforts. 0 leaves the length of the reasoning to the model, its default.
    low_effort_tokens: int = 1024
    medium_effort_tokens: int = 8192
    high_effort_tokens: int = 0

    # The service answers 400 "system turn must be the first in the list" to any other.
    late_system: LateSystem = field(default="user", validator=in_(LATE_SYSTEM))

    # Further verbs. What the service calls tokenize counts a text, not a conversation as its models read it.
    embedding: Embedding | None = EMBEDDING
    reranking: Reranking | None = RERANKING

    # What the host's own codes and sentences mean.
    error_words: Words = NO_WORDS
