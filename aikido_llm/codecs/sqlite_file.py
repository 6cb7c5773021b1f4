"""A private file that is a SQLite database: what it must be, how it is made, and a transaction in it.

Beside `sqlite.py`, which has the thread that uses it, the one place that names SQLite.
"""

import contextlib
import errno
import os
import secrets
import sqlite3
import stat
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from attrs import frozen

Connection: TypeAlias = sqlite3.Connection

_PATIENCE = 30.0  # s that another process may hold the file
_CACHE = 16 * 1024  # KiB of pages
_STATEMENTS = 256  # that are kept as SQLite has read them


class UnusableError(Exception):
    """The file, or the Database, cannot be used at all; the text goes on from its name."""


@frozen
class Schema:
    """application: the number by which SQLite knows whose file it is. migrations: the statements of each, oldest first;
    the file's `user_version` says how many it has had."""

    application: int
    migrations: tuple[tuple[str, ...], ...]


def in_transaction(connection: Connection, jobs: Sequence[Callable[[Connection], Any]]) -> list[Any]:
    """What the jobs return, once it is committed; what they changed is taken back when one of them raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        results = [job(connection) for job in jobs]
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return results


_opening = threading.Lock()


def open_private(path: Path, schema: Schema) -> Connection:
    """The file, made when it is not there, which nobody but its owner may read or replace.

    raises: PermissionError for a file that is another user's or no plain file, or in a folder where others may write;
    UnusableError for another program's and a newer version's; sqlite3.Error.
    """
    with _opening:  # closing a file gives back the locks that this process has on it by whatever descriptor
        _make_private(path, schema)
        connection = sqlite3.connect(
            path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS
        )
    try:
        _set_up(connection, schema)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private(path: Path, schema: Schema) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = path.parent.stat()
    if folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX:
        raise PermissionError(errno.EPERM, "everybody may write in its folder: chmod o-w the folder", str(path))
    if not os.path.lexists(path):
        with contextlib.suppress(OSError, sqlite3.Error):  # somebody else has made it, or it is made as SQLite does
            _put_new(path, schema)
    with contextlib.suppress(FileExistsError):
        _create(path)
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise PermissionError(errno.EPERM, "is no plain file", str(path))
    if os.name == "posix" and found.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "is another user's file", str(path))
    for beside in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            file = path.with_name(path.name + beside)
            if file.lstat().st_mode & 0o077:
                file.chmod(0o600)


def _create(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _put_new(path: Path, schema: Schema) -> None:
    """Made under another name, and put there when it is whole. SQLite waits for the disk ten times until a new file is
    what it shall be, some 40 ms in which nobody is answered; so it waits once. raises: OSError, sqlite3.Error."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    _create(new)
    try:
        with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA journal_mode = MEMORY")
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            in_transaction(connection, [lambda _: _migrate(connection, schema)])
            connection.execute("PRAGMA journal_mode = WAL")
        _to_disk(new)
        os.link(new, path)
    finally:
        new.unlink()


def _to_disk(path: Path) -> None:
    file = os.open(path, os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _set_up(connection: Connection, schema: Schema) -> None:
    connection.execute(f"PRAGMA cache_size = -{_CACHE}")
    connection.execute("PRAGMA temp_store = MEMORY")
    if not connection.execute("PRAGMA page_count").fetchone()[0]:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # what is pruned makes the file smaller
    _check(connection, schema)
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise UnusableError("stands on a file system that processes cannot share (a network's?)")
    connection.execute("PRAGMA synchronous = NORMAL")
    in_transaction(connection, [lambda _: _migrate(connection, schema)])


def _check(connection: Connection, schema: Schema) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != schema.application and (application or tables):
        raise UnusableError("is another program's database")


def _migrate(connection: Connection, schema: Schema) -> None:
    had = connection.execute("PRAGMA user_version").fetchone()[0]
    if had > len(schema.migrations):
        raise UnusableError(
            f"has schema {had}, of a newer version of this package, which knows {len(schema.migrations)}"
        )
    for statements in schema.migrations[had:]:
        for statement in statements:
            connection.execute(statement)
    if had < len(schema.migrations):
        connection.execute(f"PRAGMA application_id = {schema.application}")
        connection.execute(f"PRAGMA user_version = {len(schema.migrations)}")
