"""`config`, and what its settings and `-o` do to a question."""

import errno
import json
import os
import sys
from pathlib import Path

import pytest

import aikido_llm as llm
from aikido_llm.cli.access import places, settings
from aikido_llm.cli.access.details import Details, details
from aikido_llm.cli.access.options import of_environment
from aikido_llm.providers import find
from aikido_llm.testing import WireServer

from .running import Done, held, here


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIKIDO_LLM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


async def config(home: Path, *arguments: str) -> Done:
    return await here("config", *arguments, AIKIDO_LLM_HOME=str(home))


async def test_set_get_unset(home: Path) -> None:
    values = {
        "provider": ("claude",), "model": ("claude-haiku-4-5",), "model.openai": ("gpt-5-mini",), "log": ("off",),
        "alias.fast": ("openai", "gpt-5-mini"), "alias.local": ("qwen3:8b",),
        "option.gpt-4.1": ("temperature=0.2", "stop=a b"),
    }  # fmt: skip
    for name, value in values.items():
        assert (await config(home, "set", name, *value)).code == 0
    shown = await config(home)
    assert [line.split(maxsplit=1) for line in shown.out.splitlines()] == [
        ["provider", "anthropic"], ["model.anthropic", "claude-haiku-4-5"], ["model.openai", "gpt-5-mini"],
        ["log", "off"], ["alias.fast", "openai gpt-5-mini"], ["alias.local", "qwen3:8b"],
        ["option.gpt-4.1", "temperature=0.2 stop=a b"],
    ]  # fmt: skip
    assert shown.err == f"aikido-llm: this is in {home}/config.json\n"
    assert (home / "config.json").stat().st_mode & 0o777 == 0o600
    assert (await config(home, "get", "model")).out == "claude-haiku-4-5\n"
    assert (await config(home, "path")).out == f"{home}/config.json\n"
    for name in reversed(values):
        assert (await config(home, "unset", name)).code == 0
        assert (await config(home, "get", name)).code != 0
    assert "nothing is set" in (await config(home)).err
    assert json.loads((home / "config.json").read_text()) == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nonsense", "1"), "nonsense is no setting"),
        (("provider", "nobody"), "there is no provider 'nobody'"),
        (("model", "m"), "whose model?"),
        (("log", "perhaps"), "log is on or off"),
        (("alias.a", "nobody", "m"), "there is no provider 'nobody'"),
        (("alias.a", "b", "c", "d"), "takes a model, or a provider and its model"),
        (("option.m", "temperature"), "is not name=value"),
        (("option.m", "temperature=hot"), "Request.temperature takes a number"),
        (("option.m", "api_key=k"), "keys are no options"),
    ],
)
async def test_what_is_no_setting_changes_nothing(home: Path, arguments: tuple[str, ...], said: str) -> None:
    done = await config(home, "set", *arguments)
    assert done.code in (1, 2)
    assert said in done.err
    assert not held(home)


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"log": "yes"}', '{"aliases": {"a": {}}}', '{"models": {"a": 1}}'])
async def test_a_file_that_holds_something_else_is_named(home: Path, text: str) -> None:
    places.write(home / "config.json", text)
    done = await here("chat", "hi", AIKIDO_LLM_HOME=str(home))
    assert done.code == 1
    assert done.err.startswith(f"aikido-llm: {home}/config.json")
    assert "mend or remove it" in done.err
    assert (home / "config.json").read_text() == text


def test_flags_beat_the_environment_and_that_beats_the_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aliases = {"fast": settings.Alias("mini", "openai"), "big": settings.Alias("large")}
    settings.change(provider="anthropic", models={"anthropic": "opus", "groq": "llama"}, aliases=aliases)

    def asked(provider: str | None, model: str | None = None) -> tuple[str, str | None]:
        access = of_environment(provider, model)
        return access.provider, access.model

    assert asked(None) == ("anthropic", "opus")
    assert asked("groq") == ("groq", "llama")
    assert asked("openai") == ("openai", None)
    assert asked(None, "fast") == ("openai", "mini")
    assert asked("groq", "big") == ("groq", "large")
    monkeypatch.setenv("LLM_PROVIDER", "groq")
    monkeypatch.setenv("LLM_MODEL", "mixtral")
    assert asked(None) == ("groq", "mixtral")
    assert asked("anthropic") == ("anthropic", "opus")
    assert asked(None, "fast") == ("openai", "mini")
    monkeypatch.delenv("LLM_MODEL")
    monkeypatch.setenv("LLM_DSN", "?model=in-dsn")
    assert asked(None) == ("groq", None), "the DSN says which"


async def test_an_alias_of_another_provider(home: Path) -> None:
    await config(home, "set", "alias.fast", "openai", "mini")
    done = await here("chat", "-p", "groq", "-m", "fast", "hi", AIKIDO_LLM_HOME=str(home))
    assert done.code == 2
    assert "fast is mini of openai" in done.err


async def test_options_of_a_model_and_of_a_question(server: WireServer, home: Path) -> None:
    await config(home, "set", "option.test-model", "temperature=0.3", "seed=4", "top_p=0.5")
    access = ("-p", "vllm", "--dsn", server.dsn("vllm"))
    done = await here("chat", *access, "-o", "seed=5", "-t", "0.7", "-o", "stop=END", "-o", "extra.a.b=1", "-o",
                      'extra.a.c={"d": null}', "hi", AIKIDO_LLM_HOME=str(home))  # fmt: skip
    assert done.code == 0, done.err
    body = server.received[0].body
    assert (body["temperature"], body["seed"], body["top_p"], body["stop"]) == (0.7, 5, 0.5, ["END"])
    assert body["a"] == {"b": 1, "c": {"d": None}}
    done = await here("chat", *access, "-m", "other", "hi", AIKIDO_LLM_HOME=str(home))
    assert "temperature" not in server.received[1].body
    done = await here("chat", *access, "-o", "nonsense=1", "hi")
    assert done.code == 2
    assert "'nonsense' is not known to vllm; known are: " in done.err
    assert (await here("chat", *access, "-o", "nonsense", "hi")).code == 2
    await here("chat", "-p", "openrouter", "--dsn", server.dsn("openrouter"), "-o", "title=mine", "hi")
    assert "mine" in server.received[2].headers.values(), "an option that only this provider has"


async def test_options_of_a_model_hold_for_every_command_that_asks_it(server: WireServer, home: Path) -> None:
    env = {"AIKIDO_LLM_HOME": str(home)}
    access = ("-m", "x", "-p", "openrouter", "--dsn", server.dsn("openrouter"))
    (home.parent / "in.txt").write_text("a\n")
    out = home.parent / "out.jsonl"
    await config(home, "set", "option.x", "seed=4", "extra.a=1", "timeout=9")
    asked = {
        ("chat", "hi"): "",
        ("repl",): "hi\n",
        ("image", "-o", str(home.parent), "hi"): "",
        ("map", "--text", str(home.parent / "in.txt"), "-o", str(out)): "",
    }
    for words, stdin in asked.items():
        before = len(server.received)
        done = await here(words[0], *access, *words[1:], stdin=stdin, **env)
        body = server.received[before].body
        assert (body["seed"], body["a"]) == (4, 1), (words, done.err)
    done = await here(
        "map", *access, "--text", str(home.parent / "in.txt"), "-o", str(out), "--option", "seed=5", **env
    )
    assert "was answered with other settings" in done.err
    await config(home, "set", "option.x", "timeout=12", "seed=4", "extra.a=1")
    done = await here("map", *access, "--text", str(home.parent / "in.txt"), "-o", str(out), **env)
    assert "1 were answered before" in done.err, "how long is waited for an answer does not decide it"


async def test_what_a_row_says_beats_the_flags_and_those_the_settings(server: WireServer, home: Path) -> None:
    await config(home, "set", "option.test-model", "seed=1", "max_tokens=1", "temperature=0.1")
    rows, out = home.parent / "in.jsonl", home.parent / "out.jsonl"
    rows.write_text('{"prompt": "a", "seed": 3}\n')
    flags = ("--option", "seed=2", "-t", "0.2", "--thinking", "low")
    done = await here("map", "-p", "openai-chat", "--dsn", server.dsn("openai-chat"), str(rows), "-o", str(out), *flags,
                      AIKIDO_LLM_HOME=str(home))  # fmt: skip
    assert done.code == 0, done.err
    body = server.received[0].body
    assert (body["seed"], body["temperature"], body["reasoning_effort"]) == (3, 0.2, "low")
    assert 1 in body.values()


async def test_options_of_a_model_that_counts_or_makes_vectors(server: WireServer, home: Path) -> None:
    env = {"AIKIDO_LLM_HOME": str(home)}
    await config(home, "set", "option.test-model", "thinking=2000", "max_tokens=4000")
    done = await here("count", "-p", "anthropic", "--dsn", server.dsn("anthropic"), "hi", **env)
    assert done.code == 0, done.err
    assert server.received[0].body["thinking"]["budget_tokens"] == 2000
    texts, out = home.parent / "in.txt", home.parent / "vectors.jsonl"
    texts.write_text("a\n")
    embed = ("embed", "--text", str(texts), "-p", "openai", "--dsn", server.dsn("openai"), "-m", "v", "-o", str(out))
    await config(home, "set", "option.v", "dimensions=2", "timeout=9")
    assert (await here(*embed, **env)).code == 0
    assert server.received[1].body["dimensions"] == 2
    for wrong in ("temperature=1", "dimensions=many"):
        await config(home, "set", "option.v", wrong)
        done = await here(*embed, **env)
        assert (done.code, "option.v in `aikido-llm config`: vectors have no such" in done.err) == (1, True)


async def test_an_option_that_is_set_and_is_none_says_where_it_stands(home: Path) -> None:
    await config(home, "set", "alias.fast", "echo", "m")
    await config(home, "set", "option.fast", "nonsense=1")
    assert (
        (await config(home, "get", "option.fast")).out == (await config(home, "get", "option.m")).out == "nonsense=1\n"
    )
    done = await here("chat", "-m", "fast", "hi", AIKIDO_LLM_HOME=str(home))
    assert done.code == 1
    assert done.err.startswith("aikido-llm: option.m in `aikido-llm config`: 'nonsense' is not known to echo")
    assert (await config(home, "unset", "option.fast")).code == 0
    assert (await here("chat", "-m", "fast", "hi", AIKIDO_LLM_HOME=str(home))).code == 0


def test_details() -> None:
    assert details([("thinking", "64"), ("max_tokens", "9"), ("n", "2"), ("stop", '["a"]')]).fields == {
        "thinking": llm.ThinkingConfig.by_budget(64), "max_tokens": 9, "n": 2, "stop": ["a"],
    }  # fmt: skip
    assert details([("seed", "1"), ("seed", "2")]).fields == {"seed": 2}
    assert details([("timeout", "3")], find("openai")) == Details(own={"timeout": 3})
    for wrong in ("thinking=loud", "messages=x", "extra.a=1;extra.a.b=2", "n=0", "seed=x", "api_key=k", "extra.=1"):
        with pytest.raises(ValueError, match=r".+"):
            details([(name, value) for name, _, value in (one.partition("=") for one in wrong.split(";"))],
                    find("openai"))  # fmt: skip
    said = details([("temperature", "1")]).ask(llm.Request("hi", temperature=0))
    assert said.temperature == 0, "what the question says stays, 0 too"


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="XDG's folders; on Linux: make test")
def test_a_link_to_the_settings_stays_one(home: Path) -> None:
    kept = home.with_name("dotfiles.json")
    kept.write_text('{"provider": "openai"}')
    home.mkdir(exist_ok=True)
    (home / "config.json").symlink_to(kept)
    settings.change(provider="echo")
    assert (home / "config.json").is_symlink()
    assert json.loads(kept.read_text()) == {"provider": "echo"}
    assert [name for name in os.listdir(home.parent) if name.startswith(".dot")] == []


def test_what_could_not_be_written_is_as_it_was_and_named(home: Path) -> None:
    settings.change(provider="echo")
    held_before = (home / "config.json").read_text()
    with pytest.raises(OSError, match="No space left") as refused, places.drafted(home / "config.json"):
        raise OSError(errno.ENOSPC, "No space left on device")  # as a write does, which does not know its file
    assert refused.value.filename == str(home / "config.json")
    assert (home / "config.json").read_text() == held_before
    assert [file.name for file in home.iterdir()] == ["config.json"]


def test_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AIKIDO_LLM_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    found = [places.config(), places.data(), places.cache(), places.state()]
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        ".config/aikido-llm", ".local/share/aikido-llm", ".cache/aikido-llm", ".local/state/aikido-llm",
    ]  # fmt: skip
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert places.data() == found[1], "what is not absolute is ignored"
    monkeypatch.setenv("XDG_DATA_HOME", "/elsewhere")
    assert places.log() == Path("/elsewhere/aikido-llm/calls.db")
    monkeypatch.setenv("AIKIDO_LLM_HOME", "/all")
    assert {places.config(), places.data(), places.state(), places.cache().parent} == {Path("/all")}
