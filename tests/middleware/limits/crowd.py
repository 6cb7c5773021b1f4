"""A crowd of calls before a host that counts: `python -m tests.middleware.limits.crowd` (ten thousand of each kind).

The host answers with real headers, and with 429 what is too much. The limiter is set to twice what the host allows, so
that only what the host says can hold it back; retries are on.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Mapping

from attrs import define, frozen

import aikido_llm as llm
from aikido_llm.middleware import Limiter, limited
from aikido_llm.testing import Answer, WireServer

AT_ONCE = 50  # calls
_RETRY = llm.RetryPolicy(max_attempts=3, base_delay=0.05, should_retry=llm.is_retryable)


@define
class Host:
    """limit: requests in each window of so many seconds. flows: a bucket that fills all the while, whose reset is the
    time until it is full (OpenAI, Anthropic); else windows that begin anew, whose reset is the time until then."""

    limit: int
    window: float
    flows: bool
    left: float = 0.0
    at: float = 0.0
    taken: int = 0
    refused: int = 0

    def __attrs_post_init__(self) -> None:
        self.left, self.at = self.limit, time.monotonic()

    def answer(self, _: object) -> Answer:
        now = time.monotonic()
        if self.flows:
            self.left = min(self.limit, self.left + (now - self.at) * self.limit / self.window)
            self.at = now
        elif now >= self.at + self.window:
            self.left, self.at = self.limit, now
        if self.left < 1:
            self.refused += 1
            return Answer(status=429, headers={**self._headers(now), "retry-after-ms": "200"})
        self.left -= 1
        self.taken += 1
        return Answer("hi", headers=self._headers(now))

    def _headers(self, now: float) -> Mapping[str, str]:
        full = (self.limit - self.left) * self.window / self.limit
        reset = full if self.flows else self.at + self.window - now
        return {
            "x-ratelimit-limit-requests": str(self.limit),
            "x-ratelimit-remaining-requests": str(int(self.left)),
            "x-ratelimit-reset-requests": f"{int(reset * 1000) + 1}ms",
        }


@frozen
class Outcome:
    """seconds: until all were answered. refused: by the host, in all."""

    calls: int
    seconds: float
    refused: int


async def crowd(host: Host, calls: int, at_once: int = AT_ONCE) -> Outcome:
    """So many calls, `at_once` at the same time. Raises what any of them fails with."""
    perminute = 60 / host.window * host.limit * 2
    limiter = Limiter(perminute, concurrent=at_once, burst=host.limit)
    waiting = asyncio.Semaphore(2 * at_once)

    async def call(client: llm.HTTPClient) -> None:
        async with waiting:
            await client.chat("hi", max_tokens=5)

    async with WireServer() as server:
        server.respond(host.answer)
        inner = llm.open("openai-chat", server.dsn("openai-chat"), retry=_RETRY)
        async with limited(inner, limiter) as client:
            begun = time.monotonic()
            await asyncio.gather(*(call(client) for _ in range(calls)))
            return Outcome(calls, time.monotonic() - begun, host.refused)


HOSTS: dict[str, Callable[[], Host]] = {
    "a bucket that flows in": lambda: Host(100, 0.25, True),
    "windows that begin anew": lambda: Host(100, 0.25, False),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    calls = parser.parse_args().calls
    for name, make in HOSTS.items():
        outcome = asyncio.run(crowd(make(), calls))
        print(f"{name}: {outcome.calls} calls in {outcome.seconds:.1f} s, {outcome.refused} refused")
        if outcome.refused:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
