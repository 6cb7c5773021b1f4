"""What the tests of every maker share: clients to wrap, a caller's own among them, and each maker as one sees it."""

import shutil
import tempfile
import weakref
from collections.abc import AsyncGenerator, Callable
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

import aikido_llm as llm
from aikido_llm import middleware
from aikido_llm.store import CallStore
from aikido_llm.testing import StubClient, TurnScript

Maker = Callable[[llm.Client], llm.Client]


def new_store() -> CallStore:
    """One that nobody else has; its file is gone when nobody knows it any more."""
    folder = tempfile.mkdtemp()
    store = CallStore(f"{folder}/calls.db")
    weakref.finalize(store, shutil.rmtree, folder, ignore_errors=True)
    return store


MAKERS: dict[str, Maker] = {
    "plain": middleware.Middleware,
    "fallback": lambda client: middleware.fallback(
        client, StubClient(*[TurnScript([llm.AuthError("no key")])] * 9), deadline=60, when=lambda error: False
    ),
    "cached": lambda client: middleware.cached(client, new_store()),
    "hooked": lambda client: middleware.hooked(
        client, before=lambda request: None, on_events=lambda events: None, after=lambda outcome: None
    ),
    "logged": lambda client: middleware.logged(client, new_store()),
    "priced": middleware.priced,
    "budgeted": lambda client: middleware.budgeted(client, middleware.Budget(tokens=10_000_000)),
    "limited": lambda client: middleware.limited(
        client, middleware.Limiter(600_000, 60_000_000, concurrent=1000, burst=10_000)
    ),
    "observed": lambda client: middleware.observed(
        client, TracerProvider(), MeterProvider(), content=True, propagate=["127.0.0.1"]
    ),
    "hedged": lambda client: middleware.hedged(client, StubClient(), after=60, max_extra=1),
}
"""Each maker with what makes it do all that it does, around one client."""

REQUEST = llm.Request("Say something in several words.")


class Own:
    """A client of a caller's: two methods, its streams plain generators around a StubClient's."""

    def __init__(self, *turns: Any) -> None:
        self.stub = StubClient(*turns)
        self.open = 0
        self.closed = 0

    @property
    def requests(self) -> list[llm.Request]:
        return self.stub.requests

    async def stream(self, request: llm.Request) -> AsyncGenerator[llm.Event]:
        self.open += 1
        events = self.stub.stream(request)
        try:
            async for event in events:
                yield event
        finally:
            await events.aclose()
            self.open -= 1

    async def complete(self, request: llm.Request) -> llm.Response:
        return await self.stub.complete(request)

    async def aclose(self) -> None:
        self.closed += 1
