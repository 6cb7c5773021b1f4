"""Tables in the pages for contributors say what the code says."""

import re
from importlib import import_module
from pathlib import Path

from . import test_size

CONTRIBUTING = Path(__file__).parent.parent / "CONTRIBUTING.md"
CHANGELOG = CONTRIBUTING.with_name("CHANGELOG.md")
BOUND = re.compile(
    r"^\| (?P<what>[^|]+) \| (?P<number>[\d.,]+) \| `tests/(?P<file>\w+)\.py` `(?P<name>\w+)` \|$", re.MULTILINE
)


def bounds() -> dict[tuple[str, str], float]:
    """(module of the tests, constant) -> the number that CONTRIBUTING.md gives."""
    text = CONTRIBUTING.read_text("utf-8")
    return {(row["file"], row["name"]): float(row["number"].replace(",", "")) for row in BOUND.finditer(text)}


def test_contributing_gives_the_bounds_that_the_tests_hold() -> None:
    held = {(file, name): getattr(import_module(f"tests.{file}"), name, None) for file, name in bounds()}
    wrong = {
        f"tests/{file}.py {name}": held[file, name]
        for (file, name), said in bounds().items()
        if held[file, name] != said
    }
    assert not wrong, "CONTRIBUTING.md, the table of bounds, gives another number than these"


def test_contributing_leaves_no_bound_out() -> None:
    constants = {("test_size", name) for name in vars(test_size) if name.startswith("MOST_")}
    missing = {f"tests/{file}.py {name}" for file, name in constants - bounds().keys()}
    assert not missing, "add a row for each to the table of bounds in CONTRIBUTING.md"


def test_the_changelog_says_each_thing_once_under_one_heading() -> None:
    """A merge that keeps both sides of a change may leave a line, or a whole part, twice."""
    text = CHANGELOG.read_text("utf-8")
    for version in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        headings: list[str] = re.findall(r"^### (.+)$", version, re.MULTILINE)
        known = [name for name in ("Breaking", "Added", "Changed", "Fixed", "Security") if name in headings]
        assert headings == known, f"{version.splitlines()[0]}: each of these once, in this order, and no other"
    lines: list[str] = re.findall(r"^- .+$", text, re.MULTILINE)
    assert [line for line in lines if lines.count(line) > 1] == [], "said twice: take one of each out"
