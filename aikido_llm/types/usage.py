"""What an answer cost."""

from collections.abc import Iterable
from typing import Any

from attrs import field, frozen

from .checks import of
from .notebook import show_usage
from .unchecked import Unchecked


@frozen
class Usage:
    """Tokens and money. A count that the server did not send is None, not 0.

    input_tokens:  the whole prompt, cache reads and writes included.
    output_tokens: the whole answer, reasoning included. cost_usd: what the provider says it charged, US dollars.
    raw:           the provider's own object; not compared by `==`.
    """

    input_tokens: int | None = field(default=None, validator=of(int, type(None)))
    output_tokens: int | None = field(default=None, validator=of(int, type(None)))
    cache_read_tokens: int | None = field(default=None, validator=of(int, type(None)))
    cache_write_tokens: int | None = field(default=None, validator=of(int, type(None)))
    reasoning_tokens: int | None = field(default=None, validator=of(int, type(None)))
    cost_usd: float | None = field(default=None, validator=of(float, type(None)))
    raw: dict[str, Any] | None = field(default=None, repr=False, eq=False)

    @property
    def total_tokens(self) -> int | None:
        """Input and output together; None when the server sent neither."""
        if self.input_tokens is None and self.output_tokens is None:
            return None
        return (self.input_tokens or 0) + (self.output_tokens or 0)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """How a notebook shows it: as a table."""
        return show_usage(self)

    @property
    def prompt_tokens(self) -> int | None:
        return self.input_tokens

    @property
    def completion_tokens(self) -> int | None:
        return self.output_tokens


USAGES = Unchecked(Usage)


def added(usages: Iterable[Usage]) -> Usage:
    """Counts added up; one that no turn gave stays None."""

    each = tuple(usages)

    def total(name: str) -> Any:
        known = [count for usage in each if (count := getattr(usage, name)) is not None]
        return sum(known) if known else None

    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost_usd")
    return Usage(**{name: total(name) for name in names})
