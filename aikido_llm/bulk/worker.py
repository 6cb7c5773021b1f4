"""A client, a log and an event loop that outlive the batches they serve: what an actor or a worker process keeps.

    batches, from any thread -> rows -> one run of `bulk.map` -> the batch whose last row came is given back

All batches share one run, so no more than `concurrency` rows are under way however many batches there are, and the
slowest row of a batch keeps only that batch waiting.
"""

import asyncio
import os
import threading
import weakref
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import TypeAlias

from attrs import define

from ..client import Client
from ..errors import ConfigError
from ..retry import RetryPolicy
from .parts import Parts
from .rows import Row
from .run import map

Open: TypeAlias = Callable[[], Client | AbstractAsyncContextManager[Client]]
"""What gives a client: called once in each process that asks. A context manager (an HTTPClient is one) is left at the
end."""

_PATIENCE = 5.0  # s for what is under way when a worker is closed


@define(eq=False)
class _Batch:
    """Rows that are given back together. left: how many have no answer yet."""

    rows: list[Row]
    left: int
    done: "asyncio.Future[list[Row]]"


class Worker:
    """`Worker(open, parts, concurrency, policy)`: the thread begins, and the client is opened in its event loop.

    raises: what `open` raises; OSError of the log.
    """

    def __init__(self, open: Open, folder: str, concurrency: int, policy: RetryPolicy | None) -> None:
        self._open = open
        self._parts = Parts(folder)
        self._concurrency = concurrency
        self._policy = policy
        self._waiting: dict[tuple[str, int], list[tuple[_Batch, int]]] = defaultdict(list)
        self._batches: set[_Batch] = set()
        self._serving: asyncio.Task[None] | None = None
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="aikido-llm-bulk", daemon=True)
        self._thread.start()
        self._started.result()
        # Made behind those of the log, so that it runs before them when the interpreter ends.
        self._close = weakref.finalize(self, _close, os.getpid(), self._loop, self._over, self._thread)

    def ask(self, rows: Sequence[Row]) -> Future[list[Row]]:
        """The same rows in the same order, each with its answer or error, once all are durable. From any thread.

        raises: ConfigError for a worker that is closed; by the Future, what `bulk.map` raises.
        """
        asking = self._ask(rows)
        try:
            return asyncio.run_coroutine_threadsafe(asking, self._loop)
        except RuntimeError:
            asking.close()
            raise ConfigError("this worker is closed") from None

    def close(self) -> None:
        """End what is under way, close the log and the client. From any thread but the loop's; done once."""
        self._close()

    # ---------------------------------------------------------------- in the loop's thread

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:
            if not self._started.done():
                self._started.set_exception(error)
            elif not isinstance(error, RuntimeError):  # no thread can be started any more: the interpreter ends
                raise

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._fed: asyncio.Queue[Row] = asyncio.Queue()
        async with AsyncExitStack() as stack:
            opened = self._open()
            if isinstance(opened, AbstractAsyncContextManager):
                opened = await stack.enter_async_context(opened)
            self._client = opened
            stack.push_async_callback(self._parts.aclose)
            stack.push_async_callback(self._end)
            await self._parts.look()
            self._started.set_result(None)
            await self._over.wait()

    async def _end(self) -> None:
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.wait([self._serving])
        self._fail(ConfigError("the worker was closed before all was answered"))

    async def _ask(self, rows: Sequence[Row]) -> list[Row]:
        """A batch may be one that another process had begun before it was killed: so all parts are looked at anew."""
        await self._parts.look()
        batch = _Batch(list(rows), 0, self._loop.create_future())
        asked = [(place, row) for place, row in enumerate(rows) if row.request is not None]
        batch.left = len(asked)
        if not asked:
            return batch.rows
        self._batches.add(batch)
        for place, row in asked:
            self._waiting[_ticket(row)].append((batch, place))
            self._fed.put_nowait(row)
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())
        return await batch.done

    async def _serve(self) -> None:
        """The one run. What ends it ends the batches under way; the next batch begins another one."""
        try:
            run = map(self._client, self._rows(), self._parts, None, self._concurrency, policy=self._policy)
            async with run:
                async for row in run:
                    self._hand_back(row)
        except Exception as error:
            self._fail(error)

    async def _rows(self) -> AsyncGenerator[Row]:
        while True:
            yield await self._fed.get()

    def _hand_back(self, row: Row) -> None:
        tickets = self._waiting[_ticket(row)]
        batch, place = tickets.pop()
        if not tickets:
            del self._waiting[_ticket(row)]
        batch.rows[place] = row
        batch.left -= 1
        if not batch.left:
            self._batches.discard(batch)
            if not batch.done.done():  # whoever asked may be gone
                batch.done.set_result(batch.rows)

    def _fail(self, error: Exception) -> None:
        self._waiting.clear()
        self._fed = asyncio.Queue()
        batches, self._batches = self._batches, set()
        for batch in batches:
            if not batch.done.done():
                batch.done.set_exception(error)


def _close(process: int, loop: asyncio.AbstractEventLoop, over: asyncio.Event, thread: threading.Thread) -> None:
    if os.getpid() != process:  # a forked child has none of it
        return
    with suppress(RuntimeError):  # it has ended
        loop.call_soon_threadsafe(over.set)
    thread.join(_PATIENCE)


def _ticket(row: Row) -> tuple[str, int]:
    """Which row it is, of those under way: its request is the one that was fed."""
    return repr(row.key), id(row.request)
