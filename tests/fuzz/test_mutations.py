"""Random bytes, and answers changed at random, into every decoder and framer: events or a typed error, never more.

A few of each here; `python -m tests.fuzz NAME` goes on from the same seeds for as long as one likes.
"""

import importlib.util
import random
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import REGRESSIONS
from tests.fuzz.mutate import mutate
from tests.fuzz.seeds import by_hand, by_kit, seeds
from tests.fuzz.targets import TARGETS

CASES = sorted(path for path in REGRESSIONS.glob("*/*") if path.is_file())
few = settings(max_examples=40, deadline=None)


@cache
def seeds_of(name: str) -> list[bytes]:
    """Without the recorded ones: the same everywhere."""
    if not TARGETS[name].rows:
        return seeds(name)
    return [seed for seed in (*by_kit(name), *by_hand(name)) if len(seed) < 3000]


@pytest.mark.parametrize("name", TARGETS)
@few
@given(data=st.data())
def test_random_bytes(name: str, data: st.DataObject) -> None:
    TARGETS[name].run(data.draw(st.binary(max_size=300)))


@pytest.mark.parametrize("name", TARGETS)
@few
@given(data=st.data())
def test_changed_answers(name: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(seeds_of(name)))
    changed = mutate(seed, random.Random(data.draw(st.integers(0, 2**32))))
    TARGETS[name].run(changed)


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_themselves(name: str) -> None:
    """Whatever is not changed is read in every way, and sent back; so many of the answers by hand are found."""
    for seed in seeds_of(name):
        TARGETS[name].run(seed)
    if TARGETS[name].rows:
        assert len(list(by_hand(name))) >= 10, "the tests of the decoder are no longer found"


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_findings_of_fuzzing_stay_mended(case: Path) -> None:
    TARGETS[case.parent.name].run(case.read_bytes())


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed: make fuzz")
def test_the_fuzzer_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "ndjson", "--seconds", "1", "--no-seeds"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "number_of_executed_units" in done.stderr
