"""What is learned from two kinds of hosts, simulated: a bucket that flows in, and windows that begin anew."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aikido_llm.middleware.limits.allowance import Allowance


class FlowingHost:
    """reset: seconds until the bucket is full."""

    def __init__(self, limit: float, window: float) -> None:
        self.limit, self.rate = limit, limit / window
        self.level, self.at = limit, 0.0

    def ask(self, amount: float, now: float) -> tuple[bool, float, float]:
        """(whether it was let pass, what remains, reset)."""
        self.level = min(self.limit, self.level + (now - self.at) * self.rate)
        self.at = now
        passed = self.level >= amount - 1e-9  # what flows in is a sum of fractions
        if passed:
            self.level -= amount
        return passed, float(int(self.level + 1e-9)), (self.limit - self.level) / self.rate


class WindowHost:
    """reset: seconds until the window ends."""

    def __init__(self, limit: float, window: float) -> None:
        self.limit, self.window = limit, window
        self.left, self.until = limit, window

    def ask(self, amount: float, now: float) -> tuple[bool, float, float]:
        if now >= self.until:
            self.until = now + self.window
            self.left = self.limit
        passed = self.left >= amount
        if passed:
            self.left -= amount
        return passed, self.left, self.until - now


def asked(host: FlowingHost | WindowHost, steps: list[tuple[float, float]], under_way: int = 0) -> tuple[int, float]:
    """(how many were refused behind the first reply, when the last was let pass). steps: (quiet, amount). Replies come
    when so many further requests have gone out."""
    allowance, now, refused = Allowance(), 0.0, 0
    replies: list[tuple[float, float, float]] = []  # (remaining, reset, all that had gone out by then)
    gone = 0.0
    for number, (quiet, amount) in enumerate(steps):
        now += quiet
        while wait := allowance.wait(amount, now):
            while replies:  # whoever waits hears what is still under way
                remaining, reset, before = replies.pop(0)
                allowance.told(host.limit, remaining, reset, gone - before, now)
            wait = allowance.wait(amount, now)
            now += wait
        allowance.take(amount)
        gone += amount
        passed, remaining, reset = host.ask(amount, now)
        refused += not passed and number > under_way
        replies.append((remaining, reset, gone))
        if len(replies) > under_way:
            remaining, reset, before = replies.pop(0)
            allowance.told(host.limit, remaining, reset, gone - before, now)
    return refused, now


steps = st.lists(
    st.tuples(st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.3, 5.0]), st.sampled_from([1.0, 1.0, 3.0])),
    min_size=1,
    max_size=300,
)


@settings(max_examples=150, deadline=None)
@given(steps, st.sampled_from([5.0, 60.0, 300.0]), st.sampled_from([1.0, 60.0]))
def test_a_host_with_a_bucket_refuses_nothing(given: list[tuple[float, float]], limit: float, window: float) -> None:
    assert asked(FlowingHost(limit, window), given)[0] == 0


@settings(max_examples=150, deadline=None)
@given(steps, st.sampled_from([5.0, 60.0, 300.0]), st.sampled_from([1.0, 60.0]))
@example([(0.3, 1.0), (0.3, 1.0), (5.0, 1.0), (0.01, 1.0), (0.0, 1.0), (0.3, 3.0)], 5.0, 1.0)
def test_a_host_with_windows_refuses_nothing(given: list[tuple[float, float]], limit: float, window: float) -> None:
    assert asked(WindowHost(limit, window), given)[0] == 0


@pytest.mark.parametrize("host", [FlowingHost, WindowHost])
def test_with_many_under_way(host: type[FlowingHost] | type[WindowHost]) -> None:
    refused, _ = asked(host(100.0, 10.0), [(0.0, 1.0)] * 1000, under_way=20)
    assert refused == 0


def test_a_bucket_is_used_as_fast_as_it_fills() -> None:
    _, took = asked(FlowingHost(100.0, 10.0), [(0.0, 1.0)] * 1100)
    assert took == pytest.approx(100.0, rel=0.1)  # a hundred at once, the rest at ten a second


def test_a_full_bucket_holds_no_more_however_long_it_is_full() -> None:
    allowance = Allowance()
    for now, used in ((0.0, 10.0), (0.0, 40.0)):
        allowance.told(100.0, 99.0 - used, used / 10.0, 0.0, now)
    assert allowance.wait(60.0, 0.0) == pytest.approx(0.1)
    assert allowance.wait(100.0, 3.9) == pytest.approx(0.1), "it flows in by ten a second"
    assert allowance.wait(100.0, 5.0) == 0.0
    assert allowance.wait(100.0, 8.9) == 0.0
    allowance.take(100.0)
    assert allowance.wait(10.0, 8.9) > 0.9


def test_windows_are_used_up() -> None:
    _, took = asked(WindowHost(100.0, 10.0), [(0.0, 1.0)] * 1100)
    assert took == pytest.approx(100.0, rel=0.01)


def test_without_a_reset_a_minute_is_taken() -> None:
    allowance = Allowance()
    allowance.told(100.0, 1.0, None, 0.0, 0.0)
    assert allowance.wait(1.0, 0.0) == 0.0
    allowance.take(1.0)
    assert allowance.wait(1.0, 0.0) == pytest.approx(60.0)
    assert allowance.wait(1.0, 60.0) == 0.0


def test_what_is_above_the_whole_limit_waits_for_all_of_it() -> None:
    allowance = Allowance()
    allowance.told(10.0, 4.0, 2.0, 0.0, 0.0)
    assert allowance.wait(50.0, 0.0) == pytest.approx(2.0)
    assert allowance.wait(50.0, 2.0) == 0.0


@pytest.mark.parametrize(("limit", "remaining", "reset"), [(None, 0.0, None), (0.0, 0.0, 60.0), (0.0, 0.0, None)])
def test_nothing_where_nothing_is_counted_holds_nobody(
    limit: float | None, remaining: float, reset: float | None
) -> None:
    allowance = Allowance()
    allowance.told(limit, remaining, reset, 0.0, 0.0)
    assert allowance.wait(1.0, 0.0) == 0.0
