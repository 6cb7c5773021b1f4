"""The command line, run as a user runs it: its streams and its exit codes."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from aikido_llm.cli.main import COMMANDS, cli
from aikido_llm.testing import Answer, WireServer

from .running import Done, environment, here, run


async def test_chat_streams_to_stdout() -> None:
    done = await run("chat", "hello", "world", "--usage")
    assert (done.code, done.out) == (0, "hello world\n")
    assert done.err == "usage: 2 in, 2 out\n"


async def test_json_prints_one_event_a_line() -> None:
    done = await run("chat", "--json", "a b")
    kinds = [json.loads(line)["kind"] for line in done.out.splitlines()]
    assert kinds == ["text_delta", "text_delta", "usage", "end"]
    assert done.err == ""


async def test_no_stream() -> None:
    assert (await here("chat", "--no-stream", "a b")).out == "a b\n"
    assert json.loads((await here("chat", "--no-stream", "--json", "a b")).out)["text"] == "a b"


async def test_error_is_one_line_and_exit_1() -> None:
    done = await run("chat", "-p", "opnai", "hi")
    assert done.code == 1
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert "did you mean openai" in done.err


async def test_no_key_says_what_to_do() -> None:
    done = await here("chat", "-p", "groq", "-m", "m", "hi")
    assert done.code == 1
    assert "GROQ_API_KEY" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [("chat",), ("chat", "--nonsense"), ("nonsense",), ("chat", "--thinking", "much", "hi"), ("chat", "@nowhere"),
     ("chat", "--image", "nowhere.png", "hi"), ("map", "nowhere", "--out", "x")],
)  # fmt: skip
async def test_wrong_usage_is_exit_2(arguments: tuple[str, ...]) -> None:
    done = await here(*arguments)
    assert done.code == 2
    assert "Usage:" in done.err


async def in_folder(folder: Path, *arguments: str, **env: str) -> Done:
    return await run(*arguments, cwd=folder, PYTHONPATH=str(Path(__file__).parents[2]), **env)


async def test_an_env_file_gives_keys_alone_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "deep").mkdir()
    hostile = "HTTP_PROXY=http://127.0.0.1:9\nSSL_CERT_FILE=ca.pem\nOPENAI_BASE_URL=http://127.0.0.1:9/v1\n"
    (tmp_path / ".env").write_text(f"{hostile}LLM_PROVIDER=openai\nVLLM_API_KEY='key-${{HOME}}'\n")
    async with WireServer(key=None) as server:
        server.answer(Answer("hello"))
        dsn = server.base_url("vllm")
        done = await in_folder(tmp_path / "deep", "chat", "-p", "vllm", "-m", "m", "--dsn", dsn, "hi")
        assert server.received[-1].headers["authorization"] == "Bearer key-${HOME}", "nothing is expanded"
    assert "hello" in done.out
    assert "key from VLLM_API_KEY of" in done.err
    assert "LLM_PROVIDER of" in done.err
    assert "not taken" in done.err


async def test_a_key_beside_an_address_goes_nowhere(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=canary\nOPENAI_BASE_URL=http://127.0.0.1:9/v1\n")
    done = await in_folder(tmp_path, "chat", "-p", "openai", "-m", "m", "hi")
    assert done.code == 1
    assert "set OPENAI_BASE_URL in the environment" in done.err
    assert "canary" not in done.err


async def test_an_env_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe=1")
    done = await in_folder(tmp_path, "chat", "-p", "openai", "-m", "m", "hi")
    assert done.code == 1
    assert ".env is not text: not read" in done.err
    assert "Traceback" not in done.err


async def test_an_env_file_is_measured_in_bytes_and_never_read_in_part(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=" + "\u00e9" * 200_000 + "\nOPENAI_API_KEY=canary\n")
    done = await in_folder(tmp_path, "chat", "-p", "openai", "-m", "m", "hi")
    assert done.code == 1
    assert ".env is too large: not read" in done.err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="for root alone; as root: make test")
@pytest.mark.parametrize("named", [False, True])
async def test_an_env_file_of_another_user_is_not_read(tmp_path: Path, named: bool) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=canary\n")
    os.chown(tmp_path / ".env", 65534, 65534)
    env = {"AIKIDO_LLM_ENV_FILE": str(tmp_path / ".env")} if named else {}
    done = await in_folder(tmp_path, "chat", "-p", "openai", "-m", "m", "hi", **env)
    assert done.code == 1
    assert "belongs to another user" in done.err


def test_closed_pipe_ends_quietly() -> None:
    command = f"{sys.executable} -m aikido_llm chat --json '{'word ' * 20000}' | head -c 10"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False, stdin=-3)
    assert done.stderr == ""


async def test_version_and_help() -> None:
    assert "aikido-llm" in (await here("--version")).out
    done = await here("--help")
    assert all(f"  {name} " in done.out for name in COMMANDS)


def test_every_command_has_its_line_in_the_help() -> None:
    for name in COMMANDS:
        command = cli.get_command(cli.make_context("aikido-llm", ["--help"], resilient_parsing=True), name)
        assert command is not None
        assert command.name == name


def test_help_imports_next_to_nothing() -> None:
    code = "import sys, aikido_llm.cli.main as m\nm.run(['--help'])\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment())
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"aiohttp", "cattrs", "msgspec", "anyio", "asyncio", "rich.console", "attr", "prompt_toolkit"}


async def test_providers_table_and_json() -> None:
    table = await here("providers")
    assert "anthropic (claude)" in table.out
    assert "openai_chat" in table.out
    rows = [json.loads(line) for line in (await here("providers", "--json", OPENAI_API_KEY="x")).out.splitlines()]
    openai = next(row for row in rows if row["name"] == "openai")
    assert openai["key_set"] is True
    assert openai["key_source"] == "OPENAI_API_KEY"
    assert openai["dialect"] == "openai_responses", "as it is opened without a base URL"
    assert openai["wires"] == {"chat": "openai_chat", "responses": "openai_responses"}
    assert openai["features"]["audio out"] is False
    assert "openai_chat at any other base URL" in " ".join((await here("providers", "openai")).out.split())
    one = await here("providers", "openrouter")
    assert "provider_order" in one.out


def test_without_the_extra_one_line_says_how_to_install_it() -> None:
    code = "import sys; sys.modules['click'] = None\nfrom aikido_llm.__main__ import main\nmain()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == 'aikido-llm: the command line needs an extra: pip install "aikido-llm[cli]"\n'


async def test_all_that_is_missing_is_said_at_once() -> None:
    done = await here("chat", "-p", "openai", "hi")
    assert done.code == 1
    assert done.err.startswith("aikido-llm: openai: no key and no model: set OPENAI_API_KEY (https://")
    assert done.err.endswith(
        "and name a model with -m NAME, LLM_MODEL or, for good, `aikido-llm config set model NAME`\n"
    )
    done = await here("chat", "-p", "openai", "hi", OPENAI_API_KEY="k")
    assert "`aikido-llm config set model NAME` (`aikido-llm models -p openai` lists them)" in done.err
    assert "open(" not in done.err
    done = await here("models", "-p", "openai")
    assert "openai: no key: set OPENAI_API_KEY" in done.err


async def test_a_server_that_is_not_there_is_said_in_plain_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = await here("chat", "-p", "llamacpp", "--dsn", f"http://127.0.0.1:{port}/v1?model=m", "hi")
    assert done.code == 1
    assert f"no connection: 127.0.0.1:{port}: Connection refused (after 3 attempts); is the server running" in done.err
    assert not re.search(r"ssl|Connect call|\[|\('", done.err)


@pytest.mark.parametrize("stream", ["1>&-", "2>&-", "<&-", "1>/dev/full"])
def test_streams_that_are_closed_or_full(stream: str) -> None:
    command = f"{sys.executable} -m aikido_llm chat hello {stream}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False, stdin=-3)
    assert "Traceback" not in done.stderr
    assert done.returncode == (1 if "full" in stream else 0)
