"""A process that is told to end does so at any moment, in order and without a traceback; its terminal is as it was."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from aikido_llm import ToolCall
from aikido_llm.testing import Answer, WireServer

from .running import TIMEOUT, Terminal, environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals; on Linux: make test")

SLOW = Answer(" ".join(f"word{number}" for number in range(400)), pace=0.05)

# Whatever the moment: the signal comes when this module is asked for, or when this function is called.
_AT_THE_IMPORT = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r} and not told:
            told.append(name)
            os.kill(os.getpid(), signal.{signal})
told = []
sys.meta_path.insert(0, Interrupting())
from aikido_llm.__main__ import main
main()
"""


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "config.json").write_text('{"log": false}')
    return {"AIKIDO_LLM_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}


@pytest.mark.parametrize("name", ["click", "rich", "aikido_llm.cli.main", "aikido_llm.cli.commands.chat", "aiohttp"])
@pytest.mark.parametrize(("number", "status"), [("SIGINT", 130), ("SIGTERM", -signal.SIGTERM)])
async def test_while_it_is_loading(
    server: WireServer, home: dict[str, str], name: str, number: str, status: int
) -> None:
    server.answer("a")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _AT_THE_IMPORT.format(name=name, signal=number),
        "chat", "-p", "vllm", "--dsn", server.dsn("vllm"), "hi",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=environment(**home),
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), TIMEOUT)
    assert (process.returncode, out.strip()) == (status, b"")


@pytest.mark.parametrize("command", ["chat", "repl"])
async def test_sigterm_ends_an_answer_as_ctrl_c_does(server: WireServer, home: dict[str, str], command: str) -> None:
    server.answer(SLOW)
    question = ("hi",) if command == "chat" else ()
    async with Terminal(command, "-p", "vllm", "--dsn", server.dsn("vllm"), *question, **home) as terminal:
        before = terminal.modes()
        if command == "repl":
            await terminal.until("model>")
            terminal.type("hi\r")
        await terminal.until("word3")
        terminal.tell(signal.SIGTERM)
        assert await terminal.ended() == -signal.SIGTERM
        assert terminal.modes() == before
    assert "Traceback" not in terminal.text
    assert terminal.raw.rfind("\x1b[?25h") > terminal.raw.rfind("\x1b[?25l"), "the cursor is there again"
    await server.no_connections(5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
async def test_a_prompt_gives_the_terminal_back(home: dict[str, str], number: signal.Signals) -> None:
    async with Terminal("repl", "-p", "echo", **home) as terminal:
        before = terminal.modes()
        await terminal.until("echo>")
        terminal.tell(number)
        if number == signal.SIGINT:  # there it drops the line, and the prompt stands
            await terminal.until("echo>", behind=len(terminal.text))
            assert await terminal.ended(by="\x04") == 0
        else:
            assert await terminal.ended() == -signal.SIGTERM
        assert terminal.modes() == before
    assert "Traceback" not in terminal.text


async def test_sigterm_ends_what_does_not_heed_it(server: WireServer, home: dict[str, str], tmp_path: Path) -> None:
    tool = tmp_path / "tool.py"
    tool.write_text(
        "import time\ndef wait() -> str:\n    print('waiting', flush=True)\n    time.sleep(60)\n    return ''\n"
    )
    server.answer(Answer(tool_calls=(ToolCall("c", "wait", "{}"),)))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "aikido_llm", "chat", "-p", "vllm", "--dsn", server.dsn("vllm"), "--tools", str(tool),
        "--yes", "hi",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=environment(**home),
    )  # fmt: skip
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), TIMEOUT) == b"waiting\n"
    os.kill(process.pid, signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == -signal.SIGTERM


async def test_sigterm_works_where_ctrl_c_is_ignored(server: WireServer, home: dict[str, str]) -> None:
    server.answer(SLOW)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "aikido_llm", "chat", "-p", "vllm", "--dsn", server.dsn("vllm"), "hi",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=environment(**home), preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.read(5), TIMEOUT) == b"word0"
    os.kill(process.pid, signal.SIGTERM)
    _, told = await asyncio.wait_for(process.communicate(), 10)
    assert (process.returncode, told.strip()) == (-signal.SIGTERM, b"")
