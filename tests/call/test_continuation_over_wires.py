"""A provider that pauses, over real HTTP: asked again by itself, on both roads, with what it needs to go on."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, WireServer

REQUEST = llm.Request("look it up", model="m", max_tokens=1000)
PAUSED = llm.FinishReason.paused
WIRES = ["anthropic", "gemini"]


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as server:
        yield server


@pytest.mark.parametrize("name", WIRES)
async def test_both_roads_give_one_answer(server: WireServer, name: str) -> None:
    turns = [Answer("One,", finish_reason=PAUSED), Answer(" two,", finish_reason=PAUSED), Answer(" three.")]
    server.answer(*turns, *turns)
    async with llm.open(name, server.dsn(name), retry=None) as client:
        streamed = await llm.collect(client.stream(REQUEST))
        whole = await client.complete(REQUEST)
    assert streamed == whole
    assert (whole.text, whole.finish_reason, whole.complete) == ("One, two, three.", llm.FinishReason.stop, True)
    assert (whole.continuations, streamed.continuations) == (2, 2)
    assert len(server.received) == 6
    assert not server.refused


@pytest.mark.parametrize("name", WIRES)
async def test_a_turn_ends_as_paused_where_nobody_goes_on(server: WireServer, name: str) -> None:
    server.answer(Answer("One,", finish_reason=PAUSED), Answer("One,", finish_reason=PAUSED), Answer(" two."))
    async with llm.open(name, server.dsn(name), retry=None) as client:
        once = client.single_attempt
        paused = await once.complete(REQUEST)
        assert (paused.finish_reason, paused.complete, paused.text) == (PAUSED, False, "One,")
        assert (await llm.collect(once.stream(REQUEST))) == paused
        rest = await client.chat([*REQUEST.messages, paused.message], model="m")
    assert rest.text == " two."
    assert not server.refused


@pytest.mark.parametrize("name", WIRES)
async def test_the_start_of_each_turn_is_retried_and_a_later_failure_keeps_all(server: WireServer, name: str) -> None:
    policy = llm.RetryPolicy(max_attempts=2, base_delay=0.0, should_retry=llm.is_retryable)
    async with llm.open(name, server.dsn(name), retry=policy) as client:
        server.answer(Answer("One,", finish_reason=PAUSED), Answer(status=503), Answer(" two."))
        assert (await llm.collect(client.stream(REQUEST))).text == "One, two."
        server.answer(Answer("One,", finish_reason=PAUSED), Answer(status=503), Answer(status=503))
        with pytest.raises(llm.ServerError) as caught:
            await llm.collect(client.stream(REQUEST))
    assert caught.value.partial is not None
    assert caught.value.partial.text == "One,"


async def test_the_whole_answer_is_sent_back_in_the_next_turn(server: WireServer) -> None:
    server.answer(Answer("One,", finish_reason=PAUSED), Answer(" two."), Answer("ok"))
    async with llm.open("anthropic", server.dsn("anthropic"), retry=None) as client:
        response = await client.complete(REQUEST)
        await client.chat([*REQUEST.messages, response.message, llm.user("and then?")], model="m")
    sent: list[dict[str, Any]] = server.received[2].body["messages"]
    assert [turn["role"] for turn in sent] == ["user", "assistant", "user"]
    said = sent[1]["content"]
    assert (said if isinstance(said, str) else "".join(block["text"] for block in said)) == "One, two."


async def test_reads_come_in_batches(server: WireServer) -> None:
    server.answer("one two three")
    async with llm.open("anthropic", server.dsn("anthropic"), retry=None) as client:
        reads = [read async for read in client.stream(REQUEST).batches()]
    assert all(reads)
    assert reads[-1][-1].kind == "end"
    assert (
        "".join(event.text for read in reads for event in read if isinstance(event, llm.TextDelta)) == "one two three"
    )
