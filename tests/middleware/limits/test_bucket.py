"""The bucket's promise, held against arbitrary takings and corrections in virtual time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.middleware.limits.bucket import Bucket

RATE, BURST = 10.0, 50.0
Steps = list[tuple[float, float, float, float]]
Entries = list[tuple[float, float, bool]]


def played(steps: Steps) -> Entries:
    """steps: (seconds of quiet, amount asked for, share of it that was used, seconds until it is known), one after the
    other in line. Returns the entries in the book: (when, how much, whether it was taken then or a correction)."""
    bucket, now = Bucket(RATE, BURST, 0.0), 0.0
    entries: Entries = []
    coming: list[tuple[float, float]] = []

    def correct_until(time: float) -> None:
        coming.sort()
        while coming and coming[0][0] <= time:
            at, more = coming.pop(0)
            bucket.correct(more, at)
            entries.append((at, more, False))

    for quiet, amount, share, later in steps:
        now += quiet
        correct_until(now)
        while wait := bucket.wait(amount, now):
            now = min(now + wait, coming[0][0]) if coming else now + wait
            correct_until(now)
        bucket.take(amount)
        entries.append((now, amount, True))
        coming.append((now + later, (share - 1) * amount))
    return entries


def most_above(entries: Entries, burst: float) -> float:
    """By how much the entries of any stretch of the book are above rate * T + burst."""
    most = 0.0
    for first in range(len(entries)):
        total = 0.0
        for at, amount, _ in entries[first:]:
            total += amount
            most = max(most, total - RATE * (at - entries[first][0]) - burst)
    return most


quiet = st.floats(0, 12)
share = st.floats(0, 1)
later = st.floats(0, 30)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(quiet, st.floats(0.1, BURST), share, later), min_size=1, max_size=25))
def test_in_any_time_at_most_rate_and_burst(steps: Steps) -> None:
    assert most_above(played(steps), BURST) < 1e-3


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(quiet, st.floats(0.1, 5 * BURST), share, later), min_size=1, max_size=20))
def test_one_above_the_burst_has_been_saved_for_before(steps: Steps) -> None:
    """What stands in the book at one moment was kept back from the others for as long as it took."""
    largest = max(amount for _, amount, _, _ in steps)
    assert most_above(played(steps), BURST + (largest if largest > BURST else 0.0)) < 1e-3


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(quiet, st.floats(0.1, BURST), st.floats(1, 3), later), min_size=1, max_size=20))
def test_what_is_used_beyond_the_guess_is_paid_by_those_behind(steps: Steps) -> None:
    book = 0.0
    for at, amount, taken in played(steps):
        book += amount
        assert not taken or book < RATE * at + BURST + 1e-3


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.1, 3 * BURST), min_size=2, max_size=20))
def test_who_asks_without_a_break_gets_all_of_it(amounts: list[float]) -> None:
    entries = played([(0.0, amount, 1.0, 0.0) for amount in amounts])
    assert entries[-1][0] == pytest.approx(max(0.0, (sum(amounts) - BURST) / RATE), abs=1e-3)


def test_what_comes_back_is_taken_again() -> None:
    """Guesses twice too high, known after half a minute: the rate is all the same that of what is used."""
    entries = played([(0.0, 20.0, 0.5, 30.0)] * 500)
    assert (sum(amount for _, amount, _ in entries) - BURST) / entries[-1][0] == pytest.approx(RATE, rel=0.05)


def test_no_more_comes_back_than_the_bucket_holds() -> None:
    bucket = Bucket(RATE, BURST, 0.0)
    bucket.take(BURST)
    bucket.correct(-BURST, 5.0)
    assert bucket.wait(BURST, 5.0) == 0.0
    bucket.take(BURST)
    assert bucket.wait(1.0, 5.0) == pytest.approx(0.1)


def test_debt_is_paid_first() -> None:
    bucket = Bucket(RATE, BURST, 0.0)
    bucket.take(BURST)
    bucket.correct(30.0, 0.0)
    assert bucket.wait(10.0, 0.0) == pytest.approx(4.0)
    assert bucket.wait(10.0, 4.0) == 0.0


def test_a_count_that_is_a_mistake_holds_nobody_for_longer_than_five_minutes() -> None:
    bucket = Bucket(RATE, BURST, 0.0)
    for more in (9e15, 9e15):
        bucket.correct(more, 0.0)
    assert bucket.wait(10.0, 0.0) == pytest.approx(301.0)
    bucket.correct(-9e15, 1.0)
    assert bucket.wait(BURST, 1.0) == 0.0


def test_one_above_the_burst_saves_up_and_hands_back_when_it_leaves() -> None:
    bucket = Bucket(RATE, BURST, 0.0)
    assert bucket.wait(150.0, 0.0) == pytest.approx(10.0)
    assert bucket.wait(150.0, 6.0) == pytest.approx(4.0)
    assert bucket.wait(50.0, 6.0) == 0.0  # another is the first in line: no more than the burst is left to it
    bucket.take(50.0)
    assert bucket.wait(1.0, 6.0) == pytest.approx(0.1)
    assert bucket.wait(150.0, 6.0) == pytest.approx(15.0)
    assert bucket.wait(150.0, 21.0) == 0.0
    bucket.take(150.0)
    assert bucket.wait(1.0, 21.0) == pytest.approx(0.1)


def test_nothing_flows_in_while_it_is_held() -> None:
    bucket = Bucket(RATE, BURST, 0.0)
    bucket.hold(20.0, 0.0)
    assert bucket.wait(10.0, 15.0) > 0
    assert bucket.wait(10.0, 21.0) == 0.0
    bucket.take(10.0)
    assert bucket.wait(10.0, 21.0) == pytest.approx(1.0)
