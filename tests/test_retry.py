"""The retry loop: its arithmetic against a model, its ends, and one owner per call."""

import random
import re
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import aikido_llm as llm
from aikido_llm.retry import run
from aikido_llm.testing import StubClient, TurnScript

REQUEST = llm.Request(messages=[llm.user("hi")])
OVERLOADED = llm.OverloadedError("busy")


class Script:
    """A Client that plays one outcome per call, an error or a text, and counts calls."""

    def __init__(self, *outcomes: llm.LLMError | str) -> None:
        self.outcomes = list(outcomes)
        self.calls = 0

    def _next(self) -> llm.LLMError | str:
        self.calls += 1
        return self.outcomes.pop(0)

    async def stream(self, request: llm.Request) -> AsyncIterator[llm.Event]:
        outcome = self._next()
        if isinstance(outcome, str):
            response = llm.Response(text=outcome, finish_reason=llm.FinishReason.stop)
            yield llm.TextDelta(outcome)
            yield llm.EndEvent(llm.FinishReason.stop, response)
        else:
            yield llm.TextDelta("half")
            yield llm.ErrorEvent(outcome)
            yield llm.EndEvent(llm.FinishReason.error, llm.Response(text="half"))

    async def complete(self, request: llm.Request) -> llm.Response:
        outcome = self._next()
        if isinstance(outcome, str):
            return llm.Response(text=outcome)
        raise outcome


class Owner(Script):
    """A client with retries of its own, which the helpers must not use."""

    @property
    def single_attempt(self) -> llm.Client:
        return Script(*self.outcomes)

    async def complete(self, request: llm.Request) -> llm.Response:
        raise AssertionError("the client's own retries were used")


class Naps:
    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


policies = st.builds(
    llm.RetryPolicy,
    max_attempts=st.integers(-2, 12),
    base_delay=st.floats(0, 100),
    max_delay=st.floats(0, 1000),
    multiplier=st.floats(1, 10),
    jitter=st.floats(0, 1),
)


@given(policies, st.integers(0, 2**32))
def test_delay_n_is_base_times_multiplier_spread_and_capped(policy: llm.RetryPolicy, seed: int) -> None:
    rng, model = random.Random(seed), random.Random(seed)
    for n, delay in enumerate(policy.delays(rng.random), 1):
        spread = 1 + policy.jitter * (2 * model.random() - 1)
        expected = min(policy.max_delay, policy.base_delay * policy.multiplier ** (n - 1) * spread)
        assert delay == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_a_thousand_attempts_do_not_overflow() -> None:
    policy = llm.RetryPolicy(max_attempts=3001, max_delay=30, jitter=1.0)
    assert max(policy.delays()) <= 30


@pytest.mark.parametrize(("attempts", "waits"), [(5, 4), (1, 0), (0, 0), (-3, 0)])
def test_there_is_a_wait_less_than_there_are_attempts(attempts: int, waits: int) -> None:
    assert len(list(llm.RetryPolicy(max_attempts=attempts).delays())) == waits


async def test_no_predicate_is_the_usual_one() -> None:
    policy = llm.RetryPolicy(should_retry=None, base_delay=0)
    assert policy == llm.RetryPolicy(base_delay=0)
    assert (await llm.complete_with_retry(Script(llm.ServerError("x"), "whole"), REQUEST, policy)).text == "whole"
    with pytest.raises(llm.AuthError):
        await llm.complete_with_retry(Script(llm.AuthError("x"), "never"), REQUEST, policy)


async def test_the_end_of_all_attempts_is_logged_by_its_facts_alone(caplog: pytest.LogCaptureFixture) -> None:
    ticks = iter(range(10))
    failure = llm.OverloadedError("what was asked", status=529, provider="acme", model="m", code="a word")
    policy = llm.RetryPolicy(max_attempts=2, base_delay=0)
    with caplog.at_level("INFO", logger="aikido_llm"), pytest.raises(llm.OverloadedError):
        await llm.complete_with_retry(Script(failure, failure), REQUEST, policy, clock=lambda: float(next(ticks)))
    (line,) = caplog.messages
    assert re.fullmatch(r"acme m: failed after 2 attempts, \d\.000 s \(OverloadedError, HTTP 529\)", line)


@given(policies, st.lists(st.floats(0, 2000) | st.none(), min_size=12, max_size=12))
async def test_waits_and_attempts_against_a_model(policy: llm.RetryPolicy, after: list[float | None]) -> None:
    naps = Naps()
    client = Script(*(llm.ServerError("x", retry_after=seconds) for seconds in after), "never")
    with pytest.raises(llm.ServerError) as caught:
        await llm.complete_with_retry(client, REQUEST, policy, sleep=naps, random=lambda: 0.5)
    expected: list[float] = []
    for n in range(1, max(1, policy.max_attempts)):
        floor = after[n - 1]
        if floor is not None and floor > policy.max_delay:
            assert "longer than RetryPolicy.max_delay" in str(caught.value)
            break
        wait = min(policy.max_delay, policy.base_delay * policy.multiplier ** (n - 1))
        expected.append(max(wait, floor or 0))
    assert naps.taken == pytest.approx(expected)
    assert client.calls == len(expected) + 1 == caught.value.attempts


@pytest.mark.parametrize("helper", [llm.collect_with_retry, llm.complete_with_retry])
async def test_the_response_says_how_many_attempts(helper: object) -> None:
    naps = Naps()
    call = llm.collect_with_retry if helper is llm.collect_with_retry else llm.complete_with_retry
    client = Script(llm.OverloadedError("a"), llm.StreamTruncated("b"), "whole")
    response = await call(client, REQUEST, sleep=naps)
    assert (response.text, response.attempts, client.calls, len(naps.taken)) == ("whole", 3, 3, 2)


@pytest.mark.parametrize(
    "error",
    [llm.RateLimitedError("x"), llm.AuthError("x"), llm.ContentFilteredError("x"), llm.TooLargeError("x"),
     llm.ConnectError("certificate", permanent=True), llm.ContextLengthError("x")],
)  # fmt: skip
async def test_what_is_not_transient_is_not_tried_again(error: llm.LLMError) -> None:
    client = Script(error, "never")
    with pytest.raises(type(error)) as caught:
        await llm.complete_with_retry(client, REQUEST)
    assert (client.calls, caught.value.attempts) == (1, 1)


async def test_rate_limits_are_tried_again_when_the_policy_says_so() -> None:
    policy = llm.RetryPolicy(should_retry=llm.is_retryable, base_delay=0)
    client = Script(llm.RateLimitedError("x"), "whole")
    assert (await llm.complete_with_retry(client, REQUEST, policy)).text == "whole"


async def test_one_owner_the_helpers_switch_the_client_s_own_retries_off() -> None:
    client = Owner(OVERLOADED, OVERLOADED, OVERLOADED, OVERLOADED, OVERLOADED)
    single = client.single_attempt
    assert isinstance(single, Script)
    response = await llm.complete_with_retry(Owner("whole"), REQUEST)
    assert response.text == "whole"


async def test_cancellation_ends_the_sleep_and_the_call() -> None:
    client = Script(llm.OverloadedError("x"), "never")
    with anyio.move_on_after(0.05) as scope:
        await llm.complete_with_retry(client, REQUEST, llm.RetryPolicy(base_delay=60, max_delay=60))
    assert scope.cancelled_caught
    assert client.calls == 1


async def test_clock_is_used_for_the_log(caplog: pytest.LogCaptureFixture) -> None:
    ticks = iter([10.0, 12.5])

    async def attempt(number: int) -> int:
        if number == 1:
            raise llm.OverloadedError("secret text")
        return number

    with caplog.at_level("DEBUG", logger="aikido_llm"):
        assert await run(llm.RetryPolicy(), attempt, sleep=Naps(), random=lambda: 0.5, clock=lambda: next(ticks)) == 2
    assert caplog.messages == ["request: attempt 1 of 5 failed after 2.500 s (OverloadedError); next in 2.000 s"]


async def test_collect_raises_what_the_stream_carries_with_the_partial() -> None:
    error = llm.StreamTruncated("broke")
    with pytest.raises(llm.StreamTruncated) as caught:
        await llm.collect(Script(error), REQUEST)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "half"


async def test_collect_of_a_stream_without_its_end_is_truncated() -> None:
    async def foreign() -> AsyncIterator[llm.Event]:
        yield llm.TextDelta("ha")

    with pytest.raises(llm.StreamTruncated) as caught:
        await llm.collect(foreign())
    assert caught.value.partial is not None
    assert caught.value.partial.text == "ha"


def test_classifiers() -> None:
    assert llm.is_transient_server_error(llm.StreamTruncated("x"))
    assert not llm.is_transient_server_error(llm.TooLargeError("x"))
    assert not llm.is_transient_server_error(llm.RateLimitedError("x"))
    assert llm.is_rate_limited(llm.RateLimitedError("x"))
    assert not llm.is_rate_limited(llm.InsufficientCreditsError("x"))
    assert llm.is_retryable(llm.RateLimitedError("x"))
    assert llm.is_retryable(llm.TimedOutError("x", phase="idle"))
    assert llm.is_content_filter(llm.ContentFilteredError("x"))
    assert not any(check(ValueError()) for check in (llm.is_retryable, llm.is_content_filter, llm.is_rate_limited))


def test_default_policy() -> None:
    policy = llm.default_streaming_retry_policy()
    assert policy == llm.RetryPolicy(5, 2.0, 30.0, 2.0, 0.2)
    assert evolve(policy, max_attempts=0).max_attempts == 0


async def test_what_no_attempt_mends_is_not_tried_again_whatever_the_policy_says() -> None:
    client = Script(llm.StreamTruncated("behind its finish reason", permanent=True), "never")
    with pytest.raises(llm.StreamTruncated):
        await llm.collect_with_retry(client, REQUEST, llm.RetryPolicy(should_retry=lambda error: True, base_delay=0))
    assert client.calls == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_attempts", "3"),
        ("max_attempts", None),
        ("max_attempts", 2.5),
        ("base_delay", "1"),
        ("base_delay", -1),
        ("max_delay", float("nan")),
        ("multiplier", None),
        ("jitter", True),
    ],
)
def test_a_policy_that_could_not_be_followed_is_refused_when_it_is_made(field: str, value: object) -> None:
    fields: dict[str, Any] = {field: value}
    with pytest.raises(llm.ConfigError, match=f"RetryPolicy.{field} takes a"):
        llm.RetryPolicy(**fields)


@pytest.mark.parametrize("helper", [llm.complete_with_retry, llm.collect_with_retry])
async def test_a_helper_names_what_it_was_given_of_another_kind(helper: Any) -> None:
    client = StubClient(TurnScript([]))
    with pytest.raises(llm.ConfigError, match="policy takes a RetryPolicy, not an int"):
        await helper(client, llm.Request("hi"), policy=3)
    with pytest.raises(llm.ConfigError, match=r"_with_retry takes a client, which has stream and complete, not text"):
        await helper("openai", llm.Request("hi"))
    assert client.requests == []


async def test_collect_names_what_is_no_client() -> None:
    nobody: Any = 3
    with pytest.raises(llm.ConfigError, match="collect takes a client"):
        await llm.collect(nobody, llm.Request("hi"))
