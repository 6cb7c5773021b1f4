"""Our client against two independent emulators, and against the recorded transcripts of a real Ollama, over sockets."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

import aikido_llm as llm
from tests.wire import check_grammar, error_of, response_of

from .aimock import AIMock, start_aimock
from .llmock import LLMock
from .ollama_transcripts import Transcript, replay

TOOL = llm.ToolDef(
    "weather",
    "Tells the weather.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False},
)
TEXT = "The answer, in a few words: Grüße 🐋."

# Our name -> the emulator's.
LLMOCK = {
    "openai": "openai",
    "openai-responses": "openai",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "cohere": "cohere",
    "mistral": "mistral",
    "grok": "xai",
    "groq": "groq",
    "together": "together",
}
# Our name -> the base path. The wires that this emulator writes with their own error envelopes are in AIMOCK_ENVELOPES.
AIMOCK = {
    "openai": "/v1",
    "openai-responses": "/v1",
    "anthropic": "",
    "gemini": "/v1beta",
    "cohere": "",
    "ollama": "",
    "openrouter": "/api/v1",
}
FAILURES = {401: llm.AuthError, 429: llm.RateLimitedError, 500: llm.ServerError, 529: llm.OverloadedError}


def open_llmock(emulator: LLMock, name: str) -> llm.HTTPClient:
    return llm.open(name, emulator.base_url(LLMOCK[name]), api_key="any", model="a-model", retry=None)


def open_aimock(emulator: AIMock, name: str, key: str = "any") -> llm.HTTPClient:
    return llm.open(name, emulator.url + AIMOCK[name], api_key=key, model="a-model", retry=None)


async def events_of(client: llm.HTTPClient, text: str, **fields: Any) -> list[llm.Event]:
    events = [event async for event in client.stream(llm.Request([llm.user(text)], **fields))]
    check_grammar(events)
    return events


async def failure_of(client: llm.HTTPClient, text: str, *, stream: bool) -> llm.LLMError:
    with pytest.raises(llm.LLMError) as caught:
        if stream:
            await llm.collect(client.chat_stream(text))
        else:
            await client.chat(text)
    return caught.value


def called(response: llm.Response) -> list[tuple[str, dict[str, Any]]]:
    return [(call.name, call.parsed()) for call in response.tool_calls]


# ---------------------------------------------------------------- llmock


@pytest.mark.parametrize("name", LLMOCK)
async def test_llmock_text(llmock: LLMock, name: str) -> None:
    llmock.reply(TEXT, times=2)
    async with open_llmock(llmock, name) as client:
        events = await events_of(client, "hi")
        whole = await client.chat("hi")
    response = response_of(events)
    assert error_of(events) is None
    assert response.text == whole.text == TEXT
    assert response.finish_reason == whole.finish_reason == "stop"
    assert sum(isinstance(event, llm.TextDelta) for event in events) > 3
    assert whole.usage.output_tokens
    # Mistral is not asked for usage, for it always sends it; this emulator waits to be asked.
    assert response.usage.output_tokens == (None if name == "mistral" else whole.usage.output_tokens)


@pytest.mark.parametrize("name", LLMOCK)
async def test_llmock_tools(llmock: LLMock, name: str) -> None:
    asked = [("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})]
    llmock.reply(None, tool_calls=asked, times=2)
    llmock.reply("Both are warm.")
    async with open_llmock(llmock, name) as client:
        response = response_of(await events_of(client, "weather?", tools=[TOOL]))
        whole = await client.chat("weather?", tools=[TOOL])
        assert called(response) == called(whole) == asked
        assert response.finish_reason == whole.finish_reason == "tool_calls"
        results = [llm.tool(call.id, "warm") for call in response.tool_calls]
        closing = await client.chat([llm.user("weather?"), response.message, *results], tools=[TOOL])
    assert closing.text == "Both are warm."


@pytest.mark.parametrize("name", LLMOCK)
async def test_llmock_arguments_that_are_no_json_are_the_callers_to_judge(llmock: LLMock, name: str) -> None:
    llmock.break_tool_call("malformed_arguments")
    llmock.reply(None, tool_calls=[("weather", {"city": "Oslo"})])
    async with open_llmock(llmock, name) as client:
        events = await events_of(client, "weather?", tools=[TOOL])
    for call in response_of(events).tool_calls:
        if name in ("gemini", "anthropic") and call.arguments.startswith("{") and call.arguments.endswith("}"):
            continue  # a wire of objects cannot even carry it
        with pytest.raises(llm.InvalidToolArguments, match="weather"):
            call.parsed()


@pytest.mark.parametrize("name", LLMOCK)
async def test_llmock_length_and_filter(llmock: LLMock, name: str) -> None:
    llmock.reply("It began", finish_reason="length")
    llmock.reply("It began", finish_reason="content_filter")
    async with open_llmock(llmock, name) as client:
        assert response_of(await events_of(client, "hi")).finish_reason == "length"
        if name in ("cohere", "openai-responses"):  # no word for it there; this emulator says "completed"
            return
        error = error_of(await events_of(client, "hi"))
        assert type(error) is llm.ContentFilteredError
        assert error.partial is not None and error.partial.text == "It began"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("status", FAILURES)
@pytest.mark.parametrize("name", LLMOCK)
async def test_llmock_failures(llmock: LLMock, name: str, status: int, stream: bool) -> None:
    llmock.fail(status, retry_after=3 if status in (429, 529) else None, message="scripted")
    async with open_llmock(llmock, name) as client:
        error = await failure_of(client, "hi", stream=stream)
        assert (await client.chat("hi")).text
    assert type(error) is FAILURES[status]
    assert error.status == status
    assert error.retry_after == (3 if status in (429, 529) else None)
    assert "scripted" in str(error)


@pytest.mark.parametrize("name", LLMOCK)
async def test_llmock_broken_streams(llmock: LLMock, name: str) -> None:
    async with open_llmock(llmock, name) as client:
        for kind in ("truncate", "disconnect"):
            llmock.break_stream(kind, after_chunks=6)
            llmock.reply(TEXT * 5)
            error = error_of(await events_of(client, "hi"))
            assert type(error) is llm.StreamTruncated, (kind, error)
            assert error.partial is not None
            assert (TEXT * 5).startswith(error.partial.text) and error.partial.text
        llmock.break_stream("malformed", after_chunks=6)
        llmock.reply(TEXT * 5)
        error = error_of(await events_of(client, "hi"))
        assert type(error) is llm.MalformedStream
        assert (await client.chat("hi")).text, "the client is as good as new"


@pytest.mark.parametrize("name", [name for name in LLMOCK if name not in ("cohere", "together", "grok")])
async def test_llmock_models(llmock: LLMock, name: str) -> None:
    async with open_llmock(llmock, name) as client:
        assert all(model.id for model in await client.list_models())


@pytest.mark.parametrize("name", LLMOCK)
async def test_llmock_the_client_goes_on_by_itself(llmock: LLMock, name: str) -> None:
    llmock.fail(529, retry_after=0.01, times=2)
    llmock.reply(TEXT)
    policy = llm.RetryPolicy(max_attempts=3, base_delay=0.001, should_retry=llm.is_retryable)
    async with llm.open(name, llmock.base_url(LLMOCK[name]), api_key="any", model="m", retry=policy) as client:
        response = await llm.collect(client.chat_stream("hi"))
    assert (response.text, response.attempts) == (TEXT, 3)


@pytest.mark.parametrize("name", ["openai", "gemini", "openai-responses", "mistral"])
async def test_llmock_json_schema(llmock: LLMock, name: str) -> None:
    schema = {
        "type": "object",
        "properties": {"answer": {"type": "string"}, "n": {"type": "integer"}},
        "required": ["answer", "n"],
        "additionalProperties": False,
    }
    async with open_llmock(llmock, name) as client:
        response = await client.chat("hi", response_format=llm.ResponseFormat.json_schema(schema))
    assert json.loads(response.text).keys() == {"answer", "n"}


# ---------------------------------------------------------------- aimock


@pytest.mark.parametrize("name", AIMOCK)
async def test_aimock_text(aimock: AIMock, name: str) -> None:
    aimock.reply("hi", TEXT, chunk_size=5)
    async with open_aimock(aimock, name) as client:
        events = await events_of(client, "hi")
        whole = await client.chat("hi")
    assert error_of(events) is None
    assert response_of(events).finish_reason == whole.finish_reason == "stop"
    assert whole.text == TEXT
    # A character on a border leaves it as two lone surrogates, which no reader can join again.
    assert response_of(events).text.replace("\ud83d\udc0b", "🐋").startswith("The answer, in a few words: Grüße ")
    assert sum(isinstance(event, llm.TextDelta) for event in events) > 5


@pytest.mark.parametrize("name", AIMOCK)
async def test_aimock_tools(aimock: AIMock, name: str) -> None:
    asked = [("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})]
    aimock.reply("weather", None, tool_calls=asked, after_tool=False)
    aimock.reply("weather", "Both are warm.", after_tool=True)
    async with open_aimock(aimock, name) as client:
        response = response_of(await events_of(client, "weather?", tools=[TOOL]))
        whole = await client.chat("weather?", tools=[TOOL])
        assert called(response) == called(whole) == asked
        # Gemini itself says STOP beside calls, this emulator FUNCTION_CALL: another wire's word for the same end.
        assert response.finish_reason == whole.finish_reason == "tool_calls"
        results = [llm.tool(call.id, "warm") for call in response.tool_calls]
        closing = await client.chat([llm.user("weather?"), response.message, *results], tools=[TOOL])
    assert closing.text == "Both are warm."


@pytest.mark.parametrize("name", ["openai", "openai-responses", "anthropic", "gemini", "openrouter"])
async def test_aimock_thinking(aimock: AIMock, name: str) -> None:
    aimock.reply("hi", "So: 4.", thinking="Two and two.", signature="c2lnbmVk")
    async with open_aimock(aimock, name) as client:
        response = response_of(await events_of(client, "hi"))
        assert (response.thinking, response.text) == ("Two and two.", "So: 4.")
        if name == "anthropic":
            aimock.reply("and", "5.")
            await client.chat([llm.user("hi"), response.message, llm.user("and then?")])
            assert "c2lnbmVk" in json.dumps([item["signature"] for item in response.replay if "signature" in item])


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("status", FAILURES)
@pytest.mark.parametrize("name", AIMOCK)
async def test_aimock_failures(aimock: AIMock, name: str, status: int, stream: bool) -> None:
    aimock.fail("hi", status, message="scripted", retry_after=3)
    async with open_aimock(aimock, name) as client:
        error = await failure_of(client, "hi", stream=stream)
    assert type(error) is FAILURES[status]
    assert error.status == status
    assert error.retry_after == (3 if status == 429 else None)
    assert "scripted" in str(error)


@pytest.mark.parametrize("name", AIMOCK)
async def test_aimock_broken_answers(aimock: AIMock, name: str) -> None:
    aimock.reply("cut", "one two three four five six", chunk_size=4, cut_after_chunks=5)
    aimock.reply("garbled", "one", malformed=True)
    async with open_aimock(aimock, name) as client:
        events = await events_of(client, "cut")
        assert type(error_of(events)) is llm.StreamTruncated
        assert response_of(events).text.startswith("one")
        for stream in (True, False):
            error = await failure_of(client, "garbled", stream=stream)
            assert isinstance(error, llm.StreamError), error


async def test_aimock_model_lists(aimock: AIMock) -> None:
    for name in ("openai", "ollama", "openrouter"):
        async with open_aimock(aimock, name) as client:
            assert all(model.id for model in await client.list_models())


async def test_aimock_wants_our_key_where_each_wire_has_it() -> None:
    """The key travels in each wire's own header. (This emulator reads Gemini's nowhere but in Authorization.)"""
    with start_aimock(api_key="right-key-0123") as emulator:
        emulator.reply("hi", TEXT)
        for name in AIMOCK:
            async with open_aimock(emulator, name, "wrong-key-0123") as client:
                error = await failure_of(client, "hi", stream=True)
            assert type(error) is llm.AuthError
            assert "wrong-key" not in f"{error} {error!r} {error.body}"
            async with open_aimock(emulator, name, "right-key-0123") as client:
                assert (await client.chat("hi")).text == TEXT


# ---------------------------------------------------------------- a real Ollama, recorded


def chats(transcripts: Mapping[str, Transcript]) -> list[Transcript]:
    found = [case for case in transcripts.values() if case.path == "/api/chat" and case.status == 200]
    assert len(found) > 10
    return found


def asked(case: Transcript) -> llm.Request:
    """Any request: the server plays its recording whatever is asked."""
    body: dict[str, Any] = case.request_json() or {}
    return llm.Request([llm.user("hi")], model=str(body["model"]) if "model" in body else "m")


async def test_ollama_transcripts_over_a_socket(ollama_transcripts: Mapping[str, Transcript]) -> None:
    for case in chats(ollama_transcripts):
        responses: list[llm.Response] = []
        for pieces in (case.pieces(), case.bytewise(7), [case.raw]):
            async with replay(case, pieces) as server, llm.open("ollama", server.url, retry=None) as client:
                if case.streamed:
                    events = [event async for event in client.stream(asked(case))]
                    check_grammar(events)
                    responses.append(response_of(events))
                else:
                    responses.append(await client.complete(asked(case)))
        assert responses[0] == responses[1] == responses[2], case.name
        done = json.loads(case.body.rstrip().splitlines()[-1])
        if "error" not in done:
            assert responses[0].raw_finish_reason == done["done_reason"]
            assert responses[0].usage.output_tokens == done.get("eval_count")


async def test_ollama_transcripts_cut(ollama_transcripts: Mapping[str, Transcript]) -> None:
    for case in chats(ollama_transcripts):
        if not case.streamed or case.name == "ollama/runner-killed":
            continue
        head = case.raw.index(b"\r\n\r\n") + 4
        for size in (head + 5, (head + len(case.raw)) // 2, len(case.raw) - 40):
            async with replay(case, [case.raw[:size]]) as server, llm.open("ollama", server.url, retry=None) as client:
                with pytest.raises(llm.StreamTruncated) as caught:
                    await llm.collect(client.stream(asked(case)))
            assert caught.value.partial is not None or size == head + 5, "there is a partial once something came"


async def test_an_answer_without_a_byte_raises(ollama_transcripts: Mapping[str, Transcript]) -> None:
    case = next(case for case in chats(ollama_transcripts) if case.streamed)
    headers = case.raw[: case.raw.index(b"\r\n\r\n") + 4]
    async with replay(case, [headers]) as server, llm.open("ollama", server.url, retry=None) as client:
        with pytest.raises(llm.StreamTruncated):
            await anext(client.stream(asked(case)))


async def test_ollama_transcripts_of_errors(ollama_transcripts: Mapping[str, Transcript]) -> None:
    failed = [case for case in ollama_transcripts.values() if case.path == "/api/chat" and case.status != 200]
    assert failed
    for case in failed:
        async with replay(case) as server, llm.open("ollama", server.url, retry=None) as client:
            with pytest.raises(llm.LLMError) as caught:
                await llm.collect(client.stream(asked(case)))
        assert caught.value.status == case.status
        assert isinstance(caught.value, llm.InvalidRequestError), case.name


async def test_ollama_lists_its_models(ollama_transcripts: Mapping[str, Transcript]) -> None:
    lists = [case for case in ollama_transcripts.values() if case.path == "/api/tags" and case.status == 200]
    assert lists
    for case in lists:
        async with replay(case) as server, llm.open("ollama", server.url) as client:
            assert [model.id for model in await client.list_models()] == [
                model["name"] for model in json.loads(case.body)["models"]
            ]
