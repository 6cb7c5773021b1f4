"""When to try again, and the one loop that does. Stands on the Client protocol alone, so it serves any Client.

A policy is a value, the loop a function; clock, sleep and randomness come in as arguments, so tests need no waiting.
Nothing that a caller has already seen is replayed: the helpers here start a whole new attempt and return only a whole
answer, and a client retries only what happens before the first byte of an answer.
"""

import logging
import random as _random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from copy import copy
from itertools import islice
from typing import Any, Protocol, TypeVar, cast, overload, runtime_checkable

from attrs import Attribute, evolve, field, frozen

from .client import Client, checked_client
from .codecs.text import kind_name
from .errors import (
    ConfigError,
    ContentFilteredError,
    LLMError,
    RateLimitedError,
    ServerError,
    StreamTruncated,
    TimedOutError,
    TooLargeError,
)
from .types.accumulate import Accumulator
from .types.events import EndEvent, ErrorEvent, Event
from .types.request import Request
from .types.response import FinishReason, Response

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

log = logging.getLogger("aikido_llm")


def is_transient_server_error(error: BaseException) -> bool:
    """A failure of the server or the network that may pass. A passed cap will not: the same bytes would come again."""
    return isinstance(error, ServerError) and not isinstance(error, TooLargeError) and not error.permanent


def is_content_filter(error: BaseException) -> bool:
    """A policy refused prompt or answer."""
    return isinstance(error, ContentFilteredError)


def is_rate_limited(error: BaseException) -> bool:
    """Too many requests; an exhausted quota is not (waiting does not refill it)."""
    return isinstance(error, RateLimitedError)


def is_retryable(error: BaseException) -> bool:
    """Transient, or rate limited; not what the server itself says is in vain (`permanent`)."""
    return is_transient_server_error(error) or (isinstance(error, RateLimitedError) and not error.permanent)


def _judge(given: Callable[[BaseException], bool] | None) -> Callable[[BaseException], bool]:
    return is_transient_server_error if given is None else given


def _number(least: float) -> Callable[[object, "Attribute[Any]", Any], None]:
    """A number from least on. One that is none would break the call that it is for, behind its first failure."""

    def check(owner: object, attribute: "Attribute[Any]", value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= least:
            raise ConfigError(f"RetryPolicy.{attribute.name} takes a number, {least:g} or more")

    return check


def _whole(owner: object, attribute: "Attribute[int]", value: object) -> None:
    if type(value) is not int:
        raise ConfigError(f"RetryPolicy.{attribute.name} takes a whole number")


@frozen
class RetryPolicy:
    """How often and how patiently to try.

    max_attempts: requests in all; below 1 counts as 1. base_delay, max_delay: seconds. multiplier: growth per attempt.
    jitter: the share by which a delay is spread, up and down. should_retry: which errors are worth another attempt
    (None: `is_transient_server_error`); it is not asked about one that is `permanent`, which no attempt mends: an
    answer that had its finish reason is never asked for again.
    """

    max_attempts: int = field(default=5, validator=_whole)
    base_delay: float = field(default=2.0, validator=_number(0))
    max_delay: float = field(default=30.0, validator=_number(0))
    multiplier: float = field(default=2.0, validator=_number(0))
    jitter: float = field(default=0.2, validator=_number(0))
    should_retry: Callable[[BaseException], bool] = field(
        default=is_transient_server_error, converter=_judge, repr=False
    )

    def delays(self, random: Callable[[], float] = _random.random) -> Iterator[float]:
        """The waits behind attempts 1, 2, 3, ...: base * multiplier^(n-1), spread over +-jitter, capped at max_delay.
        There are max_attempts - 1 of them.

        random: gives numbers in [0, 1).
        """
        from backoff import expo

        enough = self.max_delay / max(1 - self.jitter, 1e-9)  # from here on the cap decides, whatever the spread
        waits = expo(base=self.multiplier, factor=self.base_delay, max_value=enough)
        next(waits)  # backoff's generators begin with a None
        for wait in islice(waits, max(0, self.max_attempts - 1)):
            yield min(self.max_delay, wait * (1 + self.jitter * (2 * random() - 1)))


def default_streaming_retry_policy() -> RetryPolicy:
    """Five attempts, 2 s doubling to 30 s, for transient server errors."""
    return RetryPolicy()


CLIENT_START = RetryPolicy(max_attempts=3, base_delay=0.5, should_retry=is_retryable)
"""How a client retries the start of its own requests unless told otherwise."""


@runtime_checkable
class TakesUp(Protocol):
    """A client that takes up an answer which its provider goes on making."""

    def resume(self, answer: str) -> AsyncIterator[Event]:
        """Its events from the first one on. answer: its id."""
        ...


class SingleAttempt(Protocol):
    """A client that can be asked not to retry, so that attempts do not multiply."""

    @property
    def single_attempt(self) -> Client: ...


async def run(
    policy: RetryPolicy,
    attempt: Callable[[int], Awaitable[T]],
    *,
    sleep: Sleep | None = None,
    random: Callable[[], float] = _random.random,
    clock: Callable[[], float] = time.monotonic,
    retrying: Callable[[int, LLMError, float], None] | None = None,
    takes_up: bool = False,
) -> T:
    """Call attempt(1), attempt(2), ... until one returns, and return that.

    retrying: told of each attempt that failed and is followed by another: its number, its error, the wait in seconds.
    takes_up: behind an error with `resume` the next attempt goes on with that answer, and asks for no second one.
    raises: the last attempt's LLMError, with `attempts`; at once when should_retry declines it, or when the server asks
    for a longer wait than max_delay (its message then says so). Cancellation ends the sleep and the call at once.
    """
    delays = policy.delays(random)
    started = clock()
    number = 0
    while True:
        number += 1
        try:
            return await attempt(number)
        except LLMError as error:
            wait = _wait(policy, number, error, delays, takes_up=takes_up)
            if wait is None:
                raise
            failed = error
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s", _line(policy, number, failed, clock() - started, wait))
        if retrying is not None:
            retrying(number, failed, wait)
        try:
            await (sleep or _sleep)(wait)
        except LLMError as error:  # the call's own time is over
            error.attempts = number
            error.__cause__ = failed
            raise


def _line(policy: RetryPolicy, number: int, error: LLMError, after: float, wait: float) -> str:
    """What failed, why and when it is tried again: facts alone, for a message may quote what was sent."""
    return (
        f"{_asked(error)}: attempt {number} of {policy.max_attempts} failed after {after:.3f} s ({_why(error)});"
        f" next in {wait:.3f} s"
    )


def _asked(error: LLMError) -> str:
    return " ".join(word for word in (error.provider, error.model) if word) or "request"


def _why(error: LLMError) -> str:
    facts = (
        type(error).__name__,
        f"HTTP {error.status}" if error.status else "",
        f"phase {error.phase}" if isinstance(error, TimedOutError) and error.phase else "",
        f"retry after {error.retry_after:g} s" if error.retry_after is not None else "",
    )
    return ", ".join(fact for fact in facts if fact)


def log_failure(error: LLMError, after: float, level: int = logging.INFO) -> None:
    """That a call has failed for good. after: seconds since it began. level: DEBUG where somebody may ask again."""
    if log.isEnabledFor(level):
        attempts = f"{error.attempts} attempts" if error.attempts > 1 else "1 attempt"
        log.log(level, "%s: failed after %s, %.3f s (%s)", _asked(error), attempts, after, _why(error))


def _wait(
    policy: RetryPolicy, number: int, error: LLMError, delays: Iterator[float], *, takes_up: bool
) -> float | None:
    """Seconds to wait before the next attempt, None when there shall be none."""
    error.attempts = number
    if error.partial is not None:
        error.partial = evolve(error.partial, attempts=number)
    judged = error
    if takes_up and error.resume is not None:  # it is permanent for those who would ask anew
        judged = copy(error)
        judged.permanent = False
    if number >= policy.max_attempts or judged.permanent or not policy.should_retry(judged):
        return None
    wait = next(delays)
    if error.retry_after is None:
        return wait
    if error.retry_after > policy.max_delay:
        error.message += (
            f"; not tried again: the server asks to wait {error.retry_after:g} s,"
            f" longer than RetryPolicy.max_delay ({policy.max_delay:g} s)"
        )
        return None
    return max(wait, error.retry_after)


async def _sleep(seconds: float) -> None:
    import anyio

    await anyio.sleep(seconds)


@overload
async def collect(source: AsyncIterator[Event]) -> Response: ...
@overload
async def collect(source: Client, request: Request) -> Response: ...
async def collect(source: AsyncIterator[Event] | Client, request: Request | None = None) -> Response:
    """One whole answer from a stream: `collect(client.stream(request))` or `collect(client, request)`.

    raises: the error that the stream carries or raises, with `partial`; StreamTruncated when it has no EndEvent.
    """
    events = _stream_of(source, request)
    folded = Accumulator()
    failure: LLMError | None = None
    try:
        async for event in events:
            folded.add(event)
            if isinstance(event, EndEvent):
                break
            if isinstance(event, ErrorEvent):
                failure = event.error
                break
        else:
            failure = StreamTruncated("the stream ended without its EndEvent; what arrived is in .partial")
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()
    if failure is None:
        return folded.response()
    if failure.partial is None:
        failure.partial = folded.response(finish_reason=FinishReason.error)
    raise failure


def _stream_of(source: AsyncIterator[Event] | Client, request: Request | None) -> AsyncIterator[Event]:
    if isinstance(source, AsyncIterator):  # not `isinstance(source, Client)`: a protocol's check takes some 30 us
        return source
    if request is None:
        raise ConfigError("collect(client, request) needs the request")
    return checked_client(source, "collect", "stream").stream(request)


async def collect_with_retry(
    client: Client,
    request: Request,
    policy: RetryPolicy | None = None,
    *,
    sleep: Sleep | None = None,
    random: Callable[[], float] = _random.random,
    clock: Callable[[], float] = time.monotonic,
) -> Response:
    """One whole answer from a stream, each attempt afresh: what broke off is thrown away and asked for again. What its
    provider goes on making (`LLMError.resume`) is taken up instead.

    Response.attempts and the error's say how many attempts were made. policy None: `default_streaming_retry_policy`.
    """
    once = _once(checked_client(client, "collect_with_retry", "stream"))
    return await _run_and_tell(policy, once, lambda: collect(once.stream(request)), sleep, random, clock)


async def complete_with_retry(
    client: Client,
    request: Request,
    policy: RetryPolicy | None = None,
    *,
    sleep: Sleep | None = None,
    random: Callable[[], float] = _random.random,
    clock: Callable[[], float] = time.monotonic,
) -> Response:
    """One whole answer without streaming, each attempt afresh (but see above); the way to ask for images."""
    once = _once(checked_client(client, "complete_with_retry", "complete"))
    return await _run_and_tell(policy, once, lambda: once.complete(request), sleep, random, clock)


async def _run_and_tell(
    policy: RetryPolicy | None,
    once: Client,
    ask: Callable[[], Awaitable[Response]],
    sleep: Sleep | None,
    random: Callable[[], float],
    clock: Callable[[], float],
) -> Response:
    started = clock()
    begun = ""  # the id of an answer that its provider goes on making

    async def attempt(number: int) -> Response:
        nonlocal begun
        try:
            answered = collect(once.resume(begun)) if begun and isinstance(once, TakesUp) else ask()
            answer = await answered
            return answer if answer.attempts == number else evolve(answer, attempts=number)
        except LLMError as error:
            begun = error.resume.id if error.resume is not None else begun
            raise

    if policy is not None and not isinstance(cast("object", policy), RetryPolicy):
        raise ConfigError(f"policy takes a RetryPolicy, not {kind_name(policy)}")
    policy, takes_up = policy or default_streaming_retry_policy(), hasattr(once, "resume")
    try:
        return await run(policy, attempt, sleep=sleep, random=random, clock=clock, takes_up=takes_up)
    except LLMError as error:
        log_failure(error, clock() - started)
        raise


def _once(client: Client) -> Client:
    """The client without its own retries: one owner per call."""
    once: Client = getattr(client, "single_attempt", client)
    return once
