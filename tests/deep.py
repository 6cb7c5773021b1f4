"""Sweeps: `make deep` plays all of each, `make test` a fair share of it, the same one each time.

A test that takes a share is marked `deep`, by which `make deep` finds it. One without the mark fails: what it leaves
out would never be played.
"""

import os
import random
import zlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
Test = TypeVar("Test", bound=Callable[..., Any])

WHOLE = os.environ.get("AIKIDO_DEEP") == "1"
_unmarked: list[str] = []  # the test that is played, when it has no mark


def playing(item: pytest.Item) -> None:
    """This test begins."""
    _unmarked[:] = [] if item.get_closest_marker("deep") else [item.nodeid]


def upto(whole: int, fair: int) -> int:
    """A size up to which a sweep is played."""
    _told()
    return whole if WHOLE else fair


def _told() -> None:
    assert not _unmarked, f"{_unmarked[0]} plays a share: mark it `deep`"


def share(every: Sequence[T], one_in: int, seed: bytes = b"") -> Sequence[T]:
    """One in so many, by chance but the same for the same seed, the first and the last always; all of them in depth."""
    _told()
    if WHOLE or len(every) < 3:
        return every
    chance = random.Random(zlib.crc32(seed))
    chosen = chance.sample(range(len(every)), -(-len(every) // one_in))
    return [every[at] for at in sorted({0, *chosen, len(every) - 1})]


def parametrize(names: str, every: Sequence[Any], one_in: int, **how: Any) -> Callable[[Test], Test]:
    """`pytest.mark.parametrize`, with a share of the cases."""

    def marked(test: Test) -> Test:
        chosen = share(every, one_in, test.__name__.encode())
        result: Test = pytest.mark.deep(pytest.mark.parametrize(names, chosen, **how)(test))
        return result

    return marked


def examples(count: int, one_in: int = 5, **others: Any) -> Callable[[Test], Test]:
    """So many of Hypothesis's examples; of the share, other ones each time."""
    from hypothesis import settings  # Ray's environment has none of it, and conftest.py imports this file

    bounded = settings(max_examples=count if WHOLE else -(-count // one_in), **others)

    def marked(test: Test) -> Test:
        result: Test = pytest.mark.deep(bounded(test))
        return result

    return marked
