"""Draws docs/_static/terminal.svg: `python docs/generate_terminal.py`.

It runs `aikido-llm chat` in a terminal of its own, against the test server, and draws what stands on
the screen in the end. Nothing but the answer's words is made up; the times are those of the run.
"""

import asyncio
import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

import aikido_llm as llm
from aikido_llm.testing import Answer, WireServer

PICTURE = Path(__file__).parent / "_static" / "terminal.svg"
COLUMNS = 70
QUESTION = "Why is the sky blue? In numbers, please."
ANSWER = """Air scatters **short waves** far more than long ones, with the fourth power of their frequency.

| light | wavelength | scattered |
|---|---:|---:|
| violet | 400 nm | 9.4 times |
| blue | 450 nm | 5.9 times |
| red | 700 nm | once |

```python
def scattered(nm: float) -> float:
    return (700 / nm) ** 4
```
"""
_MOVES = re.compile(r"(\r|\n|\x1b\[\d*A|\x1b\[2K|\x1b\[\?25[hl])")
# rich's own template asks another host for a font; each text has its length here, so any font fits
_SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<style>
.{unique_id}-matrix, .{unique_id}-title {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
.{unique_id}-matrix {{ font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""


async def run() -> str:
    """What the command writes to its terminal."""
    answer = Answer(ANSWER, thinking="They want figures: Rayleigh, 700 nm as one.", usage=llm.Usage(17, 94), pace=0.01)
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "config.json").write_text('{"log": false}')
        async with WireServer() as server:
            server.answer(answer)
            environment = {
                **{name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ},
                "HOME": home, "AIKIDO_LLM_HOME": home, "TERM": "xterm-256color", "LANG": "C.UTF-8",
                "LLM_PROVIDER": "anthropic", "LLM_MODEL": "claude-haiku-4-5", "LLM_DSN": server.dsn("anthropic"),
            }  # fmt: skip
            return await asyncio.to_thread(_in_a_terminal, ("chat", QUESTION), environment)


def _in_a_terminal(arguments: tuple[str, ...], environment: dict[str, str]) -> str:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    command = [sys.executable, "-m", "aikido_llm", *arguments]
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    written = bytearray()
    try:
        while piece := os.read(master, 65536):
            written += piece
    except OSError:  # Linux says so when the other end is closed
        pass
    finally:
        os.close(master)
    if process.wait():
        raise RuntimeError(f"the command failed: {written.decode()}")
    return written.decode()


def screen(written: str) -> list[str]:
    """The lines that stand there in the end, with their colours. It knows the moves that rich makes."""
    lines, at = [""], 0
    for piece in _MOVES.split(written):
        if piece == "\n":
            at += 1
            lines += [""] * (at + 1 - len(lines))
        elif piece == "\x1b[2K":
            lines[at] = ""
        elif piece.endswith("A") and piece.startswith("\x1b["):
            at -= int(piece[2:-1] or 1)
        elif piece and piece != "\r" and not piece.startswith("\x1b[?25"):
            lines[at] += piece
    while not lines[-1]:  # where something stood for a while
        lines.pop()
    return lines


def svg(written: str) -> str:
    """A picture of the screen behind the command that was typed."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "bold green"), f'aikido-llm chat "{QUESTION}"'))
    for line in screen(written):
        text = Text.from_ansi(line)
        text.rstrip()
        console.print(text)
    drawn = console.export_svg(title="anthropic, claude-haiku-4-5", code_format=_SVG, unique_id="terminal")
    return re.sub(r"[ \t]+$", "", drawn, flags=re.MULTILINE)


if __name__ == "__main__":
    PICTURE.write_text(svg(asyncio.run(run())), encoding="utf-8")
    sys.stdout.write(f"{PICTURE}\n")
