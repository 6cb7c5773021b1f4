"""The output file of `map`: append-only, one line per answer, so that a kill at any moment loses nothing written.

Every line leaves in one write as soon as its answer is there: what the kernel has, no kill takes back. A power cut
may: the disk is told to keep it (fsync) once a second and at the end, so that at most a second of answers is asked for
again. A line that a kill or a full disk has torn is the last one; it is cut off, and its input is asked again.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aikido_llm import ConfigError

from .render import json_line

_SYNC_SECONDS = 1.0


class Output:
    """Open it, read what is there, append. done: input line -> hash of what was answered there.

    raises: ConfigError when another process writes to it, or when it is no output of `map`; OSError.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._clock = clock
        self._synced = clock()
        self._dirty = False
        self._file = path.open("a+b", buffering=0)
        try:
            self._lock()
            self.cut = self._cut_torn_line()
            self.done = self._read()
        except BaseException:
            self._file.close()
            raise

    def append(self, record: dict[str, Any]) -> None:
        """Add one line: whole, or (a full disk) not at all."""
        data = json_line(record).encode("utf-8")
        start = os.fstat(self._file.fileno()).st_size
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file.fileno(), rest) :]
        except OSError as error:
            os.ftruncate(self._file.fileno(), start)
            raise OSError(error.errno, error.strerror, str(self.path)) from None
        self._dirty = True
        if self._clock() - self._synced >= _SYNC_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Have the disk keep what was written."""
        if self._dirty:
            os.fsync(self._file.fileno())
            self._dirty = False
        self._synced = self._clock()

    def close(self) -> None:
        try:
            self.sync()
        finally:
            self._file.close()

    def _lock(self) -> None:
        """One writer at a time; the kernel gives the lock back however the process ends."""
        if sys.platform == "win32":
            return
        import fcntl

        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(
                f"another process is writing to {self.path}: wait for it, or pass another --out"
            ) from None

    def _cut_torn_line(self) -> int:
        """Cut what stands behind the last line end. Returns how many bytes that were."""
        size = end = os.fstat(self._file.fileno()).st_size
        while end:
            start = max(0, end - 65536)
            self._file.seek(start)
            found = self._file.read(end - start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        if end < size:
            os.ftruncate(self._file.fileno(), end)
        return size - end

    def _read(self) -> dict[int, str]:
        done: dict[int, str] = {}
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    record: Any = json.loads(line)
                    at, mark = record["line"], record["hash"]
                except (ValueError, KeyError, TypeError):
                    at = mark = None
                if type(at) is not int or type(mark) is not str:
                    raise ConfigError(f"line {number} of {self.path} is no answer of `map`: pass another --out")
                if at in done:
                    raise ConfigError(f"line {number} of {self.path} answers line {at} once more: pass another --out")
                done[at] = mark
        return done


class Errors:
    """What failed in this run, one line each; made when the first one comes, gone when there was none.

    The old one goes when a run begins: it tells what is missing now, and all of it is asked again.
    """

    def __init__(self, output: Path) -> None:
        suffix = output.suffix
        self.path = output.with_name(f"{output.name.removesuffix(suffix)}.errors{suffix or '.jsonl'}")
        self.count = 0
        self.path.unlink(missing_ok=True)

    def append(self, record: dict[str, Any]) -> None:
        self.count += 1
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json_line(record))
