"""The picture on the first screen is of today's command line."""

import asyncio
import html
import re
import runpy
from pathlib import Path

GENERATOR = runpy.run_path(str(Path(__file__).parent.parent / "docs" / "generate_terminal.py"))
PICTURE: Path = GENERATOR["PICTURE"]


def said(picture: str) -> list[str]:
    """The texts of a picture, line by line; numbers of the clock are all the same."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", picture)
    return [
        re.sub(r"[\d.]+( s\b| tokens/s)", r"N\1", html.unescape(text).replace("\xa0", " "))
        for text in texts
        if text.strip()
    ]


def test_it_can_be_drawn_again_and_says_the_same() -> None:
    picture = GENERATOR["svg"](asyncio.run(GENERATOR["run"]()))
    assert said(picture) == said(PICTURE.read_text(encoding="utf-8")), "run: python docs/generate_terminal.py"


def test_it_asks_no_other_host_for_anything() -> None:
    assert re.findall(r"https?://[^\"')\s]+", PICTURE.read_text(encoding="utf-8")) == ["http://www.w3.org/2000/svg"]


def test_a_line_that_was_drawn_again_stands_there_once() -> None:
    assert GENERATOR["screen"]("one\r\ntw\r\n\x1b[1A\x1b[2Ktwo\r\nthree\r\n\x1b[?25h\r\x1b[1A\x1b[2K") == ["one", "two"]
