"""Every program of docs/cookbook.md runs as a reader would run it, against a test server, whose address stands in the
providers' variables. A thousand rows are a hundred here.
"""

import builtins
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

import aikido_llm as llm
from aikido_llm.testing import Answer, WireServer

PAGE = Path(__file__).parent.parent / "docs" / "cookbook.md"
TEXT = PAGE.read_text(encoding="utf-8")
TASKS = dict(re.findall(r"^## ([^\n]+)\n+```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE))
MOST_LINES = 20  # that are not blank
ADDRESSES = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    "openai": ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"),
    "openrouter": ("OPENROUTER_API_KEY", "OPENROUTER_API_BASE"),
}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
PDF = b"%PDF-1.7\n%%EOF"
MOONS = [{"name": "Titan", "diameter_km": 5149.5}, {"name": "Rhea", "diameter_km": 1527.6}]
SOURCE = llm.Citation(url="https://tide.example", title="The almanac", start=0, end=4)
SEARCH = llm.ServerToolCall("s1", "web_search", "web_search", '{"query": "tide"}', "completed", "[]")
FRUIT = Answer("mango")

# task -> what the server answers, in order (none: what it says by itself); what is printed
ROWS: dict[str, tuple[list[Answer], str]] = {
    "Stream to the terminal": ([Answer("It scatters.")], "It scatters."),
    "See tokens and cost": ([Answer("Titan", usage=llm.Usage(9, 4, cost_usd=0.0005))], "9 in, 4 out, $0.0005"),
    "Get JSON of a type": ([Answer(json.dumps({"value": MOONS}))], "Titan 5149.5\nRhea 1527.6"),
    "Show that JSON while it grows": ([Answer('{"title": "Tea", "steps": ["boil", "steep"]}')], "'boil'"),
    "Let the model call functions": (
        [Answer(tool_calls=[llm.ToolCall("c1", "temperature", '{"city": "Bergen"}')]), Answer("4.5 °C.")],
        "4.5 °C.\n2 turns",
    ),
    "Ask a person before a function runs": (
        [Answer(tool_calls=[llm.ToolCall("c1", "delete", '{"path": "a"}')]), Answer("It stays.")],
        "It stays.",
    ),
    "Ask about a picture": ([Answer("A cat.")], "A cat."),
    "Ask about a PDF": ([Answer("Page 3 is empty.")], "Page 3 is empty."),
    "Draw a picture": ([Answer(images=[llm.ImagePart(data=PNG)])], "whale.png"),
    "Search the web, with sources": (
        [Answer("Noon.", server_tools=[SEARCH], citations=[SOURCE])],
        "- The almanac https://tide.example",
    ),
    "Think first": ([Answer("Yes.", thinking="No divisor.", signature="c2ln")], "\033[2m divisor.\033[0mYes."),
    "Fall back to another provider": ([Answer(status=529), Answer("I am here.")], "I am here. from openai"),
    "Stay within a budget": ([], "- spent: "),
    "Keep to a rate limit": ([], "20 answers"),
    "Retry, and keep what arrived": ([Answer(status=529), Answer("Hello.")], "Hello. after 2 attempts"),
    "Set time limits": ([Answer("Hello.")], "Hello."),
    "Stop in the middle": ([Answer("one two three four five", pace=0.01)], "one two three"),
    "Do not ask twice": ([Answer("Paris")], "Paris False\nParis True"),
    "Log every call, and search the log": ([Answer("Paris")], "answered gpt-5-mini 18 "),
    "Write one line of JSON a call": ([Answer("hi")], '"model": "gpt-5-mini", "tokens": 18, "error": null}'),
    "Ask a thousand questions": ([], "100 answered"),
    "Ask several models at once": ([FRUIT, FRUIT, FRUIT], "openai - mango\nanthropic - mango\ngemini - mango"),
    "Keep a conversation, and go on tomorrow": ([Answer("Hello Ada."), Answer("Ada.")], "Hello Ada.\nAda."),
    "Use a server of your own": ([Answer("Hello.")], "test-model\n"),
    "Go through a proxy, trust your own CA": ([], "openai"),
    "Do without await": ([Answer("It scatters.")], "It scatters."),
    "Test without a network": ([], "and it may fail: 7"),
}


def no(question: str) -> str:
    """What is typed when a program asks."""
    assert question
    return "n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[WireServer]:
    """In a loop of its own, for the programs have theirs. The working folder is one of its own, too."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat.png").write_bytes(PNG)
    (tmp_path / "report.pdf").write_bytes(PDF)
    monkeypatch.setattr(builtins, "input", no)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(WireServer()) as server:
        for name, (key, address) in ADDRESSES.items():
            monkeypatch.setenv(key, "test-key")
            monkeypatch.setenv(address, server.base_url(name))
        yield server
        assert not server.refused


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("task", TASKS)
def test_task(task: str, server: WireServer, capsys: pytest.CaptureFixture[str]) -> None:
    answers, printed = ROWS[task]
    server.answer(*answers)
    program = TASKS[task].replace("http://127.0.0.1:8000/v1", server.base_url("vllm")).replace("(1000)", "(100)")
    exec(compile(program, f"docs/cookbook.md, {task}", "exec"), {"__name__": "__main__"})
    assert printed in capsys.readouterr().out


def test_every_task_is_short_and_has_its_row() -> None:
    assert list(TASKS) == list(ROWS)
    assert TEXT.count("```python") == len(TASKS) >= 20
    lines = {task: sum(bool(line.strip()) for line in code.split("\n")) for task, code in TASKS.items()}
    assert {task: count for task, count in lines.items() if count > MOST_LINES} == {}
