"""fallback: the next client, exactly until the first content event."""

import asyncio
from array import array
from collections.abc import AsyncGenerator
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.errors import LLMError
from aikido_llm.middleware import Middleware, fallback
from aikido_llm.middleware.failover import RULES, rule_for
from aikido_llm.serialize import from_dict, to_dict
from aikido_llm.testing import Answer, Fault, StubClient, TurnScript, WireServer, check_grammar

from .makers import REQUEST, Own
from .test_breaker import Clock

OVER: dict[str, LLMError] = {
    "no connection": llm.ConnectError(),
    "untrusted": llm.ConnectError(permanent=True),
    "first-event clock": llm.TimedOutError(phase="first_event"),
    "408": llm.TimedOutError(status=408),
    "429": llm.RateLimitedError(status=429, retry_after=120),
    "500": llm.ServerError(status=500),
    "overloaded": llm.OverloadedError(status=529),
    "cut before its content": llm.StreamTruncated(),
    "no credit": llm.InsufficientCreditsError(status=402),
    "unsupported": llm.UnsupportedFeatureError(),
}
STAYS: dict[str, LLMError] = {
    "bad request": llm.InvalidRequestError(status=400),
    "key": llm.AuthError(status=401),
    "no key": llm.ConfigError(),
    "context length": llm.ContextLengthError(status=400),
    "no such model": llm.ModelNotFoundError(status=404),
    "content filter": llm.ContentFilteredError(),
    "cap": llm.TooLargeError(cap="event_bytes", limit=1),
    "no API's answer": llm.MalformedStream(permanent=True),
    "budget": llm.BudgetExceededError(),
    "still being made": llm.ServerError(status=500, resume=llm.ResumeToken("resp_1", None)),
}


def failing(error: LLMError) -> TurnScript:
    return TurnScript([error])


@pytest.mark.parametrize("name", OVER)
async def test_errors_behind_which_the_next_is_asked(name: str) -> None:
    first, second = StubClient(failing(OVER[name]), failing(OVER[name])), StubClient("two", "two")
    client = fallback(first, second)
    streamed = await llm.collect(client.stream(REQUEST))
    whole = await client.complete(REQUEST)
    for response in (streamed, whole):
        assert response.text == "two"
    assert len(first.requests) == len(second.requests) == 2
    assert [type(hop.error) for hop in whole.route] == [type(OVER[name]), type(None)]


@pytest.mark.parametrize("name", STAYS)
async def test_errors_that_are_the_callers_to_know(name: str) -> None:
    first, second = StubClient(failing(STAYS[name]), failing(STAYS[name])), StubClient("two")
    client = fallback(first, second)
    with pytest.raises(type(STAYS[name])):
        await llm.collect(client.stream(REQUEST))
    with pytest.raises(type(STAYS[name])):
        await client.complete(REQUEST)
    assert not second.requests
    asked = fallback(StubClient(failing(STAYS[name])), second, when=lambda error: type(error) is type(STAYS[name]))
    assert (await asked.complete(REQUEST)).text == "two"


def test_every_error_has_a_rule() -> None:
    assert rule_for(LLMError()) is RULES[-1]
    for kind in (*OVER.values(), *STAYS.values()):
        assert rule_for(kind).over == (kind in OVER.values())


async def test_nobody_else_is_asked_behind_the_first_content() -> None:
    second = StubClient("two")
    broken = TurnScript(["one", llm.OverloadedError("no capacity")])
    events = [event async for event in fallback(StubClient(broken), second).stream(REQUEST)]
    check_grammar(events)
    assert [event.kind for event in events] == ["text_delta", "error", "end"]
    partial = llm.Response("one", finish_reason=llm.FinishReason.error)
    with pytest.raises(llm.OverloadedError):
        await fallback(StubClient(failing(llm.OverloadedError(partial=partial))), second).complete(REQUEST)
    assert not second.requests


async def test_what_fails_behind_its_usage_alone_goes_over() -> None:
    usage = llm.Usage(input_tokens=7, output_tokens=0)
    first = StubClient(TurnScript([llm.UsageEvent(usage), llm.OverloadedError("no capacity")]))
    client = fallback(first, StubClient("two"))
    events = [event async for event in client.stream(REQUEST)]
    check_grammar(events)
    end = events[-1]
    assert isinstance(end, llm.EndEvent)
    assert end.response.text == "two"
    assert end.response.route[0].usage == usage
    assert from_dict(to_dict(end.response), llm.Response).route[0].usage == usage


async def test_an_answer_that_failed_as_the_last_is_handed_out_as_it_came() -> None:
    usage = llm.Usage(input_tokens=7)
    filtered = TurnScript([llm.UsageEvent(usage), llm.ContentFilteredError("no")])
    client = fallback(StubClient(failing(llm.OverloadedError())), StubClient(filtered))
    events = [event async for event in client.stream(REQUEST)]
    check_grammar(events)
    assert [event.kind for event in events] == ["usage", "error", "end"]
    error = events[1]
    assert isinstance(error, llm.ErrorEvent)
    assert [type(hop.error) for hop in error.error.route] == [llm.OverloadedError]


async def test_all_failed_is_the_last_error_with_the_way_to_it() -> None:
    errors = (llm.OverloadedError("a"), llm.ConnectError("b"), llm.ServerError("c"))
    client = fallback(*(StubClient(failing(error)) for error in errors))
    with pytest.raises(llm.ServerError, match="c") as caught:
        await client.complete(REQUEST)
    assert [type(hop.error) for hop in caught.value.route] == [llm.OverloadedError, llm.ConnectError]
    assert [hop.provider for hop in caught.value.route] == ["stub", "stub"]
    assert from_dict(to_dict(caught.value), LLMError).route[0].provider == "stub"


async def test_a_fallback_in_a_fallback_tells_the_whole_way() -> None:
    inner = fallback(StubClient(failing(llm.OverloadedError())), StubClient("two"))
    response = await fallback(StubClient(failing(llm.ConnectError())), inner).complete(REQUEST)
    assert [type(hop.error) for hop in response.route] == [llm.ConnectError, llm.OverloadedError, type(None)]


async def test_others_use_their_own_model_and_defaults() -> None:
    first, second = StubClient(failing(llm.OverloadedError())), StubClient("two")
    request = llm.Request(
        "hi",
        model="m",
        extra={"a": 1},
        extra_headers={"X": "y"},
        max_tokens=5,
        previous_response_id="r",
        conversation="c",
    )
    await fallback(first, second).complete(request)
    assert first.requests == [request]
    assert second.requests == [llm.Request("hi", max_tokens=5)]


def test_another_without_a_model_is_refused_when_made() -> None:
    bare = llm.open("vllm", "http://127.0.0.1:9/v1")
    with pytest.raises(llm.ConfigError, match='open it with model="'):
        fallback(llm.open("echo"), Middleware(bare))
    fallback(bare, llm.open("echo"))


async def test_one_request_per_client_on_a_single_attempt() -> None:
    async with WireServer() as one, WireServer() as other:
        one.respond(lambda _: Answer(status=503))
        other.respond(lambda _: Answer("two"))
        async with fallback(llm.open("vllm", one.dsn("vllm")), llm.open("vllm", other.dsn("vllm"))) as client:
            assert (await client.single_attempt.complete(REQUEST)).text == "two"
            assert (len(one.received), len(other.received)) == (1, 1)
            response = await llm.collect_with_retry(client, REQUEST)
            assert [hop.provider for hop in response.route] == ["vllm", "vllm"]
        assert (len(one.received), len(other.received)) == (2, 2)


FAULTS: dict[str, tuple[Fault | Answer, bool]] = {
    "503": (Answer(status=503), True),
    "529": (Answer(status=529), True),
    "429, a long wait": (Answer(status=429, headers={"Retry-After": "120"}), True),
    "402": (Answer(status=402), True),
    "reset before the headers": (Fault.reset("before_headers"), True),
    "silence": (Fault.stall("before_headers"), True),
    "FIN before the headers": (Fault.close("before_headers"), True),
    "an error in the first event": (Fault.error_inside(after_events=0), True),
    "401": (Answer(status=401), False),
    "400": (Answer(status=400), False),
}


@pytest.mark.parametrize("road", ["stream", "complete"])
@pytest.mark.parametrize("name", FAULTS)
async def test_faults_on_a_socket(name: str, road: str) -> None:
    fault, over = FAULTS[name]
    answer = fault if isinstance(fault, Answer) else Answer("one", fault=fault)
    async with WireServer() as one, WireServer() as other:
        one.respond(lambda _: answer)
        other.respond(lambda _: Answer("two"))
        timeouts = llm.Timeouts(first_event=0.1 if name == "silence" else 10)
        first = llm.open("vllm", one.dsn("vllm"), retry=None, timeouts=timeouts)
        async with fallback(first, llm.open("vllm", other.dsn("vllm"))) as client:
            asked = client.complete(REQUEST) if road == "complete" else llm.collect(client.stream(REQUEST))
            if over:
                assert (await asked).text == "two"
            else:
                with pytest.raises(llm.LLMError):
                    await asked
            assert len(other.received) == over
        await one.no_connections()


async def test_a_429_that_its_client_waits_out_stays() -> None:
    async with WireServer() as one, WireServer() as other:
        one.answer(Answer(status=429, headers={"Retry-After": "0"}), Answer("one"))
        first = llm.open("vllm", one.dsn("vllm"), retry=llm.RetryPolicy(2, 0.001, should_retry=llm.is_retryable))
        async with fallback(first, llm.open("vllm", other.dsn("vllm"))) as client:
            assert (await client.complete(REQUEST)).text == "one"
        assert not other.received


async def test_the_deadline_is_one_for_all() -> None:
    never = asyncio.Event()
    slow = [StubClient(*[TurnScript(["one"], block=never)] * 2) for _ in range(2)]
    client = fallback(StubClient(*[failing(llm.ConnectError())] * 2), *slow, deadline=0.02)
    for asked in (client.complete(REQUEST), llm.collect(client.stream(REQUEST))):
        with pytest.raises(llm.TimedOutError, match=r"deadline of 0\.02 s") as caught:
            await asked
        assert [type(hop.error) for hop in caught.value.route] == [llm.ConnectError, llm.TimedOutError]
    assert not slow[1].requests


async def test_the_deadline_ends_with_the_first_content() -> None:
    class Paced(Own):
        async def stream(self, request: llm.Request) -> AsyncGenerator[llm.Event]:
            yield llm.TextDelta("one")
            await asyncio.sleep(0.03)
            yield llm.TextDelta(" two")
            yield llm.EndEvent(llm.FinishReason.stop, llm.Response("one two", finish_reason=llm.FinishReason.stop))

    assert (await llm.collect(fallback(Paced(), deadline=0.01).stream(REQUEST))).text == "one two"


async def test_a_client_that_keeps_failing_is_left_out_and_probed() -> None:
    clock = Clock()
    first = StubClient(*[failing(llm.OverloadedError())] * 6, "one", "one")
    second = StubClient(*["two"] * 20)
    client = fallback(first, second, clock=clock)
    for _ in range(8):
        assert (await client.complete(REQUEST)).text == "two"
    assert len(first.requests) == 5, "left out behind five failures"
    assert (await client.complete(REQUEST)).route[0].error is None, "who is not asked is no hop"
    clock.now = 30.0
    assert (await client.complete(REQUEST)).text == "two"
    assert len(first.requests) == 6, "one probe, which failed"
    assert (await client.complete(REQUEST)).text == "two"
    clock.now = 60.0
    assert (await client.complete(REQUEST)).text == "one"
    assert (await client.complete(REQUEST)).text == "one"


async def test_a_probe_that_is_cancelled_leaves_the_way_to_another() -> None:
    clock = Clock()
    never = asyncio.Event()
    first = StubClient(*[failing(llm.OverloadedError())] * 5, TurnScript(["one"], block=never), "one")
    client = fallback(first, StubClient(*["two"] * 9), clock=clock)
    for _ in range(5):
        await client.complete(REQUEST)
    clock.now = 30.0
    probe = asyncio.ensure_future(client.complete(REQUEST))
    await asyncio.sleep(0)
    assert (await client.complete(REQUEST)).text == "two", "one probe at a time"
    probe.cancel()
    await asyncio.wait([probe])
    assert (await client.complete(REQUEST)).text == "one"


@pytest.mark.parametrize("error", [llm.RateLimitedError(), llm.UnsupportedFeatureError()])
async def test_some_errors_say_nothing_of_the_client(error: LLMError) -> None:
    first = StubClient(*[failing(error)] * 9)
    client = fallback(first, StubClient(*["two"] * 9))
    for _ in range(9):
        await client.complete(REQUEST)
    assert len(first.requests) == 9


async def test_when_all_are_left_out_they_are_asked_all_the_same() -> None:
    first, second = (StubClient(*[failing(llm.OverloadedError())] * 6, "well") for _ in range(2))
    client = fallback(first, second, clock=Clock())
    for _ in range(6):
        with pytest.raises(llm.OverloadedError):
            await client.complete(REQUEST)
    assert (await client.complete(REQUEST)).text == "well"
    assert len(first.requests) == 7


async def test_breaking_off_in_the_middle_counts() -> None:
    broken = TurnScript(["one", llm.OverloadedError("no capacity")])
    first, second = StubClient(*[broken] * 9), StubClient(*["two"] * 9)
    client = fallback(first, second)
    for _ in range(9):
        async with client.stream(REQUEST) as events:
            _ = [event async for event in events]
    assert len(second.requests) > 2


class Embedding(StubClient):
    def __init__(self, *results: Any) -> None:
        super().__init__()
        self.results = list(results)
        self.asked: list[dict[str, Any]] = []

    async def embed(self, texts: Any, **options: Any) -> Any:
        self.asked.append({"texts": texts, **options})
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    async def rerank(self, query: str, documents: Any, **options: Any) -> Any:
        return await self.embed(documents, **options)


def vectors(*numbers: float, **fields: Any) -> llm.Embeddings:
    return llm.Embeddings([array("f", [number]) for number in numbers], "m", llm.Usage(len(numbers)), **fields)


async def test_vectors_of_two_models_are_not_mixed() -> None:
    ranking = llm.Ranking([llm.RerankResult(0, 1.0)])
    first = Embedding(llm.OverloadedError(), llm.OverloadedError())
    second = Embedding(vectors(1), ranking)
    with pytest.raises(llm.UnsupportedFeatureError, match="same_model=True"):
        await fallback(first, second).embed(["a"])
    same = fallback(first, second, same_model=True)
    assert await same.embed(["a"], model="m", dimensions=3) == vectors(1)
    assert first.asked == [{"texts": ["a"], "model": "m", "dimensions": 3, "input_type": None}]
    assert second.asked == [{"texts": ["a"], "model": None, "dimensions": 3, "input_type": None}]
    assert await fallback(first, second).rerank("q", iter(["a"])) == ranking


async def test_the_next_client_is_asked_for_the_vectors_that_are_missing() -> None:
    cut = llm.OverloadedError(partial_embeddings=vectors(1, 3, indexes=[1, 3]))
    first, second = Embedding(cut), Embedding(vectors(0, 2))
    found = await fallback(first, second, same_model=True).embed(iter("abcd"))
    assert found == vectors(0, 1, 2, 3)
    assert second.asked[0]["texts"] == ["a", "c"]

    failing = Embedding(llm.OverloadedError(partial_embeddings=vectors(2, indexes=[1])))
    first = Embedding(llm.OverloadedError(partial_embeddings=vectors(1, 3, indexes=[1, 3])))
    with pytest.raises(llm.OverloadedError) as caught:
        await fallback(first, failing, same_model=True).embed(["a", "b", "c", "d"])
    assert caught.value.partial_embeddings == vectors(1, 2, 3, indexes=[1, 2, 3])


async def test_a_closed_fallback_does_not_ask_on() -> None:
    never = asyncio.Event()
    second = StubClient("two")
    client = fallback(StubClient(TurnScript(["one"], block=never)), second)
    reading = asyncio.ensure_future(anext(client.stream(REQUEST)))
    await asyncio.sleep(0)
    await client.aclose()
    with pytest.raises(llm.StreamTruncated):
        await reading
    assert not second.requests
