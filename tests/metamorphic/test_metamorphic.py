"""A seeded sample of the recorded answers under every change; all of them: `python -m tests.metamorphic`."""

import random
from collections import Counter

import pytest

from tests.corpus import load

from .changes import HARMFUL, HARMLESS, numbered_lost
from .table import UNSEEN, WIRES, Outcome, records, table, tried

pytestmark = pytest.mark.skipif(not load.available(), reason=load.MISSING)

SAMPLE = 320
NUMBERED = 60  # further ones, for the change of numbered events alone: 4 answers in a hundred have such
SEED = 7


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    dice = random.Random(SEED)
    chosen = dice.sample(records(), SAMPLE)
    seen = {id(record) for record in chosen}
    numbered = [
        record
        for record in records()
        if id(record) not in seen and numbered_lost(record.answer, dice, record.answer) is not None
    ]
    further = tried(dice.sample(numbered, NUMBERED), SEED)
    return [*tried(chosen, SEED), *(outcome for outcome in further if HARMFUL.get(outcome.change) is numbered_lost)]


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
    assert {outcome.wire for outcome in outcomes} == set(WIRES)


def test_what_cannot_be_seen_is_said_of_changes_that_harm() -> None:
    assert {change for change, _ in UNSEEN} <= set(HARMFUL)


def test_the_table_has_a_row_for_each_change(outcomes: list[Outcome]) -> None:
    assert table(outcomes).count("\n") == len(HARMLESS) + len(HARMFUL) + 1
