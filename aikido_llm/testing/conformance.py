"""What any Client must pass: ours, a wrapper around one, a client of your own. Plain errors, no test framework.

    await check_client(lambda: MyClient(...))

Each check opens a client of its own. A promise that broke raises BrokenPromise, which names it (see docs/promises.md).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, cast

from ..client import Client
from ..errors import LLMError
from ..retry import collect
from ..types.accumulate import FOLDED
from ..types.events import EndEvent, ErrorEvent, Event
from ..types.messages import user
from ..types.request import Request
from ..types.response import Response
from .checking import Factory, House, close, events_of, free, must_be_same, stream_of
from .contents import batches, beside, continuation, next_turn, values
from .grammar import check_grammar
from .promises import BrokenPromise

_AT_ONCE = 3  # streams


async def check_client(
    factory: Factory,
    *,
    failing: Factory | None = None,
    refusing: Factory | None = None,
    pausing: Factory | None = None,
    sent: Callable[[], int] | None = None,
    connections: Callable[[], int] | None = None,
    request: Request | None = None,
    within: float = 10.0,
) -> None:
    """Check every promise of docs/promises.md that can be seen from outside.

    factory:     makes a client that answers each request the same, with a text of several pieces. It may return the
                 client, an awaitable of it, or an async context manager; what has `aclose` is closed at the end.
    failing:     the same for a client whose every answer breaks off after it has begun.
    refusing:    the same for a client whose every request fails before an answer begins.
    pausing:     the same for a client whose provider pauses every answer, and goes on when it is asked again.
    sent:        how many requests have been sent. Without it `client.requests` is counted where there is such a list.
    connections: how many connections a client has open that are in use; seen after a stream was left.
    request:     what is asked. within: seconds that each check may take.
    raises:      BrokenPromise.
    """
    asked = request or Request((user("Say something in several words."),))
    house = House(sent, connections, asked, within)
    for check in (
        _grammar, _lazy, _complete, _leaving, _closing, _cancellation, _one_reader, _independence, _resume,
        batches, values, beside, next_turn,
    ):  # fmt: skip
        await house.run(check, factory)
    for check in (_failure, _complete_failure, values):
        if failing is not None:
            await house.run(check, failing)
    for check in (_refusal, _complete_failure, values):
        if refusing is not None:
            await house.run(check, refusing)
    for check in (continuation, next_turn):
        if pausing is not None:
            await house.run(check, pausing)


# ---------------------------------------------------------------- an answer


async def _grammar(house: House, client: Client) -> None:
    stream = stream_of(house, client)
    events = await events_of(stream)
    check_grammar(events)
    if _fails(events):
        raise BrokenPromise("failure", "this client's answers fail; check_client needs one that answers")
    for _ in range(2):
        more = await anext(stream, None)
        if more is not None:
            raise BrokenPromise("one-end", f"behind the EndEvent came {more!r}")


def _fails(events: Sequence[Event]) -> bool:
    return any(isinstance(event, ErrorEvent) for event in events)


async def _lazy(house: House, client: Client) -> None:
    before = house.count(client)
    stream = stream_of(house, client)
    await asyncio.sleep(0.01)
    if house.count(client) != before:
        raise BrokenPromise("lazy", "the request was sent when stream() was called")
    await events_of(stream)
    if before is not None and house.count(client) != before + 1:
        raise BrokenPromise("lazy", f"one stream sent {(house.count(client) or 0) - before} requests")


async def _complete(house: House, client: Client) -> None:
    streamed = await collect(stream_of(house, client))
    whole: Any = await client.complete(house.request)
    if not isinstance(whole, Response):
        raise BrokenPromise("complete", f"complete returned {whole!r}, which is no Response")
    names = (*FOLDED, "finish_reason", "model", "provider")
    must_be_same("complete", streamed, whole, names, "the stream's", "complete's")


# ---------------------------------------------------------------- leaving


async def _leaving(house: House, client: Client) -> None:
    stream = stream_of(house, client)
    await anext(stream)
    await close(stream)
    more = await anext(stream, None)
    if more is not None:
        raise BrokenPromise("leaving", f"behind aclose() came {more!r}")
    await free(house, "leaving")
    check_grammar(await events_of(stream_of(house, client)))


async def _closing(house: House, client: Client) -> None:
    never = stream_of(house, client)
    read = stream_of(house, client)
    await events_of(read)
    try:
        for stream in (never, never, read, read):
            await close(stream)
        for _ in range(2 if hasattr(client, "aclose") else 0):
            await cast(Any, client).aclose()
    except Exception as error:
        raise BrokenPromise("closing", f"closing again raised {error!r}") from error
    if await anext(never, None) is not None:
        raise BrokenPromise("closing", "a stream that was closed before it began yielded an event")


async def _cancellation(house: House, client: Client) -> None:
    for read_first in (False, True):
        for call in (_read_on, _ask_whole) if not read_first else (_read_on,):
            task = asyncio.ensure_future(call(house, client, read_first))
            await asyncio.wait([task])
            if not task.cancelled():
                error = task.exception()
                how = "was swallowed" if error is None else f"became {error!r}"
                raise BrokenPromise("cancellation", f"a cancellation of {call.__name__.removeprefix('_')} {how}")
    check_grammar(await events_of(stream_of(house, client)))


async def _read_on(house: House, client: Client, read_first: bool) -> None:
    """Reads a stream, cancelled at its beginning or behind its first event."""
    stream = stream_of(house, client)
    if read_first:
        await anext(stream)
    _cancel()
    try:
        await events_of(stream)
        await asyncio.sleep(0)  # a client that never waits is cancelled here
    finally:
        await close(stream)


async def _ask_whole(house: House, client: Client, _: bool) -> None:
    _cancel()
    await client.complete(house.request)
    await asyncio.sleep(0)


def _cancel() -> None:
    """As if another task had: it takes effect at the next wait."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


# ---------------------------------------------------------------- many at once


async def _one_reader(house: House, client: Client) -> None:
    stream = stream_of(house, client)
    readers = [asyncio.ensure_future(_read(stream)) for _ in range(2)]
    read = await asyncio.gather(*readers)
    whole = 0
    for events, error in read:
        if isinstance(error, RuntimeError) or (error is None and not events):
            continue
        if error is not None:
            raise BrokenPromise("one-reader", f"a second reader made the stream fail: {error!r}") from error
        try:
            check_grammar(events)
        except BrokenPromise as broken:
            raise BrokenPromise("one-reader", f"two readers shared one stream: {broken.what}") from None
        whole += 1
    if not whole:
        raise BrokenPromise("one-reader", "of two readers none got the whole stream")
    await close(stream)


async def _read(stream: AsyncIterator[Event]) -> tuple[list[Event], Exception | None]:
    events: list[Event] = []
    try:
        async for event in stream:
            events.append(event)
    except Exception as error:
        return events, error
    return events, None


async def _independence(house: House, client: Client) -> None:
    streams = [stream_of(house, client) for _ in range(_AT_ONCE)]
    expected = await collect(stream_of(house, client))
    for events in await asyncio.gather(*(events_of(stream) for stream in streams)):
        try:
            check_grammar(events)
        except BrokenPromise as broken:
            raise BrokenPromise("independence", f"of {_AT_ONCE} streams at once one is broken: {broken.what}") from None
        end = events[-1]
        if isinstance(end, EndEvent) and end.response.text != expected.text:
            texts = f"{end.response.text!r} instead of {expected.text!r}"
            raise BrokenPromise("independence", f"of {_AT_ONCE} streams at once one says {texts}")


async def _resume(house: House, client: Client) -> None:
    """How an answer is taken up; the provider of a client may have none, and is not asked."""
    if not hasattr(client, "resume"):
        return
    before = house.count(client)
    try:
        stream: Any = cast(Any, client).resume("resp_1")
    except LLMError:  # it has no such answers
        return
    for name in ("__aiter__", "__anext__", "aclose"):
        if not hasattr(stream, name):
            raise BrokenPromise("resume", f"what resume() returns has no {name}")
    await asyncio.sleep(0.01)
    if house.count(client) != before:
        raise BrokenPromise("resume", "the request was sent when resume() was called")
    await close(stream)
    if await anext(stream, None) is not None:
        raise BrokenPromise("resume", "a stream that was closed before it began yielded an event")


# ---------------------------------------------------------------- failures


async def _failure(house: House, client: Client) -> None:
    try:
        events = await events_of(stream_of(house, client))
    except Exception as error:
        raise BrokenPromise("failure", f"a failure after the answer began was raised: {error!r}") from error
    check_grammar(events)
    failure: Any = next((event.error for event in events if isinstance(event, ErrorEvent)), None)
    if failure is None:
        raise BrokenPromise("failure", "an answer that broke off passed for a whole one")
    if not isinstance(failure, LLMError):
        raise BrokenPromise("failure", f"the ErrorEvent carries {failure!r}, which is no LLMError")


async def _refusal(house: House, client: Client) -> None:
    stream = stream_of(house, client)
    try:
        event = await anext(stream, None)
    except LLMError:
        pass
    except Exception as error:
        raise BrokenPromise("refusal", f"a refused request raised {error!r}, which is no LLMError") from error
    else:
        raise BrokenPromise("refusal", f"a refused request gave {event!r}")
    if await anext(stream, None) is not None:
        raise BrokenPromise("refusal", "behind the error that was raised came an event")


async def _complete_failure(house: House, client: Client) -> None:
    try:
        await collect(stream_of(house, client))
    except LLMError as error:
        streamed = error
    else:
        raise BrokenPromise("complete-failure", "the stream did not fail")
    try:
        whole = await client.complete(house.request)
    except LLMError as error:
        if (error.partial is None) != (streamed.partial is None):
            raise BrokenPromise("complete-failure", f"the stream's error has a partial {streamed.partial!r},"
                                                    f" complete's {error.partial!r}") from error  # fmt: skip
    except Exception as error:
        raise BrokenPromise("complete-failure", f"complete raised {error!r}, which is no LLMError") from error
    else:
        raise BrokenPromise("complete-failure", f"complete returned {whole!r}")
