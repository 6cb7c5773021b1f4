"""The public surface in use: read by the type checkers, never run. test_public_api.py sees that no name is missing.

What a user writes must pass mypy --strict and pyright strict as it stands, and have the types that the pages promise.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, assert_never, assert_type

import attrs

import aikido_llm as llm
from aikido_llm import bridges, bulk, middleware, serialize, store, sync, testing
from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.transport.base import Transport


@attrs.frozen
class City:
    name: str
    people: int


async def opening(http: Transport) -> None:
    async def fresh_key() -> str:
        return "k"

    client = llm.open("openrouter", "?model=m", api_key=fresh_key, timeouts=llm.Timeouts(idle=30), limits=llm.Limits())
    assert_type(client, llm.HTTPClient)
    llm.open("llamacpp", "http://127.0.0.1:8080/v1", retry=None, http=http, temperature=0.0)
    llm.open(
        "anthropic", api_key="k", options=llm.Options(model="m", stop=["\n"]), retry=llm.RetryPolicy(max_attempts=2)
    )
    kinds: list[llm.ProviderType] = [llm.ProviderType.openrouter, llm.ProviderType.OPENROUTER]
    assert_type(llm.get_provider(kinds[0]), llm.HTTPClient)
    assert_type(llm.get_provider(llm.ProviderType.openai, llm.ProviderConfig(api_key="k")), llm.HTTPClient)
    for make in (llm.OpenRouterProvider, llm.OpenAIProvider, llm.AnthropicProvider, llm.OllamaProvider):
        assert_type(make(llm.ProviderConfig(api_key="k")), llm.HTTPClient)
    async with client as opened:
        assert_type(opened, llm.HTTPClient)
        assert_type(opened.single_attempt, llm.HTTPClient)
        models: list[llm.ModelInfo] = await opened.list_models()
        assert_type(models[0].context_length, int | None)
        assert_type(await opened.chat("hi", max_tokens=5), llm.Response)
        assert_type(opened.chat_stream([llm.user("hi")]), llm.EventStream)
        assert_type(opened.chat_stream([{"role": "user", "content": "hi"}, "there", llm.user("?")]), llm.EventStream)
        assert_type(opened.resume(llm.ResumeToken("resp_1", after=3)), llm.EventStream)
        assert_type(opened.resume("resp_1"), llm.EventStream)
        assert_type(opened.resume("resp_1").resume_token, llm.ResumeToken | None)
        await opened.cancel("resp_1")
        assert_type(await opened.embed(["a", "b"], dimensions=256, input_type="query"), llm.Embeddings)
        ranking: llm.Ranking = await opened.rerank("q", ["a", "b"], top_n=1)
        assert_type(ranking.results, tuple[llm.RerankResult, ...])
        assert_type(await opened.count_tokens(llm.Request("hi")), int)
        await opened.warm(5)


def around_a_client(client: llm.Client, own: middleware.Middleware) -> llm.Client:
    def before(request: llm.Request) -> llm.Request:
        return attrs.evolve(request, temperature=0)

    async def after(outcome: middleware.Outcome) -> None:
        assert_type(outcome.response, llm.Response | None)
        assert_type(outcome.timing.total, float | None)

    assert_type(own.single_attempt, middleware.Middleware)
    assert_type(own.stream(llm.Request("hi")), llm.EventStream)
    assert_type(sync.wrap(client), sync.SyncHTTPClient)
    backup = middleware.fallback(
        client, llm.open("echo"), when=lambda error: isinstance(error, llm.ContextLengthError), deadline=20
    )
    watched = middleware.observed(backup, content=True, propagate=["gateway.example"], semconv="1.41")
    assert_type(watched.stream(llm.Request("hi")), llm.EventStream)
    middleware.hedged(client, llm.open("echo"), after=0.5, max_extra=0.1)
    return middleware.hooked(middleware.hooked(backup, before=before), on_events=print, after=after)


async def kept_calls(client: llm.HTTPClient, path: str) -> None:
    async with middleware.CallStore(path) as kept:
        around = middleware.cached(middleware.logged(client, kept), kept)
        assert_type(await around.complete(llm.Request("hi")), llm.Response)
        question = store.Asked.of(store.identify(client), llm.Request("hi"))
        assert_type(await kept.get(question.key), store.Call | None)
        assert_type(await kept.find("words", outcome=store.Outcome.failed), list[store.Call])
        assert isinstance(kept, store.CallStore)


async def to_a_page(client: llm.Client) -> None:
    for bridge in (bridges.vercel_ui, bridges.openai_sse, bridges.sse):
        assert_type(bridge.HEADERS["content-type"], str)
    one: bridges.Bridge = bridges.ag_ui(client.stream(conversation()), "thread", "run", thinking=True, heartbeat=None)
    async with one, bridges.openai_sse(llm.stream_tools(client, conversation(), []), model="m") as other:
        async for chunk in other:
            assert_type(chunk, bytes)
    assert_type(await anext(bridges.vercel_ui(client.stream(conversation()), message_id="1", errors=True)), bytes)


async def kept(client: llm.Client, request: Any) -> None:
    def allow(id: str, request: object) -> bool:
        return bool(request)

    store = middleware.RedisStore("redis://127.0.0.1")
    async with bridges.Resumable(store, 60, allow=allow, patience=1, max_frames=10, heartbeat=None) as answers:
        id = await answers.start(bridges.sse(client.stream(conversation())))
        async for chunk in await answers.read(id, request, after=3):
            assert_type(chunk, bytes)
        assert_type(await answers.stop(id), bool)


async def many(client: llm.Client, path: str, log: bulk.Log) -> None:
    run = bulk.map(client, ["a", llm.Request("b"), {"id": 1, "prompt": "c"}], path, "id", 8, ordered=True)
    assert_type(run, bulk.Run)
    async for row in run:
        assert_type(row, bulk.Row)
        assert_type(row.response, llm.Response | None)
    assert_type(run.progress, bulk.Progress)
    bulk.map(client, [], log).stop()
    assert_type(await bulk.export(bulk.Parts(path), "all.csv"), int)
    batch = await bulk.submit(client, ["a", llm.Request("b"), {"id": 1, "prompt": "c"}], key="id")
    assert_type(batch, bulk.Batch)
    assert_type(await batch.wait(progress=lambda told: print(told.ended)), bulk.BatchProgress)
    assert_type(batch.results(), bulk.Results)
    async for row in bulk.batch(client, batch.id, ["a"]).results():
        assert_type(row, bulk.Row)
    assert_type(await bulk.list_batches(client), list[bulk.Batch])


class Table:
    """Of a library that this file does not know."""

    def map_batches(self, fn: Any, **options: Any) -> "Table":
        return self


def tables(table: Table, made: llm.HTTPClient) -> None:
    def asks(row: dict[str, Any]) -> llm.Request:
        return llm.Request(row["text"])

    assert_type(bulk.arrow(table, open=lambda: made, rows=asks, log="answers/", key="id"), Table)
    assert_type(bulk.ray(table, open=lambda: made, log="answers/", actors=(1, 8), batch_size=64), Table)


def limits_and_budgets(client: llm.HTTPClient, around: middleware.Middleware, own: llm.Client) -> None:
    limiter = middleware.Limiter(60, 100_000, concurrent=8, burst=2, store=middleware.RedisStore("redis://host"))
    assert_type(middleware.limited(client, limiter), llm.HTTPClient)
    assert_type(middleware.limited(around, limiter), middleware.Middleware)
    assert_type(middleware.limited(own, limiter), llm.Client)
    budget = middleware.Budget(usd=1.5, tokens=1_000_000, assume_output=1000, name="mine")
    assert_type(middleware.budgeted(client, budget), llm.HTTPClient)
    assert_type(budget.spent_usd, float)
    assert_type(middleware.priced(own).single_attempt.model, str | None)


async def the_client_of_the_package() -> None:
    assert_type(llm.default_client(), llm.HTTPClient)
    assert_type(await llm.chat("hi", temperature=0), llm.Response)
    assert_type(llm.chat_stream("hi"), llm.EventStream)
    await llm.close()


def rows() -> None:
    option = llm.DsnOption("tenant", header="X-Tenant")
    row = llm.Provider("acme", "https://acme.example/v1", OpenAIChat(max_tokens_field="max_tokens"), options=(option,))
    llm.register("acme", row, aliases=("acme-cloud",))
    assert_type(llm.providers(), tuple[str, ...])


def conversation() -> llm.Request:
    call = llm.ToolCall("call_1", "weather", '{"city": "Oslo"}', None)
    assert_type(call.parsed(), dict[str, Any])
    mark = llm.CacheBreakpoint(ttl="1h")
    parts: list[llm.Part] = [
        llm.TextPart("look", cache=mark),
        llm.ImagePart.from_path("cat.png"),
        llm.AudioPart(data=b"...", content_type="audio/wav"),
        llm.FilePart(url="https://example.com/a.pdf", name="a.pdf"),
    ]
    thought = llm.ThinkingPart("hm", signature="s", provider="anthropic")
    messages = [
        llm.system("Be brief.", cache=mark),
        llm.user(parts, images=[llm.ImagePart(url="https://example.com/b.png")]),
        llm.assistant(tool_calls=[call], thinking=[thought]),
        llm.tool("call_1", "rain", is_error=False),
        llm.Message("user", "and now?", replay=llm.Replay("anthropic", ())),
        llm.Message(llm.Role.user, "and then?"),
    ]
    return llm.Request(
        messages,
        model="m",
        tools=[llm.ToolDef("weather", "The weather.", {"type": "object"}), llm.ToolDef.from_function(weather)],
        tool_choice="auto",
        stop="\n",
        thinking=llm.ThinkingConfig.by_effort("low"),
        response_format=llm.ResponseFormat.json_schema({"type": "object"}),
        modalities=["text", "image"],
        image_config=llm.ImageConfig(aspect_ratio="16:9"),
        metadata={"user": "u"},
        extra={"top_k": 4},
        extra_headers={"x-trace": "1"},
    )


def weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


def kind_of(event: llm.Event) -> llm.EventKind:
    return event.kind


def every_event(event: llm.Event) -> str:
    match event:
        case llm.TextDelta(text=text) | llm.ThinkingDelta(text=text):
            return text
        case llm.ToolCallStart(index=index, id=call_id, name=name):
            return f"{index} {call_id} {name}"
        case llm.ToolCallDelta(arguments=arguments):
            return arguments
        case llm.ToolCallEvent(call=call):
            return call.name
        case llm.ImageEvent(image=image):
            assert_type(image, llm.ImagePart)
            assert_type(image.save("picture"), Path)
            return image.content_type
        case llm.AudioEvent(audio=audio):
            return audio.transcript
        case llm.CitationEvent(citation=citation):
            assert_type(citation, llm.Citation)
            return citation.url
        case llm.ServerToolStart(index=index, id=call_id, name=name):
            return f"{index} {call_id} {name}"
        case llm.ServerToolEvent(call=server_call):
            assert_type(server_call, llm.ServerToolCall)
            return server_call.output
        case llm.UsageEvent(usage=usage):
            assert_type(usage, llm.Usage)
            return str(usage.total_tokens)
        case llm.ErrorEvent(error=error):
            assert_type(error, llm.LLMError)
            return str(error)
        case llm.EndEvent(finish_reason=reason, response=response):
            assert_type(reason, llm.FinishReason)
            return response.text
    assert_never(event)


def one_kind(event: llm.Event) -> str:
    if event.kind is llm.EventKind.text_delta:
        assert_type(event, llm.TextDelta)
        return event.text
    return ""


async def streams(client: llm.HTTPClient, request: llm.Request) -> None:
    async with client.stream(request) as events:
        assert_type(events, llm.EventStream)
        async for event in events:
            every_event(event)
    async for text in client.stream(request).text():
        assert_type(text, str)


async def answers(client: llm.Client, request: llm.Request) -> llm.Message:
    response = await llm.collect(client, request)
    response = await llm.collect(client.stream(request))
    response = await llm.collect_with_retry(client, request, llm.default_streaming_retry_policy())
    response = await llm.complete_with_retry(client, request, policy=llm.RetryPolicy(should_retry=llm.is_retryable))
    assert_type(response, llm.Response)
    assert_type(response.tool_calls, tuple[llm.ToolCall, ...])
    return response.message


async def typed(client: llm.Client, request: llm.Request) -> None:
    assert_type(await llm.complete_as(client, request, City), City)
    async with llm.stream_as(client, request, City) as growing:
        assert_type(growing, llm.TypedStream[City])
        async for so_far in growing:
            assert_type(so_far, Any)
        assert_type(growing.result, City)
    run = await llm.run_tools(client, request, {"weather": weather}, max_turns=3)
    async with llm.stream_tools(client, request, [weather], approve=lambda call: call.name != "rm") as events:
        assert_type(events, llm.ToolStream)
        async for event in events:
            assert_type(event, llm.RunEvent)
    assert_type(events.result, llm.ToolRun)
    assert_type(run, llm.ToolRun)
    assert_type(run.messages, tuple[llm.Message, ...])


def whose_fault(error: llm.LLMError) -> str:
    """From the narrow to the wide: each class is one that its neighbour below is not."""
    assert_type(error.partial, llm.Response | None)
    assert_type(error.retry_after, float | None)
    match error:
        case llm.ModelNotFoundError(available=near):
            return ", ".join(near)
        case llm.TimedOutError(phase=phase):
            return phase or ""
        case llm.TooLargeError(cap=cap, limit=limit):
            return f"{cap} {limit}"
        case llm.ConfigError() | llm.UnsupportedFeatureError() | llm.InvalidToolArguments() | llm.ContextLengthError():
            return "caller"
        case llm.InvalidRequestError() | llm.InsufficientCreditsError() | llm.AuthError() | llm.RateLimitedError():
            return "account"
        case llm.ContentFilteredError() | llm.InvalidAnswer():
            return "model"
        case llm.OverloadedError() | llm.ConnectError() | llm.StreamTruncated() | llm.MalformedStream():
            return "weather"
        case llm.StreamError() | llm.ServerError():
            return "server"
        case _:
            return "unknown"


def classified(error: Exception) -> bool:
    transient = llm.is_transient_server_error(error) or llm.is_rate_limited(error) or llm.is_retryable(error)
    return transient and not llm.is_content_filter(error)


def plain_data(request: llm.Request) -> None:
    assert_type(serialize.to_dict(request), dict[str, Any])
    assert_type(serialize.from_dict(serialize.to_dict(request), llm.Request), llm.Request)


def without_await() -> None:
    with sync.open("echo", model="echo") as client:
        assert_type(client, sync.SyncHTTPClient)
        assert_type(client.chat("hi"), llm.Response)
        with client.chat_stream("hi") as events:
            assert_type(events, sync.SyncEventStream)
            for event in events:
                every_event(event)


def what_answers_hold(response: llm.Response) -> None:
    assert_type(response.citations, tuple[llm.Citation, ...])
    assert_type(response.server_tools, tuple[llm.ServerToolCall, ...])
    assert_type(response.logprobs, tuple[llm.TokenLogprob, ...])
    assert_type(response.choices, tuple[llm.Response, ...])
    assert_type(response.route, tuple[llm.Hop, ...])
    assert_type(response.timing, llm.Timing | None)
    assert_type(response.rate_limits, llm.RateLimits | None)


def what_can_be_asked() -> llm.Request:
    tools: list[llm.Tool] = [llm.ServerTool("web_search"), llm.CustomTool("sql", "a query"), llm.ToolDef("f")]
    return llm.Request("hi", tools=tools, extra={"stream_options": llm.OMIT}, top_k=5, n=2, logprobs=3)


def a_run(event: llm.RunEvent) -> str:
    return event.message.text if isinstance(event, llm.ToolResultEvent) else event.kind


def taken_up_again(error: llm.LLMError) -> None:
    assert_type(error.resume, llm.ResumeToken | None)
    assert not isinstance(error, llm.BudgetExceededError)


class Own:
    """A client of somebody else's making."""

    async def stream(self, request: llm.Request) -> AsyncIterator[llm.Event]:
        yield llm.TextDelta("hi")
        yield llm.EndEvent(llm.FinishReason.stop, llm.Response(text="hi"))

    async def complete(self, request: llm.Request) -> llm.Response:
        return await llm.collect(self.stream(request))


async def own_clients_are_clients() -> llm.Client:
    await testing.check_client(Own)
    own: llm.Client = Own()
    stub: llm.Client = testing.StubClient("Hello", testing.TurnScript([llm.TextDelta("Hel"), llm.OverloadedError()]))
    wire: llm.Client = llm.open("echo")
    await answers(own, conversation())
    return stub or wire


async def the_test_kit(row: llm.Provider) -> None:
    async with testing.WireServer() as server:
        server.answer("Hello", testing.Answer(text="Hel", fault=testing.Fault.reset(after_events=1)))
        assert_type(server.received, list[testing.Received])
        server.answer_verb("embed", testing.Answer(status=503))
        assert testing.vector_of("a", dimensions=4).typecode == "f"
        async with llm.open("gemini", server.dsn("gemini"), http=testing.record("tape.jsonl")) as client:
            events = [event async for event in client.chat_stream("hi")]
            testing.check_grammar(events)
    llm.open("gemini", http=testing.replay("tape.jsonl"))
    testing.check_dialect(row, [testing.Transcript(b"data: [DONE]\n\n", error=llm.StreamTruncated)])


def what_the_kit_raises(error: Exception) -> str:
    match error:
        case testing.CassetteError(diff=diff):
            return diff
        case testing.BrokenPromise() | testing.StubExhausted():
            return str(error)
        case _:
            return ""
