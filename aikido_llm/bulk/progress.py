"""How far a run is."""

import time
from collections.abc import Callable

from attrs import Factory, define, frozen

from .rows import Row


@frozen
class Progress:
    """Where a run stands.

    rows:     handed out so far: known (from the log), answered and failed together.
    known, answered, failed: rows whose answer stood in the log; that were answered, and that failed, in this run.
    asked:    requests under way. elsewhere: rows that another process is asking for. unread: rows that wait to be read.
    input_tokens, output_tokens, cost_usd: of this run; cost None when no server said it.
    seconds:  since it began. rate: rows a second that were asked in this run.
    """

    rows: int
    known: int
    answered: int
    failed: int
    asked: int
    elsewhere: int
    unread: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    seconds: float

    @property
    def rate(self) -> float:
        return (self.answered + self.failed) / self.seconds if self.seconds else 0.0


@define
class Counts:
    """The same while it changes. See `Progress`."""

    clock: Callable[[], float] = time.monotonic
    began: float = Factory(lambda self: self.clock(), takes_self=True)
    rows: int = 0
    known: int = 0
    answered: int = 0
    failed: int = 0
    asked: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None

    def add(self, row: Row) -> None:
        """A row that was asked in this run, or could not be."""
        answer = row.response if row.error is None else row.error.partial
        if row.error is None:
            self.answered += 1
        else:
            self.failed += 1
        if answer is None:
            return
        usage = answer.usage
        self.input_tokens += usage.input_tokens or 0
        self.output_tokens += usage.output_tokens or 0
        if usage.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + usage.cost_usd

    def progress(self, elsewhere: int, unread: int) -> Progress:
        return Progress(
            self.rows, self.known, self.answered, self.failed, self.asked, elsewhere, unread,
            self.input_tokens, self.output_tokens, self.cost_usd, self.clock() - self.began,
        )  # fmt: skip
