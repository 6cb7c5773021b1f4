"""Markdown that is drawn while it comes, seen as a terminal of 24 lines shows it."""

import io
import re
import time

from rich.console import Console

from aikido_llm.cli.live import MarkdownWriter

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
