"""observed: how each way a call can end is told, in spans, metrics and events. The golden table."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeAlias

import pytest
from attrs import field, frozen
from opentelemetry.trace import SpanKind, StatusCode

import aikido_llm as llm
from aikido_llm.middleware import fallback
from aikido_llm.testing import Answer, Fault, WireServer

from ..makers import REQUEST
from .kit import INFERENCE, Telemetry, conventional, id_of, parent_of

Ask: TypeAlias = Callable[[Any], Awaitable[None]]

USAGE = llm.Usage(11, 7, cache_read_tokens=4, reasoning_tokens=2)
WHOLE = Answer("one two three", usage=USAGE)
DURATION = "gen_ai.client.inference.duration"
FIRST = "gen_ai.client.inference.time_to_first_chunk"
NEXT = "gen_ai.client.inference.time_per_output_chunk"


async def full(client: Any) -> None:
    await llm.collect(client.stream(REQUEST))


async def whole(client: Any) -> None:
    await client.complete(REQUEST)


async def left(client: Any) -> None:
    async with client.stream(REQUEST) as events:
        await anext(events)


async def dropped(client: Any) -> None:
    stream = client.stream(REQUEST)
    await anext(stream)
    with pytest.warns(ResourceWarning):
        del stream
        gc.collect()
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def cancelled(client: Any) -> None:
    async def read() -> None:
        async for _ in client.stream(REQUEST):
            asyncio.get_running_loop().call_soon(task.cancel)

    task = asyncio.ensure_future(read())
    await asyncio.wait([task])
    assert task.cancelled()


@frozen
class Row:
    """How a call is made and answered, and what must be told of it."""

    name: str
    ask: Ask
    answers: tuple[Answer, ...]
    status: StatusCode = StatusCode.UNSET
    error: str = ""
    reasons: tuple[str, ...] = ("stop",)
    metrics: frozenset[str] = frozenset({DURATION})
    input_tokens: int = 11
    span_events: tuple[str, ...] = ()
    timeouts: llm.Timeouts = field(factory=llm.Timeouts)
    spoken: bool = True
    """That a first chunk came."""


SLOW = Answer("one two three " * 50, pace=0.01, usage=USAGE)
SPOKEN = frozenset({DURATION, FIRST, NEXT})


def failed(name: str, ask: Ask, *answers: Answer, error: str, span_events: tuple[str, ...] = ()) -> Row:
    """Before any of an answer came."""
    return Row(
        name, ask, answers, StatusCode.ERROR, error, ("error",), frozenset({DURATION}), 0, span_events, spoken=False
    )


TABLE = (
    Row("a whole stream", full, (WHOLE,), metrics=SPOKEN),
    Row("a complete", whole, (WHOLE,), spoken=False),
    Row("left early", left, (SLOW,), reasons=("error",), input_tokens=0, metrics=frozenset({DURATION, FIRST})),
    Row("dropped", dropped, (SLOW,), reasons=("error",), input_tokens=0, metrics=frozenset({DURATION, FIRST})),
    Row("cancelled", cancelled, (SLOW,), reasons=("error",), input_tokens=0, metrics=frozenset({DURATION, FIRST})),
    Row("the deadline", full, (SLOW,), StatusCode.ERROR, "TimedOutError", ("error",), SPOKEN, 0,
        timeouts=llm.Timeouts(total=0.5)),
    failed("an HTTP error", whole, Answer(status=400), error="InvalidRequestError"),
    failed("an HTTP error, streamed", full, Answer(status=401), error="AuthError"),
    Row("an error in the stream", full, (Answer("one two three", fault=Fault.error_inside(after_events=3)),),
        StatusCode.ERROR, "ServerError", ("error",), SPOKEN, 0),
    Row("a cut", full, (Answer("one two three", fault=Fault.reset(after_events=3)),),
        StatusCode.ERROR, "StreamTruncated", ("error",), SPOKEN, 0),
    Row("a retry", full, (Answer(status=503), WHOLE), metrics=SPOKEN,
        span_events=("aikido_llm.retry",)),
    failed("retried in vain", whole, *[Answer(status=503)] * 3, error="OverloadedError",
           span_events=("aikido_llm.retry",) * 2),
)  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
async def test_the_golden_table(row: Row) -> None:
    told = Telemetry()
    async with WireServer() as server:
        server.answer(WHOLE, *row.answers)
        async with llm.open("vllm", server.dsn("vllm")) as other:
            await other.complete(REQUEST)  # what is loaded on first use is loaded before a clock runs
        inner = llm.open("vllm", server.dsn("vllm"), model="m", retry=llm.RetryPolicy(3, 0.001), timeouts=row.timeouts)
        async with told.observed(inner) as client:
            with suppress(llm.LLMError):
                await row.ask(client)
            span = told.one()
        await server.no_connections()
        address = server.dsn("vllm").partition("//")[2].partition("/")[0]
    attributes = conventional(span, INFERENCE)
    assert (span.name, span.kind, span.status.status_code) == ("chat m", SpanKind.CLIENT, row.status)
    assert attributes["gen_ai.provider.name"] == "vllm"
    assert f"{attributes['server.address']}:{attributes['server.port']}" == address
    assert attributes.get("error.type", "") == row.error
    assert attributes["gen_ai.response.finish_reasons"] == row.reasons
    assert attributes.get("gen_ai.usage.input_tokens", 0) == row.input_tokens
    assert ("gen_ai.response.time_to_first_chunk" in attributes) == row.spoken
    assert tuple(event.name for event in span.events) == row.span_events
    points = told.points()
    tokens = {name for name in points if ".usage." in name or ".operation." in name}
    assert set(points) - tokens == row.metrics
    ((used, by),) = points["gen_ai.client.inference.usage.input_tokens"]
    assert (used, by["gen_ai.token.modality"]) == (row.input_tokens, "unknown")
    assert ("gen_ai.client.inference.operation.input_tokens" in points) == bool(row.input_tokens)
    assert points[DURATION][0][1].get("error.type", "") == row.error
    assert [name for name, _ in told.events()] == ["gen_ai.client.operation.exception"] * bool(row.error)


async def test_what_a_whole_answer_tells() -> None:
    told = Telemetry()
    async with WireServer() as server:
        server.answer(WHOLE)
        request = llm.Request(
            "hi", temperature=0, top_p=0.5, max_tokens=9, stop="x", seed=3, response_format=llm.ResponseFormat.json()
        )  # fmt: skip
        async with told.observed(llm.open("vllm", server.dsn("vllm"), model="m")) as client:
            response = await client.complete(request)
    attributes = conventional(told.one(), INFERENCE)
    server_names = ("server.address", "server.port")
    assert {name: value for name, value in attributes.items() if name not in server_names} == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "vllm",
        "gen_ai.request.model": "m",
        "gen_ai.request.temperature": 0,
        "gen_ai.request.top_p": 0.5,
        "gen_ai.request.max_tokens": 9,
        "gen_ai.request.stop_sequences": ("x",),
        "gen_ai.request.seed": 3,
        "gen_ai.output.type": "json",
        "gen_ai.response.id": response.id,
        "gen_ai.response.model": response.model,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 7,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.reasoning.output_tokens": 2,
    }


async def test_a_fallback_is_told_on_the_one_span() -> None:
    told = Telemetry()
    async with WireServer() as one, WireServer() as other:
        one.answer(Answer(status=503))
        other.answer(WHOLE)
        first = llm.open("vllm", one.dsn("vllm"), model="a", retry=None)
        second = llm.open("anthropic", other.dsn("anthropic"), model="b")
        async with told.observed(fallback(first, second)) as client:
            await client.complete(REQUEST)
    span = told.one()
    (event,) = span.events
    assert event.name == "aikido_llm.fallback"
    assert dict(event.attributes or {}) == {
        "gen_ai.provider.name": "vllm",
        "gen_ai.request.model": "a",
        "error.type": "OverloadedError",
    }
    assert conventional(span, INFERENCE)["gen_ai.provider.name"] == "anthropic"
    ((_, by),) = told.points()[DURATION]
    assert by["gen_ai.provider.name"] == "anthropic"
    assert "server.address" not in by, "which is the first client's"


async def test_observed_inside_a_fallback_gives_a_span_for_each() -> None:
    told = Telemetry()
    async with WireServer() as one, WireServer() as other:
        one.answer(Answer(status=503))
        other.answer(WHOLE)
        clients = [
            told.observed(llm.open("vllm", server.dsn("vllm"), model=name, retry=None))
            for server, name in ((one, "a"), (other, "b"))
        ]
        async with told.observed(fallback(*clients)) as client:
            await client.complete(REQUEST)
    assert [span.name for span in told.ended()] == ["chat a", "chat b", "chat a"]
    outer = id_of(told.ended()[-1])
    assert [parent_of(span) for span in told.ended()] == [outer, outer, None]
