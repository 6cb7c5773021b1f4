"""The file under the store: private, shared by processes, written in groups."""

import asyncio
import gc
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from aikido_llm.codecs.sqlite import Connection, Database, Schema, UnusableError

SCHEMA = Schema(77, (("CREATE TABLE numbers (number INTEGER)",),))


def nothing(connection: Connection) -> None:
    pass


def database(path: Path, schema: Schema = SCHEMA) -> Database:
    return Database(path, schema, nothing, 60.0)


def add(connection: Connection, number: int) -> None:
    connection.execute("INSERT INTO numbers VALUES (?)", (number,))


def numbers(connection: Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT number FROM numbers ORDER BY rowid")]


async def test_what_waits_together_is_one_transaction(tmp_path: Path) -> None:
    base = database(tmp_path / "a.db")
    taken, held = threading.Event(), threading.Event()
    begun: list[str] = []

    def hold(connection: Connection) -> None:
        taken.set()
        held.wait(10)
        connection.set_trace_callback(begun.append)

    first = asyncio.create_task(base.do(hold))
    await asyncio.to_thread(taken.wait, 10)
    rest = [asyncio.create_task(base.do(partial(add, number=number))) for number in range(50)]
    seen = asyncio.create_task(base.do(numbers))
    await asyncio.sleep(0)
    held.set()
    await asyncio.gather(first, *rest)
    assert await seen == list(range(50))
    assert [word for word in begun if word.startswith("BEGIN")] == ["BEGIN IMMEDIATE"]
    await base.aclose(nothing)


async def test_items_that_come_one_behind_another_are_few_transactions(tmp_path: Path) -> None:
    """A transaction of one item takes as long as one of many."""
    base = database(tmp_path / "a.db")
    said: list[str] = []
    await base.do(lambda connection: connection.set_trace_callback(said.append))

    def insert(connection: Connection, items: list[int]) -> None:
        for number in items:
            add(connection, number)

    waiting = [base.add(insert, 0)]
    for number in range(1, 101):
        await asyncio.sleep(0)
        waiting.append(base.add(insert, number))
    await asyncio.gather(*waiting)
    assert await base.do(numbers) == list(range(101))
    assert len([word for word in said if word.startswith("BEGIN")]) <= 51, "two turns of the loop at least in each"
    await base.aclose(nothing)


async def test_a_job_that_fails_takes_nothing_else_down(tmp_path: Path) -> None:
    def broken(connection: Connection) -> None:
        add(connection, 99)
        raise ZeroDivisionError

    def wrong(connection: Connection) -> None:
        connection.execute("INSERT INTO nowhere VALUES (1)")

    base = database(tmp_path / "a.db")
    done = await asyncio.gather(
        base.do(partial(add, number=1)), base.do(broken), base.do(wrong), base.do(partial(add, number=2)),
        return_exceptions=True,
    )  # fmt: skip
    assert [type(one) for one in done] == [type(None), ZeroDivisionError, OSError, type(None)]
    assert str(tmp_path) in str(done[2])
    assert await base.do(numbers) == [1, 2]
    await base.aclose(nothing)


async def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.db"
    base = database(path)
    assert not path.parent.exists(), "nothing is opened before the first job"
    await base.do(partial(add, number=1))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    await base.aclose(nothing)
    path.chmod(0o644)
    base = database(path)
    await base.do(numbers)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await base.aclose(nothing)


async def test_a_new_file_is_put_there_whole(tmp_path: Path) -> None:
    base = database(tmp_path / "a.db")
    assert await base.do(numbers) == []
    assert sorted(os.listdir(tmp_path)) == ["a.db", "a.db-shm", "a.db-wal"]
    await base.aclose(nothing)
    connection = sqlite3.connect(tmp_path / "a.db")
    kept = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    how = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "auto_vacuum")]
    connection.close()
    assert (kept, how) == ([77, 1], ["wal", 2])


async def test_a_folder_whose_files_have_one_name_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", link)
    base = database(tmp_path / "a.db")
    await base.do(partial(add, number=1))
    assert await base.do(numbers) == [1]
    await base.aclose(nothing)
    assert os.listdir(tmp_path) == ["a.db"]


async def refused(base: Database, kind: type[Exception], words: str) -> None:
    for _ in range(2):
        with pytest.raises(kind, match=words):
            await base.do(numbers)
    await base.aclose(nothing)


async def test_what_is_refused(tmp_path: Path) -> None:
    everybodys = tmp_path / "everybodys"
    everybodys.mkdir()
    everybodys.chmod(0o777)
    await refused(database(everybodys / "a.db"), PermissionError, "chmod o-w")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    await refused(database(tmp_path / "link"), PermissionError, "no plain file")
    (tmp_path / "text").write_text("some notes of mine " * 100)
    await refused(database(tmp_path / "text"), UnusableError, "no SQLite database")
    assert (tmp_path / "text").read_text() == "some notes of mine " * 100
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE mine (a)")
    other.close()
    await refused(database(tmp_path / "other"), UnusableError, "another program's")


async def test_migrations(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    old = database(path)
    await old.do(partial(add, number=1))
    await old.aclose(nothing)
    more = Schema(77, (*SCHEMA.migrations, ("ALTER TABLE numbers ADD COLUMN word TEXT DEFAULT 'w'",)))
    new = database(path, more)
    assert await new.do(lambda connection: connection.execute("SELECT * FROM numbers").fetchall()) == [(1, "w")]
    await new.aclose(nothing)
    await refused(database(path), UnusableError, "newer version")


async def test_it_is_closed_once_and_used_no_more(tmp_path: Path) -> None:
    base = database(tmp_path / "a.db")
    await base.do(partial(add, number=1))
    await base.aclose(nothing)
    await base.aclose(nothing)
    with pytest.raises(UnusableError, match="is closed"):
        await base.do(numbers)
    unused = database(tmp_path / "b.db")
    await unused.aclose(nothing)
    assert not (tmp_path / "b.db").exists()


async def test_what_is_dropped_ends_its_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    base = database(tmp_path / "a.db")
    await base.do(partial(add, number=1))
    [thread] = set(threading.enumerate()) - before
    del base
    gc.collect()
    await asyncio.to_thread(thread.join, 10)
    assert not thread.is_alive()


async def test_who_is_cancelled_hears_no_more_of_it(tmp_path: Path) -> None:
    base = database(tmp_path / "a.db")
    waiting = asyncio.create_task(base.do(partial(add, number=1)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await base.do(numbers) == [1]
    await base.aclose(nothing)


async def test_a_forked_child_opens_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = database(tmp_path / "a.db")
    await base.do(numbers)
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)  # as a child sees it; a real fork beside threads warns
        with pytest.raises(UnusableError, match="another process"):
            await base.do(numbers)
        await base.aclose(nothing)
    assert await base.do(numbers) == []
    await base.aclose(nothing)


_WRITER = """
import asyncio, sys
from functools import partial
from pathlib import Path
from tests.codecs.test_sqlite import add, database, nothing

async def main():
    base = database(Path(sys.argv[1]))
    for number in range(40):
        await base.do(partial(add, number=number))
    await base.aclose(nothing)

asyncio.run(main())
"""


def test_processes_that_open_and_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    command = [sys.executable, "-c", _WRITER, str(path)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]) for _ in range(4)]
    for process in processes:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
    connection = sqlite3.connect(path)
    assert sorted(numbers(connection)) == sorted([*range(40)] * 4)
    connection.close()


def test_the_errors_that_everybody_knows(tmp_path: Path) -> None:
    async def full() -> None:
        base = database(tmp_path / "a.db")
        await base.do(partial(add, number=1))

        def fill(connection: Connection) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")

        await base.do(fill)
        with pytest.raises(OSError, match="full") as told:
            await asyncio.gather(*(base.do(partial(add, number=number)) for number in range(5000)))
        assert told.value.errno == 28
        await base.aclose(nothing)

    asyncio.run(full())
    assert os.path.exists(tmp_path / "a.db")
