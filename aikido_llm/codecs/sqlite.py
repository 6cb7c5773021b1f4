"""A SQLite file (`sqlite_file.py`), used by one thread that commits in groups.

What is asked while a transaction is being written becomes the next one, and nobody is answered before what he asked is
committed. The kernel then has it, so no SIGKILL takes it back; a power cut may take the last moments, and never harms
the file. Other processes read and write beside it (https://sqlite.org/wal.html, read 2026-11).
"""

import asyncio
import contextlib
import errno
import os
import queue
import sqlite3
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from attrs import define

from .sqlite_file import Connection, Schema, UnusableError, in_transaction, open_private

__all__ = ["Connection", "Database", "Job", "Many", "Schema", "UnusableError"]

T = TypeVar("T")


Job: TypeAlias = Callable[[Connection], T]
Many: TypeAlias = Callable[[Connection, list[Any]], object]
"""A job that is done once for all the items that wait together."""

_MOST_AT_ONCE = 256  # jobs of one transaction: who comes first shall not wait for all the others
_GATHERING = 0.002  # s from one transaction to the next, for items: a transaction of one costs as much as one of many


@define(eq=False)
class _Ask:
    """A job, or an item of one that many share, and who waits for it. Neither: close."""

    job: Job[Any] | None
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"
    many: Many | None = None
    item: Any = None


class Database:
    """Nothing is opened before the first job. A Database that is dropped closes itself.

    tick: a job that is done every so many seconds, from the first job on.
    """

    def __init__(self, path: Path, schema: Schema, tick: Job[object], every: float) -> None:
        self._worker = _Worker(path, schema, tick, every)
        self._process = os.getpid()
        self._together: list[_Ask | None] = []
        self._begun = False
        self._closed = False

    async def do(self, job: Job[T]) -> T:
        """What the job returns, once it is committed. Jobs are done in the order in which they come.

        raises: what the job raises (what it changed is then taken back); OSError when the file cannot be opened, read
        or written; UnusableError for a file of another program or of a newer version, and for a Database that is closed
        or was opened in another process. A caller that is cancelled no longer hears of it, and the job is done.
        """
        self._check()
        result: T = await self._ask(job)
        return result

    def add(self, many: Many, item: Any) -> Awaitable[None]:
        """The same for a job that takes all the items that wait together, in any order with the other jobs. Each
        statement that a job runs gives up the interpreter's lock and waits for it again: so a few are run for all."""
        self._check()
        return self._ask(None, many, item)

    def _check(self) -> None:
        if self._process != os.getpid():
            raise UnusableError("was opened in another process: open it anew in this one")
        if self._closed:
            raise UnusableError("is closed")

    async def aclose(self, last: Job[object]) -> None:
        """Do what was asked, then the last job, and close the file."""
        if self._process != os.getpid():
            return
        used, self._closed = (self._begun or bool(self._together)) and not self._closed, True
        if used:
            done = self._ask(last)
            await self._ask(None)
            with contextlib.suppress(Exception):  # who could not use the file has been told before
                await done

    def _ask(self, job: Job[Any] | None, many: Many | None = None, item: Any = None) -> "asyncio.Future[Any]":
        """What comes in one turn of the loop is handed over together: to wake the thread costs more than a job."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._together.append(_Ask(job, loop, future, many, item))
        if len(self._together) == 1:
            loop.call_soon(self._hand_over)
        return future

    def _hand_over(self) -> None:
        together, self._together = self._together, []
        self._worker.asks.put(together)
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._worker.run, name="aikido-llm-store", daemon=True).start()
            weakref.finalize(self, self._worker.asks.put, [None])


class _Worker:
    """What the thread does. It does not know the Database, which may be dropped."""

    def __init__(self, path: Path, schema: Schema, tick: Job[object], every: float) -> None:
        self.asks: queue.SimpleQueue[list[_Ask | None]] = queue.SimpleQueue()
        self._path = path
        self._schema = schema
        self._tick = tick
        self._every = every
        self._ended = 0.0

    def run(self) -> None:
        try:
            with contextlib.closing(open_private(self._path, self._schema)) as connection:
                last = self._serve(connection)
        except Exception as error:
            last = self._refuse(_told(error, self._path))
        if last is not None:
            _deliver([(last, None, None)])

    def _serve(self, connection: Connection) -> _Ask | None:
        """Do what is asked. Returns who asked to close, None when nobody can ask any more."""
        due = time.monotonic() + self._every
        while True:
            group = self._gathered(self._next(due - time.monotonic()))
            jobs = [ask for ask in group if ask is not None and (ask.job or ask.many)]
            if jobs:
                _deliver(self._done(connection, jobs))
                self._ended = time.monotonic()
            if time.monotonic() >= due:
                with contextlib.suppress(sqlite3.Error):  # it is tried again; who asks for something is told
                    in_transaction(connection, [self._tick])
                due = time.monotonic() + self._every
            if len(jobs) < len(group):
                return group[-1]

    def _refuse(self, error: Exception) -> _Ask | None:
        """What cannot be opened fails every job."""
        while True:
            for ask in self._next(None):
                if ask is None or not (ask.job or ask.many):
                    return ask
                _deliver([(ask, None, error)])

    def _next(self, seconds: float | None) -> list[_Ask | None]:
        """What is asked; [] when nothing is for so long. Nothing comes behind what is no job."""
        group: list[_Ask | None] = []
        with contextlib.suppress(queue.Empty):
            group += self.asks.get(timeout=None if seconds is None else max(0.0, seconds))
            while len(group) < _MOST_AT_ONCE:
                group += self.asks.get_nowait()
        return group

    def _gathered(self, group: list[_Ask | None]) -> list[_Ask | None]:
        """The same, and what comes while time is left between two transactions. A job does not wait,
        and neither does what came with it: items come from many, who asks for a job has nothing else to do."""
        wait = self._ended + _GATHERING - time.monotonic()
        if wait > 0 and group and all(ask is not None and ask.many for ask in group):
            time.sleep(wait)
            group += self._next(0.0)
        return group

    def _done(self, connection: Connection, asks: Sequence[_Ask]) -> list[tuple[_Ask, Any, Exception | None]]:
        """(who asked, what came of it, what it failed with). When one fails, each is done alone."""
        try:
            [results] = in_transaction(connection, [partial(_results, asks=asks)])
            return [(ask, result, None) for ask, result in zip(asks, results, strict=True)]
        except Exception as error:
            if len(asks) == 1:
                return [(asks[0], None, _told(error, self._path))]
        return [done for ask in asks for done in self._done(connection, [ask])]


def _results(connection: Connection, asks: Sequence[_Ask]) -> list[Any]:
    together: dict[Many, list[Any]] = {}
    for ask in asks:
        if ask.many is not None:
            together.setdefault(ask.many, []).append(ask.item)
    for many, items in together.items():
        many(connection, items)
    return [None if ask.job is None else ask.job(connection) for ask in asks]


def _deliver(done: Sequence[tuple[_Ask, Any, Exception | None]]) -> None:
    """Wake each loop once, whatever the number of those who wait in it."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[_Ask, Any, Exception | None]]] = {}
    for one in done:
        loops.setdefault(one[0].loop, []).append(one)
    for loop, items in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits in it
            loop.call_soon_threadsafe(_settle, items)


def _settle(done: Sequence[tuple[_Ask, Any, Exception | None]]) -> None:
    for ask, result, error in done:
        if ask.future.done():  # cancelled
            continue
        if error is None:
            ask.future.set_result(result)
        else:
            ask.future.set_exception(error)


def _told(error: Exception, path: Path) -> Exception:
    """SQLite's own errors as those that everybody knows."""
    if not isinstance(error, sqlite3.Error):
        return error
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return UnusableError("is no SQLite database")
    return OSError(_ERRNO.get(code, errno.EIO), str(error), str(path))


_ERRNO = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_BUSY: errno.EBUSY,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.ENOENT,
}
