"""Batches that a provider works through by itself, for half the price: what it says of one, whatever its wire."""

from collections.abc import Mapping
from enum import StrEnum

from attrs import Factory, frozen

from ..errors import LLMError, ServerError, StreamTruncated, TimedOutError
from .response import Response


class BatchState(StrEnum):
    """Where a batch stands. Each but the first two is an end: no answer is made any more."""

    running = "running"
    cancelling = "cancelling"
    completed = "completed"
    failed = "failed"
    """Refused as a whole: no row of it was asked."""
    expired = "expired"
    cancelled = "cancelled"

    @property
    def ended(self) -> bool:
        return self not in (BatchState.running, BatchState.cancelling)


@frozen
class HostedBatch:
    """One batch at its provider.

    id: the provider's. raw_state: its own word. total, succeeded, failed: rows, None where it does not say (yet).
    created, expires: Unix time, None where unsaid. label: what was written on it when it was made, "" where there is
    none, or no place for one. error: why it failed as a whole, or why its answers are gone. lines: the rows at fault,
    by their places in the batch from 0. outputs: where its answers are, in the provider's own words. inline: or the
    answers themselves.
    """

    id: str
    state: BatchState
    raw_state: str = ""
    total: int | None = None
    succeeded: int | None = None
    failed: int | None = None
    created: float | None = None
    expires: float | None = None
    label: str = ""
    error: LLMError | None = None
    lines: Mapping[int, LLMError] = Factory(dict[int, LLMError])
    outputs: tuple[str, ...] = ()
    inline: bytes = b""


@frozen
class Answered:
    """What a batch says of one of its rows. name: the row's in the batch. outcome: a whole answer, or why there is
    none; its partial is what had come."""

    name: str
    outcome: Response | LLMError


def expired() -> LLMError:
    """The one wording for a row whose time was over."""
    return TimedOutError("the batch expired before this row was asked; submit it again", code="batch_expired")


def cancelled() -> LLMError:
    """The one wording for a row that nobody wants any more."""
    return ServerError("the batch was cancelled before this row was asked; submit it again", code="batch_cancelled")


def gone() -> LLMError:
    """The one wording for a row whose answer a host has kept for a while."""
    return ServerError("the host keeps the answers of this batch no longer; submit the row again", code="batch_gone")


def unanswered() -> LLMError:
    """The one wording for a row of which a host that has finished says nothing."""
    return StreamTruncated("the batch has ended without a word of this row; submit it again", code="batch_lacks_row")
