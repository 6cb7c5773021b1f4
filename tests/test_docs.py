"""The code blocks of README and docs are run, so they stay true."""

import re
import tempfile
from pathlib import Path
from types import FunctionType

import pytest

import aikido_llm as llm
from aikido_llm import bulk, middleware, testing

ROOT = Path(__file__).parent.parent
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
    names = re.findall(r"`openai\.(\w+)`", (ROOT / "docs" / "guides" / "migrating.md").read_text())
    assert names
    assert [name for name in names if not hasattr(openai, name)] == []


def test_the_first_screen_says_how_to_install() -> None:
    for page in ("README.md", "docs/index.md"):
        head = (ROOT / page).read_text().partition("```python")[0]
        assert "pip install aikido-llm " in head, page
        assert "more than forty providers" in head
        assert len(llm.providers()) > 40


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
