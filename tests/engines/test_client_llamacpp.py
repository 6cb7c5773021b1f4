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


@pytest.mark.parametrize("wire", WIRES)
async def test_a_tool_loop_of_three_turns_with_thinking_on(llamacpp: LlamaCpp, wire: str) -> None:
    """The result of each call decides what the model does next; its reasoning goes back with every turn."""
    reports = {"Lima": "warm %again%", "Quito": "cool %done%"}

    def get_weather(city: str) -> str:
        """Tells the weather."""
        return reports[city]

    request = llm.Request("%thinktool%", thinking=llm.ThinkingConfig.by_effort("high"), max_tokens=2000)
    thought: list[str] = []
    said: list[str] = []
    results: list[str] = []
    async with open_client(llamacpp, wire) as client, llm.stream_tools(client, request, [get_weather]) as events:
        async for event in events:
            match event:
                case llm.ThinkingDelta(text=text):
                    thought.append(text)
                case llm.TextDelta(text=text):
                    said.append(text)
                case llm.ToolResultEvent(call=call, message=message):
                    results.append(f"{call.parsed()['city']}: {message.text}")
                case llm.ErrorEvent(error=error):
                    raise error
                case _:
                    pass
        run = events.result
    assert results == ["Lima: warm %again%", "Quito: cool %done%"]
    assert run.turns == 3
    assert run.response.text.strip() == engine.DONE_ANSWER
    assert "".join(said).strip() == engine.DONE_ANSWER
    thoughts = [message for message in run.messages if message.role == llm.Role.assistant]
    assert ["".join(part.text for part in message.thinking).strip() for message in thoughts] == [
        engine.TOOL_THINKING.strip(), engine.AGAIN_THINKING.strip(), engine.DONE_THINKING.strip(),
    ]  # fmt: skip
    assert len(thought) > 6, "it came in pieces"


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
