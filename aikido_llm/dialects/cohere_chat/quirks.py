"""What may differ between hosts or generations of this wire."""

from attrs import field, frozen
from attrs.validators import in_

from ..late_system import LATE_SYSTEM, LateSystem
from ..words import NO_WORDS, Words


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

    # What the host's own codes and sentences mean.
    error_words: Words = NO_WORDS
