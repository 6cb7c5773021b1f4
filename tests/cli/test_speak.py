"""Nothing that came from elsewhere steers the terminal: whatever it is, and however it gets there."""

import ast
import json
import re
from pathlib import Path

import pytest

import aikido_llm as llm
import aikido_llm.cli
from aikido_llm.cli.terminal.render import json_line, safe
from aikido_llm.testing import Answer, WireServer

from .running import Terminal, here, run, saying

STEERING = "\x1b]52;c;ZXZpbA==\x07\x9b2J\x9d0;t\x9c\u202eright\u2066\u200f"
RAW = re.compile("\x1b\\]52|[\x07\x80-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f]")
SHOWN = "]52;c;ZXZpbA==2J0;tright"


def test_direction_and_controls_are_dropped() -> None:
    assert safe(f"a{STEERING}b") == f"a{SHOWN}b"
    assert safe("naïve שלום 文字 👩\u200d🚀\n\t") == "naïve שלום 文字 👩\u200d🚀\n\t"


def test_json_escapes_what_a_terminal_obeys() -> None:
    line = json_line({"text": STEERING + "\x7fé\u2028\ud800"})
    assert not RAW.search(line)
    assert "é" in line
    assert json.loads(line) == {"text": STEERING + "\x7fé\u2028\ud800"}
    assert json_line("é", ascii_only=True) == '"\\u00e9"\n'


def test_one_door() -> None:
    """Whoever writes elsewhere than in `speak`, the writers of answers and rich's drawings must be looked at."""
    allowed = {"speak.py", "live.py", "demo.py", "completion.py", "table.py", "screen.py", "image.py"}
    folder = Path(aikido_llm.cli.__file__).parent
    found: dict[str, list[str]] = {}
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called = ast.unparse(node.func)
                if called in ("click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write"):
                    found.setdefault(path.name, []).append(called)
    assert set(found) <= allowed
    assert "click.echo" not in [*found.get("screen.py", ()), *found.get("image.py", ()), *found.get("table.py", ())]


@pytest.mark.parametrize("flags", [(), ("--plain",), ("--json",), ("--no-stream",)])
async def test_an_answer(server: WireServer, flags: tuple[str, ...]) -> None:
    call = llm.ToolCall("c1", f"look{STEERING}", "{}")
    server.answer(Answer(f"text {STEERING} end", thinking=f"hm {STEERING}", tool_calls=(call,)))
    dsn = server.dsn("anthropic")
    async with Terminal("chat", "-p", "anthropic", "--dsn", dsn, f"-m{STEERING}", "hi", *flags) as terminal:
        assert await terminal.ended() == 0
        await terminal.until("end")
    assert not RAW.search(terminal.raw)
    if "--json" not in flags:
        assert f"text {SHOWN} end" in terminal.text


@pytest.mark.parametrize(
    "address", [f"https://e.example/{STEERING}.png", f"data:image/png{STEERING};base64,iVBORw0KGgo="]
)
@pytest.mark.parametrize("command", ["image", "chat"])
async def test_links_and_media_types(tmp_path: Path, address: str, command: str) -> None:
    images = [{"type": "image_url", "image_url": {"url": address}}]
    answer = {"choices": [{"message": {"content": "", "images": images}, "finish_reason": "stop"}]}
    where = ("-o", str(tmp_path)) if command == "image" else ("--no-stream",)
    async with saying(answer) as url:
        access = ("-p", "openrouter", "--dsn", f"{url}?api_key=k&model=m")
        async with Terminal(command, *access, *where, "x", TMPDIR=str(tmp_path)) as terminal:
            assert await terminal.ended() == 0
            await terminal.until("]52")
    assert not RAW.search(terminal.raw)


async def test_names_of_models() -> None:
    async with (
        saying({"data": [{"id": f"m{STEERING}"}]}) as url,
        Terminal("models", "-p", "vllm", "--dsn", url) as terminal,
    ):
        assert await terminal.ended() == 0
        await terminal.until("m]52;c;")
    assert not RAW.search(terminal.raw)


async def test_a_name_is_one_line_for_who_reads_a_pipe() -> None:
    async with saying({"data": [{"id": "one\nrm\u2028-r"}, {"id": "two"}]}) as url:
        done = await run("models", "-p", "vllm", "--dsn", url)
    assert [line.split("  ")[0] for line in done.out.splitlines()[1:]] == ["one rm -r", "two"]


async def test_files_and_names_of_files(tmp_path: Path) -> None:
    kept = {"aikido_llm_conversation": 1, "provider": f"x{STEERING}", "model": "m", "messages": list[object]()}
    (tmp_path / f"conv{STEERING}.json").write_text(json.dumps(kept))
    done = await here("repl", "--load", str(tmp_path / f"conv{STEERING}.json"))
    assert f"held with x{SHOWN}/m" in done.err
    assert not RAW.search(done.err)
    for arguments in (("chat", f"@{STEERING}"), ("chat", f"--{STEERING}"), ("chat", "-p", STEERING, "x"),
                      ("repl", "--load", STEERING), (STEERING,)):  # fmt: skip
        done = await here(*arguments)
        assert done.code in (1, 2)
        assert not RAW.search(done.err), arguments
