"""Keys: where they are found, and that no output shows one."""

import os
import sys
from pathlib import Path

import pytest

import aikido_llm as llm
from aikido_llm.cli.access import keys
from aikido_llm.cli.access.options import Access
from aikido_llm.providers import find
from aikido_llm.secret import Secret
from aikido_llm.testing import Answer, WireServer

from .running import Terminal, held, here, run

CANARY = "canaryKey7qZ2vX9wB4nU5tR8"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def write(path: Path, text: str = CANARY, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_order(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    access = Access("openai")
    assert not access.found()
    path = write(config / "openai" / "api_key")
    assert (access.found().source, access.found().key) == (str(path), Secret(CANARY))
    monkeypatch.setenv("OPENAI_API_KEY", "from-env")
    assert access.found() == keys.Found("OPENAI_API_KEY")
    assert Access("openai", dsn=Secret("?api_key=k")).found() == keys.Found("the DSN")
    other = write(config / "other", "k2\n")
    assert Access("openai", key_file=other).found().key == Secret("k2")
    assert Access("openai", key=Secret("k3"), key_file=other).found().source == "--api-key"


@pytest.mark.skipif(os.name != "posix", reason="file modes; on POSIX: make test")
@pytest.mark.parametrize(
    ("text", "mode", "problem"),
    [
        (CANARY, 0o644, "chmod 600"),
        (CANARY, 0o640, "chmod 600"),
        ("", 0o600, "empty"),
        (f"a\n{CANARY}", 0o600, "one line"),
    ],
)
def test_a_bad_key_file_is_refused(config: Path, text: str, mode: int, problem: str) -> None:
    path = write(config / "groq" / "api_key", text, mode)
    with pytest.raises(llm.ConfigError, match=problem) as caught:
        keys.read_key_file(path)
    assert CANARY not in str(caught.value)
    assert problem in keys.look(find("groq")).problem
    with pytest.raises(llm.ConfigError, match=problem):
        Access("groq", "m").client()


def test_a_key_file_that_is_not_there(config: Path) -> None:
    with pytest.raises(llm.ConfigError, match="cannot be read"):
        Access("groq", "m", key_file=config / "nowhere").client()


async def test_a_key_file_is_used(server: WireServer, tmp_path: Path) -> None:
    write(tmp_path / "vllm" / "api_key", "test-key\n")
    done = await run(
        "chat", "-p", "vllm", "-m", "m", "--dsn", server.base_url("vllm"), "hi", XDG_CONFIG_HOME=str(tmp_path)
    )
    assert done.code == 0
    assert server.received[0].headers["authorization"] == "Bearer test-key"


async def test_no_output_shows_a_key(server: WireServer, tmp_path: Path) -> None:
    """The server says the key in its error, as some do; every way to give the key."""
    server.respond(lambda _: Answer(status=401, message=f"Incorrect API key provided: {CANARY}"))
    base = server.base_url("openai")
    write(tmp_path / "key")
    (tmp_path / "in.jsonl").write_text('"a"\n')
    out = str(tmp_path / "out.jsonl")
    env_dsn = {"LLM_PROVIDER": "openai", "LLM_DSN": f"{base}?api_key={CANARY}"}
    for arguments, env in (
        (("chat", "-p", "openai", "-m", "m", "--dsn", base, "--api-key", CANARY, "hi"), {}),
        (("chat", "-p", "openai", "-m", "m", "--dsn", base, "--json", "hi"), {"OPENAI_API_KEY": CANARY}),
        (("repl", "-p", "openai", "-m", "m", "--dsn", base, "--key-file", str(tmp_path / "key")), {}),
        (("map", str(tmp_path / "in.jsonl"), "-o", out), {**env_dsn, "LLM_MODEL": "m"}),
        (("doctor", "openai"), env_dsn),
        (("chat", "--dsn", f"?apikey={CANARY}", "hi"), {}),
    ):  # fmt: skip
        done = await here(*arguments, stdin="hi\n", **env)
        assert CANARY[:9] not in done.out + done.err, arguments
        assert done.code == (0 if arguments[0] == "repl" else 1)
    assert CANARY[:9] not in (tmp_path / "out.errors.jsonl").read_text()


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"AIKIDO_LLM_HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path)}


async def test_a_key_that_is_set_is_used_and_never_shown(
    server: WireServer, home: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "home" / "keys" / "vllm"
    done = await here("keys", "set", "vllm", stdin="test-key\n", **home)
    assert (done.code, done.out, done.err) == (0, "", f"aikido-llm: the key of vllm is in {file}\n")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    used = await here("chat", "-p", "vllm", "-m", "m", "--dsn", server.base_url("vllm"), "hi", **home)
    assert (used.code, server.received[0].headers["authorization"]) == (0, "Bearer test-key"), used.err
    write(tmp_path / "vllm" / "api_key", "of-another-program")
    done = await here("keys", OPENAI_API_KEY="k", **home)
    assert done == await here("keys", "list", OPENAI_API_KEY="k", **home)
    assert [line.split() for line in done.out.splitlines()[1:]] == [["openai", "OPENAI_API_KEY"], ["vllm", str(file)]]
    assert "test-key" not in done.out + done.err
    assert (await here("keys", "path", **home)).out == f"{file.parent}\n"
    assert (await here("keys", "set", "openai", stdin="k2", OPENAI_API_KEY="k", **home)).err.endswith(
        "OPENAI_API_KEY is set, and goes before it\n"
    )
    assert (await here("keys", "remove", "vllm", **home)).code == 0
    assert (await here("keys", "remove", "vllm", **home)).err == "aikido-llm: no key of vllm is kept\n"
    for wrong in ("", "two words", "two\nlines", "\x00"):
        assert (await here("keys", "set", "vllm", stdin=wrong, **home)).code == 2
    assert not file.exists()


async def test_a_key_is_typed_where_it_is_not_shown(home: dict[str, str], tmp_path: Path) -> None:
    async with Terminal("keys", "set", "openai", **home) as terminal:
        await terminal.until("API key for OpenAI", "not shown")
        await terminal.hides()
        terminal.type(f"{CANARY}\r")
        await terminal.until("the key of openai is in")
        assert await terminal.ended() == 0
    assert CANARY not in terminal.raw
    assert (tmp_path / "home" / "keys" / "openai").read_text() == f"{CANARY}\n"


KEYRING = """
import json, pathlib
FILE = pathlib.Path(__file__).with_name("ring.json")
def _held(): return json.loads(FILE.read_text()) if FILE.exists() else {}
def get_password(service, name): return _held().get(f"{service} {name}")
def set_password(service, name, key): FILE.write_text(json.dumps({**_held(), f"{service} {name}": key}))
def delete_password(service, name): FILE.write_text("{}")
"""


async def test_the_system_s_keyring(
    server: WireServer, home: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for the library: what it does with a system's keyring is its own."""
    library = tmp_path / "lib" / "keyring.py"
    write(library, KEYRING)
    monkeypatch.setattr(sys, "path", [str(library.parent), *sys.path])
    monkeypatch.setitem(sys.modules, "keyring", None)  # so that what was there is there again behind the test
    del sys.modules["keyring"]
    done = await here("keys", "set", "vllm", stdin="test-key", **home)
    assert done.err == "aikido-llm: the key of vllm is in the system's keyring\n"
    assert (tmp_path / "lib" / "ring.json").read_text() == '{"aikido-llm vllm": "test-key"}'
    assert set(held(tmp_path / "home")) == {tmp_path / "home" / "config.json"}
    used = await here("chat", "-p", "vllm", "-m", "m", "--dsn", server.base_url("vllm"), "hi", **home)
    assert (used.code, server.received[0].headers["authorization"]) == (0, "Bearer test-key"), used.err
    del sys.modules["keyring"]
    library.write_text(f"def get_password(*_): raise OSError('{CANARY}')")
    broken = await here("chat", "-p", "openai", "-m", "m", "--dsn", server.base_url("openai"), "hi", **home)
    assert "keyring" not in broken.err, "it is asked for what is in it alone"
    broken = await here("providers", "vllm", **home)
    assert "the system's keyring cannot be used (OSError)" in broken.out
    assert CANARY not in broken.out + broken.err
    assert (await here("keys", "set", "--file", "vllm", stdin="k", **home)).code == 0
    assert (await here("config", **home)).err.startswith("aikido-llm: nothing is set"), "the file goes before it now"
