"""The command line as a user runs it: in a process of its own, with pipes or with a terminal."""

import asyncio
import atexit
import codecs
import contextlib
import fcntl
import io
import json
import os
import pty
import re
import struct
import sys
import tempfile
import termios
from collections.abc import AsyncGenerator
from pathlib import Path
from types import TracebackType

import pytest
from attrs import frozen

from aikido_llm.cli import main

_HOME = tempfile.TemporaryDirectory(prefix="aikido-llm-tests-")
atexit.register(_HOME.cleanup)
HOME = Path(_HOME.name)  # nobody's: no test reads or writes what is the user's own
(HOME / "config.json").write_text('{"log": false}')  # no terminal is asked whether calls are kept
TIMEOUT = 60.0  # s for a whole run: the machine may be busy


@frozen
class Done:
    code: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    """This one without what would decide a test, and with changes."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LLM_", "XDG_", "TMUX", "KITTY")) and name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")
    }
    return {**clean, "HOME": "/nonexistent", "AIKIDO_LLM_HOME": str(HOME), **changes}


async def run(*arguments: str, stdin: str | bytes = "", cwd: object = None, **env: str) -> Done:
    """One command, with pipes."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "aikido_llm", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        cwd=None if cwd is None else str(cwd), env=environment(**env),
    )  # fmt: skip
    try:
        async with asyncio.timeout(TIMEOUT):
            out, err = await process.communicate(stdin.encode() if isinstance(stdin, str) else stdin)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return Done(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


@contextlib.asynccontextmanager
async def saying(value: object) -> AsyncGenerator[str]:
    """A server that answers everything with this JSON. Gives its base URL."""
    body = json.dumps(value).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                     b"Content-Length: %d\r\n\r\n%b" % (len(body), body))  # fmt: skip
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


def held(folder: Path) -> dict[Path, bytes]:
    """All files below a folder, {} when it is not there."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def take(path: Path, data: bytes) -> None:
    """A file that a command has left: it holds data. It is removed, with its folder."""
    assert path.read_bytes() == data
    path.unlink()
    path.parent.rmdir()


_START = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C reaches it as it reaches a shell's programs
from aikido_llm.__main__ import main
main()
"""
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?<>=]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78])")


class Terminal:
    """One command in a terminal of 24 lines and 80 columns (or as many as are set before it starts)."""

    columns = 80

    def __init__(self, *arguments: str, **env: str) -> None:
        self._arguments = arguments
        self._env = environment(TERM="xterm-256color", **env)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.raw = ""

    async def __aenter__(self) -> "Terminal":
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, self.columns, 0, 0))
        self._changed = asyncio.Event()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _START, *self._arguments,
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=self._env,
        )  # fmt: skip
        os.close(slave)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)

    @property
    def text(self) -> str:
        """All that has been written, without escape sequences."""
        return _ESCAPES.sub("", self.raw).replace("\r", "")

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def modes(self) -> list[object]:
        """How it treats what comes and goes, as `stty` shows it."""
        return termios.tcgetattr(self._master)[:4]

    def tell(self, number: int) -> None:
        """Send the command a signal."""
        self._process.send_signal(number)

    async def until(self, *texts: str, behind: int = 0) -> int:
        """Wait until these stand there in this order. Returns where the last one ends."""
        try:
            async with asyncio.timeout(TIMEOUT):
                while (end := self._find(texts, behind)) < 0:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"waited for {texts}, got:\n{self.text}") from None
        return end

    async def hides(self) -> None:
        """Wait until it no longer shows what is typed; what was typed before that is lost."""
        async with asyncio.timeout(TIMEOUT):
            while termios.tcgetattr(self._master)[3] & termios.ECHO:  # noqa: ASYNC110 (a terminal's mode has no event)
                await asyncio.sleep(0.01)

    async def ended(self, by: str = "") -> int:
        """Wait for its end. Returns the exit status. by: is typed until then, for a key that comes between two prompts
        is lost."""
        async with asyncio.timeout(TIMEOUT):
            while by and self._process.returncode is None:
                self.type(by)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._process.wait(), 0.3)
            return await self._process.wait()

    def _find(self, texts: tuple[str, ...], at: int) -> int:
        seen = self.text
        for text in texts:
            found = seen.find(text, at)
            if found < 0:
                return -1
            at = found + len(text)
        return at

    def _read(self) -> None:
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            asyncio.get_running_loop().remove_reader(self._master)
            return
        self.raw += self._decoder.decode(data)  # a read may end inside a character
        if b"\x1b[6n" in data:  # "where is the cursor?"
            os.write(self._master, b"\x1b[1;1R")
        self._changed.set()


async def here(*arguments: str, stdin: str = "", **env: str) -> Done:
    """The same in a thread of this process, which costs a tenth: for what does not depend on being a process."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as typed, pytest.MonkeyPatch.context() as patch:
        typed.write(stdin)
        typed.seek(0)
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in "12")
        for name in set(os.environ) - set(environment()):
            patch.delenv(name)
        for name, value in {**environment(), **env}.items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdin", typed)
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        code = await asyncio.to_thread(_status, arguments)
        out.seek(0)
        err.seek(0)
        return Done(code, out.read(), err.read())


def _status(arguments: tuple[str, ...]) -> int:
    try:
        return main.run(arguments)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 1
