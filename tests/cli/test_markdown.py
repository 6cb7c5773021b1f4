"""Markdown on a terminal: what is drawn holds every character of the answer."""

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from aikido_llm.cli.terminal import live
from aikido_llm.cli.terminal.document import Document
from aikido_llm.cli.terminal.live import MarkdownWriter
from aikido_llm.cli.terminal.markdown import settled, split

from .test_live import screen

PIECES = (
    *("word", "Wörter", "文字", "🙂", "x" * 70, " ", "\n", "\n\n", "\t", "    ", "7", "$", "%", "{}", "@", "/", "&"),
    *("*", "**", "_", "__", "~~", "`", "```", "\n```\n", "\n```text\n", "\n```no such language\n", "\\", "\\(", "\\\n"),
    *(
        "<div>",
        "</b>",
        "<br>",
        "Vec<u8>",
        "0<a or a>1",
        "<!--",
        "-->",
        "\n<table>\n",
        "<http://é.example/a?b=c>",
        "&lt;",
    ),
    *("[", "]", "(", ")", "](http://a.example/b 'title')", "![", "\n[1]: http://c.example\n", "[^1]", "[word][1]"),
    *("\n- ", "\n1. ", "\n1. ", "\n3) ", "\n> ", "\n# ", "\n===\n", "\n---\n", "> " * 30, "- " * 25),
    *("|", "\n| a | b |\n|---|---|\n| c | d | e |\n", "\n| head |\n|-|\n| " + "long cell " * 9 + "|\n"),
)
MARKDOWN = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
MARKS = re.compile(r"""[\s*_~`#>|\-+=\[\]()!\\:<."']""")


def drawn(text: str, width: int = 80) -> str:
    out = io.StringIO()
    Console(file=out, force_terminal=True, width=width, color_system=None).print(Document(text))
    return out.getvalue()


def missing(shown: str, text: str) -> str:
    """The first character that is not shown in its turn, with what follows it."""
    at = 0
    wanted = MARKS.sub("", text.replace("```text", "```"))
    for number, character in enumerate(wanted):
        at = shown.find(character, at) + 1
        if not at:
            return wanted[number : number + 20]
    return ""


@settings(max_examples=300, deadline=None)
@given(MARKDOWN, st.sampled_from([20, 40, 80]))
def test_every_visible_character_is_shown_in_order(text: str, width: int) -> None:
    assert missing(drawn(text, width), text) == ""


@settings(max_examples=50, deadline=None)
@given(st.lists(MARKDOWN, max_size=8))
def test_however_it_comes(pieces: list[str]) -> None:
    out = io.StringIO()
    writer = MarkdownWriter(Console(file=out, force_terminal=True, width=60, height=24, color_system=None))
    for piece in pieces:
        writer.write(piece)
    writer.close()
    assert missing("\n".join(screen(out.getvalue())), "".join(pieces)) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("if 0<foo or foo>10, use <div> and Vec<u8>", "if 0<foo or foo>10, use <div> and Vec<u8>"),
        ("<section>\n *one*\n</section>", "<section>\n *one*\n</section>"),
        (r"snake\_case, \(a+b\), C:\new", r"snake\_case, \(a+b\), C:\new"),
        ("a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c"),
        ('[here](http://a.example/é "Title")', 'here (http://a.example/é "Title")'),
        ("![a cat](http://a.example/cat.png)", "a cat (http://a.example/cat.png)"),
        ("<http://a.example/>", "http://a.example/"),
        ("see [^1]\n\n[^1]: http://a.example", "see [^1]\n\n[^1]: http://a.example"),
        ("7. a\n7. b", " 7 a\n 7 b"),
        ("```c title=x.c\nint a;\n```", "c title=x.c\n\n int a;"),
        ("| a | b |\n|-|-|\n| 1 | 2 | 3 |", "| a | b |\n|-|-|\n| 1 | 2 | 3 |"),
        ("| a | b |\n|-|-|\n| one two three four five | six seven eight nine |",
         "a | b\n\na: one two three four five\nb: six seven eight nine"),
    ],
)  # fmt: skip
def test_what_is_no_mark_stays(text: str, shown: str) -> None:
    def lines(text: str) -> list[str]:
        return [line.strip() for line in text.splitlines() if line.strip()]

    assert lines(drawn(text, 45)) == lines(shown)


def test_marks_are_drawn() -> None:
    assert drawn("**bold** and `code`").strip() == "bold and code"
    assert " • one" in drawn("- one\n- two")
    assert "python" not in drawn("```python\na = 1\n```")


def test_a_long_block_goes_on_as_what_it_is() -> None:
    code = "```python\n" + "".join(f"line_{number}\n" for number in range(400)) + "```\n\nend"
    head, rest = split(code[:2000], 1000)
    assert len(head) <= 1000
    assert rest.startswith("```python\nline_")
    assert split("word " * 400, 1000)[0].endswith(" ")
    assert split("x" * 2000, 1000) == ("x" * 1000, "x" * 1000)
    assert settled("```\na\n\nb\n") == 0


def test_a_table_of_cells_that_are_not_there_stays_as_it_was_written() -> None:
    columns = 400
    hollow = "|a" * columns + "\n" + "|-" * columns + "\n" + "|b\n" * columns
    out = io.StringIO()
    console = Console(file=out, width=80)
    console.print(Document(hollow))
    assert len(out.getvalue()) < 2 * len(hollow), "160,000 cells took seconds, and as many lines"
    assert missing(out.getvalue(), hollow) == ""
    console.print(Document("| c | d |\n|---|---|\n| 1 |\n| 2 |\n"))
    assert "───" in out.getvalue(), "a row may lack one"


def test_what_is_drawn_again_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_LONGEST", 500)
    out = io.StringIO()
    writer = MarkdownWriter(Console(file=out, force_terminal=True, width=80, height=24, color_system=None))
    text = "- " + "\n- ".join(f"item{number}" for number in range(500))
    writer.write(text)
    shown = out.getvalue()
    assert "item400" in shown, "what is behind the bound is printed for good"
    writer.close()
    assert missing("\n".join(screen(out.getvalue())), text) == ""
