"""Leases: keys in a SQLite file that belong to one of the processes which share it, as long as it lives.

Who is gone from this machine has lost its keys at once; whom this machine cannot see (another container), when it has
not renewed for the time of a lease. A Leases is used by one thread, in its transactions.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from .sqlite import Connection
from .statements import insert_new, marks, padded

TABLES = (
    """CREATE TABLE owners (
        id INTEGER PRIMARY KEY, machine TEXT NOT NULL, process INTEGER NOT NULL, begun TEXT NOT NULL,
        renewed REAL NOT NULL)""",
    "CREATE TABLE claims (key BLOB PRIMARY KEY, owner INTEGER NOT NULL) WITHOUT ROWID",
)


_MANY = 64  # keys that are over, and are not kept for longer


class Leases:
    """What one user of the file holds. seconds: that a lease is good for. clock: seconds since 1970."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.time) -> None:
        self._seconds = seconds
        self._clock = clock
        self._owner: int | None = None
        self._renewed = 0.0
        self._over: list[bytes] = []  # keys that nobody will ask for, and that may go with the next claim

    @property
    def fresh(self) -> bool:
        """Whether what was claimed is held for sure: this process may have slept."""
        return self._clock() - self._renewed < self._seconds * 0.9

    def claim(self, connection: Connection, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the keys that are now held and were not before, by anybody."""
        self._begin(connection)
        self._sweep(connection)
        if not keys:
            return set()
        wanted = padded(keys)
        holders = dict(connection.execute(f"SELECT key, owner FROM claims WHERE key IN ({marks(len(wanted))})", wanted))
        gone = {owner for owner in set(holders.values()) if owner != self._owner and self._lost(connection, owner)}
        free = {key: None for key in keys if key not in holders or holders[key] in gone}
        insert_new(connection, "claims", ("key", "owner"), [(key, self._owner) for key in free])
        return set(free)

    def holds(self, connection: Connection, key: bytes) -> bool:
        """Whether the key is held, for a holder that is not `fresh`; then it is."""
        self.renew(connection)
        select = "SELECT 1 FROM claims WHERE key = ? AND owner = ?"
        return connection.execute(select, (key, self._owner)).fetchone() is not None

    def settled(self, connection: Connection, keys: Iterable[bytes]) -> None:
        """Keys that nobody asks for any more, whoever holds them: they go when there are some."""
        self._over += keys
        if len(self._over) >= _MANY:
            self._sweep(connection)

    def release(self, connection: Connection, keys: Sequence[bytes]) -> None:
        """Keys that shall be asked by somebody else."""
        if self._owner is not None and keys:
            wanted = padded(keys)
            connection.execute(
                f"DELETE FROM claims WHERE owner = ? AND key IN ({marks(len(wanted))})", (self._owner, *wanted)
            )

    def renew(self, connection: Connection) -> None:
        """To be called several times in the time of a lease. What another took over in the meantime is lost."""
        if self._owner is None:
            return
        self._sweep(connection)
        now = self._clock()
        if not connection.execute("UPDATE owners SET renewed = ? WHERE id = ?", (now, self._owner)).rowcount:
            self._owner = None
        self._renewed = now

    def leave(self, connection: Connection) -> None:
        """Give everything back."""
        if self._owner is not None:
            _forget(connection, self._owner)
            self._owner = None
            self._over.clear()

    def _sweep(self, connection: Connection) -> None:
        if self._over:
            over, self._over = self._over, []
            self.release(connection, over)

    def _begin(self, connection: Connection) -> None:
        """Be somebody who lives."""
        if not self.fresh:
            self.renew(connection)
        if self._owner is None:
            now, process = self._clock(), os.getpid()
            who = (machine(), process, _begun(process) or "", now)
            insert = "INSERT INTO owners (machine, process, begun, renewed) VALUES (?, ?, ?, ?)"
            self._owner, self._renewed = connection.execute(insert, who).lastrowid, now

    def _lost(self, connection: Connection, owner: int) -> bool:
        """Whether the owner's keys are free. They are given back then."""
        select = "SELECT machine, process, begun, renewed FROM owners WHERE id = ?"
        where, process, begun, renewed = connection.execute(select, (owner,)).fetchone() or ("", 0, "", 0.0)
        here = where != "" and where == machine()
        if self._clock() - renewed < self._seconds and not (here and _begun(process) != begun):
            return False
        _forget(connection, owner)
        return True


def _forget(connection: Connection, owner: int) -> None:
    connection.execute("DELETE FROM claims WHERE owner = ?", (owner,))
    connection.execute("DELETE FROM owners WHERE id = ?", (owner,))


# ---------------------------------------------------------------- who lives


@cache
def machine() -> str:
    """This start of this machine, as far as its processes see each other; "" where that cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _begun(process: int) -> str | None:
    """When the process began, in the kernel's count; None for one that is gone. A killed one that nobody has waited for
    is gone too (proc(5), /proc/pid/stat, fields 3 and 22)."""
    try:
        stat = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return None
    state, *fields = stat.rpartition(b")")[2].split()
    return None if state in (b"Z", b"X") else fields[18].decode("ascii")
