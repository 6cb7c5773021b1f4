"""The tasks of a run: rows are read ahead, claimed, asked, kept, and handed out.

    rows -> _feed -> unclaimed -> _claim -> ready -> _work (one of many) -> done -> the reader
                                        \\-> elsewhere -> _poll -> ready, or done when another has answered it

A row is handed out when the log has what came of it. Nothing is read that there is no room for, so memory does not
grow with the number of rows, whoever is slow: the servers, the log or the reader.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterable, Coroutine, Iterable, Mapping
from typing import TypeAlias, cast

from attrs import define

from ..client import Client
from ..errors import (
    AuthError,
    BudgetExceededError,
    ConfigError,
    InsufficientCreditsError,
    InvalidRequestError,
    LLMError,
    StreamTruncated,
)
from ..retry import RetryPolicy, collect_with_retry
from ..store import Asked, Call, identify
from ..types.response import Response
from .log import Log
from .progress import Counts, Progress
from .rows import Row, Rowlike, is_final, name_of, read_row

Rows: TypeAlias = Iterable[Rowlike] | AsyncIterable[Rowlike]

_ELSEWHERE = 2000  # rows that other processes ask for, and that are waited for at once
_POLL = (0.02, 1.0)  # s between two looks at those, growing while nothing comes


def meets_all(error: LLMError) -> bool:
    """Whether the next row would fail in the same way: no key, a wrong one, no money, a budget that is spent."""
    if isinstance(error, AuthError) and not isinstance(error, InsufficientCreditsError):
        return error.status == 401
    return isinstance(error, ConfigError | InsufficientCreditsError | BudgetExceededError)


async def each(rows: Rows) -> AsyncGenerator[Rowlike]:
    """The rows of any iterable. Raises ConfigError for what is none, and for what is one row, whose parts are none."""
    given, kind = cast("object", rows), type(rows).__name__
    if not callable(getattr(given, "columns", callable)):
        said = next((call for name, call in _ROWS_OF.items() if hasattr(given, name)), " as mappings, one by one")
        raise ConfigError(f"a {kind} is a table, which gives its columns one by one: give its rows{said}")
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable | AsyncIterable):
        raise ConfigError(f"rows are a list of rows, or another iterable of them, not a {kind}")
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
    else:
        for row in rows:
            yield row


_ROWS_OF = {
    "to_pylist": ", table.to_pylist()",  # Arrow
    "iter_rows": ", frame.iter_rows(named=True)",  # Polars
    "to_dict": ', frame.to_dict("records")',  # pandas
}
"""What a table offers -> what gives its rows as mappings."""


@define(eq=False)
class _Entry:
    """A row on its way. asked: None for one that cannot be asked."""

    place: int
    row: Row
    asked: Asked | None
    has_room: bool = True


class Work:
    """The state of a run, and its tasks. It does not know who reads, who may be dropped."""

    def __init__(
        self, client: Client, rows: Rows, log: Log, *, key: str | None, concurrency: int, ordered: bool,
        policy: RetryPolicy,
    ) -> None:  # fmt: skip
        self._client = client
        self._identity = identify(client)
        self._rows = rows
        self._log = log
        self._key = key
        self._concurrency = concurrency
        self._policy = policy
        self._counts = Counts()
        self._some = (concurrency + 1) // 2  # rows that are read and claimed together
        self._room = 3 * concurrency  # rows that may be read
        self._has_room = asyncio.Event()
        self._unclaimed: list[_Entry] = []
        self._wanted = asyncio.Event()  # there are rows to claim, and few that are ready
        self._ready: asyncio.Queue[_Entry] = asyncio.Queue()
        self._elsewhere: list[_Entry] = []
        self._held: dict[bytes, Asked] = {}
        self._done: asyncio.Queue[_Entry | None] = asyncio.Queue()
        self._early: dict[int, _Entry] | None = {} if ordered else None
        self._next_place = 0
        self._open = 0  # rows that were read and are not done
        self._fed = self._over = self._stopping = False
        self._failure: BaseException | None = None
        self._feeding: asyncio.Task[None] | None = None
        self.tasks: list[asyncio.Task[None]] = []

    # ---------------------------------------------------------------- for the reader

    async def next(self) -> Row | None:
        """The next row, None behind the last. Raises what the run failed with."""
        if not self.tasks:
            self._start()
        while (entry := self._in_order()) is None:
            found = await self._done.get()
            if found is None:
                return await self._end()
            if self._early is None:
                entry = found
                break
            self._early[found.place] = found
        return self._hand_out(entry)

    def progress(self) -> Progress:
        return self._counts.progress(len(self._elsewhere), self._done.qsize() + len(self._early or ()))

    def stop(self, failure: LLMError | None = None) -> None:
        """Begin no further row: those under way are finished, kept and handed out. failure: raised behind them."""
        self._failure = self._failure or failure
        if self._stopping:
            return
        self._stopping = self._fed = True
        if self._feeding is not None:
            self._feeding.cancel()
        left = [*self._unclaimed, *self._elsewhere]
        while not self._ready.empty():
            left.append(self._ready.get_nowait())
        self._unclaimed.clear()
        self._elsewhere.clear()
        self._drop(len(left))

    async def aclose(self) -> None:
        """End all that is under way, and give back what was claimed."""
        self.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self._held:
            await self._log.release([*self._held.values()])
            self._held.clear()

    def cancel(self) -> None:
        for task in self.tasks:
            task.cancel()

    # ---------------------------------------------------------------- the way of a row

    def _start(self) -> None:
        self._feeding = self._begin(self._feed())
        self.tasks = [self._feeding, self._begin(self._claim()), self._begin(self._poll())]
        self.tasks += [self._begin(self._work()) for _ in range(self._concurrency)]

    def _begin(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # the log's, or a mistake of ours: there is no going on
                self._failure = error
                self._over = True
                self._done.put_nowait(None)

        return asyncio.create_task(guarded())

    async def _feed(self) -> None:
        try:
            place = 0
            async with contextlib.aclosing(each(self._rows)) as rows:
                async for row in rows:
                    if not self._room:
                        self._has_room.clear()
                        await self._has_room.wait()
                    self._room -= 1
                    self._take(read_row(row, place, self._key), place)
                    place += 1
        except asyncio.CancelledError:
            raise
        except Exception as error:  # the caller's rows; what was read before is finished
            self._failure = error
        self._fed = True
        self._drop(0)

    def _take(self, row: Row, place: int) -> None:
        self._open += 1
        entry = _Entry(place, row, None)
        if row.request is not None:
            try:
                entry.asked = Asked.of(self._identity, row.request, name_of(row.key))
            except InvalidRequestError as error:
                entry.row = Row(row.key, row.request, error=error)
        if entry.asked is None:
            self._counts.add(entry.row)
            self._finish(entry)
            return
        self._unclaimed.append(entry)
        self._want()

    def _give_room(self) -> None:
        """Several rows are read at once: to wake the task for each costs as much as to read it."""
        self._room += 1
        if self._room >= self._some:
            self._has_room.set()

    def _want(self) -> None:
        """Have rows claimed where there are few that are ready."""
        if self._unclaimed and self._ready.qsize() < self._some:
            self._wanted.set()
        else:
            self._wanted.clear()

    async def _claim(self) -> None:
        """What waits is claimed together, before the workers have none; never more than there is work for, for others
        may have none. A transaction for each row would cost more than all the rest."""
        while True:
            await self._wanted.wait()
            entries = self._unclaimed[: self._concurrency]
            del self._unclaimed[: self._concurrency]
            if entries:  # a stop may have dropped them
                await self._settle(entries)
            self._want()

    async def _poll(self) -> None:
        wait = _POLL[0]
        while True:
            await asyncio.sleep(wait)
            before = len(self._elsewhere)
            entries = self._elsewhere[: self._concurrency]
            if entries and self._ready.qsize() < self._some:
                del self._elsewhere[: len(entries)]
                await self._settle(entries)
            wait = _POLL[0] if len(self._elsewhere) < before else min(_POLL[1], 2 * wait)

    async def _settle(self, entries: list[_Entry]) -> None:
        """Ask the log, and send each row where it goes on."""
        settled = await self._log.claim([entry.asked for entry in entries if entry.asked])
        for entry, found in zip(entries, settled, strict=True):
            if isinstance(found, Call):
                self._counts.known += 1
                self._finish(entry, None if found.error else found.response, found.error)
                continue
            if found and entry.asked:
                self._held[entry.asked.key] = entry.asked
            if self._stopping:
                self._drop(1)
            elif found:
                self._ready.put_nowait(entry)
            else:
                self._wait_for(entry)

    def _wait_for(self, entry: _Entry) -> None:
        """Another process asks for it. It takes no room meanwhile: others may have claimed more than there is."""
        self._elsewhere.append(entry)
        if entry.has_room and len(self._elsewhere) <= _ELSEWHERE:
            entry.has_room = False
            self._give_room()

    async def _work(self) -> None:
        while True:
            entry = await self._ready.get()
            self._want()
            if entry.asked is None or not await self._log.holds(entry.asked):
                self._wait_for(entry)
                continue
            self._counts.asked += 1
            try:
                await self._ask(entry, entry.asked)
            finally:
                self._counts.asked -= 1

    async def _ask(self, entry: _Entry, asked: Asked) -> None:
        at, began = time.time(), time.monotonic()
        response, error = await self._answer(entry.row)
        final = error is None or is_final(error)
        outcome = error or response or LLMError()
        await self._log.put(asked, outcome, at=at, seconds=time.monotonic() - began, final=final)
        self._held.pop(asked.key, None)
        row = self._finish(entry, None if error else response, error)
        self._counts.add(row)
        if error is not None and meets_all(error):
            self.stop(error)

    async def _answer(self, row: Row) -> tuple[Response | None, LLMError | None]:
        """A whole answer, or why there is none."""
        assert row.request is not None
        try:
            response = await collect_with_retry(self._client, row.request, self._policy)
        except LLMError as error:
            return None, error
        if response.complete:
            return response, None
        text = "the provider has not said that the answer is whole"
        return None, StreamTruncated(text, provider=response.provider, model=response.model, partial=response)

    # ---------------------------------------------------------------- the end of its way

    def _finish(self, entry: _Entry, response: Response | None = None, error: LLMError | None = None) -> Row:
        if response is not None or error is not None:
            entry.row = Row(entry.row.key, entry.row.request, response, error)
        self._done.put_nowait(entry)
        self._drop(1)
        return entry.row

    def _drop(self, count: int) -> None:
        """So many rows are no longer on their way. None behind the last row tells the reader that it was the last."""
        self._open -= count
        if self._fed and not self._open and not self._over:
            self._over = True
            self._done.put_nowait(None)

    def _in_order(self) -> _Entry | None:
        """The row whose turn it is, if it is there and turns are kept."""
        entry = (self._early or {}).pop(self._next_place, None)
        if entry is not None:
            self._next_place += 1
        return entry

    def _hand_out(self, entry: _Entry) -> Row:
        self._counts.rows += 1
        if entry.has_room:
            self._give_room()
        return entry.row

    async def _end(self) -> Row | None:
        """Behind the last row: of rows kept in order, those that stand behind a gap; then None, or what failed."""
        if self._early:
            self._next_place = min(self._early)
            self._done.put_nowait(None)
            entry = self._in_order()
            if entry is not None:
                return self._hand_out(entry)
        await self.aclose()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        return None
