"""What may differ between servers of this wire."""

from attrs import frozen

from ..words import NO_WORDS, Words


@frozen
class Quirks:
    # The wire knows levels of thinking, not budgets: one of at most so many tokens is asked for as that level.
    low_budget_tokens: int = 2048
    medium_budget_tokens: int = 8192
    # False for servers before the levels came (2025), which take only true and false.
    thinking_levels: bool = True
    # Models that hear take sound where others take pictures; False refuses it before sending.
    audio_in_images: bool = True

    # What the host's own codes and sentences mean.
    error_words: Words = NO_WORDS
