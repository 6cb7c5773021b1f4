"""An answer made in the background, whose connection dies at every place: each event once, one generation asked for."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import Literal

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm import serialize
from aikido_llm.testing import Answer, Fault, WireServer
from aikido_llm.testing.faults import Place
from tests.wire import check_grammar

SAID = Answer(
    "one two three four",
    thinking="first this then that",
    tool_calls=(llm.ToolCall("call_1", "look", '{"at": "it"}'), llm.ToolCall("call_2", "look", '{"at": "that"}')),
    images=(llm.ImagePart(data=b"\x89PNG\r\n\x1a\n" + bytes(40), content_type="image/png"),),
    citations=(llm.Citation(url="https://a.example", title="A", start=0, end=7),),
)
ASKED = llm.Request("hi", background=True, tools=[llm.ToolDef("look", "Looks.", {"type": "object", "properties": {}})])
RETRY = llm.RetryPolicy(max_attempts=3, base_delay=0.01, should_retry=llm.is_retryable)
QUICK = llm.Timeouts(connect=5, first_event=2, idle=0.2)
PLACES: tuple[Place, ...] = ("before_headers", "in_headers", "after_headers")
OLD = Answer(status=400, message="This response can no longer be streamed because it is more than 5 minutes old.")


def opened(server: WireServer, timeouts: llm.Timeouts = QUICK) -> llm.HTTPClient:
    return llm.open("openai-responses", server.dsn("openai-responses"), retry=RETRY, timeouts=timeouts)


async def events_of(stream: llm.EventStream) -> list[llm.Event]:
    events = [event async for event in stream]
    check_grammar(events)
    return events


def content(events: Sequence[llm.Event]) -> list[llm.Event]:
    return [event for event in events if not isinstance(event, llm.EndEvent)]


def response_of(events: Sequence[llm.Event]) -> llm.Response:
    end = events[-1]
    assert isinstance(end, llm.EndEvent)
    return end.response


async def undisturbed() -> list[llm.Event]:
    async with WireServer() as server, opened(server) as client:
        server.answer(SAID)
        return await events_of(client.stream(ASKED))


async def frames() -> int:
    """How many events the server sends."""
    async with WireServer() as server, opened(server) as client:
        sent: list[list[bytes]] = []

        def note(events: list[bytes]) -> list[bytes]:
            sent.append(events)
            return events

        server.answer(evolve(SAID, fault=Fault.edited(note)))
        await events_of(client.stream(ASKED))
    return len(sent[0])


async def in_turn(deaths: Iterable[Awaitable[None]]) -> None:
    """Some at a time: a machine that is busy shall not make a clock run out."""
    left = list(deaths)
    while left:
        await asyncio.gather(*left[:8])
        del left[:8]


# ---------------------------------------------------------------- before the id


@pytest.mark.parametrize("road", ["stream", "complete"])
@pytest.mark.parametrize(
    "fault",
    [
        *(Fault("close", place) for place in PLACES),
        *(Fault("reset", place) for place in PLACES),
        Fault.close(after_events=0, mid_event=True),
        Fault.stall("before_headers"),
        Fault.stall("after_headers"),
        Fault.garbage(),
        Fault.bad_header("nul"),
    ],
    ids=str,
)
async def test_before_the_id_nobody_can_tell_and_nothing_is_asked_for_twice(fault: Fault, road: str) -> None:
    clocks = evolve(QUICK, first_event=0.5 if fault.kind == "stall" else 5)
    async with WireServer() as server, opened(server, timeouts=clocks) as client:
        dies = evolve(SAID, fault=fault)
        server.answer(dies, dies, Answer("one more"))
        with pytest.raises(llm.LLMError) as caught:
            await (client.complete(ASKED) if road == "complete" else llm.collect(client.stream(ASKED)))
        assert (server.generations, len(server.received)) == (1, 1)
        error = caught.value
        assert error.resume is None
        assert error.permanent
        assert not llm.is_retryable(error)
        again = llm.complete_with_retry if road == "complete" else llm.collect_with_retry
        with pytest.raises(type(error)):
            await again(client, ASKED, RETRY)
        assert server.generations == 2


async def test_a_connection_that_dies_before_an_answer_is_a_connect_error_that_says_why_it_is_not_asked_again() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(evolve(SAID, fault=Fault.close("before_headers")))
        with pytest.raises(llm.ConnectError, match="begin a second answer"):
            await client.complete(ASKED)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_a_status_refuses_is_asked_for_again(status: int) -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(Answer(status=status), SAID)
        assert (await client.complete(ASKED)).text == SAID.text
        assert server.generations == 1


async def test_what_never_went_out_is_asked_for_again() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(Answer(fault=Fault.refuse(0.02)), SAID)
        assert (await client.complete(ASKED)).text == SAID.text
        assert server.generations == 1


# ---------------------------------------------------------------- behind the id


@pytest.mark.parametrize("inside", [False, True], ids=["between events", "in an event"])
@pytest.mark.parametrize("kind", ["close", "reset", "stall"])
async def test_behind_every_event_in_turn(kind: Literal["close", "reset", "stall"], inside: bool) -> None:
    expected, count = await undisturbed(), await frames()
    assert count > 25

    async def dies_behind(number: int) -> None:
        async with WireServer() as server, opened(server) as client:
            server.answer(evolve(SAID, fault=Fault(kind, after_events=number, mid_event=inside)))
            events = await events_of(client.stream(ASKED))
            assert content(events) == content(expected), number
            assert response_of(events) == response_of(expected), number
            assert response_of(events).message == response_of(expected).message
            assert server.generations == 1
            posts = [request for request in server.received if request.method == "POST"]
            assert len(posts) == 1
            if len(server.received) > 1:
                behind = server.received[1].query.get("starting_after")
                assert behind is not None
                assert int(behind) < number

    await in_turn(dies_behind(number) for number in range(1, count + 1))


async def test_every_reply_dies_behind_one_event_more() -> None:
    expected, count = await undisturbed(), await frames()
    async with WireServer() as server, opened(server) as client:
        server.answer(evolve(SAID, fault=Fault.close(after_events=1)))
        server.answer_again(*(Answer(fault=Fault.reset(after_events=1)) for _ in range(count)))
        events = await events_of(client.stream(ASKED))
        assert (content(events), response_of(events)) == (content(expected), response_of(expected))
        assert server.generations == 1
        assert len(server.received) == count


async def test_where_it_is_not_streamed_any_more_the_rest_comes_from_the_whole() -> None:
    expected, count = await undisturbed(), await frames()

    async def dies_behind(number: int) -> None:
        async with WireServer() as server, opened(server) as client:
            server.answer(evolve(SAID, unfinished=number % 2, fault=Fault.close(after_events=number)))
            server.answer_again(OLD)
            events = await events_of(client.stream(ASKED))
            assert response_of(events) == response_of(expected), number
            text = "".join(event.text for event in events if isinstance(event, llm.TextDelta))
            thought = "".join(event.text for event in events if isinstance(event, llm.ThinkingDelta))
            calls = [event.call for event in events if isinstance(event, llm.ToolCallEvent)]
            images = [event.image for event in events if isinstance(event, llm.ImageEvent)]
            cited = [event.citation for event in events if isinstance(event, llm.CitationEvent)]
            whole = response_of(events)
            assert (text, thought, tuple(calls)) == (whole.text, whole.thinking, whole.tool_calls)
            assert (tuple(images), tuple(cited)) == (whole.images, whole.citations)
            assert server.generations == 1

    await in_turn(dies_behind(number) for number in range(1, count))


async def test_a_poll_that_dies_is_sent_again() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(evolve(SAID, unfinished=3))  # each look counts, also one that comes to nothing
        server.answer_again(
            Answer(fault=Fault.close("before_headers")),
            Answer(fault=Fault.reset(after_events=0, mid_event=True)),
            Answer(),
            Answer(status=503),
            Answer(fault=Fault.close("after_headers")),
        )
        response = await client.complete(ASKED)
        assert (response.text, server.generations) == (SAID.text, 1)
        assert [request.method for request in server.received] == ["POST", *["GET"] * 6]


@pytest.mark.parametrize("road", ["stream", "complete"])
async def test_where_nothing_can_be_asked_any_more_the_error_says_how_to_take_it_up_later(road: str) -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(evolve(SAID, fault=Fault.close(after_events=12)) if road == "stream" else SAID)
        server.answer_again(*(Answer(status=500) for _ in range(3)))
        with pytest.raises(llm.ServerError) as caught:
            await (client.complete(ASKED) if road == "complete" else llm.collect(client.stream(ASKED)))
        token = caught.value.resume
        assert token is not None
        assert caught.value.partial is not None
        assert not llm.is_retryable(caught.value)
        assert serialize.from_dict(serialize.to_dict(token), llm.ResumeToken) == token
        assert (await llm.collect(client.resume(token))).text == SAID.text
        assert server.generations == 1


async def test_an_answer_that_its_provider_has_no_more() -> None:
    async with WireServer() as server, opened(server) as client:
        server.answer(evolve(SAID, fault=Fault.close(after_events=12)))
        server.answer_again(*(Answer(status=404, message="Response not found.") for _ in range(2)))
        events = await events_of(client.stream(ASKED))
        failed = next(event.error for event in events if isinstance(event, llm.ErrorEvent))
        assert type(failed) is llm.InvalidRequestError
        assert failed.resume is None
        assert failed.partial is not None
        assert failed.partial.thinking
        assert server.generations == 1
