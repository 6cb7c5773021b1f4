"""The tables of the benchmarks are what was measured last."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def test_the_tables_are_what_was_measured() -> None:
    generator = runpy.run_path(str(DOCS / "generate_benchmarks.py"))
    for page in generator["PAGES"]:
        text = page.read_text(encoding="utf-8")
        assert text == generator["filled"](page), "run: python docs/generate_benchmarks.py"
        assert "<!-- numbers: " in text
