"""The code blocks of README and docs are run, so they stay true."""

import re
import subprocess
import tempfile
from pathlib import Path
from types import FunctionType

import pytest

import aikido_llm as llm
from aikido_llm import bulk, middleware, testing
from aikido_llm.testing import Answer, Fault
from tests.testing.threaded import wire_server

ROOT = Path(__file__).parent.parent
MIGRATING = (ROOT / "docs" / "guides" / "migrating.md").read_text(encoding="utf-8")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[str]:
    """The page's programs: a block of `python`, with the blocks of `python continued` that follow it."""
    programs: list[str] = []
    for continued, block in re.findall(
        r"^```python( continued)?\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    ):
        if continued:
            programs[-1] += block
        else:
            programs.append(block)
    return programs


BLOCKS = [
    (page.relative_to(ROOT), number, block)
    for page in PAGES
    if page.name != "cookbook.md"  # its programs ask real providers: test_cookbook.py runs them against a server
    for number, block in enumerate(blocks(page), 1)
]


@pytest.mark.parametrize(("page", "number", "block"), BLOCKS, ids=[f"{page}:{number}" for page, number, _ in BLOCKS])
def test_code_block_runs(page: Path, number: int, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # what a page leaves behind is pytest's to remove
    exec(compile(block, f"{page} block {number}", "exec"), {"__name__": "__main__"})
    assert block.strip()


def test_names_of_other_libraries_are_theirs() -> None:
    openai = pytest.importorskip("openai", reason="openai is not installed; with it (pip install openai): make test")
    names = re.findall(r"`openai\.(\w+)`", MIGRATING)
    assert names
    assert [name for name in names if not hasattr(openai, name)] == []


LITELLM = """
import asyncio, os, sys
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # or it asks the network while it is imported
import litellm
litellm.suppress_debug_info = True

async def main():
    model, base, key = sys.argv[1:]
    words = []
    asked = dict(model=model, api_base=base, api_key=key, max_retries=0, messages=[{"role": "user", "content": "hi"}])
    try:
        async for chunk in await litellm.acompletion(**asked, stream=True):
            words.append(chunk.choices[0].delta.content or "")
    except Exception as error:
        print("".join(words), "|", type(error).__name__)
    else:
        print("".join(words), "| ended")

asyncio.run(main())
"""


@pytest.mark.parametrize(("row", "model"), [("openai-chat", "openai/m"), ("anthropic", "anthropic/m")])
def test_what_is_said_of_litellm_and_a_stream_that_is_cut_is_so(row: str, model: str) -> None:
    """In the environment that the benchmarks make for it. HTTP ends properly behind a word or two."""
    python = ROOT / ".venv-peers" / "litellm" / "bin" / "python"
    if not python.exists():
        pytest.skip("litellm is not here; with it: make bench-peers")
    with wire_server() as (server, _):
        server.answer(Answer("some words of an answer", fault=Fault.edited(lambda events: events[:5])))
        base = server.base_url(row).removesuffix("/v1" if row == "anthropic" else "")
        command = [str(python), "-c", LITELLM, model, base, "test-key"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    said, _, end = done.stdout.strip().rpartition("|")
    assert said.startswith("some")
    rows = re.findall(r"^\| litellm [\d.]+ \(openai, anthropic\) \| `(\w+)` \|$", MIGRATING, re.MULTILINE)
    assert rows == [end.strip()], "docs/guides/migrating.md says something else"


def test_what_is_said_of_others_when_an_answer_breaks_off_is_dated_and_of_the_releases_measured() -> None:
    section = MIGRATING.partition("## What each does when an answer breaks off")[2]
    assert re.search(r"^Measured on \d+ \w+ 20\d\d:", section, re.MULTILINE)
    told = dict(re.findall(r"^\| ([a-z-]+) ([\d.]+)\b", section, re.MULTILINE))
    measured = (ROOT / "docs" / "benchmarks.md").read_text()
    assert len(told) == 6
    assert [name for name, release in told.items() if f"{name} {release}" not in measured] == []


def test_the_first_screen_says_how_to_install() -> None:
    for page in ("README.md", "docs/index.md"):
        head = (ROOT / page).read_text().partition("```python")[0]
        assert "pip install aikido-llm " in head, page
        assert "more than forty providers" in head
        assert len(llm.providers()) > 40


def test_the_site_shows_tables_and_code_whole_and_lets_them_be_copied() -> None:
    site = (ROOT / "docs" / "conf.py").read_text()
    assert '"sphinx_copybutton"' in site
    assert 'html_css_files = ["wide.css"]' in site
    style = (ROOT / "docs" / "_static" / "wide.css").read_text()
    whole = {"table.docutils": "overflow-x: auto", ".highlight pre": "white-space: pre-wrap"}
    for selector, rule in whole.items():
        assert re.search(rf"^{re.escape(selector)} {{[^}}]*{rule}", style, re.MULTILINE), f"{selector} is cut off"


def test_the_reference_shows_nothing_private() -> None:
    listed = (ROOT / "docs" / "api" / "client.md").read_text()
    for name in ("TextStream", "StreamCore", "Reader", "Begin"):
        assert name not in listed


def test_the_reference_has_every_public_name() -> None:
    pages = "".join(page.read_text() for page in (ROOT / "docs" / "api").glob("*.md"))
    chosen = re.findall(r"automodule:: (\S+)\n(?:   :members: (.+)\n)?", pages)
    modules = {module for module, members in chosen if not members}
    named = {f"{module}.{name.strip()}" for module, members in chosen for name in members.split(",")}
    named |= set(re.findall(r"auto(?:class|function):: (\S+)", pages))
    missing = [
        f"{package.__name__}.{name}"
        for package in (llm, middleware, bulk, testing)
        for name in dir(package)
        if not name.startswith("_")
        and isinstance(thing := getattr(package, name), type | FunctionType)
        and thing.__module__ not in modules
        and f"{thing.__module__}.{thing.__name__}" not in named
    ]
    assert missing == []


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not broken
