"""What is shown, as values."""

import random

import pytest

import aikido_llm as llm
from aikido_llm.cli.asking import media
from aikido_llm.cli.terminal import preview
from aikido_llm.cli.terminal.explain import explain
from aikido_llm.cli.terminal.markdown import settled
from aikido_llm.cli.terminal.render import Meter, counts, footnotes, json_line, safe, server_tool, usage_line, visible
from aikido_llm.cli.terminal.sunset import blocks, png

MARKDOWN = """# A

text that is
wrapped

- one
- two

  more of two
- three

```python
a

# not a heading
b
```

| a | b |
|---|---|
| 1 | 2 |

1. x

end
"""


def test_settled_text_ends_where_the_last_block_begins() -> None:
    assert settled("") == 0
    assert settled("one paragraph\nof two lines") == 0
    assert MARKDOWN[settled(MARKDOWN) :] == "end\n"
    upto = MARKDOWN.index("# not")
    assert MARKDOWN[settled(MARKDOWN[:upto]) : upto].startswith("```python")
    upto = MARKDOWN.index("more of")
    assert MARKDOWN[settled(MARKDOWN[:upto]) : upto].startswith("- one")


def test_settled_pieces_are_the_whole_however_it_is_cut() -> None:
    for seed in range(30):
        rng = random.Random(seed)
        rest, out, at = "", "", 0
        while at < len(MARKDOWN):
            step = rng.randint(1, 12)
            rest, at = rest + MARKDOWN[at : at + step], at + step
            cut = settled(rest)
            out, rest = out + rest[:cut], rest[cut:]
        assert out + rest == MARKDOWN
        assert rest == "end\n"


def test_meter() -> None:
    times = iter([10.0, 10.5, 12.5])
    meter = Meter(clock=lambda: next(times))
    meter.start()
    meter.content()
    meter.content()
    meter.end()
    usage = llm.Usage(input_tokens=1200, output_tokens=100, reasoning_tokens=40, cost_usd=0.0012)
    assert meter.line(usage, streamed=True) == (
        "first token after 0.50 s · 50 tokens/s · 2.5 s in all · 1,200 in, 100 out (40 reasoning), $0.0012"
    )
    assert meter.line(llm.Usage(), streamed=False) == "2.5 s in all"


def test_counts_say_what_the_server_said() -> None:
    assert counts(llm.Usage()) == ""
    assert usage_line(llm.Usage()) == "usage: not said by the server"
    assert counts(llm.Usage(input_tokens=11, cache_read_tokens=8)) == "11 in (8 cached)"


def test_a_terminal_is_not_steered_by_an_answer() -> None:
    assert safe("a\x1b]0;title\x07b\x9b2Jc\r\n\td\x7f") == "a]0;titleb2Jc\n\td"
    assert safe("naïve 文字 🙂\n") == "naïve 文字 🙂\n"


def test_who_decides_sees_what_a_terminal_does_not_show() -> None:
    hidden = "a\u200bb\u2060\u00ad\u3164\u202e\n\r\x1b[2K\U000e0041\u00a0\u2028\ufeff"
    assert visible(hidden) == (
        "a\\u200bb\\u2060\\u00ad\\u3164\\u202e\\n\\r\\u001b[2K\\udb40\\udc41\\u00a0\\u2028\\ufeff"
    )
    assert visible("Grüße, 漢字 👍") == "Grüße, 漢字 👍"


def test_json_lines_can_be_written() -> None:
    assert json_line({"a": "é"}) == '{"a": "é"}\n'
    assert json_line({"a": "\ud800"}) == '{"a": "\\ud800"}\n'


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (llm.AuthError("no", provider="openai"), "OPENAI_API_KEY, --key-file or `aikido-llm keys set openai`"),
        (llm.ModelNotFoundError("no", provider="groq"), "aikido-llm models -p groq"),
        (llm.ConnectError("no", provider="ollama"), "is the server running"),
        (llm.StreamTruncated("cut; what arrived is in .partial"), "what arrived stands above; ask again"),
        (llm.ConfigError('no model: pass model="..."', provider="groq"), "-m NAME"),
        (llm.LLMError("two\nlines\x1b[2J"), "two lines [2J"),
    ],
)
def test_an_error_says_what_to_do(error: llm.LLMError, advice: str) -> None:
    assert advice in explain(error)
    assert "\n" not in explain(error)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (png(), (48, 32)),
        (b"GIF89a\x03\0\x02\0", (3, 2)),
        (b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x0b\x08\0\x02\0\x03", (3, 2)),
        (b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x02\0\0\x01\0\0", (3, 2)),
        (b"\xff\xd8\xff\xe0\0\0", None),
        (b"nothing", None),
    ],
)
def test_pixels(data: bytes, size: tuple[int, int] | None) -> None:
    assert media.pixels(data) == size


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM_PROGRAM": "iTerm.app"}, "iterm2"),
        ({"TERM_PROGRAM": "iTerm.app", "TMUX": "/tmp/x"}, ""),
        ({"TERM": "screen-256color", "LC_TERMINAL": "iTerm2"}, ""),
        ({"TERM": "xterm-256color"}, ""),
        ({}, ""),
    ],
)
def test_pictures_are_shown_only_where_the_terminal_says_so(environment: dict[str, str], protocol: str) -> None:
    assert preview.protocol(environment) == protocol


def test_previews() -> None:
    image = llm.ImagePart(data=png() + bytes(9000))
    kitty = preview.escape(image, "kitty")
    assert kitty.count("\x1b_G") == 4
    assert kitty.startswith("\x1b_Ga=T,f=100,m=1;")
    assert kitty.endswith("\x1b\\\n")
    assert preview.escape(llm.ImagePart(data=b"GIF89a"), "kitty") == ""
    assert preview.escape(image, "iterm2").startswith("\x1b]1337;File=inline=1;size=")
    assert preview.escape(image, "") == ""
    assert blocks(png()).plain.count("▀") == 48 * 16


def test_footnotes_name_each_source_once() -> None:
    told = [
        llm.Citation(url="https://a.example"),
        llm.Citation(document="doc_1", cited_text="words"),
        llm.Citation(url="https://a.example", title="A\ntitle"),
        llm.Citation(title="Alone"),
        llm.Citation(),
    ]
    assert footnotes(told) == ["[1] A title, https://a.example", "[2] doc_1", "[3] Alone"]


def test_a_server_tool_is_one_short_line() -> None:
    code = llm.ServerToolCall("", "", "code_execution", "print(1)\n" * 100, "open")
    line = server_tool(code)
    assert line.startswith("server tool: code_execution print(1) print(1)")
    assert line.endswith("... (open)")
    assert len(line) < 260
