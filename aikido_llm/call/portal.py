"""One event loop in a thread of its own (anyio's portal), for code without await.

All clients of a process share it: it starts with the first lease and ends with the last. Nobody waits here for a thread
that is not there: a forked child has none of its parent's, and an interpreter that shuts down lets none run on.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from threading import RLock, Thread, get_ident
from typing import Any, TypeVar

import anyio
from anyio.from_thread import BlockingPortal

from ..errors import ConfigError
from ..transport.loading import loading

T = TypeVar("T")

_PATIENCE = 1.0  # s for calls that are under way when the last lease ends

CLOSED = "this client is closed; open a new one"
INHERITED = "this client was opened in another process; after a fork, open a new one in the child"


class Portal:
    """A running loop, held by leases. Get it by `take`."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._leases = 0
        self._started: Future[BlockingPortal] = Future()
        self._thread = Thread(target=self._run, name="aikido_llm", daemon=True)
        with loading:  # anyio loads what it knows of asyncio when it first runs
            self._thread.start()
            self._portal = self._started.result()

    @property
    def inherited(self) -> bool:
        """Whether it ran in the process from which this one was forked."""
        return self._process != os.getpid()

    @property
    def runs(self) -> bool:
        """Whether something that is given to it will be done."""
        return not self.inherited and not sys.is_finalizing() and self._thread.is_alive()

    def check(self) -> None:
        """Raises ConfigError when a call could not come back."""
        if self.inherited:
            raise ConfigError(INHERITED)
        if sys.is_finalizing():
            raise ConfigError("the interpreter is shutting down; nothing can be asked any more")
        if get_ident() == self._thread.ident:
            raise ConfigError(
                "a sync client was asked from the event loop that would have to answer; use an async client there"
            )

    def call(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run it on the loop and wait. An exception in the waiting thread (Ctrl-C) cancels it."""
        self.check()
        try:
            future: Future[Callable[[], T]] = self._portal.start_task_soon(_outcome, function, args)
        except RuntimeError:  # it has ended
            raise ConfigError(CLOSED) from None
        try:
            return future.result()()
        except CancelledError:  # with the last lease
            raise ConfigError(CLOSED) from None
        except BaseException:
            future.cancel()
            raise

    def finish(self, function: Callable[[], Awaitable[None]], *, wait: bool = True) -> None:
        """Run what frees something, if there is still a loop to do it; wait, unless it is that loop which asks."""
        if not self.runs:
            return
        if wait and get_ident() != self._thread.ident:
            self.call(function)
        else:
            self._loop.call_soon_threadsafe(self._start, function)

    def lease(self) -> "Portal":
        """One more who uses it."""
        self._leases += 1
        return self

    def give(self, *, wait: bool = True) -> None:
        """End a lease; the thread ends with the last one."""
        global _portal
        with _lock:
            self._leases -= 1
            if self._leases:
                return
            if _portal is self:
                _portal = None
        if self.runs:
            self._loop.call_soon_threadsafe(self._over.set)
            if wait and get_ident() != self._thread.ident:
                self._thread.join(2 * _PATIENCE)

    def _run(self) -> None:
        try:
            anyio.run(self._serve)
        except BaseException as error:
            if not self._started.done():
                self._started.set_exception(error)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = anyio.Event()
        self._last_words: set[asyncio.Future[None]] = set()
        with anyio.CancelScope() as scope:
            async with BlockingPortal() as portal:
                self._started.set_result(portal)
                await self._over.wait()
                scope.deadline = anyio.current_time() + _PATIENCE
        if self._last_words:
            await asyncio.wait(self._last_words, timeout=_PATIENCE)

    def _start(self, function: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(function())
        self._last_words.add(task)
        task.add_done_callback(self._last_words.discard)


async def _outcome(function: Callable[..., Awaitable[T]], args: tuple[Any, ...]) -> Callable[[], T]:
    """What comes of it, for the thread that asked: what is no Exception (sys.exit() in a function of the caller's that
    finds a key, a test runner's own) ends the caller and not the loop, which is everybody's."""
    ended: BaseException
    try:
        value = await function(*args)
    except (Exception, asyncio.CancelledError):
        raise
    except BaseException as error:
        ended = error
    else:
        return lambda: value

    def end() -> T:
        raise ended

    return end


def take() -> Portal:
    """A lease of this process' portal, to be ended by `give`. Raises ConfigError while the interpreter shuts down."""
    global _portal
    with _lock:
        if _portal is None or not _portal.runs:
            try:
                _portal = Portal()
            except RuntimeError as error:  # no thread can be started any more
                raise ConfigError(f"no event loop can be started: {error}") from None
        return _portal.lease()


def _forget() -> None:
    """In a forked child: the thread is not here, and the lock may have been held by another one that is not either."""
    global _portal, _lock
    _portal, _lock = None, RLock()


_portal: Portal | None = None
_lock = RLock()  # a client that is collected while it is held gives its lease back in the same thread

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
