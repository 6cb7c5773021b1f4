"""The output file of `map`: append-only, one line per answer, so that a kill at any moment loses nothing written.

Every line leaves in one write as soon as its answer is there: what the kernel has, no kill takes back. A power cut
may: the disk is told to keep it (fsync) once a second and at the end, so that at most a second of answers is asked for
again. A line that a kill or a full disk has torn is the last one; it is cut off, and its input is asked again.

Nothing is written, cut or removed before every line of the file has shown that `map` wrote it, and that it belongs to
this run's input and settings.
"""

import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from attrs import frozen

from aikido_llm import ConfigError
from aikido_llm.codecs import json

from ..terminal.render import json_line

_SYNC_SECONDS = 1.0
_HEAD = b'{"line": '  # how every line of ours begins: by it a torn one is known
_OURS = re.compile(rb'\{"line": [0-9]+, "hash": "[0-9a-f]{16}", ').match  # enough of one to prove a file by it alone


@frozen
class Mark:
    """What an answer in the output belongs to. hash: of its input line. settings: of all else that decided it; "" in
    files of version 0.1, which did not write it."""

    hash: str
    settings: str = ""


class Output:
    """Open it and read what is there; `begin`, then append. done: input line -> what was answered there.

    raises: ConfigError when another process writes to it, or when it is no output of `map`; OSError.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic, *, answer: str = "response") -> None:
        """answer: the key of what a line answers."""
        self.path = path
        self._answer = answer
        self._clock = clock
        self._synced = clock()
        self._dirty = False
        if path.exists() and not path.is_file():
            raise ConfigError(f"{path} is not a file, and only a file can be gone on with: pass another --out")
        self._file = path.open("a+b", buffering=0)
        try:
            self._lock()
            self.done, self._end = self._read()
            self.cut = os.fstat(self._file.fileno()).st_size - self._end
        except BaseException:
            self._file.close()
            raise

    def begin(self) -> None:
        """The file is this run's: put its end right, where a kill has torn the last line."""
        if self.cut > 0:
            os.ftruncate(self._file.fileno(), self._end)
        elif self.cut < 0:  # a whole line whose end alone was torn off
            self._file.write(b"\n")

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

    def _read(self) -> tuple[dict[int, Mark], int]:
        """What is answered, and where the whole lines end (one behind the file's end when only that line end lacks)."""
        done: dict[int, Mark] = {}
        end = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                record = _record(line)
                if not record and _torn(line, alone=not done):
                    break
                match record:
                    case {"line": int(at), "hash": str(mark)} if isinstance(record.get(self._answer), dict | list):
                        if at in done:
                            raise ConfigError(
                                f"line {number} of {self.path} answers line {at} again: pass another --out"
                            )
                        done[at] = Mark(mark, str(record.get("settings") or ""))
                    case _:
                        raise ConfigError(
                            f"line {number} of {self.path} is no answer of this command: pass another --out"
                        )
                end += len(line) + (not line.endswith(b"\n"))
        return done, end


class Errors:
    """What failed in this run, one line each; made when the first one comes, gone when there was none.

    raises: ConfigError when there is a file of that name that `map` did not write.
    """

    def __init__(self, output: Path) -> None:
        suffix = output.suffix
        self.path = output.with_name(f"{output.name.removesuffix(suffix)}.errors{suffix or '.jsonl'}")
        self.count = 0
        if self.path.exists() or self.path.is_symlink():
            if not self.path.is_file():
                raise ConfigError(f"{self.path} is in the way, where failures are written: pass another --out")
            with self.path.open("rb") as file:
                self._check(file)

    def begin(self) -> None:
        """The old file goes when a run begins: it told what was missing, and all of it is asked again."""
        self.path.unlink(missing_ok=True)

    def append(self, record: dict[str, Any]) -> None:
        self.count += 1
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json_line(record))

    def _check(self, file: IO[bytes]) -> None:
        for number, line in enumerate(file, 1):
            match _record(line):
                case {"line": int(), "hash": str(), "error": dict(), "reason": str()}:
                    continue
                case {} if _torn(line, alone=number == 1):
                    continue
                case _:
                    raise ConfigError(
                        f"failures are written to {self.path}, and what is there is none of them: pass another --out"
                    )


def _record(line: bytes) -> dict[str, Any]:
    """{} for what is none."""
    try:
        return json.loads_object(line)
    except ValueError:
        return {}


def _torn(line: bytes, *, alone: bool) -> bool:
    """Whether this is a line of ours that a kill has torn. alone: no whole line proves that the file is ours."""
    if line.endswith(b"\n"):
        return False
    return _OURS(line) is not None or (not alone and (line.startswith(_HEAD) or _HEAD.startswith(line)))
