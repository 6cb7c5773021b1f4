"""Commands in a real terminal: what is drawn, what a key does."""

from pathlib import Path

import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, WireServer

from .running import Terminal

SLOW = Answer(" ".join(f"word{number}" for number in range(400)), pace=0.05)


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "config.json").write_text('{"log": false}')
    return {"AIKIDO_LLM_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}


async def test_chat_draws_markdown_and_says_how_long_it_took(server: WireServer, home: dict[str, str]) -> None:
    text = "# Title\n\nSome **bold** text.\n\n- item\n\n\x1b]0;owned\x07end"
    server.answer(Answer(text, pace=0.02, fault=Fault.stall("before_headers", seconds=0.3)))
    async with Terminal("chat", "-p", "vllm", "--dsn", server.dsn("vllm"), "hi", **home) as terminal:
        await terminal.until("test-model 0.", "Title", "Some bold text.", " • item", "]0;ownedend", "first token after")
        assert await terminal.ended() == 0
    assert "tokens/s" in terminal.text
    assert "11 in, 7 out" in terminal.text
    assert "**" not in terminal.text.rpartition("Some bold")[2]
    assert "\x1b]0;" not in terminal.raw
    assert "\x1b[?25h" in terminal.raw  # the cursor is back


async def test_chat_plain_and_a_stream_that_breaks_off(server: WireServer, home: dict[str, str]) -> None:
    server.answer(Answer("**one** two three", pace=0.02, fault=Fault.close(after_events=3)))
    async with Terminal("chat", "--plain", "-p", "vllm", "--dsn", server.dsn("vllm"), "hi", **home) as terminal:
        await terminal.until("**one**", "aikido-llm: vllm: ", "what arrived stands above", "ask again")
        assert await terminal.ended() == 1


@pytest.mark.parametrize("how", ["drawn", "--plain"])
async def test_sources_are_footnotes_behind_the_answer(server: WireServer, home: dict[str, str], how: str) -> None:
    sources = [
        llm.Citation(url="https://tide.example", title="Tide\x1b[2J", start=0, end=4),
        llm.Citation(url="https://tide.example", title="Tide", start=5, end=9),
    ]
    search = llm.ServerToolCall("s", "web_search", "web_search", '{"query":"tide"}', "completed", "[]")
    server.answer(Answer("High at noon.", server_tools=(search,), citations=sources))
    flags = ("--plain",) if how == "--plain" else ()
    async with Terminal("chat", *flags, "-p", "anthropic", "--dsn", server.dsn("anthropic"), "x", **home) as terminal:
        await terminal.until("server tool: web_search", "High at noon.", "[1] Tide", ", https://tide.example", "in all")
        assert await terminal.ended() == 0
    assert "[2]" not in terminal.text
    assert "\x1b[2J" not in terminal.raw


async def test_ctrl_c_ends_chat(server: WireServer, home: dict[str, str]) -> None:
    server.answer(SLOW)
    async with Terminal("chat", "-p", "vllm", "--dsn", server.dsn("vllm"), "hi", **home) as terminal:
        await terminal.until("word3")
        terminal.type("\x03")
        assert await terminal.ended() == 130
    assert "Traceback" not in terminal.text
    assert "^C" not in terminal.text
    await server.no_connections(5)


async def test_a_key_is_asked_for_and_not_shown(server: WireServer, home: dict[str, str]) -> None:
    async with Terminal(
        "chat", "-p", "openai", "-m", "m", "--dsn", server.base_url("openai"), "hi", **home
    ) as terminal:
        await terminal.until("API key for OpenAI", "not shown")
        await terminal.hides()
        terminal.type("test-key\n")
        await terminal.until("Hello from the test server.")
        assert await terminal.ended() == 0
    assert "test-key" not in terminal.raw
    assert server.received[0].headers["authorization"] == "Bearer test-key"


async def test_repl(server: WireServer, home: dict[str, str], tmp_path: Path) -> None:
    server.answer(
        SLOW, Answer("The second answer."), Answer("cut off here", fault=Fault.close(after_events=2)), "whole"
    )
    kept = tmp_path / "kept.json"
    async with Terminal("repl", "-p", "vllm", "--dsn", server.dsn("vllm"), **home) as terminal:
        await terminal.until("vllm/test-model>")
        terminal.type("first question\r")
        at = await terminal.until("word3")
        terminal.type("\x03")
        at = await terminal.until("stopped; what you saw stays", "test-model>", behind=at)
        terminal.type("\x1b[200~pasted one\npasted two\x1b[201~")
        at = await terminal.until("pasted two", behind=at)
        terminal.type("\r")
        at = await terminal.until("The second answer.", "first token", "test-model>", behind=at)
        terminal.type("third\\\rof two lines\r")
        at = await terminal.until("aikido-llm: vllm:", "(/retry)", "test-model>", behind=at)
        terminal.type("/retry\r")
        at = await terminal.until("whole", "first token", "test-model>", behind=at)
        terminal.type(f"/save {kept}\r")
        at = await terminal.until("kept in", "test-model>", behind=at)
        terminal.type("half a line")
        at = await terminal.until("half a line", behind=at)
        terminal.type("\x03")  # drops the line
        at = await terminal.until("test-model>", behind=at)
        assert await terminal.ended(by="\x04") == 0
    said = [request.body["messages"] for request in server.received]
    assert said[1][1]["role"] == "assistant"
    assert said[1][1]["content"].startswith("word0 word1")
    assert said[1][2]["content"] == "pasted one\npasted two"
    assert said[2][-1]["content"] == "third\nof two lines"
    assert said[3] == said[2], "what broke off does not stay, and /retry asks the same"
    assert kept.stat().st_mode & 0o777 == 0o600
    history = tmp_path / "history"
    assert history.stat().st_mode & 0o777 == 0o600
    assert "first question" in history.read_text()


async def test_repl_asks_before_a_function_runs(server: WireServer, home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "t.py").write_text("def now() -> str:\n    return 'noon'\n")
    (tmp_path / "n.txt").write_text("notes")
    call = Answer(tool_calls=(llm.ToolCall("c1", "now", "{}"),))
    server.answer(call, "I may not.", call, "It is noon.")
    async with Terminal("repl", "-p", "vllm", "--dsn", server.dsn("vllm"), **home) as terminal:
        at = await terminal.until("test-model>")
        terminal.type(f"/attach {tmp_path}/n.txt\r")
        at = await terminal.until("with the next question: n.txt", "test-model>", behind=at)
        terminal.type(f"/tools {tmp_path}/t.py\r")
        at = await terminal.until("offered: now", "test-model>", behind=at)
        terminal.type("when?\r")
        at = await terminal.until("run now({})? [y]es, [N]o, [a]lways:", behind=at)
        terminal.type("n\r")
        at = await terminal.until("not approved", "I may not.", "test-model>", behind=at)
        terminal.type("/retry\r")
        at = await terminal.until("[a]lways:", behind=at)
        terminal.type("y\r")
        at = await terminal.until("tool result: noon", "It is noon.", "test-model>", behind=at)
        assert await terminal.ended(by="\x04") == 0
    assert server.received[2].body["messages"] == server.received[0].body["messages"]
    assert "notes" in str(server.received[0].body["messages"])


async def test_map_shows_its_progress_and_ctrl_c_keeps_what_is_there(
    server: WireServer, home: dict[str, str], tmp_path: Path
) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('"a"\n"b"\n"c"\n')
    server.answer("quick", SLOW, SLOW)
    command = ("map", str(source), "-o", str(out), "-p", "vllm", "--dsn", server.dsn("vllm"))
    async with Terminal(*command, **home) as terminal:
        at = await terminal.until("1/3")
        terminal.type("\x03")
        await terminal.until("map: 3 inputs: 1 answered, 2 not asked", "run it again for the rest", behind=at)
        assert await terminal.ended() == 130
    assert "Traceback" not in terminal.text
    assert len(out.read_text().splitlines()) == 1


async def test_echo_says_that_it_is_no_model(home: dict[str, str]) -> None:
    for command in ("chat", "hi"), ("repl",):
        async with Terminal(*command, OPENAI_API_KEY="k", **home) as terminal:
            await terminal.until("echo answers, which is no model", "-p NAME (keys are set for: openai")
            assert await terminal.ended(by="\x04" if command == ("repl",) else "") == 0


async def test_forty_columns(home: dict[str, str]) -> None:
    table = "| one | two |\n|-|-|\n| a long cell | another long cell, of five words |"
    commands = (
        (("demo",), "requests were made"),
        (("providers",), "COHERE_API_KEY"),
        (("chat", table), "two: another long cell, of five words"),
    )
    for arguments, wanted in commands:
        terminal = Terminal(*arguments, **home)
        terminal.columns = 40
        async with terminal:
            assert await terminal.ended() == 0
            await terminal.until(wanted)
        pictures = [line for line in terminal.text.splitlines() if "▀" in line]
        assert max(map(len, pictures), default=0) <= 40, pictures
        assert len(pictures) == (12 if arguments == ("demo",) else 0)
