"""What `make test` takes a share of is played whole somewhere: by `make deep`, which `.ci/run` runs."""

import re
from pathlib import Path

import pytest

from tests import deep

ROOT = Path(__file__).parent.parent


def test_a_share_is_fair_and_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deep, "_unmarked", [])
    monkeypatch.setattr(deep, "WHOLE", False)
    some = deep.share(range(800), 8, b"seed")
    assert some == deep.share(range(800), 8, b"seed") != deep.share(range(800), 8, b"another")
    assert 100 <= len(some) <= 102
    assert (some[0], some[-1]) == (0, 799)
    assert sorted({*some}) == some
    assert all(any(at <= one < at + 80 for one in some) for at in range(0, 800, 80)), "from everywhere"
    monkeypatch.setattr(deep, "WHOLE", True)
    assert deep.share(range(800), 8) == range(800)


def test_a_share_without_the_mark_is_told() -> None:
    with pytest.raises(AssertionError, match="test_a_share_without_the_mark_is_told plays a share: mark it"):
        deep.share(range(10), 2)


def test_all_of_it_is_played_before_a_release() -> None:
    (targets,) = re.findall(r"^for target in (.*); do$", (ROOT / ".ci/run").read_text("utf-8"), re.MULTILINE)
    assert {"test", "deep"} <= {*targets.split()}
    recipe = re.search(r"^deep:.*\n\t(.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert recipe and recipe[1].startswith("AIKIDO_DEEP=1 ") and " -m deep " in recipe[1]
