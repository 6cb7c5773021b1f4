"""Answers made in the background: waited for, taken up by others, left, cancelled, and never asked for twice."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import attrs
import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm import sync
from aikido_llm.testing import Answer, Fault, StubClient, WireServer, check_client
from tests.testing.threaded import wire_server
from tests.wire import check_grammar

ASKED = llm.Request("hi", background=True)
SAID = Answer("one two three four five", thinking="let me see", usage=llm.Usage(input_tokens=3, output_tokens=5))
RETRY = llm.RetryPolicy(max_attempts=3, base_delay=0.01)
OLD = Answer(status=400, message="This response can no longer be streamed because it is more than 5 minutes old.")


def opened(server: WireServer, timeouts: llm.Timeouts | None = None) -> llm.HTTPClient:
    return llm.open("openai-responses", server.dsn("openai-responses"), retry=RETRY, timeouts=timeouts)


def text_of(events: Sequence[llm.Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, llm.TextDelta))


async def events_of(stream: llm.EventStream) -> list[llm.Event]:
    return [event async for event in stream]


async def until(told: Callable[[], bool]) -> None:
    """Nothing tells of it but a look."""
    for _ in range(5000):
        if told():
            return
        await asyncio.sleep(0.001)
    raise TimeoutError


# ---------------------------------------------------------------- waiting


async def test_complete_waits_until_the_answer_is_made() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(evolve(SAID, unfinished=2))
        response = await client.complete(ASKED)
        assert (response.text, response.thinking, response.usage.output_tokens) == (SAID.text, SAID.thinking, 5)
        assert response.complete
        assert [request.method for request in server.received] == ["POST", "GET", "GET", "GET"]
        assert (server.received[0].body["background"], server.received[0].body["store"]) == (True, True)
        assert server.connections == 1


async def test_both_roads_give_the_same() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(SAID)
        streamed = await llm.collect(client.stream(ASKED))
        server.answer(SAID)
        assert await client.complete(ASKED) == streamed


@pytest.mark.parametrize("road", ["stream", "complete"])
async def test_total_alone_bounds_the_wait(road: str) -> None:
    clocks = llm.Timeouts(first_event=0.3, idle=0.1, total=1.0)
    async with WireServer() as server, opened(server, clocks) as client:
        server.answer(evolve(SAID, unfinished=1000, fault=Fault.stall(after_events=2) if road == "stream" else None))
        server.answer_again(OLD if road == "stream" else Answer())
        with pytest.raises(llm.TimedOutError) as caught:
            await (client.complete(ASKED) if road == "complete" else llm.collect(client.stream(ASKED)))
        error = caught.value
        assert error.phase == "total"
        assert error.resume is not None
        assert not llm.is_retryable(error)
        assert server.generations == 1
        assert len(server.received) > 2


async def test_what_is_wanted_beside_is_asked_for_again() -> None:
    asked = evolve(ASKED, logprobs=2, extra={"include": ["file_search_call.results"]}, extra_headers={"X-Who": "me"})
    async with WireServer() as server, opened(server) as client:
        server.answer(evolve(SAID, fault=Fault.close(after_events=9)))
        server.answer_again(OLD)
        await llm.collect(client.stream(asked))
        assert server.received[0].body["include"] == ["message.output_text.logprobs", "file_search_call.results"]
        for again in server.received[1:]:
            assert "include[]" in again.query
            assert again.headers["x-who"] == "me"
        assert server.received[1].headers["accept"] == "text/event-stream"
        assert server.received[2].headers["accept"] == "application/json"
        assert len(server.received) == 3


async def test_every_promise_of_a_client_holds_on_this_road() -> None:
    async with WireServer() as server:

        @asynccontextmanager
        async def answering(answer: Answer, *again: Answer) -> AsyncGenerator[llm.Client]:
            server.respond(lambda _: answer)
            server.answer_again(*again)
            async with llm.open("openai-responses", server.dsn("openai-responses"), retry=None) as client:
                yield client
            await server.no_connections()

        await check_client(
            lambda: answering(evolve(SAID, fault=Fault.close(after_events=8))),
            failing=lambda: answering(evolve(SAID, fault=Fault.close(after_events=8)), *[Answer(status=500)] * 2),
            refusing=lambda: answering(Answer(status=503)),
            sent=lambda: server.generations,
            request=ASKED,
        )


# ---------------------------------------------------------------- taken up by others


async def test_another_client_takes_up_what_was_left_behind_every_event() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(SAID)
        whole = await events_of(client.stream(ASKED))
        for after in range(-1, 16):
            async with opened(server) as other:
                token = llm.ResumeToken(server_id(whole), after if after >= 0 else None)
                rest = await events_of(other.resume(token))
            assert text_of(whole).endswith(text_of(rest))
            assert rest == whole[len(whole) - len(rest) :], after
            assert (len(rest) == len(whole)) is (after < 5)  # the first five say nothing yet
        assert server.generations == 1


def server_id(events: Sequence[llm.Event]) -> str:
    end = events[-1]
    assert isinstance(end, llm.EndEvent)
    return end.response.id


async def test_a_stream_that_is_left_goes_on_and_its_token_finds_the_rest() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(evolve(SAID, pace=0.005))
        seen: list[llm.Event] = []
        async with client.stream(ASKED) as stream:
            assert stream.resume_token is None
            async for batch in stream.batches():
                seen += batch
                if text_of(seen):
                    break
        token = stream.resume_token
        assert token is not None
        rest = await events_of(client.resume(token))
        assert text_of(seen) + text_of(rest) == SAID.text
        end = rest[-1]
        assert isinstance(end, llm.EndEvent)
        assert (end.response.text, end.response.thinking) == (SAID.text, SAID.thinking)
        assert [request.path.endswith("/cancel") for request in server.received] == [False, False]


async def test_the_token_is_there_while_the_first_event_is_waited_for() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(evolve(SAID, fault=Fault.stall(after_events=2)))
        async with client.stream(ASKED) as stream:
            reading = asyncio.ensure_future(anext(stream))
            await until(lambda: stream.resume_token is not None)
            reading.cancel()
            await asyncio.wait([reading])
        token = stream.resume_token
        assert token is not None
        assert (await llm.collect(client.resume(token))).text == SAID.text
        assert server.generations == 1


async def test_what_is_not_streamed_any_more_is_handed_out_whole() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(evolve(SAID, unfinished=1))
        first = await client.complete(ASKED)
        server.answer_again(OLD)
        for token in (first.id, llm.ResumeToken(first.id, 7)):
            events = await events_of(client.resume(token))
            check_grammar(events)
            assert text_of(events) == SAID.text


async def test_a_resumed_stream_that_breaks_is_taken_up_like_any_other() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(SAID)
        whole = await events_of(client.stream(ASKED))
        id = server_id(whole)
        server.answer_again(Answer(fault=Fault.reset(after_events=4)), Answer(fault=Fault.close(after_events=6)))
        rest = await events_of(client.resume(llm.ResumeToken(id, 8)))
        assert rest == whole[len(whole) - len(rest) :]
        assert text_of(rest)
        behind = [request.query.get("starting_after") for request in server.received[1:]]
        assert behind == [None, "3", "9"]


@pytest.mark.parametrize("id", ["..", "../../v1/files/x", "a/../b", "a\r\nX: y", "\ud800", "."])
async def test_an_id_is_one_segment_of_a_path_or_refused(id: str) -> None:
    async with WireServer() as server, opened(server) as client:
        with pytest.raises(llm.InvalidRequestError, match="must be a name"):
            await client.cancel(id)
        with pytest.raises(llm.InvalidRequestError, match="must be a name"):
            await llm.collect(client.resume(id))
        assert not server.received


async def test_what_the_provider_does_not_know_is_raised() -> None:
    async with WireServer() as server, opened(server) as client:
        with pytest.raises(llm.InvalidRequestError, match="has no answer resp_x"):
            await anext(client.resume("resp_x"))
        with pytest.raises(llm.InvalidRequestError):
            await client.cancel("resp_x")
        with pytest.raises(llm.InvalidRequestError, match="empty"):
            client.resume("")
        async with llm.open("openai-responses", server.dsn("openai-responses"), api_key="wrong") as other:
            with pytest.raises(llm.AuthError):
                await anext(other.resume("resp_x"))


@pytest.mark.parametrize("name", ["echo", "anthropic", "gemini", "openai-chat"])
async def test_wires_without_it_say_so(name: str) -> None:
    async with llm.open(name, api_key="k", model="m") as client:
        for asking in (anext(client.resume("x")), client.cancel("x")):
            with pytest.raises(llm.UnsupportedFeatureError, match="openai-responses"):
                await asking


# ---------------------------------------------------------------- cancelling


async def test_a_cancelled_answer_ends_those_who_wait_for_it_and_is_not_asked_for_again() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(evolve(SAID, unfinished=1000))
        waiting = asyncio.ensure_future(llm.complete_with_retry(client, ASKED, RETRY))
        await until(lambda: len(server.received) > 1)
        id = server.received[1].path.split("/")[3]
        await client.cancel(id)
        await client.cancel(llm.ResumeToken(id, 3))
        with pytest.raises(llm.ServerError, match="cancelled"):
            await waiting
        assert server.generations == 1
        cancels = [request for request in server.received if request.path.endswith("/cancel")]
        assert [request.method for request in cancels] == ["POST", "POST"]


async def test_an_end_that_came_before_stands() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(SAID)
        response = await client.complete(ASKED)
        await client.cancel(response.id)
        assert (await llm.collect(client.resume(response.id))).text == SAID.text


# ---------------------------------------------------------------- helpers


@pytest.mark.parametrize("helper", [llm.collect_with_retry, llm.complete_with_retry])
async def test_helpers_take_up_what_they_asked_for(helper: object) -> None:
    """A single attempt asks for each reply once; what fails then is the helper's to try again."""
    assert helper in (llm.collect_with_retry, llm.complete_with_retry)
    async with WireServer() as server, opened(server) as client:
        server.answer(evolve(SAID, fault=Fault.close(after_events=9) if helper is llm.collect_with_retry else None))
        server.answer_again(Answer(status=503), Answer(fault=Fault.close("before_headers")))
        ask = llm.collect_with_retry if helper is llm.collect_with_retry else llm.complete_with_retry
        response = await ask(client, ASKED, RETRY)
        assert (response.text, response.attempts, server.generations) == (SAID.text, 3, 1)


async def test_helpers_have_an_end_too() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(SAID)
        server.answer_again(*(Answer(status=503) for _ in range(9)))
        with pytest.raises(llm.OverloadedError) as caught:
            await llm.complete_with_retry(client, ASKED, RETRY)
        assert caught.value.attempts == 3
        assert caught.value.resume is not None
        assert server.generations == 1


async def test_a_helper_over_another_client_takes_up_too() -> None:
    lost = llm.StreamTruncated("lost", resume=llm.ResumeToken("resp_1", 4), permanent=True)
    client = StubClient(["one", lost], "one two")
    response = await llm.collect_with_retry(client, ASKED, llm.RetryPolicy(base_delay=0))
    assert (response.text, client.resumed, len(client.requests)) == ("one two", ["resp_1"], 1)
    await client.cancel("resp_1")
    await client.warm(3)
    assert client.cancelled == ["resp_1"]


@attrs.frozen
class City:
    name: str


async def test_typed_answers_and_tools_over_it() -> None:
    def look(at: str) -> str:
        return f"a {at}"

    async with WireServer() as server, opened(server) as client:
        server.answer(Answer('{"name": "Oslo"}', unfinished=1))
        assert await llm.complete_as(client, ASKED, City) == City("Oslo")
        call = llm.ToolCall("call_1", "look", '{"at": "tree"}')
        server.answer(Answer(tool_calls=(call,), unfinished=1), Answer("It is a tree."))
        run = await llm.run_tools(client, ASKED, [look])
        assert (run.response.text, server.generations) == ("It is a tree.", 3)


def test_without_await() -> None:
    with wire_server() as (server, _), sync.open("openai-responses", server.dsn("openai-responses")) as client:
        server.answer(evolve(SAID, fault=Fault.close(after_events=9)))
        with client.stream(ASKED) as stream:
            events = list(stream)
        assert text_of(events) == SAID.text
        id = server_id(events)
        client.cancel(id)
        assert text_of(list(client.resume(id))) == SAID.text
        client.warm(2)
