"""observed: content, hosts that are told, tools, who is outside, and what is not spent."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import pytest
from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

import aikido_llm as llm
from aikido_llm.middleware import hooked, observed
from aikido_llm.middleware.telemetry.semconv import NAMES, OUTER_INFERENCE, PROVIDERS
from aikido_llm.testing import Answer, StubClient, TurnScript, WireServer

from ..makers import REQUEST, Own
from .kit import EMBEDDINGS, EXECUTE_TOOL, INFERENCE, METRICS, METRICS_1_41, Telemetry, conventional, id_of, parent_of

SECRET = "the secret words"
ASKED = llm.Request([llm.system("Be brief."), llm.user(SECRET)], tools=[llm.ToolDef("look", "Looks.", {})])
CONTENT = ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions")


def test_each_metric_is_one_of_the_conventions() -> None:
    for names, allowed in ((NAMES["current"], METRICS), (NAMES["1.41"], METRICS_1_41)):
        metrics = [names.duration, names.first_chunk, names.next_chunk, names.operation_duration]
        metrics += [names.tool_duration] if names.tool_duration else []
        metrics += [metric for each in names.tokens.values() for metric, _ in each]
        for metric in metrics:
            assert allowed[metric.name] == ("Sum" if metric.counter else "Histogram", metric.unit)
        assert {metric.name for metric in metrics} == set(allowed)
    assert NAMES["current"].duration.bounds == (
        0.01,
        0.02,
        0.04,
        0.08,
        0.16,
        0.32,
        0.64,
        1.28,
        2.56,
        5.12,
        10.24,
        20.48,
        40.96,
        81.92,
    )


def test_each_row_of_the_names_table_may_be_asked_for() -> None:
    assert set(PROVIDERS.values()) <= set(
        "openai anthropic azure.ai.openai azure.ai.inference aws.bedrock cohere deepseek gcp.gemini x_ai groq "
        "mistral_ai moonshot_ai perplexity gcp.vertex_ai".split()
    )


@pytest.mark.parametrize("stream", [False, True])
async def test_nothing_of_what_was_said_is_told_unasked(stream: bool) -> None:
    told = Telemetry()
    client = told.observed(StubClient(SECRET, [SECRET, llm.OverloadedError(SECRET)]))
    for _ in range(2):
        with suppress(llm.OverloadedError):
            await (llm.collect(client.stream(ASKED)) if stream else client.complete(ASKED))
    everything = "".join(span.to_json() for span in told.ended()) + repr(told.events()) + repr(told.points())
    assert "secret" not in everything
    assert len(told.ended()) == 2


@pytest.mark.parametrize(
    ("argument", "capture", "emit", "span", "event", "in_event"),
    [
        (True, "", "", True, False, False),
        (False, "SPAN_ONLY", "", True, False, False),
        (False, "EVENT_ONLY", "", False, True, True),
        (False, "SPAN_AND_EVENT", "", True, True, True),
        (False, "SPAN_AND_EVENT", "false", True, False, False),
        (False, "NO_CONTENT", "true", False, True, False),
        (False, "", "", False, False, False),
    ],
)
async def test_content_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, argument: bool, capture: str, emit: str, span: bool, event: bool, in_event: bool
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", capture)
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT", emit)
    told = Telemetry()
    await told.observed(StubClient("an answer"), content=argument).complete(ASKED)
    attributes = conventional(told.one(), INFERENCE)
    assert all((name in attributes) == span for name in CONTENT)
    if span:
        assert [json.loads(attributes[name]) for name in CONTENT] == [
            [{"role": "user", "parts": [{"type": "text", "content": SECRET}]}],
            [{"role": "assistant", "parts": [{"type": "text", "content": "an answer"}]}],
            [{"type": "text", "content": "Be brief."}],
            [{"type": "function", "name": "look"}],
        ]
    assert [name for name, _ in told.events()] == ["gen_ai.client.inference.operation.details"] * event
    if event:
        ((_, details),) = told.events()
        assert not set(details) - INFERENCE
        assert all((name in details) == in_event for name in CONTENT)
        if in_event:
            assert details["gen_ai.input.messages"][0]["role"] == "user"


async def test_what_is_said_in_parts() -> None:
    told = Telemetry()
    picture = llm.ImagePart(data=b"\x89PNG", content_type="image/png")
    call = llm.ToolCall("c1", "look", '{"at": 1}')
    request = llm.Request(
        [
            llm.user([llm.TextPart("see"), picture, llm.ImagePart(url="https://example.com/b.png")]),
            llm.assistant("well", tool_calls=[call]),
            llm.tool(call, "seen"),
            llm.system("late"),
        ]
    )
    answer = TurnScript([llm.ThinkingDelta("hm"), llm.TextDelta("done"), llm.ToolCall("c2", "look", "{}")])
    await told.observed(StubClient(answer), content=True).complete(request)
    attributes = conventional(told.one(), INFERENCE)
    asked = json.loads(attributes["gen_ai.input.messages"])
    assert [message["role"] for message in asked] == ["user", "assistant", "tool", "system"]
    assert asked[0]["parts"][1:] == [
        {"type": "image", "mime_type": "image/png", "bytes": 4},
        {"type": "uri", "modality": "image", "uri": "https://example.com/b.png", "mime_type": None},
    ]
    assert asked[1]["parts"][1] == {"type": "tool_call", "id": "c1", "name": "look", "arguments": {"at": 1}}
    assert asked[2]["parts"] == [{"type": "tool_call_response", "id": "c1", "response": "seen"}]
    (said,) = json.loads(attributes["gen_ai.output.messages"])
    assert [part["type"] for part in said["parts"]] == ["reasoning", "text", "tool_call"]
    assert attributes["gen_ai.response.finish_reasons"] == ("tool_call",)


async def test_traceparent_goes_to_the_hosts_that_are_named_and_to_no_other() -> None:
    told = Telemetry()
    async with WireServer() as server:
        server.respond(lambda _: Answer("one"))
        inner = llm.open("vllm", server.dsn("vllm"), model="m")
        for propagate in ((), ("example.com",), ("127.0.0.1",)):
            await told.observed(inner, propagate=propagate).complete(REQUEST)
        await inner.aclose()
        sent = [received.headers.get("traceparent") for received in server.received]
    assert sent[:2] == [None, None]
    context = told.ended()[-1].context
    assert context is not None
    assert str(sent[2]).startswith(f"00-{context.trace_id:032x}-{context.span_id:016x}-")


async def test_the_span_is_current_inside_and_never_while_the_caller_has_control() -> None:
    told = Telemetry()
    tracer = told.tracer_provider.get_tracer("callers")
    inside: list[Any] = []

    class Looking(Own):
        async def stream(self, request: llm.Request) -> AsyncGenerator[llm.Event]:
            inside.append(trace.get_current_span())
            yield llm.TextDelta("one")
            inside.append(trace.get_current_span())
            yield llm.EndEvent(llm.FinishReason.stop, llm.Response("one", finish_reason=llm.FinishReason.stop))

    client = told.observed(Looking())
    with tracer.start_as_current_span("callers own") as own:
        async for _ in client.stream(REQUEST):
            assert trace.get_current_span() is own
        assert trace.get_current_span() is own
    chat, callers = told.ended()
    assert {span.get_span_context().span_id for span in inside} == {id_of(chat)}
    assert parent_of(chat) == id_of(callers)


async def test_no_own_span_where_an_outer_library_makes_it() -> None:
    told = Telemetry()
    token = otel.attach(otel.set_value(OUTER_INFERENCE, object()))
    try:
        client = told.observed(StubClient("a", "b"))
        await client.complete(REQUEST)
        assert (await llm.collect(client.stream(REQUEST))).text == "b"
    finally:
        otel.detach(token)
    assert told.ended() == []


async def test_tool_runs() -> None:
    told = Telemetry()

    async def weather(city: str) -> str:
        """The weather."""
        return f"rain in {city}: {await inner.chat('in the tool')}"

    def broken() -> str:
        raise LookupError(SECRET)

    calls = [llm.ToolCall("c1", "weather", '{"city": "Oslo"}'), llm.ToolCall("c2", "broken", "{}")]
    inner = told.observed(StubClient("sunny"))
    client = hooked(told.observed(StubClient(calls, "It rains.")))
    run = await llm.run_tools(client, REQUEST, [weather, broken])
    assert run.response.text == "It rains."
    spans = {span.name: span for span in told.ended()}
    assert sorted(spans) == ["chat", "execute_tool broken", "execute_tool weather"]
    good, bad = spans["execute_tool weather"], spans["execute_tool broken"]
    assert good.kind is SpanKind.INTERNAL
    assert conventional(good, EXECUTE_TOOL) == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "weather",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.description": "The weather.",
    }
    assert good.status.status_code is StatusCode.UNSET
    assert bad.status.status_code is StatusCode.ERROR
    assert conventional(bad, EXECUTE_TOOL)["error.type"] == "builtins.LookupError"
    nested = next(span for span in told.ended() if span.parent is not None)
    assert parent_of(nested) == id_of(good), "a call inside a tool is the tool's child"
    assert len(told.points()["gen_ai.execute_tool.duration"]) == 2
    assert "secret" not in "".join(span.to_json() for span in told.ended())


async def test_content_of_tools_and_streamed_runs() -> None:
    told = Telemetry()
    client = told.observed(StubClient([llm.ToolCall("c1", "add", '{"a": 1}')], "Done."), content=True)

    def add(a: int) -> int:
        return a + 1

    async with llm.stream_tools(client, REQUEST, [add]) as events:
        _ = [event async for event in events]
    (tool,) = (span for span in told.ended() if span.name == "execute_tool add")
    attributes = conventional(tool, EXECUTE_TOOL)
    assert (attributes["gen_ai.tool.call.arguments"], attributes["gen_ai.tool.call.result"]) == ('{"a": 1}', "2")


async def test_an_llm_error_in_a_tool_ends_its_span_as_itself() -> None:
    told = Telemetry()

    def failing() -> str:
        raise llm.OverloadedError("no capacity")

    client = told.observed(StubClient([llm.ToolCall("c1", "failing", "{}")]))
    with pytest.raises(llm.OverloadedError):
        await llm.run_tools(client, REQUEST, [failing])
    (tool,) = (span for span in told.ended() if span.name.startswith("execute_tool"))
    assert conventional(tool, EXECUTE_TOOL)["error.type"] == "OverloadedError"


async def test_vectors_have_a_span_of_their_own() -> None:
    told = Telemetry()

    class Embeddings:
        model = "e-1"
        usage = llm.Usage(5)

    class Embedding(StubClient):
        async def embed(self, texts: list[str], **options: Any) -> Any:
            if not texts:
                raise llm.InvalidRequestError("nothing to embed")
            return Embeddings()

    client = told.observed(Embedding())
    await client.embed(["a"], model="e")
    with pytest.raises(llm.InvalidRequestError):
        await client.embed([], model="e")
    whole, failed = told.ended()
    assert whole.name == "embeddings e"
    assert conventional(whole, EMBEDDINGS)["gen_ai.usage.input_tokens"] == 5
    assert conventional(failed, EMBEDDINGS)["error.type"] == "InvalidRequestError"
    assert len(told.points()["gen_ai.client.operation.duration"]) == 2


async def test_the_other_verbs_have_spans_too() -> None:
    told = Telemetry()

    class Verbs(StubClient):
        async def rerank(self, query: str, documents: Any, model: Any = None, top_n: Any = None) -> llm.Ranking:
            if not documents:
                raise llm.InvalidRequestError("nothing to rank")
            return llm.Ranking([llm.RerankResult(1, 0.5)], llm.Usage(9), model="r-1")

        async def count_tokens(self, request: llm.Request) -> int:
            return 7

    client = told.observed(Verbs())
    await client.rerank("q", ["a", "b"], model="r", top_n=1)
    with pytest.raises(llm.InvalidRequestError):
        await client.rerank("q", [])
    assert await client.count_tokens(llm.Request("hi", model="c")) == 7
    with pytest.raises(llm.InvalidRequestError):
        await client.count_tokens("hi")
    ranked, failed, counted = told.ended()
    assert (ranked.name, failed.name, counted.name) == ("rerank r", "rerank", "count_tokens c")
    said = conventional(ranked, EMBEDDINGS)
    assert (said["gen_ai.operation.name"], said["gen_ai.usage.input_tokens"]) == ("rerank", 9)
    assert (said["gen_ai.response.model"], said["aikido_llm.rerank.results"]) == ("r-1", 1)
    assert conventional(failed, EMBEDDINGS)["error.type"] == "InvalidRequestError"
    assert conventional(counted, EMBEDDINGS)["aikido_llm.counted_tokens"] == 7
    assert len(told.points()["gen_ai.client.operation.duration"]) == 3


async def test_a_verb_that_is_tried_again_says_so_and_where_it_comes_from() -> None:
    told = Telemetry()
    async with WireServer() as server:
        server.answer_verb("embed", Answer(status=503))
        policy = llm.RetryPolicy(max_attempts=2, base_delay=0.001, should_retry=llm.is_retryable)
        async with llm.open("mistral", server.dsn("mistral"), retry=policy) as client:
            await told.observed(client, propagate=["127.0.0.1"]).embed(["a"] * 100, dimensions=4)
        span = told.one()
        assert conventional(span, EMBEDDINGS)["gen_ai.embeddings.dimension.count"] == 4
        (retry,) = span.events
        assert retry.name == "aikido_llm.retry"
        assert span.context is not None
        trace_id = f"{span.context.trace_id:032x}"
        assert [trace_id in request.headers["traceparent"] for request in server.received] == [True] * 3


async def test_the_older_names() -> None:
    told = Telemetry()
    usage = llm.Usage(11, 7, cache_write_tokens=3)
    client = told.observed(StubClient(["a", " b", llm.UsageEvent(usage)]), semconv="1.41")
    await llm.collect(client.stream(REQUEST))
    attributes = dict(told.one().attributes or {})
    assert attributes["gen_ai.usage.cache_creation.input_tokens"] == 3
    points = told.points()
    assert set(points) == set(METRICS_1_41)
    used = {by["gen_ai.token.type"]: value for value, by in points["gen_ai.client.token.usage"]}
    assert used == {"input": 11, "output": 7}
    scope = told.one().instrumentation_scope
    assert scope is not None
    assert scope.schema_url == "https://opentelemetry.io/schemas/1.41.0"


def test_wrong_options_are_said_when_made() -> None:
    wrong: Any = "1.0"
    with pytest.raises(llm.ConfigError, match=r"'current' or '1\.41'"):
        observed(StubClient(), semconv=wrong)
    with pytest.raises(llm.ConfigError, match="list of host names"):
        observed(StubClient(), propagate="example.com")


def test_without_the_extra_it_says_which_one() -> None:
    code = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from aikido_llm.middleware import observed\n"
        "import aikido_llm as llm\n"
        "try: observed(llm.open('echo'))\n"
        "except llm.ConfigError as error: print(error)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "aikido-llm[otel]" in out.stdout


def test_nothing_is_imported_when_it_is_not_used() -> None:
    code = (
        "import sys, aikido_llm as llm\n"
        "from aikido_llm.middleware import hooked, fallback\n"
        "fallback(hooked(llm.open('echo')), llm.open('echo'))\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


async def test_many_calls_at_once_do_not_mix() -> None:
    told = Telemetry()
    client = told.observed(StubClient(*["one two three"] * 20))
    await asyncio.gather(*(llm.collect(client.stream(llm.Request("hi", model=f"m{n}"))) for n in range(20)))
    assert sorted(span.name for span in told.ended()) == sorted(f"chat m{n}" for n in range(20))
    assert all(span.parent is None for span in told.ended())


def test_a_global_provider_that_is_set_later_is_found() -> None:
    code = (
        "import asyncio, aikido_llm as llm\n"
        "from aikido_llm.middleware import observed\n"
        "from aikido_llm.middleware.telemetry import instruments\n"
        "from opentelemetry import trace\n"
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "from opentelemetry.sdk.trace.export import SimpleSpanProcessor\n"
        "from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter\n"
        "instruments._LOOK = 0.0\n"
        "client = observed(llm.open('echo'))\n"
        "asyncio.run(client.chat('nobody hears'))\n"
        "provider, spans = TracerProvider(), InMemorySpanExporter()\n"
        "provider.add_span_processor(SimpleSpanProcessor(spans))\n"
        "trace.set_tracer_provider(provider)\n"
        "asyncio.run(client.chat('heard'))\n"
        "print([span.name for span in spans.get_finished_spans()])\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "['chat echo']"


@pytest.mark.parametrize("name", ["tracer_provider", "meter_provider", "logger_provider"])
def test_a_provider_that_is_none_is_named(name: str) -> None:
    given: dict[str, Any] = {name: "otlp"}
    with pytest.raises(llm.ConfigError, match=f"{name} takes OpenTelemetry's, which has get_.*, not text"):
        observed(StubClient(), **given)
