"""Every provider has its row, its page and its host in the test server; the table over all of them is what the rows
say. What was forgotten is named by its file."""

import runpy
from pathlib import Path

import pytest

import aikido_llm.providers
from aikido_llm.providers import find, providers
from aikido_llm.providers.compatible import HOSTS
from aikido_llm.providers.names import COMPATIBLE
from aikido_llm.testing.wires import NAMES as WIRES

from .dialects import received
from .dialects.test_scenarios import ROWS
from .speakers import row_of

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
NAMES = providers()  # before any test registers its own
SHARED = (
    "__init__",
    "base",
    "base_variables",
    "compatible",
    "names",
    "rate_headers",
    "wire_marks",
)  # modules that are no row
DIALECTS = sorted(path.parent.name for path in (ROOT / "aikido_llm" / "dialects").glob("*/__init__.py"))


def test_every_module_of_the_providers_has_its_name() -> None:
    modules = {file.stem for file in (ROOT / "aikido_llm" / "providers").glob("*.py")} - set(SHARED)
    named = set(vars(aikido_llm.providers)["_OURS"].values()) - {"compatible"}
    unnamed = [f"aikido_llm/providers/{module}.py" for module in sorted(modules - named)]
    assert not unnamed, "give each a line in aikido_llm/providers/names.py"
    missing = [f"aikido_llm/providers/{module}.py" for module in sorted(named - modules)]
    assert not missing, "aikido_llm/providers/names.py names modules that are not there"


def test_every_page_has_its_row() -> None:
    pages = {f"docs/providers/{page.name}" for page in (DOCS / "providers").glob("[a-z]*.md")}
    rows = {find(name).docs for name in NAMES}
    assert not pages - rows, "no row has these pages as its `docs`"
    assert not rows - pages, "write these: docs/extending.md says what is on them"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_stands_in_every_table(dialect: str) -> None:
    assert dialect in WIRES, f"write aikido_llm/testing/wires/{dialect}.py, and name it in wires/__init__.py"
    for needed in (f"tests/dialects/rules/{dialect}.py", f"tests/dialects/{dialect}/test_decode.py"):
        assert (ROOT / needed).is_file(), f"{needed} is missing: see docs/extending.md, a new wire"
    assert dialect in {row_of(row.provider).dialect.name for row in ROWS}, (
        "a row of it in ROWS of tests/dialects/test_scenarios.py"
    )
    assert dialect in {row_of(name).dialect.name for name in received.ANSWERS}, (
        "an answer of it in ANSWERS of tests/dialects/received.py"
    )


def test_the_table_is_what_the_rows_say() -> None:
    generator = runpy.run_path(str(DOCS / "generate_providers.py"))
    page = (DOCS / "providers" / "README.md").read_text(encoding="utf-8")
    assert page == generator["page"](), "run: python docs/generate_providers.py"


def test_the_table_of_hosts_and_the_list_of_names_agree() -> None:
    assert set(HOSTS) == COMPATIBLE


@pytest.mark.parametrize("name", sorted(COMPATIBLE))
def test_the_page_of_a_host_is_what_its_row_says(name: str) -> None:
    generator = runpy.run_path(str(DOCS / "generate_hosts.py"))
    page = (DOCS / "providers" / f"{name}.md").read_text(encoding="utf-8")
    assert page == generator["page"](HOSTS[name]), "run: python docs/generate_providers.py"
    assert "read 2026-" in HOSTS[name].source


@pytest.mark.parametrize("name", NAMES)
def test_the_page_of(name: str) -> None:
    """What a user looks up is there, spelled as the row spells it."""
    row = find(name)
    assert (ROOT / row.docs).is_file(), f"write {row.docs}: docs/extending.md says what is on it"
    page = (ROOT / row.docs).read_text(encoding="utf-8")
    assert page.startswith(f"# {name}")
    if row.transport is not None:
        return
    at_home = row.at_home.dialect
    words = [*row.aliases, *row.key_env, row.dialect.name, at_home.name, row.key_header]
    words += [option.name for option in row.options] + [option.header or option.query for option in row.options]
    assert [word for word in words if word not in page] == [], f"{row.docs} leaves these out"
    assert row.base_url in page and row.key_url in page
    assert "```python\n" in page
    assert "Sources: " in page and "read 2026-" in page
    supported = next(line for line in page.splitlines() if line.startswith("| Supported"))
    unsaid = [feature for feature, has in at_home.features.items() if has and feature.split()[0] not in supported]
    assert not unsaid, f"{row.docs}: the line of what is supported leaves these out"
