"""Markdown that is drawn while it comes, seen as a terminal of 24 lines shows it."""

import asyncio
import io
import re
import sys
import time

from rich.console import Console

from aikido_llm.cli.terminal.live import MarkdownWriter
from aikido_llm.testing import WireServer

from .running import environment

HEIGHT = 24


def screen(written: str) -> list[str]:
    """The lines a terminal has in the end, those that have scrolled away included."""
    lines, row = [""], 0
    for piece in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", written):
        if piece == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif piece == "\x1b[2K":
            lines[row] = ""
        elif re.fullmatch(r"\x1b\[\d*A", piece):
            row = max(row - int(piece[2:-1] or 1), len(lines) - HEIGHT, 0)
        elif piece[0] not in "\x1b\r":
            lines[row] += piece
    return [line.rstrip() for line in lines]


def test_a_block_that_is_taller_than_the_screen_stands_there_once() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, height=HEIGHT, color_system=None)
    writer = MarkdownWriter(console)
    code = "".join(f"line_{number} = {number}\n" for number in range(40))
    for word in re.findall(r"\S+|\s+", f"Intro\n\n```python\n{code}```\n\n- one\n- two\n\nEnd."):
        writer.write(word)
        time.sleep(0.003)
    writer.close()
    seen = [line.strip() for line in screen(out.getvalue()) if line.strip()]
    assert seen == ["Intro", *code.splitlines(), "• one", "• two", "End."]
    assert out.getvalue().count("line_0 ") > 2, "it was drawn while it came"


async def test_the_clock_does_not_count_what_is_loaded() -> None:
    """What the network needs is there before the clock starts: the figure is the provider's."""
    code = """
import asyncio, contextlib, sys
import aikido_llm as llm
from aikido_llm.cli.commands.chat import ask
from aikido_llm.cli.terminal.screen import Screen

class Watched(Screen):
    @contextlib.contextmanager
    def answer(self, who, *, streamed=True):
        before = set(sys.modules)
        with super().answer(who, streamed=streamed):
            yield self
        print(*{name.partition(".")[0] for name in set(sys.modules) - before} - {"rich"}, file=sys.stderr)

async def main():
    async with llm.open("vllm", sys.argv[1]) as client:
        await ask(client, llm.Request(messages=[llm.user("hi")]), Watched())

asyncio.run(main())
"""
    async with WireServer() as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, server.dsn("vllm"), stdout=-1, stderr=-1, env=environment()
        )
        out, err = await process.communicate()
    assert out == b"Hello from the test server.\n", err
    assert err == b"\n"
