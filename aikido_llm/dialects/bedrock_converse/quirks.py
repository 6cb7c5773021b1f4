"""What may differ between models and hosts of this wire."""

from attrs import field, frozen
from attrs.validators import in_

from ..late_system import LATE_SYSTEM, LateSystem
from ..words import NO_WORDS, Words


@frozen
class Quirks:
    """Each field has the value that Amazon Bedrock wants."""

    # The service answers 400 above it.
    max_temperature: float = 1.0
    # Behind a thinking budget without max_tokens, so much is kept for the answer: thinking spends from max_tokens too.
    answer_room: int = 8_192
    # System text stands at the top alone; there is no such role among the messages.
    late_system: LateSystem = field(default="user", validator=in_(LATE_SYSTEM))
    # A result without content is refused by some models.
    empty_tool_result: str = "(no output)"
    # What the host's own codes and sentences mean.
    error_words: Words = NO_WORDS
