"""The public surface is what tests/public_api.txt says, and every name of it is in use in a type-checked file."""

import ast
import difflib
from pathlib import Path

import pytest

from .surface import SNAPSHOT, SURFACE, surface

IN_USE = Path(__file__).parent / "typing" / "api.py"


def test_the_surface_is_the_one_that_was_written_down() -> None:
    written = SNAPSHOT.read_text("utf-8")
    change = "\n".join(
        difflib.unified_diff(written.splitlines(), surface().splitlines(), "promised", "found", n=1, lineterm="")
    )
    if change:
        pytest.fail(
            f"the public surface has changed:\n{change}\n\nIf that is meant: a line in CHANGELOG.md, and "
            "`python -m tests.surface`.",
            pytrace=False,
        )


@pytest.mark.parametrize(
    ("module", "alias"),
    [
        ("aikido_llm", "llm"),
        ("aikido_llm.testing", "testing"),
        ("aikido_llm.middleware", "middleware"),
        ("aikido_llm.store", "store"),
        ("aikido_llm.bulk", "bulk"),
        ("aikido_llm.bridges", "bridges"),
    ],
)
def test_every_public_name_is_in_use_in_the_type_checked_file(module: str, alias: str) -> None:
    used = {
        node.attr
        for node in ast.walk(ast.parse(IN_USE.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == alias
    }
    assert set(SURFACE[module]) - used == set()
