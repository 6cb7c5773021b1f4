"""What an answer holds, of any client: its events in lists, values that can be kept, what has no events, the turn that
goes back, and an answer made of several turns."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

from attrs import evolve

from ..client import Client
from ..codecs.text import kind_name
from ..errors import LLMError
from ..retry import collect
from ..types.accumulate import FOLDED
from ..types.events import EndEvent, ErrorEvent, Event, ServerToolStart, ToolCallStart, UsageEvent
from ..types.messages import tool, user
from ..types.response import FinishReason, Response
from .checking import House, close, events_of, free, must_be_same, stream_of
from .grammar import check_grammar
from .promises import BrokenPromise

_BESIDE = ("raw_finish_reason", "complete", "provider_data", "logprobs", "choices")


async def batches(house: House, client: Client) -> None:
    stream: Any = stream_of(house, client)
    if not hasattr(stream, "batches"):
        await close(stream)
        return
    await _left_early(house, client)
    first = await anext(stream)  # what its read gave beside it comes in the first list
    events = [first, *await _listed(stream.batches())]
    try:
        check_grammar(events)
    except BrokenPromise as broken:
        raise BrokenPromise("batches", f"an event, then the lists: {broken.what}") from None
    other = await _listed(cast(Any, stream_of(house, client)).batches())
    one_by_one = await collect(stream_of(house, client))
    for seen in (events, other):
        must_be_same("batches", _response(seen), one_by_one, FOLDED, "the lists'", "the stream's")


async def _left_early(house: House, client: Client) -> None:
    stream: Any = stream_of(house, client)
    lists = stream.batches()
    await anext(lists)
    await close(lists)
    for reader in (lists, stream):
        more = await anext(reader, None)
        if more is not None:
            raise BrokenPromise("batches", f"behind aclose() of the lists came {more!r}")
    await free(house, "batches")


async def _listed(lists: Any) -> list[Event]:
    events: list[Event] = []
    async for some in lists:
        if not isinstance(some, list) or not some:
            raise BrokenPromise("batches", f"batches() gave {some!r}, which is no list of events")
        events += cast("list[Event]", some)
    return events


def _response(events: Sequence[Event]) -> Response:
    end = events[-1] if events else None
    if not isinstance(end, EndEvent):
        raise BrokenPromise("batches", "the lists do not end in the EndEvent")
    return end.response


async def values(house: House, client: Client) -> None:
    """Events, whole answers and failures are values: what is kept of them as JSON is all of them."""
    try:
        events = await events_of(stream_of(house, client))
    except LLMError as error:
        _kept(error, LLMError)
        return
    for event in events:
        _kept(event, Event)
    if not any(isinstance(event, ErrorEvent) for event in events):
        _kept(await client.complete(house.request), Response)


def _kept(value: Any, kind: Any) -> None:
    from ..serialize import from_dict, to_dict  # cattrs costs tens of milliseconds

    try:
        data = to_dict(value)
        back: Any = from_dict(json.loads(json.dumps(data)), kind)
        again = to_dict(back)
    except (LLMError, TypeError, ValueError) as error:
        raise BrokenPromise("values", f"{kind_name(value)} cannot be kept as JSON: {error}") from error
    of_error = isinstance(value, LLMError | ErrorEvent)  # errors are equal by identity
    if again != data or not (of_error or back == value):
        raise BrokenPromise("values", f"{kind_name(value)} came back from JSON as another: {back!r}")


async def beside(house: House, client: Client) -> None:
    streamed = await collect(stream_of(house, client))
    must_be_same("beside", streamed, await client.complete(house.request), _BESIDE, "the stream's", "complete's")


async def next_turn(house: House, client: Client) -> None:
    """The turn as it came, and as it is after it was kept, with a result for each call and a question behind it."""
    from ..serialize import from_dict, to_dict

    answer = await collect(stream_of(house, client))
    if any(call.kind not in ("function", "custom") for call in answer.tool_calls):
        return  # a click, an approval: what answers it depends on what it asks
    results = [tool(call, "the result") for call in answer.tool_calls]
    kept = from_dict(to_dict(answer), Response).message
    if kept != answer.message:
        raise BrokenPromise("next-turn", "the message of a Response that was kept as JSON is another")
    for message in (answer.message, kept):
        asked = evolve(house.request, messages=(*house.request.messages, message, *results, user("And then?")))
        try:
            await collect(client.stream(asked))
            await client.complete(asked)
        except LLMError as error:
            raise BrokenPromise("next-turn", f"its own answer sent back as the next turn fails: {error!r}") from error


async def continuation(house: House, client: Client) -> None:
    events = await events_of(stream_of(house, client))
    try:
        check_grammar(events)
    except BrokenPromise as broken:
        raise BrokenPromise("continuation", f"an answer of several turns: {broken.what}") from None
    answer = _response(events)
    begun = [event.index for event in events if isinstance(event, ToolCallStart | ServerToolStart)]
    if any(later <= earlier for earlier, later in pairwise(begun)):
        raise BrokenPromise("continuation", f"the indexes of its calls are {begun}, which do not go on")
    counts = [event.usage.output_tokens or 0 for event in events if isinstance(event, UsageEvent)]
    if any(later < earlier for earlier, later in pairwise(counts)):
        raise BrokenPromise("continuation", f"its output tokens are {counts}, which are not those of all turns so far")
    paused = answer.finish_reason is FinishReason.paused
    if paused and answer.complete:
        raise BrokenPromise("continuation", "an answer that is paused says that it is complete")
    if not (paused or answer.continuations):
        raise BrokenPromise("continuation", "an answer that was gone on with says 0 continuations")
    whole = await client.complete(house.request)
    must_be_same("continuation", answer, whole, (*FOLDED, "continuations", "complete"), "the stream's", "complete's")
