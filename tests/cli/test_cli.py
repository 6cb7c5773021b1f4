"""The command line, run as a user runs it: its streams and its exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(
    *arguments: str, stdin: str | None = None, cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LLM_")}
    return subprocess.run([sys.executable, "-m", "aikido_llm", *arguments], input=stdin, capture_output=True, text=True,
                          cwd=cwd, env={**clean, **env}, timeout=60, check=False)  # fmt: skip


def test_chat_streams_to_stdout() -> None:
    done = run("chat", "hello", "world", "--usage")
    assert (done.returncode, done.stdout) == (0, "hello world\n")
    assert done.stderr == "usage: 2 in, 2 out\n"


def test_prompt_from_stdin() -> None:
    assert run("chat", stdin="from a pipe").stdout == "from a pipe\n"


def test_json_prints_one_event_a_line() -> None:
    done = run("chat", "--json", "a b")
    kinds = [json.loads(line)["kind"] for line in done.stdout.splitlines()]
    assert kinds == ["text_delta", "text_delta", "usage", "end"]
    assert done.stderr == ""


def test_no_stream() -> None:
    assert run("chat", "--no-stream", "a b").stdout == "a b\n"
    assert json.loads(run("chat", "--no-stream", "--json", "a b").stdout)["text"] == "a b"


def test_error_is_one_line_and_exit_1() -> None:
    done = run("chat", "-p", "opnai", "hi")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "did you mean openai" in done.stderr


def test_no_key_says_what_to_do() -> None:
    done = run("chat", "-p", "groq", "-m", "m", "hi", GROQ_API_KEY="")
    assert done.returncode == 1
    assert "GROQ_API_KEY" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [("chat",), ("chat", "--nonsense"), ("nonsense",), ("chat", "--thinking", "much", "hi")]
)
def test_wrong_usage_is_exit_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments, stdin="")
    assert done.returncode == 2
    assert "Usage:" in done.stderr


def test_env_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LLM_PROVIDER=groq\n")
    done = run("chat", "hi", cwd=tmp_path, GROQ_API_KEY="", PYTHONPATH=str(Path(__file__).parents[2]))
    assert "no model" in done.stderr


def test_closed_pipe_ends_quietly() -> None:
    command = f"{sys.executable} -m aikido_llm chat --json '{'word ' * 20000}' | head -c 10"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""


def test_providers_table_and_json() -> None:
    table = run("providers", COLUMNS="200")
    assert "anthropic" in table.stdout
    assert "openai_chat" in table.stdout
    rows = [json.loads(line) for line in run("providers", "--json", OPENAI_API_KEY="x").stdout.splitlines()]
    assert next(row for row in rows if row["name"] == "openai")["key_set"] is True


def test_version_and_help() -> None:
    assert "aikido-llm" in run("--version").stdout
    assert "providers" in run("--help").stdout


def test_without_the_extra_one_line_says_how_to_install_it() -> None:
    code = "import sys; sys.modules['click'] = None\nfrom aikido_llm.__main__ import main\nmain()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == 'aikido-llm: the command line needs an extra: pip install "aikido-llm[cli]"\n'
