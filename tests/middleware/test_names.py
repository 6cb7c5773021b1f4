"""The names of the folder: there, lazy, and light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from aikido_llm import middleware

HOME: dict[str, str] = vars(middleware)["_HOME"]
FOLDER = Path(middleware.__file__).parent


@pytest.mark.parametrize("name", HOME)
def test_each_name_is_there(name: str) -> None:
    assert getattr(middleware, name).__name__ == name
    assert name in dir(middleware)


def test_the_lazy_table_matches_the_imports_for_type_checkers() -> None:
    guard = next(node for node in ast.parse(Path(middleware.__file__).read_text()).body if isinstance(node, ast.If))
    for_checkers = {
        (node.module, alias.name)
        for node in guard.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    assert for_checkers == {(module, name) for name, module in HOME.items()}


def test_no_file_is_called_like_a_name() -> None:
    assert not {file.stem for file in FOLDER.glob("*.py")} & set(HOME), "it would take the function's place"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = vars(middleware)["__getattr__"]("nonsense")


def test_importing_the_folder_loads_nothing_of_it() -> None:
    code = (
        "import aikido_llm.middleware, sys\n"
        "heavy = 'aiohttp attr cattrs opentelemetry redis sqlite3 asyncio anyio genai_prices'.split()\n"
        "print(*(name for name in sys.modules if name in heavy or name.startswith('aikido_llm.middleware.')))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == []
