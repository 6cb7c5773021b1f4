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
    # Since 2026 the service model has a role `system` among the messages; few models take it.
    late_system: LateSystem = field(default="user", validator=in_(LATE_SYSTEM))
    # A result without content is refused by some models.
    empty_tool_result: str = "(no output)"
    # Behind the base URL; "" where no list is: the service's is at another host, that of its control plane.
    models_path: str = "/foundation-models"
    # So many cache points are taken; of more the last are kept.
    cache_points: int = 4
    # Tokens are counted by a call of their own. Vectors and rankings are made by InvokeModel, another wire.
    counts: bool = True
    # What the host's own codes and sentences mean.
    error_words: Words = NO_WORDS
