"""Every command in a terminal and in a pipe: that it does its work there, and what it says when it cannot."""

from pathlib import Path

import pytest
from attrs import frozen

import aikido_llm as llm
from aikido_llm.cli.main import COMMANDS
from aikido_llm.cli.terminal.sunset import png
from aikido_llm.testing import Answer, WireServer
from tests import deep

from .running import Terminal, here

ACCESS = "-p vllm --dsn {dsn}"


@frozen
class Case:
    """One command. works: its words, which succeed, with what is then seen. fails: words, exit status, what is said.
    {dsn} is a server that answers "Hello", {gemini} one that draws, {folder} holds rows.jsonl and tool.py."""

    works: tuple[str, str]
    fails: tuple[str, int, str]
    keys: str = ""  # what is typed, or piped in


CASES = {
    "chat": Case((f"chat {ACCESS} hi", "Hello"), ("chat -p nobody hi", 1, "there is no provider 'nobody'")),
    "repl": Case((f"repl {ACCESS}", "Hello"), ("repl --load {folder}/rows.jsonl", 1, "is no conversation"),
                 "hi\r/quit\r"),
    "image": Case(("image -p gemini --dsn {gemini} -o {folder}/{here}.png fog", "48x32"),
                  ("image -o {folder}/rows.jsonl fog", 2, "is there already: --force")),
    "map": Case((f"map {{folder}}/rows.jsonl -o {{folder}}/{{here}}.jsonl {ACCESS}", "1 answered"),
                ("map {folder}/nowhere -o {folder}/x", 2, "there is no file")),
    "batch": Case(("batch list -p anthropic --dsn {anthropic}", "lists no batches"),
                  (f"batch list {ACCESS}", 1, "aikido-llm: ")),
    "embed": Case((f"embed {{folder}}/rows.jsonl -o {{folder}}/{{here}}.v.jsonl {ACCESS}", "1 made"),
                  ("embed {folder}/rows.jsonl -o -", 2, "OUT must be a file")),
    "count": Case(("count -p anthropic --dsn {anthropic} hi", "\n"), ("count -p cohere hi", 1, "aikido-llm: ")),
    "models": Case((f"models {ACCESS}", "test-model-large"), ("models -p nobody", 1, "there is no provider 'nobody'")),
    "providers": Case(("providers", "openrouter"), ("providers nobody", 1, "there is no provider 'nobody'")),
    "config": Case(("config set alias.fast openai mini", ""), ("config get nonsense", 1, "nonsense is not set")),
    "keys": Case(("keys set openai", "the key of openai is in"), ("keys remove groq", 1, "groq"), "a-key\r"),
    "templates": Case(("templates path", "templates"), ("templates show nowhere", 1, "there is no template nowhere")),
    "logs": Case(("logs path", "calls.db"), ("logs show 7", 1, "nothing is kept")),
    "doctor": Case(("doctor echo", "ok   echo"), ("doctor nobody", 1, "there is no provider 'nobody'")),
    "completion": Case(("completion zsh", "#compdef aikido-llm"), ("completion tcsh", 2, "'tcsh' is not one of")),
    "demo": Case(("demo", "requests were made"), ("demo now", 2, "unexpected extra argument")),
}  # fmt: skip


def test_none_is_forgotten() -> None:
    assert list(CASES) == list(COMMANDS)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.json").write_text('{"log": false}')
    (tmp_path / "rows.jsonl").write_text('"why?"\n')
    return {"AIKIDO_LLM_HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)}


def words(text: str, server: WireServer, folder: Path, here: str) -> list[str]:
    named = {"dsn": server.dsn("vllm"), "gemini": server.dsn("gemini"), "anthropic": server.dsn("anthropic")}
    return [word.format(folder=folder, here=here, **named) for word in text.split()]


def answer(request: object) -> Answer:
    drawn = "generateContent" in str(request)
    return Answer(images=(llm.ImagePart(data=png()),)) if drawn else Answer("Hello")


@pytest.mark.parametrize("name", CASES)
async def test_in_a_pipe(server: WireServer, env: dict[str, str], tmp_path: Path, name: str) -> None:
    case = CASES[name]
    server.respond(answer)
    done = await here(*words(case.works[0], server, tmp_path, "pipe"), stdin=case.keys.replace("\r", "\n"), **env)
    assert done.code == 0, done.err
    assert case.works[1] in done.out + done.err
    assert "\x1b" not in done.out + done.err
    done = await here(*words(case.fails[0], server, tmp_path, "pipe"), **env)
    assert done.code == case.fails[1], done.err
    assert case.fails[2] in done.err
    assert done.out == ""
    assert case.fails[1] == 2 or done.err.count("\n") == 1, "one line says what to do"


@deep.parametrize("name", (*CASES,), 2)
async def test_in_a_terminal(server: WireServer, env: dict[str, str], tmp_path: Path, name: str) -> None:
    case = CASES[name]
    server.respond(answer)
    async with Terminal(*words(case.works[0], server, tmp_path, "pty"), **env) as terminal:
        if name == "keys":
            await terminal.hides()
        at = 0
        for line in case.keys.splitlines(keepends=True):
            if name == "repl":
                at = await terminal.until(*["first token"] * bool(at), "test-model>", behind=at)
            terminal.type(line)
        assert await terminal.ended() == 0, terminal.text
        await terminal.until(case.works[1])
    assert "a-key" not in terminal.raw
    async with Terminal(*words(case.fails[0], server, tmp_path, "pty"), **env) as terminal:
        assert await terminal.ended() == case.fails[1], terminal.text
        await terminal.until(case.fails[2])
    assert "Traceback" not in terminal.text


async def test_who_forgets_the_command_is_told(env: dict[str, str]) -> None:
    for words, meant in ((("caht", "hi"), "aikido-llm chat"), (("why is it so?",), "aikido-llm chat 'why is it so?'")):
        done = await here(*words, **env)
        assert (done.code, done.out) == (2, "")
        assert f"did you mean `{meant}`?" in done.err
