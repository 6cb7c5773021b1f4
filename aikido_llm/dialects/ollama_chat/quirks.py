"""What may differ between servers of this wire."""

from attrs import field, frozen
from attrs.validators import in_

from ..late_system import LATE_SYSTEM, LateSystem
from ..verbs import Embedding
from ..words import NO_WORDS, Words

EMBEDDING = Embedding("/api/embed", numbers="float")


@frozen
class Quirks:
    # The wire knows levels of thinking, not budgets: one of at most so many tokens is asked for as that level.
    low_budget_tokens: int = 2048
    medium_budget_tokens: int = 8192
    # False for servers before the levels came (2025), which take only true and false.
    thinking_levels: bool = True
    # Models that hear take sound where others take pictures; False refuses it before sending.
    audio_in_images: bool = True

    # The server takes one anywhere, and then many templates join them all at the top, or show the first alone.
    late_system: LateSystem = field(default="user", validator=in_(LATE_SYSTEM))

    # Further verbs.
    embedding: Embedding | None = EMBEDDING

    # What the host's own codes and sentences mean.
    error_words: Words = NO_WORDS
