"""What tells of the exchange and not of the answer: times, limits, who was asked, how to take it up again."""

from attrs import field, frozen

from ..errors import LLMError
from .checks import of
from .unchecked import Unchecked
from .usage import Usage


@frozen
class Timing:
    """Seconds from the first byte sent of the last attempt: to the first content event (None on `complete`), to the
    end."""

    first_event: float | None = field(default=None, validator=of(float, type(None)))
    total: float | None = field(default=None, validator=of(float, type(None)))


TIMINGS = Unchecked(Timing)
_COUNT = of(float, type(None))


@frozen
class RateLimits:
    """What the reply's headers say of the limits: counts, and seconds until reset. None where they do not say."""

    requests_limit: float | None = field(default=None, validator=_COUNT)
    requests_remaining: float | None = field(default=None, validator=_COUNT)
    requests_reset: float | None = field(default=None, validator=_COUNT)
    tokens_limit: float | None = field(default=None, validator=_COUNT)
    tokens_remaining: float | None = field(default=None, validator=_COUNT)
    tokens_reset: float | None = field(default=None, validator=_COUNT)
    input_tokens_limit: float | None = field(default=None, validator=_COUNT)
    input_tokens_remaining: float | None = field(default=None, validator=_COUNT)
    input_tokens_reset: float | None = field(default=None, validator=_COUNT)
    output_tokens_limit: float | None = field(default=None, validator=_COUNT)
    output_tokens_remaining: float | None = field(default=None, validator=_COUNT)
    output_tokens_reset: float | None = field(default=None, validator=_COUNT)


@frozen
class Hop:
    """One client that a fallback asked: row, model, the error that it failed with (None: it answered), cost."""

    provider: str = field(validator=of(str))
    model: str = field(default="", validator=of(str))
    error: LLMError | None = None
    usage: Usage = field(factory=Usage)


HOPS = Unchecked(Hop)


@frozen
class ResumeToken:
    """How to take up an answer that goes on at the provider: its id, and the last event that was seen of it.

    after: the event's number in the provider's count, None when none was seen.
    """

    id: str = field(validator=of(str))
    after: int | None = field(default=None, validator=of(int, type(None)))
