"""Tools from functions, and the loop that runs them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal

import attrs
import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, WireServer

REQUEST = llm.Request(messages=[llm.user("go")])


@attrs.frozen
class Place:
    lat: float
    lon: float


def look(city: str, unit: Literal["C", "F"] = "C", near: Place | None = None, days: list[int] | None = None) -> str:
    """Tells the weather.

    More about it.
    """
    return f"{city} {unit} {near} {days}"


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as server:
        yield server


@pytest.fixture
async def client(server: WireServer) -> AsyncIterator[llm.HTTPClient]:
    async with llm.open("vllm", server.dsn("vllm"), retry=None) as client:
        yield client


def call(name: str, arguments: str, id: str = "call_1") -> llm.ToolCall:
    return llm.ToolCall(id, name, arguments)


def test_from_function_reads_name_docstring_and_annotations() -> None:
    tool = llm.ToolDef.from_function(look)
    assert (tool.name, tool.description) == ("look", "Tells the weather.\n\nMore about it.")
    parameters = dict(tool.parameters)
    assert parameters["type"] == "object"
    assert parameters["required"] == ["city"]
    assert parameters["properties"]["unit"]["enum"] == ["C", "F"]
    assert set(parameters["properties"]) == {"city", "unit", "near", "days"}
    assert parameters["$defs"]["Place"]["required"] == ["lat", "lon"]


def test_function_without_parameters() -> None:
    def now() -> str:
        return "now"

    assert dict(llm.ToolDef.from_function(now).parameters) == {"type": "object", "properties": {}, "required": []}


def no_annotation(x: Any) -> str:
    return str(x)


del no_annotation.__annotations__["x"]


def stars(*xs: int) -> str:
    return str(xs)


def odd_type(x: complex) -> str:
    return str(x)


@pytest.mark.parametrize("function", [no_annotation, stars, odd_type])
def test_what_cannot_be_described_is_a_config_error(function: Any) -> None:
    with pytest.raises(llm.ConfigError, match=function.__name__):
        llm.ToolDef.from_function(function)


async def test_loop_calls_executes_and_answers(server: WireServer, client: llm.HTTPClient) -> None:
    async def later(n: int) -> dict[str, int]:
        await asyncio.sleep(0)
        return {"n": n + 1}

    server.answer(
        Answer(text="let me look", tool_calls=[call("look", '{"city": "Oslo"}'), call("later", '{"n": 1}', "call_2")]),
        Answer(text="rain"),
    )
    run = await llm.run_tools(client, REQUEST, {"look": look, "later": later})
    assert (run.response.text, run.turns) == ("rain", 2)
    assert run.usage.input_tokens == 22
    assert [message.role for message in run.messages] == ["user", "assistant", "tool", "tool", "assistant"]
    assert [message.text for message in run.messages[2:4]] == ["Oslo C None None", '{"n":2}']
    assert [tool["function"]["name"] for tool in server.received[0].body["tools"]] == ["look", "later"]
    assert server.received[1].body["messages"][2]["tool_call_id"] == "call_1"


async def test_calls_of_one_turn_run_together(server: WireServer, client: llm.HTTPClient) -> None:
    both = asyncio.Barrier(2)

    async def meet(n: int) -> str:
        await asyncio.wait_for(both.wait(), 2)
        return str(n)

    server.answer(Answer(tool_calls=[call("meet", '{"n": 1}'), call("meet", '{"n": 2}', "call_2")]), Answer(text="ok"))
    run = await llm.run_tools(client, REQUEST, {"meet": meet})
    assert [message.text for message in run.messages[2:4]] == ["1", "2"]


async def test_failures_become_results_that_the_model_sees(server: WireServer, client: llm.HTTPClient) -> None:
    def fails(x: int) -> str:
        raise ZeroDivisionError("no way")

    server.answer(
        Answer(tool_calls=[call("fails", '{"x": 1}'), call("nobody", "{}", "call_2"), call("fails", "[1]", "call_3")]),
        Answer(text="sorry"),
    )
    run = await llm.run_tools(client, REQUEST, {"fails": fails})
    results = run.messages[2:5]
    assert all(result.is_error for result in results)
    assert results[0].text == "ZeroDivisionError: no way"
    assert "no tool 'nobody'" in results[1].text
    assert "not a JSON object" in results[2].text


async def test_a_definition_of_the_request_is_kept(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(Answer(text="ok"))
    tool = llm.ToolDef("look", "mine")
    await llm.run_tools(client, llm.Request(messages=[llm.user("go")], tools=[tool]), {"look": look})
    (sent,) = server.received[0].body["tools"]
    assert sent["function"]["description"] == "mine"


async def test_a_limit_ends_the_loop(server: WireServer, client: llm.HTTPClient) -> None:
    server.respond(lambda _: Answer(tool_calls=[call("look", '{"city": "x"}')]))
    with pytest.raises(llm.InvalidRequestError, match="after 3 turns") as caught:
        await llm.run_tools(client, REQUEST, {"look": look}, max_turns=3)
    assert len(server.received) == 3
    assert caught.value.partial is not None
    assert caught.value.partial.tool_calls
