"""Leases on keys: who holds one, and when it is free again."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aikido_llm.codecs import leases
from aikido_llm.codecs.leases import TABLES, Leases

A, B, C = b"a", b"b", b"c"


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    for table in TABLES:
        opened.execute(table)
    yield opened
    opened.close()


def test_a_key_has_one_holder(connection: sqlite3.Connection) -> None:
    one, other = Leases(30), Leases(30)
    assert one.claim(connection, [A, B]) == {A, B}
    assert one.claim(connection, [A, C]) == {C}, "not twice by the same either"
    assert other.claim(connection, [A, B, C]) == set()
    other.release(connection, [A])
    assert other.claim(connection, [A]) == set(), "only its holder gives it back"
    one.release(connection, [A])
    assert other.claim(connection, [A, B]) == {A}
    one.leave(connection)
    assert other.claim(connection, [B, C]) == {B, C}


def test_what_nobody_asks_for_any_more_goes_with_the_next_claim(connection: sqlite3.Connection) -> None:
    def held() -> set[bytes]:
        return {row[0] for row in connection.execute("SELECT key FROM claims")}

    one, other = Leases(30), Leases(30)
    one.claim(connection, [A, B])
    other.claim(connection, [C])
    one.settled(connection, [A])
    assert held() == {A, B, C}
    assert one.claim(connection, [A]) == {A}, "who forgot its answer may ask again at once"
    one.settled(connection, [A, C])
    one.renew(connection)
    assert held() == {B, C}, "another's is another's"
    many = [bytes([number]) for number in range(64)]
    one.claim(connection, many)
    one.settled(connection, many[:63])
    assert len(held()) == 66
    one.settled(connection, many[63:])
    assert held() == {B, C}


def test_who_does_not_renew_loses_it(connection: sqlite3.Connection) -> None:
    now = [1000.0]
    one, other = Leases(30, lambda: now[0]), Leases(30, lambda: now[0])
    one.claim(connection, [A])
    now[0] += 20
    one.renew(connection)
    now[0] += 29
    assert other.claim(connection, [A]) == set()
    assert not one.fresh, "so late, nobody can be sure"
    assert one.holds(connection, A)
    assert one.fresh
    now[0] += 30
    assert other.claim(connection, [A]) == {A}
    assert not one.holds(connection, A)
    assert one.claim(connection, [A, B]) == {B}, "it begins anew, and has lost what it had"
    one.release(connection, [A])
    assert one.claim(connection, [A]) == set()


_HOLDER = """
import sqlite3, sys
from aikido_llm.codecs.leases import Leases
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
Leases(30).claim(connection, [b"a"])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not leases.machine(), reason="only where /proc tells who lives; there: make test")
def test_who_is_gone_from_this_machine_loses_it_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "leases.db"
    connection = sqlite3.connect(path, isolation_level=None)
    for table in TABLES:
        connection.execute(table)
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin and process.stdout
    assert process.stdout.readline() == b"held\n"
    other = Leases(30)
    assert other.claim(connection, [A]) == set()
    process.send_signal(signal.SIGSTOP)
    assert other.claim(connection, [A]) == set(), "it lives"
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and nobody has waited for it
    elsewhere = Leases(30)
    with monkeypatch.context() as patch:
        patch.setattr(leases, "machine", lambda: "another")
        assert elsewhere.claim(connection, [A]) == set(), "another machine cannot know"
    assert other.claim(connection, [A]) == {A}
    process.stdin.close()
    process.stdout.close()
    process.wait()
    connection.close()


def test_a_process_id_that_is_used_again_is_another_process(connection: sqlite3.Connection) -> None:
    one, other = Leases(30), Leases(30)
    one.claim(connection, [A])
    connection.execute("UPDATE owners SET begun = 'earlier'")
    assert other.claim(connection, [A]) == ({A} if leases.machine() else set())
