"""What is imported on first use, and forks.

A child that is forked while another thread is in the middle of an import has no such thread: when it needs that module
it waits for ever for the import to end (CPython locks each module while it is loaded, and resets no such lock in a
child). So a fork waits, for a moment, until an import of ours is over. What others import in their threads meanwhile is
not in our hands.
"""

import os
from threading import RLock
from types import TracebackType

_PATIENCE = 5.0  # s; an import takes a fraction of one


class Loading:
    """with loading: an import that a fork of this process is to wait for."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._held = False  # by the thread that forks
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._before, after_in_parent=self._after, after_in_child=self._in_child)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def _before(self) -> None:
        self._held = self._lock.acquire(timeout=_PATIENCE)

    def _after(self) -> None:
        if self._held:
            self._lock.release()

    def _in_child(self) -> None:
        if self._held:
            self._lock.release()
        else:  # a thread holds it that is not here
            self._lock = RLock()


loading = Loading()
