"""Leaving a stream in every way, over a real socket: the server sees the connection close, and nothing is left."""

import asyncio
import gc
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

import anyio
import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, WireServer
from tests.wire import check_grammar, error_of, response_of

REQUEST = llm.Request(messages=[llm.user("hi")])
LONG = Answer(text="word " * 2000, pace=0.005)
WITHIN = 0.1  # s in which the server must see a connection closed


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as server:
        yield server


@pytest.fixture
async def client(server: WireServer) -> AsyncIterator[llm.HTTPClient]:
    async with llm.open("vllm", server.dsn("vllm"), retry=None) as client:
        yield client


async def first(stream: llm.EventStream) -> None:
    async for event in stream:
        if isinstance(event, llm.TextDelta):
            return


async def leave_by_break(client: llm.HTTPClient) -> None:
    async with client.stream(REQUEST) as stream:
        async for _ in stream:
            break


async def leave_by_raise(client: llm.HTTPClient) -> None:
    with pytest.raises(ZeroDivisionError):
        async with client.stream(REQUEST) as stream:
            async for _ in stream:
                raise ZeroDivisionError


async def leave_by_return(client: llm.HTTPClient) -> None:
    async with client.stream(REQUEST) as stream:
        await first(stream)


async def leave_by_aclose(client: llm.HTTPClient) -> None:
    stream = client.stream(REQUEST)
    await first(stream)
    await stream.aclose()
    assert [event async for event in stream] == []


async def leave_by_aclose_of_the_text(client: llm.HTTPClient) -> None:
    text = client.stream(REQUEST).text()
    await anext(text)
    await text.aclose()


async def leave_by_cancelling_the_task(client: llm.HTTPClient) -> None:
    async def read() -> None:
        async for _ in client.stream(REQUEST):
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def leave_by_a_cancel_scope(client: llm.HTTPClient) -> None:
    with anyio.move_on_after(0.05) as scope:
        async for _ in client.stream(REQUEST):
            pass
    assert scope.cancelled_caught
    await asyncio.sleep(0)


async def leave_by_a_timeout(client: llm.HTTPClient) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            async for _ in client.stream(REQUEST):
                pass


async def leave_by_dropping_the_handle(client: llm.HTTPClient) -> None:
    stream = client.stream(REQUEST)
    await first(stream)
    with pytest.warns(ResourceWarning, match="dropped while it was open"):
        del stream
        gc.collect()


async def leave_by_a_generator_around_it(client: llm.HTTPClient) -> None:
    async def around() -> AsyncGenerator[llm.Event]:
        async with client.stream(REQUEST) as stream:
            async for event in stream:
                yield event

    events = around()
    await anext(events)
    await events.aclose()


async def leave_by_aclose_from_another_task(client: llm.HTTPClient) -> None:
    stream = client.stream(REQUEST)
    seen: list[llm.Event] = []
    begun = asyncio.Event()

    async def read() -> None:
        async for event in stream:
            seen.append(event)
            begun.set()

    task = asyncio.create_task(read())
    await begun.wait()
    await stream.aclose()
    await task
    check_grammar(seen)
    assert isinstance(error_of(seen), llm.StreamTruncated), "a stream that was closed is not a whole answer"


WAYS: list[Callable[[llm.HTTPClient], Awaitable[None]]] = [
    leave_by_break, leave_by_raise, leave_by_return, leave_by_aclose, leave_by_aclose_of_the_text,
    leave_by_cancelling_the_task, leave_by_a_cancel_scope, leave_by_a_timeout, leave_by_dropping_the_handle,
    leave_by_a_generator_around_it, leave_by_aclose_from_another_task,
]  # fmt: skip


@pytest.mark.parametrize("leave", WAYS, ids=lambda way: way.__name__)
async def test_leaving_closes_the_connection_at_once(
    server: WireServer, client: llm.HTTPClient, leave: Callable[[llm.HTTPClient], Awaitable[None]]
) -> None:
    server.answer(LONG)
    await leave(client)
    assert await server.closed_within(WITHIN)
    assert (await client.chat("hi")).text, "the client is as good as new"


async def test_nothing_is_sent_before_the_first_event(server: WireServer, client: llm.HTTPClient) -> None:
    stream = client.stream(REQUEST)
    await asyncio.sleep(0.02)
    assert server.connections == 0
    await stream.aclose()
    assert [event async for event in stream] == []
    assert server.connections == 0


async def test_a_stream_that_was_never_begun_needs_no_closing(client: llm.HTTPClient) -> None:
    client.stream(REQUEST)
    gc.collect()


async def test_two_readers_of_one_stream_are_refused(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(LONG)
    async with client.stream(REQUEST) as stream:
        await first(stream)
        reading = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="one reader"):
            while True:
                await anext(stream)
        await reading


async def test_the_connection_is_used_again_after_a_whole_answer(server: WireServer, client: llm.HTTPClient) -> None:
    for _ in range(10):
        await llm.collect(client.stream(REQUEST))
        await client.complete(REQUEST)
    assert server.connections == 1


async def test_the_connection_is_free_before_the_last_event_is_handed_out(
    server: WireServer, client: llm.HTTPClient
) -> None:
    async for event in client.stream(REQUEST):
        if isinstance(event, llm.EndEvent):
            break
    gc.collect()  # no ResourceWarning: there was nothing left to close
    await client.complete(REQUEST)
    assert server.connections == 1


async def test_a_slow_reader_holds_the_sender_back(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(Answer(text="x" * 1000 + " ", chunk=1000, fault=Fault.endless_comments()))
    async with client.stream(REQUEST) as stream:
        reading = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.05)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert await server.closed_within(WITHIN)


async def test_closing_the_client_ends_its_live_streams(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(LONG, LONG, LONG)
    seen: list[list[llm.Event]] = [[], [], []]
    begun = [asyncio.Event() for _ in seen]

    async def read(number: int) -> None:
        async for event in client.stream(REQUEST):
            seen[number].append(event)
            begun[number].set()

    async with asyncio.TaskGroup() as group:
        for number in range(len(seen)):
            group.create_task(read(number))
        for one in begun:
            await one.wait()
        await client.aclose()
    for events in seen:
        check_grammar(events)
        error = error_of(events)
        assert isinstance(error, llm.StreamTruncated)
        assert error.partial is not None
        assert error.partial.text.startswith("word")
    with pytest.raises(llm.ConfigError, match="closed"):
        await client.chat("hi")


async def test_text_raises_what_the_stream_carries(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(Answer(text="one two three", fault=Fault.reset(after_events=3)))
    pieces: list[str] = []
    with pytest.raises(llm.StreamTruncated) as caught:
        async for piece in client.stream(REQUEST).text():
            pieces.append(piece)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "".join(pieces) != ""


async def test_client_of_another_loop_is_refused(server: WireServer, client: llm.HTTPClient) -> None:
    await client.chat("hi")

    def elsewhere() -> llm.ConfigError:
        with pytest.raises(llm.ConfigError, match="another event loop") as caught:
            asyncio.run(client.chat("hi"))
        return caught.value

    await asyncio.to_thread(elsewhere)


async def test_many_streams_wait_their_turn(server: WireServer) -> None:
    limits = llm.Limits(connections=3)
    async with llm.open("vllm", server.dsn("vllm"), limits=limits) as client:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(llm.collect(client.stream(REQUEST))) for _ in range(20)]
        assert {task.result().finish_reason for task in tasks} == {llm.FinishReason.stop}
    assert server.connections <= 3


async def test_whole_road_gives_the_same_on_stream_and_complete(server: WireServer, client: llm.HTTPClient) -> None:
    call = llm.ToolCall("call_1", "look", '{"x": 1}')
    answer = Answer(text="a b", thinking="hm", tool_calls=[call], id="same")
    server.answer(answer, answer)
    events = [event async for event in client.stream(REQUEST)]
    whole = await client.complete(REQUEST)
    streamed = response_of(events)
    assert streamed.request_id != whole.request_id
    for name in ("text", "thinking", "tool_calls", "finish_reason", "raw_finish_reason", "usage", "model"):
        assert getattr(streamed, name) == getattr(whole, name), name
