"""What the checks of a client share: opening one, counting what it sends, and ending in time."""

import asyncio
import copy
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from inspect import isawaitable
from typing import Any, TypeAlias, cast

from attrs import evolve, frozen

from ..client import Client
from ..types.events import Event
from ..types.request import Request
from ..types.response import Response
from ..types.tools import ToolCall
from .promises import BrokenPromise

Factory: TypeAlias = Callable[[], Client | Awaitable[Client] | AbstractAsyncContextManager[Client]]


@frozen
class House:
    """What the checks share."""

    sent: Callable[[], int] | None
    connections: Callable[[], int] | None
    request: Request
    within: float

    async def run(self, check: "Check", factory: Factory) -> None:
        """One check with a client of its own."""
        before, tasks = copy.deepcopy(self.request), asyncio.all_tasks()
        try:
            async with asyncio.timeout(self.within), opened(factory) as client:
                await check(self, client)
        except TimeoutError:
            name = check.__name__.removeprefix("_")
            raise BrokenPromise("progress", f"the check {name!r} was not through after {self.within:g} s") from None
        if self.request != before:
            raise BrokenPromise("request", "the Request that was passed is not what it was")
        await asyncio.sleep(0)
        left = [task for task in asyncio.all_tasks() - tasks if not task.done()]
        if left:
            await asyncio.wait(left, timeout=0.5)
            left = [task for task in left if not task.done()]
        if left:
            raise BrokenPromise("cancellation", f"tasks are left behind: {left}")

    def count(self, client: Client) -> int | None:
        """Requests sent so far, None where that cannot be seen."""
        if self.sent is not None:
            return self.sent()
        requests = getattr(client, "requests", None)
        return len(cast("list[object]", requests)) if isinstance(requests, list) else None


Check: TypeAlias = "Callable[[House, Client], Awaitable[None]]"


@asynccontextmanager
async def opened(factory: Factory) -> AsyncGenerator[Client]:
    made: Any = factory()
    if isawaitable(made):
        made = await made
    if hasattr(made, "__aenter__"):
        async with made as client:
            yield client
        return
    try:
        yield made
    finally:
        if hasattr(made, "aclose"):
            await made.aclose()


def stream_of(house: House, client: Client) -> AsyncIterator[Event]:
    stream: Any = client.stream(house.request)
    if isawaitable(stream) and not hasattr(stream, "__anext__"):
        cast(Any, stream).close()
        raise BrokenPromise("iterator", "stream() is a coroutine: make it a plain function or an async generator")
    for name in ("__aiter__", "__anext__", "aclose"):
        if not hasattr(stream, name):
            raise BrokenPromise("iterator", f"what stream() returns has no {name}")
    return cast("AsyncIterator[Event]", stream)


async def close(stream: AsyncIterator[Event]) -> None:
    await cast(Any, stream).aclose()


async def events_of(stream: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in stream]


async def free(house: House, promise: str) -> None:
    """Wait until no connection is in use, where that can be seen."""
    if house.connections is None:
        return
    for _ in range(50):
        if not house.connections():
            return
        await asyncio.sleep(0.01)
    raise BrokenPromise(promise, f"{house.connections()} connections are still in use after aclose()")


def must_be_same(promise: str, one: Response, other: Response, names: Iterable[str], who: str, whose: str) -> None:
    """Fields of two answers that say the same thing. who, whose: as an error names the two."""
    for name in names:
        said, has = _compared(one, name), _compared(other, name)
        if said != has:
            raise BrokenPromise(promise, f"{who} {name} is {said!r}, {whose} is {has!r}")


def _compared(response: Response, name: str) -> Any:
    """A field as two answers can be compared: ids are made anew, and each road has its own raw usage."""
    if name == "usage":
        return evolve(response.usage, raw=None)
    if name == "tool_calls":
        return [(call.name, call.kind, _arguments(call)) for call in response.tool_calls]
    return getattr(response, name)


def _arguments(call: ToolCall) -> Any:
    return call.parsed() if call.kind == "function" else call.arguments
