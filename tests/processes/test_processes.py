"""A sample of the matrix: what hung once, and a program of each kind beside it."""

from collections.abc import Iterator

import pytest

from tests.processes.matrix import Program, run, serve
from tests.testing.threaded import wire_server

SAMPLE = [
    Program("sync", "half read", "daemon", "none", "return"),
    Program("sync", "open", "daemon", "fork", "exit"),
    Program("sync", "half read", "main", "fork", "return"),
    Program("sync", "open", "main", "pool", "exception"),
    Program("sync", "half read", "main", "exec", "sigterm"),
    Program("async", "open", "main", "fork", "exit"),
    Program("async", "half read", "daemon", "none", "return"),
    Program("async", "half read", "main", "spawn", "exception"),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with wire_server() as (server, _):
        serve(server)
        yield server.dsn("vllm")


@pytest.mark.parametrize("program", SAMPLE, ids=str)
def test_a_program_ends_by_itself_with_its_status(program: Program, url: str) -> None:
    assert run(program, url).fault == ""
