"""Waiting for hosted batches: looks that grow rarer, and a failed look is only a look."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import TypeAlias

from attrs import frozen

from ..errors import LLMError, StreamError
from ..retry import is_retryable
from ..types.batches import HostedBatch
from .hosting import Host

log = logging.getLogger("aikido_llm")

POLL = (5.0, 300.0)
"""Seconds before the second look, and at most between two."""
_GROWTH = 1.5
_STRANGE = 10  # looks in a row that bring what is no answer of this API: a page of a gateway may, for a while


@frozen
class BatchProgress:
    """Where a batch stands.

    parts, ended: hosted batches, and those of them that have ended. rows, succeeded, failed: as far as the host counts
    them while it works (Anthropic: only at the end). states: of each hosted batch, the host's own words. seconds: since
    the waiting began. error: why the last look failed; it is looked again.
    """

    parts: int
    ended: int
    rows: int
    succeeded: int
    failed: int
    states: tuple[str, ...]
    seconds: float
    error: LLMError | None = None

    @property
    def done(self) -> bool:
        return self.ended == self.parts


Told: TypeAlias = Callable[[BatchProgress], Awaitable[None] | None]


class Poll:
    """Looks at hosted batches until they have ended. batches: how they stood last; None before the first look."""

    def __init__(self, host: Host, ids: Sequence[str], every: tuple[float, float]) -> None:
        self._host = host
        self._ids = ids
        self._first, self._longest = every
        self._wait = 0.0
        self._asked_wait = 0.0  # what the host asked for
        self._began = time.monotonic()
        self._error: LLMError | None = None
        self._strange = 0

    async def look(self, known: dict[str, HostedBatch]) -> list[HostedBatch]:
        """Wait for the time of the next look, and look at all that have not ended. Returns those that have ended now.

        raises: what no later look would mend (a wrong key, a batch that is not there); the batch goes on all the same.
        """
        if self._wait:
            jitter = 1 + 0.1 * (2 * random.random() - 1)
            await asyncio.sleep(max(self._wait * jitter, self._asked_wait))
        self._wait = min(max(self._first, self._wait * _GROWTH), self._longest)
        self._error, self._asked_wait = None, 0.0
        ended: list[HostedBatch] = []
        for id in self._ids:
            if id in known and known[id].state.ended:
                continue
            try:
                known[id] = await self._host.get(id)
            except LLMError as error:
                self._strange = self._strange + 1 if isinstance(error, StreamError) else 0
                if not is_retryable(error) or self._strange > _STRANGE:
                    raise
                log.info("a look at the batch %s failed, and is made again: %s", id, type(error).__name__)
                self._error = error
                self._asked_wait = error.retry_after or 0.0
                break  # the others would be asked in vain
            if known[id].state.ended:
                ended.append(known[id])
        return ended

    def progress(self, known: dict[str, HostedBatch]) -> BatchProgress:
        batches = [known[id] for id in self._ids if id in known]
        return BatchProgress(
            len(self._ids),
            sum(batch.state.ended for batch in batches),
            sum(batch.total or 0 for batch in batches),
            sum(batch.succeeded or 0 for batch in batches),
            sum(batch.failed or 0 for batch in batches),
            tuple(known[id].raw_state or known[id].state.value if id in known else "" for id in self._ids),
            time.monotonic() - self._began,
            self._error,
        )

    def has_ended(self, known: dict[str, HostedBatch]) -> bool:
        return all(id in known and known[id].state.ended for id in self._ids)


async def tell(progress: Told | None, told: BatchProgress) -> None:
    if progress is not None:
        done = progress(told)
        if isawaitable(done):
            await done
