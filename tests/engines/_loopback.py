"""Start a server on a free loopback port, wait for it, ask it things, stop it. Standard library only."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

HOST = "127.0.0.1"
_START_SECONDS = 30.0
_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. `cut` says that the connection broke before the body was whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)

    def events(self) -> list[Any]:
        """The JSON values of an SSE body (its `data:` lines), without the final `[DONE]`."""
        lines = [line[5:].strip() for line in self.text.splitlines() if line.startswith("data:")]
        return [json.loads(line) for line in lines if line != "[DONE]"]

    def lines(self) -> list[Any]:
        """The JSON values of an NDJSON body."""
        return [json.loads(line) for line in self.text.splitlines() if line]


def call(
    port: int, method: str, path: str, body: object = None, *, key: str | None = None, timeout: float = 15.0
) -> Answer:
    """One request on its own connection; a body is sent as JSON, a key as a bearer token."""
    headers = {"Connection": "close"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    payload = None
    if body is not None:
        payload = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        connection.request(method, path, payload, headers)
        response = connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        try:
            data, cut = response.read(), False
        except http.client.IncompleteRead as error:
            data, cut = error.partial, True
        return Answer(response.status, received, data, cut)
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def port_is_open(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1.0)
        return client.connect_ex((HOST, port)) == 0


@dataclass(frozen=True, slots=True)
class Server:
    """A server process that answers on `port`."""

    port: int
    process: subprocess.Popen[bytes] = field(repr=False)


@contextlib.contextmanager
def serving(
    command: Callable[[int], Sequence[str]], *, health: str, drop_env: tuple[str, ...] = (), attempts: int = 3
) -> Generator[Server]:
    """Run `command(port)` until the block ends; enter it once GET `health` answers 200.

    The child is stopped however the block ends, and (Linux) by the kernel if this process is killed.
    A port that somebody else took in the meantime costs one more attempt.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(drop_env)}
    with tempfile.TemporaryFile() as log:
        for attempt in range(1, attempts + 1):
            port = free_port()
            process = subprocess.Popen(
                [*_tied_to_parent(), *command(port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
            try:
                if _healthy(process, port, health):
                    yield Server(port, process)
                    return
            finally:
                _stop(process)
            if attempt == attempts:
                raise RuntimeError(f"{command(port)[0]} did not come up on port {port}:\n{_tail(log)}")


def _tied_to_parent() -> list[str]:
    """A prefix that has the kernel kill the child when its parent dies; empty where there is no such tool."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def _healthy(process: subprocess.Popen[bytes], port: int, health: str) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if call(port, "GET", health, timeout=2.0).status == 200:
                return process.poll() is None
        time.sleep(0.02)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: IO[bytes], size: int = 2000) -> str:
    log.seek(0, os.SEEK_END)
    log.seek(max(0, log.tell() - size))
    return log.read().decode(errors="replace")
