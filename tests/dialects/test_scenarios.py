"""The same scenarios over every dialect, from one table: pure, from bytes, and over a real socket.

A new dialect joins by a row in ROWS, and a wire in `aikido_llm.testing.wires` that writes its answers.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import evolve, field, frozen

import aikido_llm as llm
from aikido_llm.call.answer import AnswerParser
from aikido_llm.dialects.base import ErrorReply
from aikido_llm.providers import find, providers
from aikido_llm.testing import Answer, WireServer
from aikido_llm.testing.wires import wire
from aikido_llm.testing.wires.base import Labels
from tests.dialects import rules
from tests.speakers import open_at, row_of
from tests.wire import check_grammar, error_of, response_of


@frozen
class Says:
    """An HTTP error in a provider's own words."""

    status: int
    message: str
    code: str = ""
    headers: dict[str, str] = field(factory=lambda: dict[str, str]())

    @property
    def answer(self) -> Answer:
        return Answer(status=self.status, message=self.message, code=self.code, headers=self.headers)


IN_SECONDS = {"retry-after": "7"}


@frozen
class Row:
    """How a wire says what each says in its own way. draws: it answers with pictures; filters: it has a word for an
    answer that a policy ended."""

    provider: str
    bad_key: Says
    rate_limit: Says
    overload: Says
    context: Says
    draws: bool = False
    filters: bool = True


def _row(provider: str) -> Row:
    return next(row for row in _BASE if row.provider == provider)


_CONTEXT = "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."
_BAD_KEY = Says(401, "Incorrect API key provided: sk-x.", "invalid_api_key")
_RATE = Says(429, "Rate limit reached for a-model.", "rate_limit_exceeded", IN_SECONDS)
_BASE: tuple[Row, ...] = (
    Row(
        "anthropic",
        bad_key=Says(401, "invalid x-api-key", "authentication_error"),
        rate_limit=Says(429, "This request would exceed your rate limit.", "rate_limit_error", IN_SECONDS),
        overload=Says(529, "Overloaded", "overloaded_error"),
        context=Says(400, "prompt is too long: 207791 tokens > 200000 maximum", "invalid_request_error"),
    ),
    Row(
        "gemini",
        bad_key=Says(400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT"),
        rate_limit=Says(429, "You exceeded your current quota. Please retry in 7s.", "RESOURCE_EXHAUSTED"),
        overload=Says(503, "The model is overloaded. Please try again later.", "UNAVAILABLE"),
        context=Says(
            400,
            "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
            "INVALID_ARGUMENT",
        ),
        draws=True,
    ),
    Row(
        "cohere",
        bad_key=Says(401, "invalid api token"),
        rate_limit=Says(429, "You are past the per minute request limit, please wait.", headers=IN_SECONDS),
        overload=Says(503, "the service is overloaded, please try again"),
        context=Says(400, "too many tokens: size limit exceeded by 25836 tokens.", "TOO_MANY_TOKENS"),
    ),
    Row(
        "bedrock-converse",
        bad_key=Says(403, "The security token included in the request is invalid.", "UnrecognizedClientException"),
        rate_limit=Says(429, "Too many requests, please wait before trying again.", headers=IN_SECONDS),
        overload=Says(503, "Bedrock is unable to process your request."),
        context=Says(400, "Input is too long for requested model.", "ValidationException"),
    ),
    Row(
        "ollama",
        bad_key=Says(401, "unauthorized"),
        rate_limit=Says(429, "you have reached your hourly usage limit", headers=IN_SECONDS),
        overload=Says(503, "server busy, please try again.  maximum pending requests exceeded"),
        context=Says(400, "the prompt is longer than the context length currently available to the model; shorten it"),
        draws=True,
        filters=False,
    ),
    Row(
        "openai-responses",
        bad_key=_BAD_KEY,
        rate_limit=_RATE,
        overload=Says(503, "Our servers are currently overloaded.", "server_is_overloaded"),
        context=Says(400, "Your input exceeds the context window of this model.", "context_length_exceeded"),
        draws=True,
    ),
    Row(
        "openrouter",
        bad_key=Says(401, "Missing Authentication header", "401"),
        rate_limit=Says(429, "Provider returned error", "429", IN_SECONDS),
        overload=Says(529, "Provider returned error", "529"),
        context=Says(400, f"This endpoint's m{_CONTEXT[14:]}", "400"),
        draws=True,
    ),
    Row(
        "mistral",
        bad_key=Says(401, "Unauthorized"),
        rate_limit=Says(429, "Rate limit exceeded", "1300", IN_SECONDS),
        overload=Says(503, "Service unavailable."),
        context=Says(400, "Prompt contains 9000 tokens, too large for model with 8192 maximum context length"),
    ),
    Row(
        "openai",
        bad_key=_BAD_KEY,
        rate_limit=_RATE,
        overload=Says(503, "The engine is currently overloaded.", "server_is_overloaded"),
        context=Says(400, _CONTEXT, "context_length_exceeded"),
    ),
)
ROWS: tuple[Row, ...] = (
    *_BASE,
    *(evolve(_row("anthropic"), provider=name) for name in ("vertex-anthropic", "azure-anthropic")),
    evolve(_row("bedrock-converse"), provider="bedrock:invoke"),
    evolve(
        _row("gemini"),
        provider="vertex",
        bad_key=Says(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED"),
    ),
    *(evolve(_row("openai-responses"), provider=name, draws=False) for name in ("perplexity",)),
    *(evolve(_row("openai"), provider=name) for name in ("bedrock", "minimax", "qwen")),
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
ADD = llm.ToolDef("add", "Adds.", {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]})
ONE = llm.ToolCall("call_1", "add", '{"a":1}')
TWO = llm.ToolCall("call_2", "add", '{"a":2}')


@frozen
class Scenario:
    """A request, what the server says to it, and what the caller must find in the Response."""

    name: str
    answer: Answer
    check: Callable[[llm.Response], bool]
    messages: tuple[llm.Message, ...] = (llm.user("hi"),)
    tools: tuple[llm.ToolDef, ...] = ()
    fields: dict[str, Any] = field(factory=lambda: dict[str, Any]())
    where: Callable[[Row], bool] = lambda row: True
    error: type[llm.LLMError] | None = None

    def request(self) -> llm.Request:
        return llm.Request(self.messages, model="vision-model", tools=self.tools, **self.fields)


def _calls(response: llm.Response) -> list[tuple[str, dict[str, Any]]]:
    return [(call.name, call.parsed()) for call in response.tool_calls]


def _asked(*calls: llm.ToolCall) -> tuple[llm.Message, ...]:
    results = (llm.tool(call.id, f"{call.parsed()['a']} more") for call in calls)
    return (llm.user("add"), llm.assistant("I add.", tool_calls=calls), *results)


SCENARIOS = (
    Scenario(
        "text",
        Answer('Grüße 🐋, with\nlines and "quotes".', chunk=3, usage=llm.Usage(input_tokens=12, output_tokens=9)),
        lambda r: (
            r.text == 'Grüße 🐋, with\nlines and "quotes".'
            and r.finish_reason == "stop"
            and (r.usage.input_tokens, r.usage.output_tokens) == (12, 9)
        ),
    ),
    Scenario(
        "thinking",
        Answer("So: 4.", thinking="Two and two.", signature="c2lnbmVk"),
        lambda r: (r.thinking, r.text, r.finish_reason) == ("Two and two.", "So: 4.", "stop"),
        fields={"thinking": llm.ThinkingConfig.by_effort("low")},
    ),
    Scenario(
        "one tool",
        Answer("I add.", tool_calls=[ONE]),
        lambda r: _calls(r) == [("add", {"a": 1})] and r.finish_reason == "tool_calls" and r.text == "I add.",
        tools=(ADD,),
    ),
    Scenario(
        "two tools",
        Answer(tool_calls=[ONE, TWO]),
        lambda r: (
            _calls(r) == [("add", {"a": 1}), ("add", {"a": 2})]
            and len({call.id for call in r.tool_calls}) == 2
            and r.finish_reason == "tool_calls"
        ),
        tools=(ADD,),
    ),
    Scenario(
        "tool result",
        Answer("3 in all."),
        lambda r: r.text == "3 in all.",
        messages=_asked(ONE, TWO),
        tools=(ADD,),
    ),
    Scenario(
        "image in",
        Answer("A dot."),
        lambda r: r.text == "A dot.",
        messages=(llm.user("What is it?", images=[llm.ImagePart(data=PNG)]),),
    ),
    Scenario(
        "image out",
        Answer("Here:", images=[llm.ImagePart(data=PNG)]),
        lambda r: r.text == "Here:" and [(i.data, i.content_type) for i in r.images] == [(PNG, "image/png")],
        fields={"modalities": ("text", "image")},
        where=lambda row: row.draws,
    ),
    Scenario(
        "length",
        Answer("It began", finish_reason=llm.FinishReason.length),
        lambda r: (r.text, r.finish_reason) == ("It began", "length"),
        fields={"max_tokens": 64},
    ),
    Scenario(
        "content filter",
        Answer("It began", finish_reason=llm.FinishReason.content_filter),
        lambda r: (r.text, r.finish_reason) == ("It began", "content_filter") and r.usage.output_tokens == 7,
        where=lambda row: row.filters,
        error=llm.ContentFilteredError,
    ),
)
ERRORS: tuple[tuple[str, Callable[[Row], Says], type[llm.LLMError]], ...] = (
    ("bad key", lambda row: row.bad_key, llm.AuthError),
    ("rate limit", lambda row: row.rate_limit, llm.RateLimitedError),
    ("overload", lambda row: row.overload, llm.OverloadedError),
    ("context length", lambda row: row.context, llm.ContextLengthError),
)

CASES = [
    pytest.param(row, case, id=f"{row.provider}-{case.name}") for case in SCENARIOS for row in ROWS if case.where(row)
]
FAILURES = [
    pytest.param(row, says(row), kind, id=f"{row.provider}-{name}") for name, says, kind in ERRORS for row in ROWS
]


def test_every_dialect_has_a_row() -> None:
    ours = [find(name) for name in providers() if find(name).docs]  # not a test's
    spoken = {row.dialect.name for row in ours} | {one.dialect.name for row in ours for one in row.wires.values()}
    assert {row_of(row.provider).dialect.name for row in ROWS} == spoken


# ---------------------------------------------------------------- pure: bytes -> events


def pure(row: Row, scenario: Scenario, *, stream: bool) -> list[llm.Event]:
    request, speaks = scenario.request(), wire(row_of(row.provider).dialect.name)
    encoded = row_of(row.provider).dialect.encode(request, stream=stream, provider=row.provider)
    received = rules.check_request(row.provider, encoded, stream=stream)
    kind = speaks.media_type(received) if isinstance(speaks, Labels) else speaks.stream_type
    reading = AnswerParser(
        row_of(row.provider).dialect,
        request,
        stream=stream,
        content_type=kind.partition(";")[0] if stream else "application/json",
        provider=row.provider,
    )
    answer = evolve(scenario.answer, id="answer_1")
    written = speaks.stream(answer, received) if stream else [speaks.body(answer, received)]
    events = [event for piece in written for event in reading.feed(piece)] + reading.eof()
    check_grammar(events)
    return events


@pytest.mark.parametrize(("row", "scenario"), CASES)
def test_from_bytes(row: Row, scenario: Scenario) -> None:
    for stream in (True, False):
        events = pure(row, scenario, stream=stream)
        error, response = error_of(events), response_of(events)
        assert type(error) is (scenario.error or type(None)), error
        assert scenario.check(response), response


@pytest.mark.parametrize(("row", "says", "kind"), FAILURES)
def test_errors_from_bytes(row: Row, says: Says, kind: type[llm.LLMError]) -> None:
    body = wire(row_of(row.provider).dialect.name).error(says.status, says.message, says.code)
    error = row_of(row.provider).dialect.decode_error(ErrorReply(says.status, says.headers, body))
    assert type(error) is kind, error
    assert error.status == says.status
    assert error.retry_after == (7 if kind is llm.RateLimitedError else None)
    assert says.message in error.message


@pytest.mark.parametrize("row", [row for row in ROWS if not row.draws], ids=lambda row: row.provider)
def test_a_picture_is_refused_before_sending_where_the_wire_draws_none(row: Row) -> None:
    request = llm.Request([llm.user("Draw.")], model="m", modalities=("image",))
    with pytest.raises(llm.UnsupportedFeatureError):
        row_of(row.provider).dialect.encode(request, stream=True, provider=row.provider)


# ---------------------------------------------------------------- over a socket


def both(answer: Answer) -> Iterator[Answer]:
    """For a stream and for a whole answer."""
    return (evolve(answer, id="answer_1") for _ in range(2))


def _comparable(response: llm.Response) -> llm.Response:
    return evolve(response, request_id="", replay=(), provider_data={})


@pytest.mark.parametrize(("row", "scenario"), CASES)
async def test_over_a_socket(row: Row, scenario: Scenario) -> None:
    async with WireServer() as server, open_at(server, row.provider, retry=None) as client:
        server.answer(*both(scenario.answer))
        events = [event async for event in client.stream(scenario.request())]
        check_grammar(events)
        streamed = response_of(events)
        assert type(error_of(events)) is (scenario.error or type(None))
        if scenario.error is None:
            whole = await client.complete(scenario.request())
        else:
            with pytest.raises(scenario.error) as caught:
                await client.complete(scenario.request())
            assert caught.value.partial is not None
            whole = caught.value.partial
        assert not server.refused
    assert scenario.check(streamed), streamed
    assert scenario.check(whole), whole
    # How a wire cuts a turn into blocks, and what it numbers them with, may differ between its two ways to answer.
    assert _comparable(streamed) == _comparable(whole)
    assert streamed.request_id == "req-1"


@pytest.mark.parametrize(("row", "says", "kind"), FAILURES)
async def test_errors_over_a_socket(row: Row, says: Says, kind: type[llm.LLMError]) -> None:
    async with WireServer() as server, open_at(server, row.provider, retry=None) as client:
        server.answer(says.answer, says.answer)
        with pytest.raises(llm.LLMError) as streamed:
            async for _ in client.chat_stream("hi"):
                pass
        with pytest.raises(llm.LLMError) as whole:
            await client.chat("hi")
    for error in (streamed.value, whole.value):
        assert type(error) is kind, error
        assert (error.status, error.provider, error.attempts) == (says.status, row_of(row.provider).name, 1)
        assert error.retry_after == (7 if kind is llm.RateLimitedError else None)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.provider)
async def test_a_wrong_key_over_a_socket(row: Row) -> None:
    async with WireServer() as server:
        async with open_at(server, row.provider, api_key="wrong-key-0123", retry=None) as client:
            with pytest.raises(llm.AuthError) as caught:
                await client.chat("hi")
        assert server.refused
    assert caught.value.status == 401
    assert "wrong-key" not in f"{caught.value} {caught.value!r} {caught.value.body}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.provider)
async def test_after_a_rate_limit_and_an_overload_the_client_goes_on_by_itself(row: Row) -> None:
    policy = llm.RetryPolicy(max_attempts=3, base_delay=0.001, should_retry=llm.is_retryable)
    async with WireServer() as server, open_at(server, row.provider, retry=policy) as client:
        server.answer(evolve(row.rate_limit, headers={"retry-after": "0"}, message="slow down").answer)
        server.answer(row.overload.answer, Answer("At last."))
        response = await client.chat("hi")
        assert (response.text, response.attempts, len(server.received)) == ("At last.", 3, 3)
