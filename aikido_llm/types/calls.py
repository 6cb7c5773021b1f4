"""A call as it is kept: what was asked, what came of it, what it took."""

from enum import StrEnum
from typing import Any

from attrs import field, frozen

from ..errors import LLMError
from .checks import of, one_of
from .events import Event
from .response import Response
from .usage import Usage


class Outcome(StrEnum):
    """answered: whole. incomplete: an answer of which the provider has not said that it is all. failed: an error.
    left: the reader went away before the end."""

    answered = "answered"
    incomplete = "incomplete"
    failed = "failed"
    left = "left"


def outcome_of(outcome: Response | LLMError, *, left: bool = False) -> Outcome:
    if left or isinstance(outcome, LLMError):
        return Outcome.left if left else Outcome.failed
    return Outcome.answered if outcome.complete else Outcome.incomplete


def _no_data() -> dict[str, Any]:
    return {}


@frozen
class Call:
    """One call of a CallStore.

    id:       its number in the store, in the order in which calls ended. key: of all that decides its answer, 32
              hexadecimal digits; calls of the same key asked for the same.
    row:      which row of a bulk run it answers, as JSON; "" for other calls.
    at:       when it began, seconds since 1970. seconds: until it ended. first_event: until content came, None when no
              stream was read.
    outcome:  how it ended; final: nobody needs to ask again for this key.
    provider, model: who answered, or was asked. attempts: requests made.
    request:  as plain data, without headers; pictures, sound and files as their SHA-256 and size alone.
    response: what came of the answer, also of one that was left or broke off; without headers and raw body.
    error:    what it failed with. events: of a stream that was kept as it came, its end too; () of others.
    """

    id: int = field(validator=of(int))
    key: str = field(validator=of(str))
    row: str = field(default="", validator=of(str))
    at: float = field(default=0.0, validator=of(float))
    seconds: float | None = field(default=None, validator=of(float, type(None)))
    first_event: float | None = field(default=None, validator=of(float, type(None)))
    outcome: Outcome = field(default=Outcome.answered, validator=one_of(*Outcome))
    final: bool = field(default=False, validator=of(bool))
    provider: str = field(default="", validator=of(str))
    model: str = field(default="", validator=of(str))
    attempts: int = field(default=1, validator=of(int))
    usage: Usage = field(factory=Usage, validator=of(Usage))
    request: dict[str, Any] = field(factory=_no_data, validator=of(dict), repr=False)
    response: Response | None = field(default=None, validator=of(Response, type(None)))
    error: LLMError | None = field(default=None, validator=of(LLMError, type(None)))
    events: tuple[Event, ...] = field(default=(), repr=False)
