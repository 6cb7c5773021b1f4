"""A breaker by virtual time."""

from aikido_llm.middleware.breaker import Admission, Breaker, Rules


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(5):
        admit(breaker).failed()
    return breaker


def admit(breaker: Breaker) -> Admission:
    admission = breaker.admit()
    assert admission is not None
    return admission


def test_it_opens_when_half_of_at_least_five_calls_failed() -> None:
    breaker = Breaker(Clock())
    for failed in (True, True, True, True):
        admit(breaker).failed() if failed else admit(breaker).succeeded()
    assert breaker.state() == "closed", "four say nothing yet"
    for _ in range(5):
        admit(breaker).succeeded()
    assert breaker.state() == "closed"
    admit(breaker).failed()
    assert breaker.state() == "open", "five of ten"
    assert breaker.admit() is None


def test_what_is_long_past_does_not_count() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(4):
        admit(breaker).failed()
    clock.now = 60.0
    for _ in range(4):
        admit(breaker).failed()
    assert breaker.state() == "closed"
    clock.now = 119.0
    admit(breaker).failed()
    assert breaker.state() == "open"


def test_one_probe_behind_the_rest() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 29.9
    assert breaker.admit() is None
    clock.now = 30.0
    probe = admit(breaker)
    assert breaker.admit() is None, "one probe"
    probe.failed()
    assert breaker.state() == "open"
    clock.now = 59.9
    assert breaker.admit() is None, "another rest"
    clock.now = 60.0
    admit(breaker).unsure()
    admit(breaker).succeeded()
    assert breaker.state() == "closed"
    for _ in range(4):
        admit(breaker).failed()
    assert breaker.state() == "closed", "it begins anew"


def test_a_call_from_before_it_opened_tells_nothing() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    old = admit(breaker)
    for _ in range(5):
        admit(breaker).failed()
    old.succeeded()
    assert breaker.state() == "open"


def test_who_insists_may_mend_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    breaker.insist().succeeded()
    assert breaker.state() == "closed"
    breaker = opened(clock)
    clock.now = 20.0
    breaker.insist().failed()
    clock.now = 40.0
    assert breaker.state() == "open", "it rests from the last failure on"


def test_each_call_tells_once() -> None:
    breaker = Breaker(Clock(), Rules(least=2))
    admission = admit(breaker)
    admission.failed()
    admission.failed()
    assert breaker.state() == "closed"


def test_memory_does_not_grow_with_the_calls() -> None:
    breaker = Breaker(Clock())
    for _ in range(5000):
        admit(breaker).succeeded()
    assert len(vars(breaker)["_calls"]) == 1000
