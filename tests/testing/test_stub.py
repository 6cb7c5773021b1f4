"""StubClient and its scripts: what is played, what is refused, how it is left."""

import asyncio

import anyio
import pytest

import aikido_llm as llm
from aikido_llm.testing import StubClient, StubExhausted, TurnScript
from aikido_llm.types.events import Event
from tests.wire import check_grammar, error_of, response_of

HI = llm.Request(messages=[llm.user("hi")], model="m")
CALL = llm.ToolCall("call_1", "look", '{"at": 1}')
WHOLE_CALL: list[Event] = [
    llm.ToolCallStart(0, "call_1", "look"),
    llm.ToolCallDelta(0, '{"at": 1}'),
    llm.ToolCallEvent(0, CALL),
]


async def events_of(client: StubClient, request: llm.Request = HI) -> list[llm.Event]:
    return [event async for event in client.stream(request)]


async def test_one_turn_per_call_on_both_roads() -> None:
    client = StubClient(TurnScript([llm.TextDelta("one")]), "two words", TurnScript([llm.TextDelta("three")]))
    assert response_of(await events_of(client)).text == "one"
    assert (await client.complete(HI)).text == "two words"
    assert client.waiting == 1
    assert (await events_of(client))[0] == llm.TextDelta("three")
    assert client.requests == [HI, HI, HI]
    with pytest.raises(StubExhausted, match="call 4 finds no turn: the script has 3"):
        await client.complete(HI)


async def test_a_missing_end_is_added_with_the_reason_that_fits() -> None:
    usage = llm.Usage(input_tokens=3, output_tokens=2)
    client = StubClient(["Hello there", llm.UsageEvent(usage)], ["Wait", CALL], [*WHOLE_CALL])
    said, called, same = [await events_of(client) for _ in range(3)]
    check_grammar(said)
    assert response_of(said) == llm.Response(
        text="Hello there", usage=usage, finish_reason=llm.FinishReason.stop, model="m", provider="stub"
    )
    assert called[1:4] == same[:3] == WHOLE_CALL
    assert response_of(called).finish_reason is llm.FinishReason.tool_calls


async def test_a_scripted_end_keeps_its_facts_and_gets_what_the_events_say() -> None:
    end = llm.EndEvent(llm.FinishReason.length, llm.Response(id="answer-1", raw_finish_reason="max_tokens"))
    response = await StubClient(["cut off he", end]).complete(HI)
    assert (response.text, response.id, response.raw_finish_reason) == ("cut off he", "answer-1", "max_tokens")
    assert response.finish_reason is llm.FinishReason.length


async def test_an_error_before_the_first_event_is_raised() -> None:
    refused = llm.RateLimitedError("slow down", status=429, retry_after=3.0)
    client = StubClient([refused], [refused])
    stream = client.stream(HI)
    with pytest.raises(llm.RateLimitedError, match="slow down") as caught:
        await anext(stream)
    assert (caught.value.status, caught.value.retry_after, caught.value.partial) == (429, 3.0, None)
    assert [event async for event in stream] == []
    with pytest.raises(llm.RateLimitedError):
        await client.complete(HI)


@pytest.mark.parametrize("explicit", [False, True], ids=["error", "ErrorEvent"])
async def test_a_later_error_is_an_error_event_with_what_had_arrived(explicit: bool) -> None:
    error = llm.OverloadedError("no capacity")
    usage = llm.UsageEvent(llm.Usage(output_tokens=1))
    script = TurnScript(["Hel", usage, llm.ErrorEvent(error) if explicit else error])
    client = StubClient(script, script)
    events = await events_of(client)
    check_grammar(events)
    failure = error_of(events)
    assert isinstance(failure, llm.OverloadedError)
    assert failure.partial is not None
    assert (failure.partial.text, failure.partial.usage.output_tokens) == ("Hel", 1)
    with pytest.raises(llm.OverloadedError) as caught:
        await client.complete(HI)
    assert caught.value.partial == failure.partial
    assert error.partial is None, "the scripted error itself is not written to"


async def test_a_policy_ends_in_content_filter() -> None:
    events = await events_of(StubClient(["I", llm.ContentFilteredError("no")]))
    assert response_of(events).finish_reason is llm.FinishReason.content_filter


async def test_another_exception_is_raised_at_its_place() -> None:
    stream = StubClient(["one", ZeroDivisionError("a bug")]).stream(HI)
    assert await anext(stream) == llm.TextDelta("one")
    with pytest.raises(ZeroDivisionError):
        await anext(stream)
    assert [event async for event in stream] == []


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([llm.EndEvent(llm.FinishReason.stop, llm.Response()), llm.TextDelta("x")], "stands behind"),
        ([llm.EndEvent(llm.FinishReason.stop, llm.Response()), llm.ServerError("x")], "stands behind"),
        ([llm.ServerError("x"), llm.TextDelta("x")], "stands behind"),
        ([llm.TextDelta("x"), llm.ServerError("x"), llm.ServerError("y")], "stands behind"),
        ([llm.TextDelta("")], "an empty text_delta"),
        ([llm.ToolCallEvent(0, CALL)], "needs its ToolCallStart first"),
        ([llm.ToolCallStart(0, "call_1", "look")], r"calls \[0\] never ended"),
        ([llm.ToolCallStart(0, "", "look")], "without its id"),
        ([WHOLE_CALL[0], llm.ToolCallDelta(0, '{"other": 2}'), WHOLE_CALL[2]], "are not its arguments"),
        ([CALL, CALL], "two calls have the id"),
        ([llm.EndEvent(llm.FinishReason.error, llm.Response())], "without an ErrorEvent"),
        (["yes", llm.EndEvent(llm.FinishReason.stop, llm.Response(text="no"))], "the events say text 'yes'"),
    ],
)
def test_what_no_client_may_give_is_refused_when_the_script_is_made(events: list[Event], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        TurnScript(events)


async def test_block_holds_before_the_first_event() -> None:
    block = anyio.Event()
    client = StubClient(TurnScript(["now"], block=block))
    task = asyncio.create_task(client.complete(HI))
    await asyncio.sleep(0.01)
    assert not task.done()
    assert client.requests == [HI], "it has been asked"
    block.set()
    assert (await task).text == "now"


async def test_a_blocked_call_can_be_cancelled() -> None:
    client = StubClient(TurnScript(["now"], block=asyncio.Event()), "next")
    with anyio.move_on_after(0.01) as scope:
        await client.complete(HI)
    assert scope.cancelled_caught
    assert (await client.complete(HI)).text == "next"


async def test_a_blocked_stream_that_another_task_closes_ends_in_an_error() -> None:
    client = StubClient(TurnScript(["now"], block=asyncio.Event()))
    stream = client.stream(HI)
    task = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    await stream.aclose()
    with pytest.raises(llm.StreamTruncated):
        await task


async def test_nothing_is_asked_before_the_first_event() -> None:
    client = StubClient("one")
    stream = client.stream(HI)
    assert client.requests == []
    await stream.aclose()
    assert await events_of(client) == [llm.TextDelta("one"), llm.EndEvent(llm.FinishReason.stop, llm.Response(
        text="one", model="m", provider="stub", finish_reason=llm.FinishReason.stop))]  # fmt: skip


async def test_a_stream_is_left_like_a_real_one() -> None:
    client = StubClient("one two three", "four")
    async with client.stream(HI) as stream:
        async for _ in stream:
            break
    assert [event async for event in stream] == []
    assert [piece async for piece in client.chat_stream("hi").text()] == ["four"]


async def test_many_tasks_share_one_client() -> None:
    client = StubClient(*(f"answer {number}" for number in range(50)))
    requests = [llm.Request(messages=[llm.user(str(number))]) for number in range(50)]
    responses = await asyncio.gather(*(client.complete(request) for request in requests))
    assert [response.text for response in responses] == [f"answer {number}" for number in range(50)]
    assert client.requests == requests


async def test_it_stands_in_for_an_http_client() -> None:
    async with StubClient("a", "b", models=[llm.ModelInfo("m")]) as client:
        assert isinstance(client, llm.Client)
        assert (await client.chat("hi", temperature=0)).text == "a"
        assert client.requests[0].temperature == 0
        assert [model.id for model in await client.list_models()] == ["m"]
        assert (await llm.collect_with_retry(client, HI)).text == "b"
        with pytest.raises(llm.ConfigError, match="not a field of Request"):
            client.chat_stream("hi", nonsense=1)
    with pytest.raises(llm.ConfigError, match="closed"):
        await client.complete(HI)


async def test_closing_the_client_ends_what_is_being_read() -> None:
    client = StubClient("one two three")
    seen: list[Event] = []
    async for event in client.stream(HI):
        seen.append(event)
        if len(seen) == 1:
            await client.aclose()
    check_grammar(seen)
    assert isinstance(error_of(seen), llm.StreamTruncated)
    assert response_of(seen).text == "one"


async def test_retries_see_one_turn_per_attempt() -> None:
    client = StubClient([llm.OverloadedError("no")], ["Hel", llm.ServerError("broke")], "Hello")
    policy = llm.RetryPolicy(max_attempts=3, base_delay=0)
    response = await llm.collect_with_retry(client, HI, policy)
    assert (response.text, response.attempts, client.waiting) == ("Hello", 3, 0)
