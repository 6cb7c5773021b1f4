"""One program, unchanged but for the provider's name, at every provider: each is the test server in its own wire.

`echo` is left out: it has no tools and no server; `test_echo.py` has it.
"""

import pytest
from attrs import define, field

import aikido_llm as llm
from aikido_llm.providers import find
from aikido_llm.testing import Answer, WireServer

NAMES = tuple(name for name in llm.providers() if name != "echo")
ALIASES = tuple(alias for name in NAMES for alias in find(name).aliases)
WIRES = tuple((name, wire) for name in NAMES for wire in find(name).wires)
# They list their models in a way of their own, or nowhere.
UNLISTED = ("azure-anthropic", "bedrock", "bedrock-converse", "cloudflare", "databricks", "vertex", "vertex-anthropic")
PAGED = {"anthropic": 1000, "gemini": 1000, "cohere": 1000}  # models that a page may hold; the others send one page

WEATHER = llm.ToolDef(
    "weather",
    "Tells the weather.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


@define
class Seen:
    """What the program showed."""

    pieces: list[str] = field(factory=lambda: list[str]())
    calls: list[llm.ToolCall] = field(factory=lambda: list[llm.ToolCall]())
    ends: list[str] = field(factory=lambda: list[str]())
    tokens: list[int | None] = field(factory=lambda: list[int | None]())


async def program(provider: str, dsn: str) -> Seen:
    """Streams text, calls the tool that the model asks for, returns its result, streams the closing text."""
    seen = Seen()
    messages = [llm.system("Be brief."), llm.user("What is the weather in Oslo?")]
    async with llm.open(provider, dsn, max_tokens=500) as client:
        while True:
            answer = llm.Response()
            async with client.stream(llm.Request(messages, tools=[WEATHER])) as events:
                async for event in events:
                    match event:
                        case llm.TextDelta(text=text):
                            seen.pieces.append(text)
                        case llm.ToolCallEvent(call=call):
                            seen.calls.append(call)
                        case llm.UsageEvent(usage=usage):
                            seen.tokens.append(usage.output_tokens)
                        case llm.ErrorEvent(error=error):
                            raise error
                        case llm.EndEvent(finish_reason=reason, response=answer):
                            seen.ends.append(reason)
                        case _:
                            pass
            if not answer.tool_calls:
                return seen
            messages.append(answer.message)
            messages += [llm.tool(call.id, f"{call.parsed()['city']}: 18 °C") for call in answer.tool_calls]


@pytest.mark.parametrize(("provider", "wire"), [*((name, "") for name in (*NAMES, *ALIASES)), *WIRES])
async def test_the_same_program_runs_at(provider: str, wire: str) -> None:
    async with WireServer() as server:
        call = llm.ToolCall("call_1", "weather", '{"city":"Oslo"}')
        server.answer(
            Answer("I look it up.", thinking="Oslo.", signature="c2lnbmVk", tool_calls=[call]),
            Answer("It is 18 °C there."),
        )
        seen = await program(provider, server.dsn(provider, wire))
        assert not server.refused
        assert server.waiting == 0
        first, second = server.received
    assert "".join(seen.pieces) == "I look it up.It is 18 °C there."
    assert len(seen.pieces) > 6, "it came in pieces"
    assert [(call.name, call.parsed()) for call in seen.calls] == [("weather", {"city": "Oslo"})]
    assert seen.ends == ["tool_calls", "stop"]
    assert seen.tokens == [7, 7]
    assert b"18 \xc2\xb0C" in second.raw
    assert b"18 \xc2\xb0C" not in first.raw


@pytest.mark.parametrize("provider", UNLISTED)
async def test_without_a_model_list(provider: str) -> None:
    async with WireServer() as server, llm.open(provider, server.dsn(provider)) as client:
        with pytest.raises(llm.UnsupportedFeatureError, match="no list of models"):
            await client.list_models()
        assert not server.received


@pytest.mark.parametrize("provider", [name for name in NAMES if name not in UNLISTED])
async def test_the_whole_model_list_of(provider: str) -> None:
    models = tuple(f"model-{number}" for number in range(2 * PAGED.get(provider, 20) + 1))
    async with WireServer(models=models) as server, llm.open(provider, server.dsn(provider)) as client:
        listed = await client.list_models()
        assert [model.id for model in listed] == list(models)
        assert len(server.received) == (3 if provider in PAGED else 1)
        assert all("test-key" not in str(request.query) for request in server.received)


async def test_no_near_names_where_no_models_are_listed() -> None:
    async with WireServer() as server, llm.open("databricks", server.dsn("databricks")) as client:
        server.answer(Answer(status=404, message="The model `m` does not exist", code="model_not_found"))
        with pytest.raises(llm.ModelNotFoundError) as caught:
            await client.chat("hi")
        assert caught.value.available == ()
        assert len(server.received) == 1


@pytest.mark.parametrize("provider", NAMES)
async def test_without_a_key(provider: str) -> None:
    """Servers that usually run without one are asked; the others never are, and the message says what to do."""
    row = find(provider)
    if row.auth is not None:
        return  # it is signed for otherwise: tests/auth/test_clouds.py
    async with WireServer(key=None) as server, llm.open(provider, server.base_url(provider), model="m") as client:
        if not (row.key_needed and row.key_needed_nearby):
            assert (await client.chat("hi")).text
            return
        with pytest.raises(llm.ConfigError) as caught:
            await client.chat("hi")
        assert not server.received
    assert row.key_env[0] in str(caught.value)
    assert row.key_url in str(caught.value)


def test_every_provider_has_its_row_filled_in() -> None:
    for name in NAMES:
        row = find(name)
        assert row.name == name
        assert row.title and (row.key_env or row.auth) and row.docs == f"docs/providers/{name}.md"
        assert row.key_url.startswith("https://") or not (row.key_needed and row.key_needed_nearby)
        assert row.base_url.startswith(("https://", "http://127.0.0.1:")) or name in (
            "azure",
            "databricks",
            "openai-compatible",
        )
