"""Sizes that read in one sitting."""

import ast
from functools import cache
from pathlib import Path

import aikido_llm

ROOT = Path(aikido_llm.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

MOST_LINES = 350  # of a file
MOST_FUNCTION_LINES = 50

# name -> why it is longer. Better to take it apart.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


def test_a_file_can_be_read_in_one_sitting() -> None:
    sizes = {file.relative_to(ROOT).as_posix(): len(file.read_text("utf-8").splitlines()) for file in FILES}
    assert not {name: count for name, count in sizes.items() if count > MOST_LINES and name not in LONG_FILES}


def test_a_function_can_be_read_at_a_glance() -> None:
    sizes = {name: count for file in FILES for name, count in functions(file)}
    assert not {
        name: count for name, count in sizes.items() if count > MOST_FUNCTION_LINES and name not in LONG_FUNCTIONS
    }


def test_nine_functions_of_ten_are_under_thirty_lines() -> None:
    sizes = sorted(count for file in FILES for _, count in functions(file))
    assert sizes[len(sizes) * 9 // 10] < 30


def test_every_exception_is_still_needed() -> None:
    found = {name: count for file in FILES for name, count in functions(file)}
    assert all(found[name] > MOST_FUNCTION_LINES for name in LONG_FUNCTIONS)
    assert all(len((ROOT / name).read_text("utf-8").splitlines()) > MOST_LINES for name in LONG_FILES)


@cache
def functions(file: Path) -> list[tuple[str, int]]:
    """(file:name, lines without the docstring) of every function, methods and inner ones too."""
    return [
        (f"{file.relative_to(ROOT).as_posix()}:{node.name}", lines(node) - docstring_lines(node))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return lines(node.body[0]) if ast.get_docstring(node) is not None else 0


def lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1
