"""Parts: a log of lines of JSON in a folder that machines share, where no database can be shared.

Each process appends to a part of its own, so that nobody waits for anybody; what is answered is looked up in all of
them. A line is a `Call`, as `export` writes it. There are no claims: who shares rows out among machines gives
each row to one of them (a partition of a data set); what two have asked for is there twice, of which the first counts.
"""

import os
import secrets
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar

from .. import serialize
from ..codecs import json
from ..codecs.sqlite import Connection, Database, Job, Schema
from ..codecs.statements import insert_new, marks
from ..errors import ConfigError, LLMError
from ..store import Asked, Call, Outcome
from ..types import kept
from ..types.response import Response
from ..types.usage import Usage

T = TypeVar("T")

_LOOK = 10.0  # s between two looks at what others have added
_PAGE = 200  # lines that are read at once
_SYNC = 1.0  # s after which the disk is told to keep what was written
_LINE = ("key", "part", "at")
_INDEX = Schema(
    0x61696B6A,
    ((
        "CREATE TABLE lines (key BLOB PRIMARY KEY, part TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
    ),),
)  # fmt: skip


class Parts:
    """`Parts(folder)`: a log for `bulk.map`; a path that ends in a slash, or is a folder, means one. The folder is made
    when it is first used; files in it are `*.jsonl`.

    What is put is in the kernel's hands, so no SIGKILL takes it back; once a second, and at the end, the storage is
    told to keep it. Which keys stand where is kept in a temporary file of this machine, so memory does not grow.
    raises: ConfigError for a URL (nothing can be appended to what an object store keeps: mount a folder); OSError.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        if "://" in os.fspath(folder):
            raise ConfigError(f"{os.fspath(folder)} is no folder: parts are files that are appended to; mount one")
        self.path = Path(folder)
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._index: Database | None = None
        self._part: IO[bytes] | None = None
        self._name = ""
        self._read: dict[str, int] = {}
        self._looked = float("-inf")
        self._under_way: set[bytes] = set()

    async def claim(self, several: Sequence[Asked]) -> list[Call | bool]:
        """For each, in order: the Call that settles it, in whatever part; True when it is to be asked; False while it
        is under way in this very log."""
        found = await self._do(partial(self._look_up, keys=[asked.key for asked in several]))
        claimed: list[Call | bool] = []
        for asked in several:
            call = found.get(asked.key)
            claimed.append(call or asked.key not in self._under_way)
            if call is None:
                self._under_way.add(asked.key)
        return claimed

    async def holds(self, asked: Asked) -> bool:
        return True

    async def put(
        self, asked: Asked, outcome: Response | LLMError, *, at: float, seconds: float | None, final: bool
    ) -> None:
        """Append it to this process's part."""
        line = _line(asked, outcome, at, seconds, final)
        await self._opened().add(self._append, (asked.key, line, final))
        self._under_way.discard(asked.key)

    async def look(self) -> None:
        """Take notice of all that others have added by now; `claim` does so every ten seconds."""
        await self._do(self._look_now)

    async def release(self, several: Sequence[Asked]) -> None:
        self._under_way.difference_update(asked.key for asked in several)

    async def calls(self) -> AsyncIterator[Call]:
        """All calls of all parts, part by part."""
        for part in sorted(self.path.glob("*.jsonl")):
            at = 0
            while lines := _lines(part, at):
                at += sum(map(len, lines))
                for call in filter(None, map(_whole, lines)):
                    yield serialize.from_dict(call, Call)

    async def aclose(self) -> None:
        """Close the part. The log may be used again, and begins another one."""
        index, self._index = self._index, None
        if index is not None and self._temporary is not None:
            await index.aclose(self._close)
            self._temporary.cleanup()
            self._read.clear()
            self._looked = float("-inf")

    async def _do(self, job: Job[T]) -> T:
        return await self._opened().do(job)

    def _opened(self) -> Database:
        if self._index is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="aikido-llm-", ignore_cleanup_errors=True)
            self._index = Database(Path(self._temporary.name) / "index.db", _INDEX, self._sync, _SYNC)
        return self._index

    # ---------------------------------------------------------------- in the thread of the index

    def _look_up(self, connection: Connection, keys: Sequence[bytes]) -> dict[bytes, Call]:
        if time.monotonic() - self._looked >= _LOOK:
            self._look_now(connection)
        found: dict[bytes, Call] = {}
        for key, part, at in connection.execute(
            f"SELECT * FROM lines WHERE key IN ({marks(len(keys))})", keys
        ).fetchall():
            with (self.path / part).open("rb") as file:
                file.seek(at)
                line = json.loads_object(file.readline())
            if "response" in line:
                line["response"]["cached"] = True
            found[key] = serialize.from_dict(line, Call)
        return found

    def _look_now(self, connection: Connection) -> None:
        self._look(connection)
        self._looked = time.monotonic()

    def _look(self, connection: Connection) -> None:
        """Index what was added to any part. A last line that a kill has torn, or that is being written, is none."""
        for part in self.path.glob("*.jsonl"):
            with part.open("rb") as file:
                at = self._read.get(part.name, 0)
                file.seek(at)
                noted: list[tuple[bytes, str, int]] = []
                for line in file:
                    call = _whole(line)
                    if call is not None and call.get("final"):
                        noted.append((bytes.fromhex(call["key"]), part.name, at))
                    if len(noted) == _PAGE:
                        insert_new(connection, "lines", _LINE, noted)
                        noted.clear()
                    if not line.endswith(b"\n"):
                        break
                    at += len(line)
                insert_new(connection, "lines", _LINE, noted)
                self._read[part.name] = at

    def _append(self, connection: Connection, entries: list[tuple[bytes, bytes, bool]]) -> None:
        """What waits together: (key, line, final) of each."""
        if self._part is None:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}.jsonl"
            opened = os.open(self.path / self._name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            self._part = os.fdopen(opened, "ab", buffering=0)
        at = os.fstat(self._part.fileno()).st_size
        rest = memoryview(b"".join([line for _, line, _ in entries]))
        try:
            while rest:
                rest = rest[self._part.write(rest) or 0 :]
        except OSError:  # no half of a line stays, for the next would be joined to it
            os.ftruncate(self._part.fileno(), at)
            raise
        noted: list[tuple[bytes, str, int]] = []
        for key, line, final in entries:
            if final:
                noted.append((key, self._name, at))
            at += len(line)
        self._read[self._name] = at
        insert_new(connection, "lines", _LINE, noted)

    def _sync(self, _: Connection) -> None:
        if self._part is not None:
            os.fsync(self._part.fileno())

    def _close(self, connection: Connection) -> None:
        if self._part is not None:
            self._sync(connection)
            self._part.close()
            self._part = None


def _lines(part: Path, at: int) -> list[bytes]:
    """The next lines from there on; [] behind the last."""
    with part.open("rb") as file:
        file.seek(at)
        return list(islice(file, _PAGE))


def _whole(line: bytes) -> dict[str, Any] | None:
    """A Call as plain data; None for a line that a kill has torn."""
    try:
        return json.loads_object(line) if line.endswith(b"\n") else None
    except ValueError:
        return None


def _line(asked: Asked, outcome: Response | LLMError, at: float, seconds: float | None, final: bool) -> bytes:
    failed = isinstance(outcome, LLMError)
    response = outcome.partial if isinstance(outcome, LLMError) else outcome
    call = Call(
        0,
        asked.key.hex(),
        asked.row,
        at,
        seconds,
        outcome=Outcome.failed if failed else Outcome.answered,
        final=final,
        provider=outcome.provider,
        model=outcome.model or asked.model,
        attempts=outcome.attempts,
        request=kept.request_of(piece.json for piece in asked.pieces),
        response=response,
        error=outcome if isinstance(outcome, LLMError) else None,
        usage=Usage() if response is None else response.usage,
    )
    return json.dumps(serialize.to_kept(call)) + b"\n"
