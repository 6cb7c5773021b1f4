"""What every middleware keeps of a client: the grammar, leaving early, closing, and what the inner one offers."""

import asyncio
import gc
import pickle
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.middleware import Middleware
from aikido_llm.testing import Answer, StubClient, TurnScript, WireServer, check_client, check_grammar
from tests import deep

from .makers import MAKERS, REQUEST, Own

BROKEN = TurnScript(["one ", llm.OverloadedError("no capacity")])
REFUSED = TurnScript([llm.RateLimitedError("slow down")])


@pytest.mark.parametrize("inner", [StubClient, Own])
@pytest.mark.parametrize("maker", MAKERS)
async def test_every_maker_passes(maker: str, inner: Any) -> None:
    make = MAKERS[maker]
    made: list[Any] = []

    def client(turn: Any) -> llm.Client:
        made.append(inner(*[turn] * 9))
        return make(made[-1])

    await check_client(
        lambda: client("one two three"),
        failing=lambda: client(BROKEN),
        refusing=lambda: client(REFUSED),
        sent=lambda: sum(len(each.requests) for each in made),
    )


@pytest.mark.parametrize("maker", ["none", *MAKERS])
async def test_what_is_no_request_is_told(maker: str) -> None:
    client = llm.open("echo") if maker == "none" else MAKERS[maker](llm.open("echo"))
    asked: Any
    for asked in ("hello", [llm.user("hello")], {"messages": "hello"}, None):
        for answering in (client.complete(asked), anext(client.stream(asked))):
            with pytest.raises(llm.InvalidRequestError, match=r"a client is asked by a Request, not a \w+: Request\("):
                await answering


@pytest.mark.deep
@pytest.mark.parametrize("outer", MAKERS)
def test_every_ordered_pair_passes(outer: str) -> None:
    """Around each inner one, side by side, for they wait more than they work; each in a loop of its own, whose tasks
    are looked at."""

    async def passes(maker: str) -> None:
        async with WireServer() as server:
            server.respond(lambda _: Answer("one two three four five", pace=0.002))
            await check_client(
                lambda: MAKERS[outer](MAKERS[maker](llm.open("vllm", server.dsn("vllm"), retry=None))),
                sent=lambda: len(server.received),
                connections=lambda: server.open_connections,
            )

    inside = deep.share(tuple(MAKERS), 3, outer.encode())
    with ThreadPoolExecutor(5) as pool:
        running = {maker: pool.submit(asyncio.run, passes(maker)) for maker in inside}
    assert {maker: ran.exception() for maker, ran in running.items() if ran.exception()} == {}


@pytest.mark.parametrize("maker", MAKERS)
async def test_a_stream_is_an_event_stream_whatever_is_inside(maker: str) -> None:
    for inner in (StubClient("one two", "one two", "one two"), Own("one two", "one two", "one two")):
        client: Any = MAKERS[maker](inner)
        assert [piece async for piece in client.stream(REQUEST).text()] == ["one", " two"]
        batches = [events async for events in client.stream(REQUEST).batches()]
        check_grammar([event for events in batches for event in events])
        async with client.chat_stream("hi") as events:
            assert await anext(events) == llm.TextDelta("one")


class Listed(StubClient):
    """Gives its whole answer in two reads."""

    def stream(self, request: llm.Request) -> llm.EventStream:
        words: list[llm.Event] = [llm.TextDelta("word ")] * 50
        end = llm.EndEvent(llm.FinishReason.stop, llm.Response("word " * 100, finish_reason=llm.FinishReason.stop))
        reads: list[list[llm.Event]] = [words, [*words, end]]

        class Reads:
            over = False

            async def events(self) -> list[llm.Event]:
                self.over = len(reads) == 1
                return reads.pop(0)

            def close(self) -> None: ...

        async def begin(clocks: object) -> tuple[Any, list[llm.Event]]:
            source = Reads()
            return source, await source.events()

        return llm.EventStream(begin, llm.Timeouts(), set())


@pytest.mark.parametrize("maker", MAKERS)
async def test_the_events_of_a_read_stay_together(maker: str) -> None:
    client: Any = MAKERS[maker](Listed())
    assert [len(events) async for events in client.stream(REQUEST).batches()] == [50, 51]


@pytest.mark.parametrize("maker", MAKERS)
async def test_a_dropped_stream_warns_once_and_closes(maker: str) -> None:
    async with WireServer() as server, llm.open("vllm", server.dsn("vllm")) as inner:
        server.respond(lambda _: Answer("word " * 100, pace=0.01))
        stream = MAKERS[maker](inner).stream(REQUEST)
        await anext(stream)
        with pytest.warns(ResourceWarning, match="EventStream was dropped") as warned:
            del stream
            gc.collect()
        assert len(warned) == 1
        await server.no_connections()


async def test_leaving_closes_a_generator_of_a_callers_own_client() -> None:
    own = Own("one two three", "one two three")
    client = Middleware(own)
    async with client.stream(REQUEST) as events:
        await anext(events)
        assert own.open == 1
    assert own.open == 0
    stream = client.stream(REQUEST)
    await anext(stream)
    with pytest.warns(ResourceWarning):
        del stream
        gc.collect()
    await asyncio.sleep(0.01)
    assert own.open == 0


async def test_closing_while_another_task_reads_gives_it_an_error_and_the_end() -> None:
    never = asyncio.Event()

    class Slow(Own):
        async def stream(self, request: llm.Request) -> AsyncGenerator[llm.Event]:
            yield llm.TextDelta("one")
            await never.wait()

    for inner in (Slow(), StubClient(TurnScript(["one"]), TurnScript(["one"], block=never))):
        client = Middleware(inner)
        stream = client.stream(REQUEST)
        events = [await anext(stream)]

        async def read(stream: llm.EventStream = stream, events: list[llm.Event] = events) -> None:
            events += [event async for event in stream]

        reader = asyncio.ensure_future(read())
        await asyncio.sleep(0)
        await client.aclose()
        await reader
        check_grammar(events)


async def test_closing_ends_a_call_that_has_not_begun() -> None:
    never = asyncio.Event()
    client = Middleware(StubClient(TurnScript(["one"], block=never)))
    reading = asyncio.ensure_future(anext(client.stream(REQUEST)))
    await asyncio.sleep(0)
    await client.aclose()
    with pytest.raises(llm.LLMError):
        await reading
    with pytest.raises(llm.ConfigError, match="closed"):
        await client.complete(REQUEST)
    with pytest.raises(llm.ConfigError, match="closed"):
        await anext(client.stream(REQUEST))


async def test_each_client_is_closed_once() -> None:
    one, other = Own(), Own()
    async with Middleware(one, other, one) as client:
        pass
    await client.aclose()
    await client.single_attempt.aclose()
    assert (one.closed, other.closed) == (1, 1)


async def test_what_a_foreign_stream_breaks_is_mended() -> None:
    class Unfinished(Own):
        async def stream(self, request: llm.Request) -> AsyncGenerator[llm.Event]:
            yield llm.TextDelta("one")

    class Raising(Own):
        async def stream(self, request: llm.Request) -> AsyncGenerator[llm.Event]:
            yield llm.TextDelta("one")
            raise llm.OverloadedError("no capacity")

    class Stopping(Own):
        async def stream(self, request: llm.Request) -> AsyncGenerator[llm.Event]:
            yield llm.TextDelta("one")
            yield llm.ErrorEvent(llm.ServerError("oh"))

    for inner, expected in ((Unfinished(), llm.StreamTruncated), (Raising(), llm.OverloadedError)):
        events = [event async for event in Middleware(inner).stream(REQUEST)]
        check_grammar(events)
        assert isinstance(events[1], llm.ErrorEvent)
        assert type(events[1].error) is expected
        assert events[1].error.partial is not None
        assert events[1].error.partial.text == "one"
    events = [event async for event in Middleware(Stopping()).stream(REQUEST)]
    assert [event.kind for event in events] == ["text_delta", "error", "end"]


async def test_a_bug_of_a_callers_client_is_raised_as_it_is() -> None:
    class Buggy(Own):
        async def stream(self, request: llm.Request) -> AsyncGenerator[llm.Event]:
            yield llm.TextDelta("one")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _ = [event async for event in Middleware(Buggy()).stream(REQUEST)]


async def test_single_attempt_is_the_same_around_one_that_does_not_retry() -> None:
    async with WireServer() as server, llm.open("vllm", server.dsn("vllm")) as inner:
        server.respond(lambda _: Answer(status=503))
        client = Middleware(Middleware(inner))
        with pytest.raises(llm.OverloadedError):
            await client.single_attempt.complete(REQUEST)
        assert len(server.received) == 1
        with pytest.raises(llm.OverloadedError):
            await llm.collect_with_retry(client, REQUEST, llm.RetryPolicy(max_attempts=2, base_delay=0.001))
        assert len(server.received) == 3


async def test_what_the_inner_client_offers_is_forwarded() -> None:
    models = [llm.ModelInfo("m")]
    client = Middleware(StubClient("a", models=models))
    assert await client.list_models() == models
    assert client.provider == "stub"
    assert (await client.chat("hi")).text == "a"
    for ask in (client.embed(["a"]), client.rerank("q", ["a"]), client.count_tokens(REQUEST)):
        with pytest.raises(llm.UnsupportedFeatureError, match="has no"):
            await ask
    bare = Middleware(Own())
    assert (bare.provider, bare.model, bare.base_url) == ("", None, "")
    with pytest.raises(llm.UnsupportedFeatureError, match="Own> has no list_models"):
        await bare.list_models()


def test_what_is_no_client_is_refused_when_made() -> None:
    wrong: Any = "echo"
    with pytest.raises(llm.ConfigError, match="takes a client"):
        Middleware(wrong)


def test_a_repr_holds_no_key_and_nothing_is_pickled() -> None:
    class Talkative(Own):
        def __repr__(self) -> str:
            return "key=sk-secret"

    client = Middleware(llm.open("openai", api_key="sk-secret", model="m"), Talkative())
    assert "sk-secret" not in repr(client)
    assert "HTTPClient openai" in repr(client)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(client)
