"""`bulk.map`: rows in, the same rows with their answers out."""

import asyncio
import contextlib
import os
import warnings
from pathlib import Path
from types import TracebackType
from typing import cast

from ..client import Client, checked_client
from ..codecs.text import kind_name
from ..errors import ConfigError
from ..retry import RetryPolicy, is_retryable
from ..store import CallStore
from .log import Log
from .parts import Parts
from .progress import Progress
from .rows import Row
from .work import Rows, Work

POLICY = RetryPolicy(max_attempts=5, base_delay=1.0, should_retry=is_retryable)
"""How each row is tried unless told otherwise."""


def map(
    client: Client,
    rows: Rows,
    log: str | os.PathLike[str] | Log,
    key: str | None = None,
    concurrency: int = 64,
    *,
    ordered: bool = False,
    policy: RetryPolicy | None = None,
) -> "Run":
    """Ask every row once, and yield each with its answer or error: `async for row in bulk.map(...)`.

    client: any Client; limits, budgets and fallbacks stand around it. It is not closed.
    rows:   text, Requests, or mappings with `prompt` or `messages` and any other field of Request, from any iterable or
            async iterable, which is read no further ahead than there is room for.
    log:    a path (a `CallStore`; of a folder, or with a slash at its end, `Parts`), or a log that is open. Each answer
            is in it before it is handed out, and what is in it is handed out from there and never asked again: by this
            run, by a later one, by another process. Only what was under way at a kill may be: at most `concurrency`
            rows.
    key:    the name under which mappings say by what a row is known; else it is its place. Another request under the
            same key is another row.
    ordered: in the order of the rows, not as answers come.
    policy: how often and how patiently each row is tried; 5 attempts.
    raises (from the iteration): ConfigError for a wrong argument and for a log that cannot be used; OSError of the log;
    what `rows` raises, and an error that would meet every row (no key, a wrong one, no credit, a spent budget), both
    when the rows that were under way have been handed out. A row that failed is a row, with its error; the next run
    asks again for those whose request was not at fault (`Row.again`).
    """
    if type(concurrency) is not int or concurrency < 1:
        raise ConfigError("concurrency is a whole number from 1 on")
    checked_client(client, "bulk.map")
    if not callable(getattr(log, "claim", None)) and not isinstance(log, str | os.PathLike):
        raise ConfigError(f"log is a path or a log that is open, not {kind_name(log)}")
    return Run(client, rows, log, key, concurrency, ordered, policy or POLICY)


class Run:
    """The rows of a `bulk.map`: an async iterator and async context manager, for one reader.

    Nothing begins before the first row is asked for. Leaving early (`break` inside `async with`, `aclose()`,
    cancellation) ends what is under way at once; `stop()` lets it finish first.
    """

    def __init__(
        self, client: Client, rows: Rows, log: str | os.PathLike[str] | Log, key: str | None, concurrency: int,
        ordered: bool, policy: RetryPolicy,
    ) -> None:  # fmt: skip
        self._own = _opened(log) if isinstance(log, str | os.PathLike) else None
        chosen = self._own or cast("Log", log)
        self._work = Work(client, rows, chosen, key=key, concurrency=concurrency, ordered=ordered, policy=policy)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = False

    def __aiter__(self) -> "Run":
        return self

    async def __anext__(self) -> Row:
        if self._over:
            raise StopAsyncIteration
        self._loop = self._loop or asyncio.get_running_loop()
        try:
            row = await self._work.next()
        except BaseException:
            await self.aclose()
            raise
        if row is None:
            await self.aclose()
            raise StopAsyncIteration
        return row

    @property
    def progress(self) -> Progress:
        """Where the run stands."""
        return self._work.progress()

    def stop(self) -> None:
        """Begin no further row. Those under way are finished, kept and handed out; then the iteration ends."""
        self._work.stop()

    async def aclose(self) -> None:
        """End all that is under way at once, give back what was claimed, and close the log if `map` has opened it."""
        if self._over:
            return
        self._over = True
        try:
            await self._work.aclose()
        finally:
            if self._own is not None:
                await self._own.aclose()

    async def __aenter__(self) -> "Run":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if getattr(self, "_over", True) or self._loop is None:
            return
        warnings.warn("a bulk run was dropped before its end; leave it by `async with` or aclose()", ResourceWarning,
                      source=self, stacklevel=2)  # fmt: skip
        with contextlib.suppress(RuntimeError):  # the loop is gone, and its tasks with it
            self._loop.call_soon_threadsafe(self._work.cancel)


def _opened(path: str | os.PathLike[str]) -> Log:
    """The log that a path means."""
    folder = os.fspath(path).endswith(("/", os.sep)) or Path(path).is_dir()
    return Parts(path) if folder else CallStore(path)
