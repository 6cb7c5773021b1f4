"""A seeded sample of the recorded answers under every change; all of them: `python -m tests.metamorphic`."""

import random
from collections import Counter

import pytest

from tests.corpus import load

from .changes import HARMFUL, HARMLESS
from .table import UNSEEN, Outcome, records, table, tried

pytestmark = pytest.mark.skipif(not load.available(), reason=load.MISSING)

SAMPLE = 320
SEED = 7


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return list(tried(random.Random(SEED).sample(records(), SAMPLE), SEED))


def test_what_is_harmless_changes_nothing_and_what_harms_is_an_error_or_shows_nowhere(outcomes: list[Outcome]) -> None:
    wrong = [
        f"{outcome.change}, {outcome.record.exchange.id}: {str(outcome.said)[:300]}"
        for outcome in outcomes
        if outcome.verdict == "wrong"
    ]
    assert not wrong, "\n".join(wrong[:10])


def test_every_change_was_tried_on_many(outcomes: list[Outcome]) -> None:
    counts = Counter(outcome.change for outcome in outcomes)
    assert all(counts[name] > 50 for name in (*HARMLESS, *HARMFUL)), counts
    assert {outcome.wire for outcome in outcomes} == set(load.PROTOCOLS)


def test_what_cannot_be_seen_is_said_of_changes_that_harm() -> None:
    assert {change for change, _ in UNSEEN} <= set(HARMFUL)


def test_the_table_has_a_row_for_each_change(outcomes: list[Outcome]) -> None:
    assert table(outcomes).count("\n") == len(HARMLESS) + len(HARMFUL) + 1
