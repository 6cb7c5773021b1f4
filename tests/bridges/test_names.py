"""The names of the folder: there, lazy, and light."""

import subprocess
import sys
from pathlib import Path

import pytest

from aikido_llm import bridges

HOME: dict[str, str] = vars(bridges)["_HOME"]


@pytest.mark.parametrize("name", HOME)
def test_each_name_is_there(name: str) -> None:
    assert getattr(bridges, name).__name__ == name
    assert name in dir(bridges)


def test_no_file_is_called_like_a_name() -> None:
    files = {file.stem for file in Path(bridges.__file__).parent.glob("*.py")}
    assert not files & set(HOME), "it would take the function's place"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = vars(bridges)["__getattr__"]("nonsense")


@pytest.mark.parametrize(
    ("name", "heavy"),
    [("", "asyncio attr msgspec"), ("vercel_ui", "aiohttp cattrs redis anyio starlette")],
    ids=["the folder", "a bridge"],
)
def test_what_is_imported(name: str, heavy: str) -> None:
    line = f"from aikido_llm.bridges import {name}" if name else "import aikido_llm.bridges"
    code = f"{line}\nimport sys\nprint(*(name for name in {heavy.split()!r} if name in sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == []
