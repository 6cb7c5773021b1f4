"""Shared code asks no provider's name, and every dialect has the same rooms and verbs."""

import re
from pathlib import Path

import pytest

import aikido_llm
from aikido_llm.dialects.base import FEATURES
from aikido_llm.providers import find, providers

from .layers import BUILT_ON

PACKAGE = Path(aikido_llm.__file__).parent
SHARED = sorted(
    path
    for pattern in (
        "framing/*.py", "transport/[!e]*.py", "types/*.py", "codecs/*.py", "call/*.py", "dialects/*.py", "retry.py",
        "client.py", "errors.py",
    )
    for path in PACKAGE.glob(pattern)
    if path.name not in ("words.py", "wrong_wire.py")  # what hosts say; a column of sources, which no code reads
)  # fmt: skip
DIALECTS = sorted(path.parent for path in (PACKAGE / "dialects").glob("*/__init__.py"))
WORDS = ("together", "echo")  # names that are words too: looked for as a string or with a capital
VENDORS = (
    r"openai|anthropic|claude|gemini|google|cohere|ollama|mistral|\bgrok|\bxai\b|groq|llama|openrouter|chutes|deepseek"
    r"|cerebras|vllm|azure|(?-i:\bTogether\b|\"together\"|\bEcho|\"echo\")"
)
NAMES = re.compile("|".join([VENDORS, *(f'"{re.escape(name)}"' for name in providers())]), re.IGNORECASE)


def test_the_pattern_knows_every_provider() -> None:
    for name in providers():
        for word in (name, *find(name).aliases):
            assert NAMES.search(f'"{word}"'), word


@pytest.mark.parametrize("path", SHARED, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_provider_is_named_in(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [f"{path.name}:{number}: {line}" for number, line in enumerate(lines, 1) if NAMES.search(line)]
    assert not found


def test_files_were_looked_at() -> None:
    assert len(SHARED) > 25


@pytest.mark.parametrize("room", ["__init__", "quirks", "encode", "decode", "errors", "models", "wire"])
def test_every_dialect_has_the_room(room: str) -> None:
    own = [path for path in DIALECTS if path.name not in BUILT_ON or room == "__init__"]
    assert [path.name for path in own if not (path / f"{room}.py").is_file()] == []


@pytest.mark.parametrize("name", providers())
def test_every_dialect_says_what_it_can_carry(name: str) -> None:
    dialect = find(name).dialect
    assert dialect.name in [path.name for path in DIALECTS]
    assert tuple(dialect.features) == FEATURES
