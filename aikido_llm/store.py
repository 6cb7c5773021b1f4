"""CallStore: the one keyed store of calls, for logs, caches, bulk runs and the command line (docs/store.md).

A call is kept under a hash of everything that decides its answer. Its request is kept in pieces, each once under its
own hash: what a million requests share is written once. What was drawn or spoken in an answer is kept once too; of
pictures and sound that were sent, the hash alone. Headers, keys and raw bodies are not kept.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

from attrs import frozen

from . import serialize
from .client import Client, identity_of
from .codecs import json
from .codecs.leases import TABLES, Leases
from .codecs.sqlite import Connection, Database, Job, Schema, UnusableError
from .codecs.statements import insert, insert_new, marks, padded
from .errors import ConfigError, LLMError
from .secret import sounds_secret
from .types import kept
from .types.calls import Call, Outcome, outcome_of
from .types.events import EndEvent, Event, TextDelta
from .types.request import Request
from .types.response import Response
from .types.unchecked import Unchecked

__all__ = ["LEASE", "Asked", "Call", "CallStore", "Outcome", "identify"]

T = TypeVar("T")

LEASE = 30.0  # s that a claim is good for when it is not renewed


def identify(client: Client) -> bytes:
    """A hash of all of a client that decides an answer; of a Client that does not say it, of its class."""
    return kept.digest(json.canonical(identity_of(client)))


@frozen
class Asked:
    """A request as the store knows it: its key, and what is kept of it. row: of a bulk run, as JSON, "" for none."""

    key: bytes
    pieces: tuple[kept.Piece, ...]
    row: str
    model: str

    @classmethod
    def of(cls, identity: bytes, request: Request, row: str = "") -> "Asked":
        """identity: of the client (`identify`). Raises InvalidRequestError for what JSON has no word for."""
        pieces = kept.plain_pieces(request) or kept.request_pieces(serialize.to_dict(request), sounds_secret)
        key = kept.digest(identity, kept.digest(row.encode()), *[piece.decides for piece in pieces])
        return _ASKED.of((key, tuple(pieces), row, request.model or ""))


_ASKED = Unchecked(Asked)
_Entry: TypeAlias = tuple[Asked, tuple[Any, ...], dict[bytes, bytes]]
"""What was asked, what the call's columns hold, and its media by their hash."""


class CallStore:
    """`CallStore(path)`: a file that is made when it is first used, its folder too. For any number of tasks, and of
    processes on this machine. Leave it by `async with` or `aclose()`.

    Every method raises ConfigError for a file that is another program's or a newer version's, and for a store that is
    closed or was opened in another process; OSError when the file is not private, or cannot be read or written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._leases = Leases(LEASE)
        self._database = Database(self.path, _SCHEMA, self._leases.renew, LEASE / 3)

    async def get(self, key: bytes) -> Call | None:
        """The first whole answer to what is asked under this key, with its events where they were kept."""
        return (await self._do(partial(_settled, keys=[key], answered=True))).get(key)

    async def claim(self, several: Sequence[Asked]) -> list[Call | bool]:
        """For each, in order: the Call that settles it, True when it is now this caller's to ask, False while another
        has it. A claim ends by `put` and `release`, with this process, or when it is not heard of for `LEASE` seconds.
        """
        keys = [asked.key for asked in several]

        def job(connection: Connection) -> list[Call | bool]:
            calls = _settled(connection, keys, answered=False)
            free = self._leases.claim(connection, [key for key in dict.fromkeys(keys) if key not in calls])
            first = {key: place for place, key in reversed([*enumerate(keys)])}
            return [calls.get(key) or (key in free and first[key] == place) for place, key in enumerate(keys)]

        return await self._do(job)

    async def holds(self, asked: Asked) -> bool:
        """Whether what was claimed is still this store's: a process that has slept for long has lost it."""
        return self._leases.fresh or await self._do(lambda connection: self._leases.holds(connection, asked.key))

    async def release(self, several: Sequence[Asked]) -> None:
        """Give claims back, unasked."""
        await self._do(lambda connection: self._leases.release(connection, [asked.key for asked in several]))

    async def put(
        self,
        asked: Asked,
        outcome: Response | LLMError,
        *,
        at: float,
        seconds: float | None = None,
        first_event: float | None = None,
        left: bool = False,
        final: bool | None = None,
        events: Sequence[Event] = (),
    ) -> None:
        """Keep a call, for good when this returns: no SIGKILL takes it back. Its claim ends. See `Call`.

        left: the reader went away; outcome is what had come. final: nobody needs to ask again; None: as a whole answer
        is. events: of a stream, to be given again as they came.
        """
        how = outcome_of(outcome, left=left)
        ended = (at, seconds, first_event, how.value, (how is Outcome.answered) if final is None else final)
        entry = _entry(asked, outcome, ended, events)
        await self._sure(self._database.add(self._insert, entry))

    def _insert(self, connection: Connection, entries: list[_Entry]) -> None:
        """A bulk run's calls are indexed by who first searches: it takes longer than all the rest."""
        bodies = {piece.hash: piece.json for asked, _, _ in entries for piece in asked.pieces}
        for _, _, media in entries:
            bodies |= media
        insert_new(connection, "bodies", ("hash", "data"), [*bodies.items()])
        insert(connection, "calls", _COLUMNS, [values for asked, values, _ in entries if asked.row])
        for asked, values, _ in entries:
            if not asked.row:
                insert(connection, "calls", _COLUMNS, [values])
                number = connection.execute("SELECT last_insert_rowid()").fetchone()[0]
                connection.execute(_INDEX, (number, kept.text_in(asked.pieces[-1].json, values[_ANSWER])))
        self._leases.release(connection, [asked.key for asked, values, _ in entries if not values[_FINAL]])
        self._leases.settled(connection, [asked.key for asked, values, _ in entries if values[_FINAL]])

    async def find(
        self, text: str = "", *, limit: int = 20, before: int | None = None, outcome: Outcome | None = None,
        model: str = "",
    ) -> list[Call]:  # fmt: skip
        """The newest calls first. text: all its words stand in the last message or in the answer. before: an `id`.
        model: a part of its name."""
        behind: int | None = 0
        while text and behind is not None:
            behind = await self._do(partial(_index_more, behind=behind))
        return await self._do(partial(_found, text, limit, before, outcome or "", model))

    async def calls(self, after: int = 0) -> AsyncIterator[Call]:
        """All calls, the oldest first. after: an `id`."""
        while page := await self._do(partial(_page, after=after)):
            for call in page:
                yield call
            after = page[-1].id

    async def prune(self, *, before: float | None = None, keep: int | None = None) -> int:
        """Forget the calls that began before a time (seconds since 1970), and all but so many of the newest. Returns
        how many. What only they held is overwritten, and the file becomes smaller."""
        return await self._do(partial(_prune, before=before, keep=keep))

    async def aclose(self) -> None:
        """Give the claims back, and close the file."""
        await self._database.aclose(self._leases.leave)

    async def __aenter__(self) -> "CallStore":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _do(self, job: Job[T]) -> T:
        return await self._sure(self._database.do(job))

    async def _sure(self, done: Awaitable[T]) -> T:
        try:
            return await done
        except UnusableError as error:
            problem = ConfigError(f"{self.path} {error}")
        raise problem


# ---------------------------------------------------------------- the schema: docs/store.md tells it to others

_COLUMNS = (
    *("key", "row", "at", "seconds", "first_event", "outcome", "final", "provider", "model", "attempts"),
    *("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost_usd"),
    *("error", "finish_reason", "request", "media", "answer", "events"),
)
_COUNTS = _COLUMNS[10:16]
_counts = attrgetter(*_COUNTS)
_SCHEMA = Schema(
    0x61696B69,  # "aiki"
    ((
        "CREATE TABLE bodies (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, data BLOB NOT NULL)",
        """CREATE TABLE calls (
            id INTEGER PRIMARY KEY, key BLOB NOT NULL, row TEXT NOT NULL, at REAL NOT NULL, seconds REAL,
            first_event REAL, outcome TEXT NOT NULL, final INTEGER NOT NULL,
            provider TEXT NOT NULL, model TEXT NOT NULL, attempts INTEGER NOT NULL, input_tokens INTEGER,
            output_tokens INTEGER, cache_read_tokens INTEGER, cache_write_tokens INTEGER, reasoning_tokens INTEGER,
            cost_usd REAL, error TEXT, finish_reason TEXT,
            request BLOB NOT NULL, media BLOB NOT NULL, answer BLOB NOT NULL, events BLOB)""",
        "CREATE INDEX final_calls ON calls (key) WHERE final",
        "CREATE VIRTUAL TABLE words USING fts5(text, content='')",
        *TABLES,
    ),),
)  # fmt: skip
_ANSWER, _FINAL = _COLUMNS.index("answer"), _COLUMNS.index("final")
_SELECT = f"SELECT id, {', '.join(_COLUMNS)} FROM calls "
_PAGE = 200  # calls that are read at once: others ask for something too


def _settled(connection: Connection, keys: Sequence[bytes], answered: bool) -> dict[bytes, Call]:
    """The first final call of each key that has one. answered: with a whole answer, and its events."""
    only = " AND outcome = 'answered'" if answered else ""
    found: dict[bytes, Call] = {}
    wanted = padded(keys)
    for row in connection.execute(f"{_SELECT}WHERE final AND key IN ({marks(len(wanted))}){only} ORDER BY id", wanted):
        found.setdefault(row[1], _read(connection, row, details=answered))
    return found


# ---------------------------------------------------------------- a call -> what is kept of it, and back


def _entry(asked: Asked, outcome: Response | LLMError, ended: tuple[Any, ...], events: Sequence[Event]) -> _Entry:
    """ended: the columns from `at` to `final`."""
    answer = serialize.to_kept(outcome)
    if isinstance(outcome, LLMError):
        said, error, finish_reason = outcome.partial or _NO_ANSWER, answer["error"], None
    else:
        said, error, finish_reason = outcome, None, outcome.finish_reason.value
    lines = [event.text if isinstance(event, TextDelta) else serialize.to_kept(event)
             for event in events if not isinstance(event, EndEvent)]  # fmt: skip
    media = kept.detached(answer, lines)
    values = (
        asked.key, asked.row, *ended, said.provider or outcome.provider, said.model or outcome.model or asked.model,
        outcome.attempts, *_counts(said.usage), error, finish_reason, b"".join([piece.hash for piece in asked.pieces]),
        b"".join(media), json.dumps(answer), json.dumps(lines) if lines else None,
    )  # fmt: skip
    return asked, values, media


_NO_ANSWER = Response()


def _read(connection: Connection, row: tuple[Any, ...], details: bool = True) -> Call:
    """details: with the request and the events."""
    try:
        return _call(connection, row, details)
    except (AttributeError, LookupError, TypeError, ValueError):
        said = f"has a call that nobody can read: delete it (FROM calls WHERE id = {row[0]}), or use another file"
    raise UnusableError(said)


def _call(connection: Connection, row: tuple[Any, ...], details: bool) -> Call:
    values = dict(zip(("id", *_COLUMNS), row, strict=True))
    data_of = partial(_body, connection)
    answer = json.loads_object(values.pop("answer"))
    for holder in kept.answers_in(answer):
        for part in kept.media_of(holder):
            kept.attach(part, data_of)
    failed = values.pop("error") is not None
    lines, pieces = values.pop("events"), values.pop("request")
    response = serialize.from_dict({**(answer.get("partial") or {} if failed else answer), "cached": True}, Response)
    del values["media"]
    told = [values.pop(name) for name in ("finish_reason", *_COUNTS)]
    if told != [None if failed else response.finish_reason.value, *_counts(response.usage)]:
        raise ValueError("the answer is not the one that its columns tell of")  # `{}` would be read as an empty one
    values |= {
        "key": values["key"].hex(), "final": bool(values["final"]), "usage": response.usage,
        "outcome": Outcome(values["outcome"]), "error": serialize.from_dict(answer, LLMError) if failed else None,
        "response": None if failed and not answer.get("partial") else response,
    }  # fmt: skip
    if details:
        values["request"] = kept.request_of(map(data_of, kept.split(pieces, kept.PIECE)))
        values["events"] = _events(data_of, lines, response) if lines else ()
    return Call(**values)


def _body(connection: Connection, hashed: bytes) -> Any:
    return connection.execute("SELECT data FROM bodies WHERE hash = ?", (hashed,)).fetchone()[0]


def _events(data_of: Callable[[bytes], bytes], lines: bytes, response: Response) -> tuple[Event, ...]:
    events: list[Event] = []
    for line in json.loads(lines):
        if isinstance(line, str):
            events.append(TextDelta(line))
        else:
            for part in kept.media_of(line):
                kept.attach(part, data_of)
            events.append(serialize.from_dict(line, Event))
    return (*events, EndEvent(response.finish_reason, response))


# ---------------------------------------------------------------- looking for calls, and forgetting them

_INDEX = "INSERT INTO words (rowid, text) VALUES (?, ?)"
_NUMBERED = "SELECT id, request, answer FROM calls"


def _index_more(connection: Connection, behind: int) -> int | None:
    """Index the next calls that are not. Returns the last of them, None when there are no more."""
    select = f"{_NUMBERED} WHERE id > ? AND id NOT IN (SELECT id FROM words_docsize) ORDER BY id LIMIT {_PAGE}"
    last: int | None = None
    for last, pieces, answer in connection.execute(select, (behind,)).fetchall():
        connection.execute(_INDEX, (last, kept.text_in(_body(connection, pieces[-kept.PIECE :]), answer)))
    return last


def _found(text: str, limit: int, before: int | None, outcome: str, model: str, connection: Connection) -> list[Call]:
    wanted = " ".join('"' + word.replace('"', '""') + '"' for word in text.split())
    where = {"id IN (SELECT rowid FROM words WHERE words MATCH ?)": wanted, "id < ?": before, "outcome = ?": outcome,
             "instr(model, ?)": model}  # fmt: skip
    chosen = {condition: value for condition, value in where.items() if value not in (None, "")}
    said = f"WHERE {' AND '.join(chosen)} " if chosen else ""
    rows = connection.execute(f"{_SELECT}{said}ORDER BY id DESC LIMIT ?", (*chosen.values(), limit))
    return [_read(connection, row) for row in rows.fetchall()]


def _page(connection: Connection, after: int) -> list[Call]:
    rows = connection.execute(f"{_SELECT}WHERE id > ? ORDER BY id LIMIT {_PAGE}", (after,))
    return [_read(connection, row) for row in rows.fetchall()]


def _prune(connection: Connection, before: float | None, keep: int | None) -> int:
    connection.execute("PRAGMA secure_delete = ON")
    old = "at < ?1 OR id NOT IN (SELECT id FROM calls ORDER BY id DESC LIMIT ?2)"
    limits = (before, -1 if keep is None else keep)
    indexed = f"{_NUMBERED} WHERE ({old}) AND id IN (SELECT id FROM words_docsize)"
    for number, pieces, answer in connection.execute(indexed, limits).fetchall():
        text = kept.text_in(_body(connection, pieces[-kept.PIECE :]), answer)
        connection.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (number, text))
    count = connection.execute(f"DELETE FROM calls WHERE {old}", limits).rowcount
    connection.execute("CREATE TEMP TABLE live (hash BLOB PRIMARY KEY) WITHOUT ROWID")
    for pieces, media in connection.execute("SELECT request, media FROM calls"):
        held = (*kept.split(pieces, kept.PIECE), *kept.split(media, kept.MEDIA))
        connection.executemany("INSERT OR IGNORE INTO live VALUES (?)", [(one,) for one in held])
    connection.execute("DELETE FROM bodies WHERE hash NOT IN (SELECT hash FROM live)")
    connection.execute("DROP TABLE live")
    for _ in range(connection.execute("PRAGMA freelist_count").fetchone()[0]):
        connection.execute("PRAGMA incremental_vacuum(1)")  # sqlite3 takes one step of it, whatever the number
    return count
