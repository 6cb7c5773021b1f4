"""Every provider has its page, and the table over all of them is what the rows say."""

import runpy
from pathlib import Path

import pytest

from aikido_llm.providers import find, providers

DOCS = Path(__file__).parent.parent / "docs"


def test_the_table_is_what_the_rows_say() -> None:
    generator = runpy.run_path(str(DOCS / "generate_providers.py"))
    page = (DOCS / "providers" / "README.md").read_text(encoding="utf-8")
    assert page == generator["page"](), "run: python docs/generate_providers.py"


@pytest.mark.parametrize("name", providers())
def test_the_page_of(name: str) -> None:
    """What a user looks up is there, spelled as the row spells it."""
    row = find(name)
    page = (DOCS.parent / row.docs).read_text(encoding="utf-8")
    assert page.startswith(f"# {name}")
    if row.transport is not None:
        return
    words = [*row.aliases, *row.key_env, row.dialect.name, row.key_header]
    words += [option.name for option in row.options] + [option.header or option.query for option in row.options]
    assert [word for word in words if word not in page] == []
    assert row.base_url in page and row.key_url in page
    assert "```python\n" in page
    assert "Sources: " in page and "read 2026-" in page
    supported = next(line for line in page.splitlines() if line.startswith("| Supported |"))
    unsaid = [feature for feature, has in row.dialect.features.items() if has and feature.split()[0] not in supported]
    assert not unsaid
