"""check_client: ours pass, and each of a set of clients that break one promise fails by that promise."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, ClassVar

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.testing import Answer, BrokenPromise, Fault, StubClient, TurnScript, WireServer, check_client
from aikido_llm.types.events import Event
from tests.speakers import open_at

WORDS: list[Event] = [llm.TextDelta("one "), llm.TextDelta("two "), llm.TextDelta("three")]
WHOLE = llm.Response(text="one two three", finish_reason=llm.FinishReason.stop)
END = llm.EndEvent(llm.FinishReason.stop, WHOLE)
DIALECTS = ["vllm", "openai-responses", "anthropic", "gemini", "cohere", "ollama", "bedrock-converse", "bedrock:invoke"]


# ---------------------------------------------------------------- ours


async def test_echo_passes() -> None:
    ask = llm.Request(messages=[llm.user("one two three")])
    await check_client(lambda: llm.open("echo"), request=ask)


async def test_the_stub_passes() -> None:
    broken = TurnScript(["one ", llm.OverloadedError("no capacity")])
    refused = TurnScript([llm.RateLimitedError("slow down")])
    await check_client(
        lambda: StubClient(*["one two three"] * 9),
        failing=lambda: StubClient(*[broken] * 9),
        refusing=lambda: StubClient(*[refused] * 9),
    )


@pytest.mark.parametrize("name", DIALECTS)
async def test_http_client_passes_on_every_wire(name: str) -> None:
    async with WireServer() as server:

        def client() -> llm.HTTPClient:
            return open_at(server, name, retry=None)

        @asynccontextmanager
        async def answering(answer: Answer) -> AsyncGenerator[llm.Client]:
            server.respond(lambda _: answer)
            async with client() as opened:
                yield opened
            await server.no_connections()

        await check_client(
            lambda: answering(Answer("one two three", thinking="Hm", usage=llm.Usage(3, 4))),
            failing=lambda: answering(Answer("one two three", fault=Fault.error_inside(after_events=3))),
            refusing=lambda: answering(Answer(status=503)),
            sent=lambda: len(server.received),
        )


async def test_leaving_is_seen_on_the_other_side() -> None:
    async with WireServer() as server:
        server.respond(lambda _: Answer("one two three " * 20, pace=0.001))
        await check_client(
            lambda: llm.open("vllm", server.dsn("vllm"), retry=None),
            sent=lambda: len(server.received),
            connections=lambda: server.open_connections,
        )


async def test_a_client_that_another_one_wraps_passes() -> None:
    class Wrapped:
        def __init__(self, inner: StubClient) -> None:
            self.inner = inner

        def stream(self, request: llm.Request) -> AsyncIterator[Event]:
            return self.inner.stream(request)

        async def complete(self, request: llm.Request) -> llm.Response:
            return await llm.complete_with_retry(self.inner, request)

    async def opened() -> Wrapped:
        return Wrapped(StubClient(*["one two three"] * 9))

    await check_client(opened)


# ---------------------------------------------------------------- one that breaks each promise

Play = Callable[["Good", llm.Request], AsyncIterator[Event]]


class Good:
    """A client that keeps every promise. play: how it streams, complete_as: how it completes, to break one."""

    def __init__(self, play: Any = None, complete_as: Any = None) -> None:
        self.requests: list[llm.Request] = []
        self.running = 0
        self._play: Play = play or answer
        self._complete: Any = complete_as

    def stream(self, request: llm.Request) -> AsyncIterator[Event]:
        return self._play(self, request)

    async def complete(self, request: llm.Request) -> llm.Response:
        if self._complete is not None:
            response: llm.Response = await self._complete(self, request)
            return response
        return await llm.collect(self.stream(request))


async def answer(client: Good, request: llm.Request) -> AsyncGenerator[Event]:
    client.requests.append(request)
    for event in [*WORDS, END]:
        await asyncio.sleep(0)
        yield event


def playing(*steps: Any) -> Any:
    events: list[Any] = list(steps)

    async def play(client: Good, request: llm.Request) -> AsyncGenerator[Any]:
        client.requests.append(request)
        for event in events:
            await asyncio.sleep(0)
            if isinstance(event, Exception):
                raise event
            yield event

    return play


class Iterating:
    """A stream that is no generator, of these events; it breaks what generators cannot."""

    def __init__(self, client: Good, request: llm.Request) -> None:
        self.client, self.request = client, request
        self.left: list[Event] = [*WORDS, END]
        self.begun = self.closed = False

    def __aiter__(self) -> "Iterating":
        return self

    async def __anext__(self) -> Event:
        if not self.begun:
            self.begun = True
            self.client.requests.append(self.request)
        await self.wait()
        if self.closed or not self.left:
            raise StopAsyncIteration
        return self.left.pop(0)

    async def wait(self) -> None:
        await asyncio.sleep(0)

    async def aclose(self) -> None:
        self.closed = True


class Deaf(Iterating):
    async def aclose(self) -> None:
        pass


class ClosedOnce(Iterating):
    async def aclose(self) -> None:
        if self.closed:
            raise RuntimeError("closed already")
        self.closed = True


class Uncancellable(Iterating):
    async def wait(self) -> None:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.left = [END]


class Renaming(Iterating):
    async def wait(self) -> None:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            raise llm.TimedOutError("cancelled") from None


class Endless(Iterating):
    async def wait(self) -> None:
        if not self.left:
            await asyncio.Event().wait()


class Open(Iterating):
    """What leaves a task behind when it is left."""

    tasks: ClassVar["set[asyncio.Task[None]]"] = set()

    async def __anext__(self) -> Event:
        task = asyncio.ensure_future(asyncio.sleep(5))
        self.tasks.add(task)
        return await super().__anext__()


class Unclosable(Iterating):
    aclose: Any = property(lambda self: self.missing)


def eager(client: Good, request: llm.Request) -> AsyncIterator[Event]:
    client.requests.append(request)
    return Iterating(Good(), request)


async def coroutine(client: Good, request: llm.Request) -> AsyncIterator[Event]:
    return Iterating(client, request)


async def changing(client: Good, request: llm.Request) -> AsyncGenerator[Event]:
    request.metadata["seen"] = True
    async for event in answer(client, request):
        yield event


async def twice(client: Good, request: llm.Request) -> AsyncGenerator[Event]:
    client.requests.append(request)
    async for event in answer(client, request):
        yield event


async def mixing(client: Good, request: llm.Request) -> AsyncGenerator[Event]:
    """Says something else while another stream of this client is being read."""
    client.requests.append(request)
    client.running += 1
    try:
        await asyncio.sleep(0)
        text = "one two three" if client.running == 1 else "and four"
        yield llm.TextDelta(text)
        await asyncio.sleep(0)
        yield evolve(END, response=evolve(WHOLE, text=text))
    finally:
        client.running -= 1


async def shorter(client: Good, request: llm.Request) -> llm.Response:
    return evolve(WHOLE, text="one two")


async def nothing(client: Good, request: llm.Request) -> None:
    return None


async def swallowing(client: Good, request: llm.Request) -> llm.Response:
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    return WHOLE


class Resuming(Good):
    """How it takes an answer up: by `take_up`, a stream's maker."""

    def __init__(self, take_up: Any) -> None:
        super().__init__()
        self._take_up = take_up

    def resume(self, answer: str) -> Any:
        return self._take_up(self, llm.Request(answer))


BROKEN: dict[str, tuple[str, Good]] = {
    "a coroutine": ("iterator", Good(coroutine)),
    "no aclose": ("iterator", Good(Unclosable)),
    "sent when called": ("lazy", Good(eager)),
    "sent twice": ("lazy", Good(twice)),
    "no end": ("one-end", Good(playing(*WORDS))),
    "an end in the middle": ("one-end", Good(playing(*WORDS, END, END))),
    "text, not events": ("events", Good(playing("one two three", END))),
    "an empty delta": ("events", Good(playing(llm.TextDelta(""), *WORDS, END))),
    "a call out of the blue": ("calls", Good(playing(llm.ToolCallEvent(0, llm.ToolCall("c", "look")), END))),
    "an end that forgets": ("fold", Good(playing(*WORDS, evolve(END, response=evolve(WHOLE, text="one"))))),
    "complete says less": ("complete", Good(complete_as=shorter)),
    "complete returns nothing": ("complete", Good(complete_as=nothing)),
    "goes on when closed": ("leaving", Good(Deaf)),
    "closed once only": ("closing", Good(ClosedOnce)),
    "swallows cancellation": ("cancellation", Good(Uncancellable)),
    "renames cancellation": ("cancellation", Good(Renaming)),
    "complete swallows it": ("cancellation", Good(complete_as=swallowing)),
    "leaves tasks": ("cancellation", Good(Open)),
    "splits events between readers": ("one-reader", Good(Iterating)),
    "mixes streams": ("independence", Good(mixing)),
    "takes up at once": ("resume", Resuming(eager)),
    "takes up without an end": ("resume", Resuming(Unclosable)),
    "takes up though closed": ("resume", Resuming(Deaf)),
    "changes the request": ("request", Good(changing)),
    "never ends": ("progress", Good(Endless)),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_client_fails_by_its_promise(name: str) -> None:
    promise, client = BROKEN[name]
    try:
        with pytest.raises(BrokenPromise, match=r"docs/promises\.md") as broken:
            await check_client(lambda: client, within=0.5)
        assert broken.value.promise == promise, str(broken.value)
    finally:
        for task in Open.tasks:
            task.cancel()
        Open.tasks.clear()


async def test_the_good_client_passes() -> None:
    await check_client(Good)


PARTIAL = llm.Response(text="one two three", finish_reason=llm.FinishReason.error)


def failed(error: Any, reason: llm.FinishReason = llm.FinishReason.error) -> Any:
    return playing(*WORDS, llm.ErrorEvent(error, reason), llm.EndEvent(reason, evolve(PARTIAL, finish_reason=reason)))


async def without_partial(client: Good, request: llm.Request) -> None:
    raise llm.ServerError("broke")


async def foreign(client: Good, request: llm.Request) -> None:
    raise OSError("no")


FAILING: dict[str, tuple[str, Good]] = {
    "a cut passes for the whole": ("failure", Good()),
    "raises in the middle": ("failure", Good(playing(*WORDS, llm.ServerError("broke")))),
    "no partial": ("failure", Good(failed(llm.ServerError("broke")))),
    "not typed": ("failure", Good(playing(*WORDS, llm.EndEvent(llm.FinishReason.error, PARTIAL)))),
    "complete succeeds": (
        "complete-failure", Good(failed(llm.ServerError("broke", partial=PARTIAL)), complete_as=shorter),
    ),
    "complete forgets the partial": (
        "complete-failure", Good(failed(llm.ServerError("broke", partial=PARTIAL)), complete_as=without_partial),
    ),
}  # fmt: skip
REFUSING: dict[str, tuple[str, Good]] = {
    "an event instead": ("refusal", Good(failed(llm.ServerError("no", partial=PARTIAL)))),
    "a foreign error": ("refusal", Good(playing(ConnectionError("no")))),
    "complete raises a foreign one": (
        "complete-failure", Good(playing(llm.AuthError("no")), complete_as=foreign),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILING)
async def test_a_client_that_fails_wrongly(name: str) -> None:
    promise, client = FAILING[name]
    with pytest.raises(BrokenPromise) as broken:
        await check_client(Good, failing=lambda: client)
    assert broken.value.promise == promise, str(broken.value)


@pytest.mark.parametrize("name", REFUSING)
async def test_a_client_that_refuses_wrongly(name: str) -> None:
    promise, client = REFUSING[name]
    with pytest.raises(BrokenPromise) as broken:
        await check_client(Good, refusing=lambda: client)
    assert broken.value.promise == promise, str(broken.value)
