"""The work on what others wrote grows as it does, and what looks at it is in the one list (`tests/growth.py`)."""

import re
from pathlib import Path

import pytest

import aikido_llm
from tests.growth import GROWTH, LINEAR, Growth, Job, measure

PACKAGE = Path(aikido_llm.__file__).parent
LOOKS_BY_PATTERN = re.compile(
    r"\bre\.(?:compile|sub|split|search|match|findall|finditer|fullmatch)\(|\bFramer\b|Decoder\)"
)

# Module -> why its patterns and machines need no row: whose text they see, or who bounds it.
OWN_TEXT = {
    "auth.aws": "the host of a base URL, which the caller gave",
    "call.standing": "reads once more, once, what the rows of the dialects measure",
    "call.exchange": "the Location of a redirect: a header, 64 KiB at most, read once",
    "connect": "what the caller gave to open()",
    "dialects.call_ids": "ids and names of calls in a conversation that the caller sends",
    "types.checks": "headers that the caller names",
    "types.kept": "URLs of media that the caller sends",
    "dialects.base": "the contract alone",
    "dialects.paths": "a model's name, which the caller gave",
    "framing": "the contract alone",
    "framing.choose": "chooses a framer",
    "framing.media": "tests/test_large_bodies.py times it by the piece",
    "framing.places": "looks at 160 bytes before a string",
    "framing.whole": "collects pieces",
    "codecs.json": "measured by the rows of the dialects, which read by it",
    "codecs.text": "one search, and one pass where it finds something",
    "dialects.schemas": "what the caller gave: the name of a schema",
    "codecs.base64": "tests/test_large_bodies.py times it by the piece",
    "providers": "what the caller gave to open()",
    "transport": "the caller's proxy and base URL",
    "transport.echo": "the caller's own words",
}
TOP = ("cli", "testing", "sync", "bridges", "bulk", "middleware")  # on top: a person's own screen, and the kit


@pytest.mark.parametrize("row", GROWTH, ids=[row.name for row in GROWTH])
def test_linear(row: Growth) -> None:
    """Measured again, and better, where it looks worse than it is: a machine may be busy once, and not each time."""
    measured = [measure(row)]
    while measured[-1].ratio > LINEAR and len(measured) < 4:
        measured.append(measure(row, best_of=3))
    assert min(each.ratio for each in measured) <= LINEAR, measured


def test_the_measure_tells_a_square_from_a_line() -> None:
    def square(n: int) -> Job:
        return lambda: [sum(range(n)) for _ in range(n // 10)]

    assert measure(Growth("square", (), square, 100)).ratio > LINEAR


def test_every_module_that_looks_for_patterns_is_in_the_list() -> None:
    measured = {module for row in GROWTH for module in row.modules}
    missing: list[str] = []
    for file in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        if name.partition(".")[0] in TOP or not LOOKS_BY_PATTERN.search(file.read_text("utf-8")):
            continue
        rooms = {name, name.rpartition(".")[0]}
        if not rooms & measured and not rooms & set(OWN_TEXT):
            missing.append(name)
    assert not missing, f"put a row for each into tests/growth.py, or say in OWN_TEXT whose text it sees: {missing}"


def test_every_name_in_the_list_is_a_module() -> None:
    for name in {module for row in GROWTH for module in row.modules} | set(OWN_TEXT):
        path = PACKAGE.joinpath(*name.split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), name
