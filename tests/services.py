"""Real servers that tests start for themselves, on free loopback ports; where one is not installed, the test skips."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

HOST = "127.0.0.1"
REDIS = "redis-server"
_START = 20.0  # s


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


class RedisServer:
    """One Redis without persistence, which can be killed and started again on its port: empty, as after a crash."""

    def __init__(self, folder: Path, *, cluster: bool = False) -> None:
        self.port = free_port()
        while cluster and self.port > 55_000:  # its nodes talk on a port that is 10,000 higher
            self.port = free_port()
        self._folder = folder
        self._more = {"cluster-enabled": "yes"} if cluster else {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    def start(self) -> Self:
        options = {"port": self.port, "bind": HOST, "save": "", "appendonly": "no", "dir": self._folder,
                   "logfile": self._folder / "redis.log", **self._more}  # fmt: skip
        command = [REDIS, *(str(word) for name, value in options.items() for word in (f"--{name}", value))]
        self._process = subprocess.Popen([*_tied_to_us(), *command], stdin=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + _START
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"redis-server did not come up: {(self._folder / 'redis.log').read_text()[-1000:]}")
            time.sleep(0.01)
        return self

    def kill(self) -> None:
        """As a crash ends it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def tell(self, command: str) -> str:
        """One command, as one types it: the beginning of what it answers."""
        with socket.create_connection((HOST, self.port), timeout=5.0) as client:
            client.sendall(f"{command}\r\n".encode())
            return client.recv(4096).decode()

    def _answers(self) -> bool:
        with suppress(OSError):
            return self.tell("PING").startswith("+PONG")
        return False


def _tied_to_us() -> list[str]:
    """A prefix that has the kernel kill the child when its parent dies; empty where there is no such tool."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def redis_or_skip() -> None:
    if shutil.which(REDIS) is None:
        pytest.skip("redis-server is not installed; with it (apt-get install redis-server): make test")
    pytest.importorskip("redis", reason="redis-py is not installed; with it (pip install redis): make test")


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """An empty Redis, of this test alone; a folder gets it by an import in its conftest."""
    redis_or_skip()
    server = RedisServer(tmp_path)
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.fixture
def redis_cluster(tmp_path: Path) -> Iterator[list[RedisServer]]:
    """Two nodes, which share the slots."""
    redis_or_skip()
    nodes: list[RedisServer] = []
    try:
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
            nodes.append(RedisServer(tmp_path / name, cluster=True))
            nodes[-1].start()
        one, other = nodes
        one.tell("CLUSTER ADDSLOTSRANGE 0 8191")
        other.tell("CLUSTER ADDSLOTSRANGE 8192 16383")
        one.tell(f"CLUSTER MEET {HOST} {other.port}")
        deadline = time.monotonic() + _START
        while any("cluster_state:ok" not in node.tell("CLUSTER INFO") for node in nodes):
            assert time.monotonic() < deadline, "the nodes do not find each other"
            time.sleep(0.02)
        yield nodes
    finally:
        for node in nodes:
            node.kill()
