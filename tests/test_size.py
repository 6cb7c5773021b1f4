"""Sizes that read in one sitting. CONTRIBUTING.md lists the bounds; tests/test_docs_tables.py compares the numbers."""

import ast
import tomllib
from functools import cache
from pathlib import Path

import aikido_llm

ROOT = Path(aikido_llm.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

MOST_LINES = 350  # of a file
MOST_FUNCTION_LINES = 50  # without its docstring
MOST_FUNCTION_LINES_OF_NINE_IN_TEN = 29
MOST_COLUMNS: int = tomllib.loads((ROOT.parent / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["line-length"]
MOST_FILES_AT_THE_TOP = 12
MOST_FOLDERS_AT_THE_TOP = 15

# name -> why it is longer. Better to take it apart.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


def test_a_file_can_be_read_in_one_sitting() -> None:
    sizes = {file.relative_to(ROOT).as_posix(): len(file.read_text("utf-8").splitlines()) for file in FILES}
    long = {name: count for name, count in sizes.items() if count > MOST_LINES and name not in LONG_FILES}
    assert not long, f"files of more than {MOST_LINES} lines: take them apart by what they know"


def test_a_function_can_be_read_at_a_glance() -> None:
    sizes = {name: count for file in FILES for name, count in functions(file)}
    long = {name: count for name, count in sizes.items() if count > MOST_FUNCTION_LINES and name not in LONG_FUNCTIONS}
    assert not long, f"functions of more than {MOST_FUNCTION_LINES} lines: name the steps"


def test_nine_functions_of_ten_are_short() -> None:
    sizes = sorted(count for file in FILES for _, count in functions(file))
    assert sizes[len(sizes) * 9 // 10] <= MOST_FUNCTION_LINES_OF_NINE_IN_TEN


def test_the_ground_floor_stays_small() -> None:
    top = [path for path in ROOT.iterdir() if path.name != "__pycache__"]
    files = sorted(path.name for path in top if path.is_file())
    folders = sorted(path.name for path in top if path.is_dir())
    assert len(files) <= MOST_FILES_AT_THE_TOP, f"give the newest of these a room: {files}"
    assert len(folders) <= MOST_FOLDERS_AT_THE_TOP, f"does the newest of these belong into another? {folders}"


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
