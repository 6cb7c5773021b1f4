"""`chat --tools`: functions of a file, run when somebody says so."""

import json
from pathlib import Path

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.cli.asking import functions
from aikido_llm.testing import Answer, WireServer

from .running import Terminal, here

TOOLS = '''
"""Tools."""
import os
from pathlib import Path

def weather(city: str, days: int = 1) -> str:
    """The weather of a city.

    Args:
        city: its name
    """
    with Path(__file__).with_name("ran").open("a") as file:
        file.write(city)
    return f"{city}: rain for {days}\\x1b[2J"

def _private() -> str:
    return ""

class Helper: ...
'''
CALL = llm.ToolCall("c1", "weather", '{"city": "Oslo\\u202e", "days": 2}')


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    (tmp_path / "tools.py").write_text(TOOLS)
    return tmp_path / "tools.py"


def asked(server: WireServer, tools: Path, *more: str, row: str = "anthropic") -> tuple[str, ...]:
    return "chat", "-p", row, "--dsn", server.dsn(row), "--tools", str(tools), *more, "how is Oslo?"


def results(server: WireServer) -> list[dict[str, object]]:
    """What the second request says of the tools."""
    content: list[dict[str, object]] = server.received[1].body["messages"][-1]["content"]
    return content


async def test_without_a_terminal_nobody_approves(server: WireServer, tools: Path) -> None:
    server.answer(Answer(tool_calls=(CALL,)), "I may not look.")
    done = await here(*asked(server, tools))
    assert (done.code, done.out) == (0, "I may not look.\n")
    assert "tool failed: nobody could be asked" in done.err
    assert results(server)[0]["is_error"] is True
    assert not tools.with_name("ran").exists()
    [offered] = server.received[0].body["tools"]
    assert (offered["name"], offered["description"].split("\n")[0]) == ("weather", "The weather of a city.")


async def test_yes_runs_all_and_every_call_is_kept(server: WireServer, tools: Path, tmp_path: Path) -> None:
    server.answer(Answer("Let me see.", tool_calls=(CALL, CALL)), "Rain.")
    home = {"AIKIDO_LLM_HOME": str(tmp_path / "home")}
    done = await here(*asked(server, tools, "--yes", "--log"), **home)
    assert (done.code, done.out) == (0, "Let me see.\nRain.\n")
    assert done.err.count("tool call: weather(") == done.err.count("tool result: Oslo") == 2
    assert "\x1b" not in done.err
    server.answer("still")
    assert (await here("chat", "-p", "anthropic", "--dsn", server.dsn("anthropic"), "-c", "now?", **home)).code == 0
    roles = [turn["role"] for turn in server.received[2].body["messages"]]
    assert roles == ["user", "assistant", "user", "assistant", "user"]


async def test_json_has_the_results_too(server: WireServer, tools: Path) -> None:
    server.answer(Answer(tool_calls=(CALL,)), "Rain.")
    done = await here(*asked(server, tools, "--yes", "--json", row="vllm"))
    kinds = [json.loads(line)["kind"] for line in done.out.splitlines()]
    assert kinds.count("end") == 2
    assert kinds.index("tool_result") == kinds.index("end") + 1


async def test_a_person_is_asked_and_sees_what_would_run(server: WireServer, tools: Path) -> None:
    other = evolve(CALL, id="c2", arguments=CALL.arguments.replace("2}", "3}"))
    twice = Answer(tool_calls=(CALL, other))
    server.answer(twice, twice, "Rain.")
    async with Terminal(*asked(server, tools)) as terminal:
        at = await terminal.until("run weather(", "\\u202e", "days", "[y]es, [N]o, [a]lways")
        terminal.type("\r")
        at = await terminal.until("3}", "[a]lways:", behind=at)  # the first question is drawn again at its end
        terminal.type("y\r")
        at = await terminal.until("tool failed: this call was not approved", "tool result: Oslo", behind=at)
        at = await terminal.until("run weather(", "[a]lways:", behind=at)
        terminal.type("a\r")
        await terminal.until("tool result", "tool result", "Rain.", behind=at)
        assert await terminal.ended() == 0
    assert "\u202e" not in terminal.raw
    assert tools.with_name("ran").read_text() == "Oslo\u202e" * 3


async def test_what_was_typed_ahead_is_no_answer(server: WireServer, tools: Path) -> None:
    server.answer(Answer("Let me look, this takes a while.", tool_calls=(CALL,), pace=0.05), "Then not.")
    async with Terminal(*asked(server, tools)) as terminal:
        await terminal.until("Let me")
        terminal.type("a\r")
        await terminal.until("[a]lways:")
        terminal.type("\r")
        await terminal.until("was not approved", "Then not.")
        assert await terminal.ended() == 0
    assert not tools.with_name("ran").exists()


async def test_ctrl_c_at_the_question_ends_it_all(server: WireServer, tools: Path) -> None:
    server.answer(Answer(tool_calls=(CALL,)))
    async with Terminal(*asked(server, tools)) as terminal:
        await terminal.until("[a]lways:")
        terminal.type("\x03")
        assert await terminal.ended() == 130
    assert "Traceback" not in terminal.text
    assert not tools.with_name("ran").exists()
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1/0", "cannot be loaded: ZeroDivisionError: division by zero"),
        ("def f(:", "cannot be loaded: SyntaxError"),
        ("x = 1", "has no functions to offer"),
        ("__all__ = ['missing']", "has no functions to offer"),
        (None, "takes a file of Python"),
    ],
)
async def test_files_that_have_none(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "t.py").write_text(text)
    done = await here("chat", "--tools", str(tmp_path / "t.py"), "hi")
    assert (done.code, done.err.count("\n"), said in done.err) == (1, 1, True), done.err


def test_all_names_what_is_offered(tmp_path: Path) -> None:
    (tmp_path / "t.py").write_text("from os.path import join\n__all__ = ['join', 'g']\ndef f(): ...\ndef g(): ...")
    assert [function.__name__ for function in functions.load(str(tmp_path / "t.py"))] == ["join", "g"]
