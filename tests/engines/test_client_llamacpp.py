"""Our client against llama.cpp's real server, over all three wires that it speaks."""

from collections.abc import Sequence
from typing import Any

import pytest

import aikido_llm as llm
from tests.wire import check_grammar, error_of, response_of

from . import llamacpp as engine
from .llamacpp import LlamaCpp

WEATHER = llm.ToolDef(engine.TOOL_NAME, "Tells the weather.", engine.TOOL_SCHEMA)
WIRES = ("llamacpp", "anthropic", "openai-responses")


def open_client(server: LlamaCpp, wire: str = "llamacpp", **options: Any) -> llm.HTTPClient:
    base = server.url if wire == "anthropic" else server.base_url
    return llm.open(wire, base, api_key=server.api_key or "any", model=engine.MODEL, **options)


async def ask(client: llm.HTTPClient, text: str, **fields: Any) -> tuple[Sequence[llm.Event], llm.Response]:
    """Streamed and whole: the grammar holds, and the answers are equal but for what differs from run to run."""
    request = llm.Request(messages=[llm.user(text)], **fields)
    events = [event async for event in client.stream(request)]
    check_grammar(events)
    assert error_of(events) is None
    streamed, whole = response_of(events), await client.complete(request)
    for name in ("text", "thinking", "finish_reason", "raw_finish_reason"):
        assert getattr(streamed, name) == getattr(whole, name), name
    assert [(c.name, c.parsed()) for c in streamed.tool_calls] == [(c.name, c.parsed()) for c in whole.tool_calls]
    assert streamed.usage.output_tokens == whole.usage.output_tokens
    return events, streamed


@pytest.mark.parametrize("wire", WIRES)
async def test_text_comes_in_pieces(llamacpp: LlamaCpp, wire: str) -> None:
    async with open_client(llamacpp, wire) as client:
        events, response = await ask(client, "hi")
    assert response.text == engine.TEXT
    assert sum(isinstance(event, llm.TextDelta) for event in events) > 5
    assert response.finish_reason == "stop"
    assert response.usage.output_tokens == 11
    assert response.usage.input_tokens


@pytest.mark.parametrize("wire", WIRES)
async def test_unicode_cut_across_tokens(llamacpp: LlamaCpp, wire: str) -> None:
    async with open_client(llamacpp, wire) as client:
        assert (await ask(client, "%unicode%"))[1].text == engine.UNICODE


@pytest.mark.parametrize("wire", WIRES)
async def test_thinking(llamacpp: LlamaCpp, wire: str) -> None:
    async with open_client(llamacpp, wire) as client:
        _, response = await ask(client, "%think%")
    assert response.thinking.strip() == engine.THINKING.strip()
    assert response.text == engine.THOUGHT_ANSWER


@pytest.mark.parametrize("wire", WIRES)
async def test_one_tool_call_and_its_result(llamacpp: LlamaCpp, wire: str) -> None:
    async with open_client(llamacpp, wire) as client:
        _, response = await ask(client, "%tool%", tools=[WEATHER])
        assert response.finish_reason == "tool_calls"
        (call,) = response.tool_calls
        assert (call.name, call.parsed()) == (engine.TOOL_NAME, {"city": "Paris", "unit": "celsius"})
        after = [llm.user("%tool%"), response.message, llm.tool(call.id, "18 degrees")]
        closing = await client.chat(after, tools=[WEATHER])
    assert closing.text == engine.AFTER_TOOL


@pytest.mark.parametrize("wire", WIRES)
async def test_two_tool_calls(llamacpp: LlamaCpp, wire: str) -> None:
    async with open_client(llamacpp, wire) as client:
        _, response = await ask(client, "%twotools%", tools=[WEATHER])
        assert [call.parsed()["city"] for call in response.tool_calls] == ["Rome", "Oslo"]
        results = [llm.tool(call.id, "warm") for call in response.tool_calls]
        closing = await client.chat([llm.user("%twotools%"), response.message, *results], tools=[WEATHER])
    assert closing.text == engine.AFTER_TOOL


@pytest.mark.parametrize("wire", WIRES)
async def test_thinking_before_a_call_is_replayed(llamacpp: LlamaCpp, wire: str) -> None:
    async with open_client(llamacpp, wire) as client:
        _, response = await ask(client, "%thinktool%", tools=[WEATHER])
        assert response.thinking.strip() == engine.TOOL_THINKING.strip()
        (call,) = response.tool_calls
        closing = await client.chat(
            [llm.user("%thinktool%"), response.message, llm.tool(call.id, "ok")], tools=[WEATHER]
        )
    assert closing.text == engine.AFTER_TOOL


async def test_json_schema(llamacpp: LlamaCpp) -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "string"}, "n": {"type": "integer"}},
              "required": ["answer", "n"], "additionalProperties": False}  # fmt: skip
    async with open_client(llamacpp) as client:
        _, response = await ask(client, "hi", response_format=llm.ResponseFormat.json_schema(schema))
    assert response.text == engine.JSON_ANSWER


@pytest.mark.parametrize("wire", ["llamacpp", "anthropic"])
async def test_length(llamacpp: LlamaCpp, wire: str) -> None:
    async with open_client(llamacpp, wire) as client:
        _, response = await ask(client, "%loop%", max_tokens=20)
    assert response.finish_reason == "length"
    assert response.usage.output_tokens == 20


async def test_model_list(llamacpp: LlamaCpp) -> None:
    async with open_client(llamacpp) as client:
        (model,) = await client.list_models()
    assert (model.id, model.context_length) == (engine.MODEL, engine.CONTEXT_LENGTH)


@pytest.mark.parametrize("wire", WIRES)
async def test_wrong_key(llamacpp_with_key: LlamaCpp, wire: str) -> None:
    base = llamacpp_with_key.url if wire == "anthropic" else llamacpp_with_key.base_url
    async with llm.open(wire, base, api_key="wrong-key-0123", model="m") as client:
        with pytest.raises(llm.AuthError) as caught:
            await client.chat("hi")
    assert caught.value.status == 401
    assert "wrong-key" not in str(caught.value)
    async with open_client(llamacpp_with_key, wire) as client:
        assert (await client.chat("hi")).text == engine.TEXT


@pytest.mark.parametrize("wire", WIRES)
async def test_prompt_over_the_context(llamacpp: LlamaCpp, wire: str) -> None:
    async with open_client(llamacpp, wire) as client:
        with pytest.raises(llm.ContextLengthError):
            await client.chat("word " * 3000)
        with pytest.raises(llm.ContextLengthError):
            async for _ in client.chat_stream("word " * 3000):
                pass


async def test_leaving_early_stops_the_engine(llamacpp: LlamaCpp) -> None:
    async with open_client(llamacpp) as client:
        async with client.chat_stream("%loop%", max_tokens=4000) as events:
            async for event in events:
                if isinstance(event, llm.TextDelta):
                    break
        assert (await client.chat("hi")).text == engine.TEXT
