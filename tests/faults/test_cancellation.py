"""A call is cancelled at each of its suspensions in turn: it ends in the cancellation and nothing else, and leaves
nothing behind."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import anyio
import pytest
from attrs import frozen

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, WireServer

WITHIN = 0.1  # s in which the server must see the connection closed
MOST = 400  # suspensions that no call here has
LONG = "x" * 1_000_000


class CancelledAt:
    """Awaits a coroutine and calls `cancel` when it suspends for the n-th time. reached: it did so."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], n: int, cancel: Callable[[], object]) -> None:
        self._coroutine = coroutine
        self._n = n
        self._cancel = cancel
        self.reached = False

    def __await__(self) -> Generator[Any, None, None]:
        inner = self._coroutine.__await__()
        step = 0
        thrown: BaseException | None = None
        while True:
            try:
                waited_for = inner.throw(thrown) if thrown is not None else next(inner)
            except StopIteration:
                return
            thrown = None
            step += 1
            if step == self._n:
                self.reached = True
                self._cancel()
            try:
                yield waited_for
            except BaseException as error:
                thrown = error


async def by_task(coroutine: Coroutine[Any, Any, Any], n: int) -> bool:
    """Returns whether the call suspended so often, and so was cancelled."""

    async def run() -> bool:
        task = asyncio.current_task()
        assert task is not None
        call = CancelledAt(coroutine, n, task.cancel)
        await call
        return call.reached

    task = asyncio.create_task(run())
    try:
        assert not await task, "cancelled, and went on"
    except asyncio.CancelledError:
        return True
    return False


async def by_scope(coroutine: Coroutine[Any, Any, Any], n: int) -> bool:
    with anyio.CancelScope() as scope:
        await CancelledAt(coroutine, n, scope.cancel)
    return scope.cancelled_caught


@frozen
class Scene:
    """What the call is, and what the server says to it."""

    name: str
    stream: bool
    answers: tuple[Answer, ...]
    upload: str = ""
    tls: bool = False


WORDS = Answer("one two three four five", pace=0.002)
BUSY = Answer(status=503, message="busy")
SCENES = (
    Scene("stream", True, (WORDS,)),
    Scene("complete", False, (Answer("one two"),)),
    Scene("a body in pieces", False, (Answer("one two", fault=Fault.drip(0.001, 100)),)),
    Scene("upload", False, (Answer("one two"),), upload=LONG),
    Scene("upload that is not read", True, (Answer("one", fault=Fault.unread(0.05)),), upload=LONG * 4),
    Scene("between two attempts", True, (BUSY, WORDS)),
    Scene("TLS", True, (WORDS,), tls=True),
    Scene("behind the end mark", True, (Answer("one two", fault=Fault.stall("after_end", seconds=0.01)),)),
)


async def call(client: llm.HTTPClient, scene: Scene) -> None:
    request = llm.Request(messages=[llm.user("hi" + scene.upload)])
    if not scene.stream:
        await client.complete(request)
        return
    async for _ in client.stream(request):
        pass


@pytest.mark.parametrize("cancelled", [by_task, by_scope])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_cancelled_at_every_suspension(
    scene: Scene, cancelled: Callable[[Coroutine[Any, Any, Any], int], Coroutine[Any, Any, bool]]
) -> None:
    policy = llm.RetryPolicy(max_attempts=2, base_delay=0.01, should_retry=llm.is_retryable)
    tried = 0
    for n in range(1, MOST):
        async with WireServer(tls=scene.tls) as server:
            server.answer(*scene.answers)
            ssl = server.ssl_context() if scene.tls else None
            async with llm.open("anthropic", server.dsn("anthropic"), retry=policy, ssl=ssl) as client:
                if not await cancelled(call(client, scene), n):
                    break
                tried += 1
                await check_nothing_is_left(server, client)
    else:
        raise AssertionError("the call never came to its end")
    assert tried >= 3


async def check_nothing_is_left(server: WireServer, client: llm.HTTPClient) -> None:
    """Closed at once; kept only when the answer had been read to its end, and then of use."""
    kept = not await server.closed_within(WITHIN)
    seen = server.connections
    assert (await client.chat("hi")).text
    assert not kept or server.connections == seen, "the connection of a cancelled call is open, and not used again"
