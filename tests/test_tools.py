"""Tools from functions, and the loop that runs them."""

import asyncio
import enum
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import anyio
import attrs
import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, StubClient, TurnScript, WireServer

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


# ---------------------------------------------------------------- lists, descriptions, arguments as their types


async def test_a_list_of_functions_is_called_by_their_names(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(Answer(tool_calls=[call("look", '{"city": "Oslo"}')]), Answer(text="rain"))
    run = await llm.run_tools(client, REQUEST, [look])
    assert run.messages[2].text == "Oslo C None None"


@pytest.mark.parametrize("functions", ["look", look, [look, look], {"look": "no function"}, [1], 5])
async def test_what_are_no_functions_is_a_config_error(client: llm.HTTPClient, functions: Any) -> None:
    with pytest.raises(llm.ConfigError, match="a mapping name -> function, or a list of functions"):
        await llm.run_tools(client, REQUEST, functions)


def describe_me(
    city: Annotated[str, "its name in English"], place: Annotated[Place | None, "where to look"] = None
) -> str:
    """Looks."""
    return f"{city} {place!r}"


def test_annotated_texts_become_descriptions() -> None:
    properties = dict(llm.ToolDef.from_function(describe_me).parameters)["properties"]
    assert properties["city"] == {"type": "string", "description": "its name in English"}
    assert properties["place"]["description"] == "where to look"


async def test_arguments_are_read_as_their_types(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(
        Answer(tool_calls=[call("describe_me", '{"city": "Oslo", "place": {"lat": 60, "lon": 10.5}}')]), Answer("ok")
    )
    run = await llm.run_tools(client, REQUEST, [describe_me])
    assert run.messages[2].text == "Oslo Place(lat=60.0, lon=10.5)"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"city": 7}', "text was expected"),
        ('{"city": "Oslo", "place": {"lat": "north"}}', "place"),
        ('{"city": "Oslo", "mood": 1}', "has no argument mood"),
        ("{}", "missing"),
    ],
)
async def test_arguments_that_do_not_fit_are_told_to_the_model(
    server: WireServer, client: llm.HTTPClient, arguments: str, told: str
) -> None:
    server.answer(Answer(tool_calls=[call("describe_me", arguments)]), Answer("sorry"))
    run = await llm.run_tools(client, REQUEST, [describe_me])
    assert run.messages[2].is_error
    assert told in run.messages[2].text


async def test_a_parameter_of_the_run_is_filled_in_and_not_offered(server: WireServer, client: llm.HTTPClient) -> None:
    def count(word: str, run: llm.ToolRun) -> str:
        return f"{word} {run.turns} {len(run.messages)}"

    assert set(dict(llm.ToolDef.from_function(count).parameters)["properties"]) == {"word"}
    server.answer(Answer(tool_calls=[call("count", '{"word": "a"}')]), Answer("ok"))
    run = await llm.run_tools(client, REQUEST, [count])
    assert run.messages[2].text == "a 1 2"


class Unit(enum.StrEnum):
    """An enum that is text too."""

    metric = "m"
    imperial = "i"


WORDS = ["a"]


def typed_parameters(
    price: Decimal,
    until: Annotated[datetime | None, "the end"] = None,
    on: date = date(2026, 11, 29),
    where: Path = Path("."),
    unit: Unit = Unit.metric,
    wait: timedelta = timedelta(days=1),
    ids: list[UUID] | None = None,
    level: Literal[1, 2] = 1,
    words: list[str] = WORDS,
) -> dict[str, Any]:
    """Types for which JSON has no value of its own."""
    assert isinstance(price, Decimal) and isinstance(where, Path) and isinstance(unit, Unit)
    assert until is None or isinstance(until, datetime)
    assert ids is None or isinstance(ids[0], UUID)
    return {"price": price, "until": until, "on": on, "where": where, "unit": unit, "wait": wait, "level": level}


def test_types_that_json_has_no_value_for_are_asked_for_as_text() -> None:
    parameters = dict(llm.ToolDef.from_function(typed_parameters).parameters)
    properties = parameters["properties"]
    assert parameters["required"] == ["price"]
    assert properties["price"] == {"type": "string", "description": "a decimal number"}
    assert properties["until"]["anyOf"][0] == {"type": "string", "format": "date-time"}
    assert properties["until"]["description"] == "the end"
    assert properties["on"] == {"type": "string", "format": "date", "default": "2026-11-29"}
    assert properties["where"] == {"type": "string", "description": "a path", "default": "."}
    assert properties["unit"]["default"] == "m"
    assert properties["wait"] == {"type": "string", "format": "duration", "default": "P1D"}
    assert properties["ids"]["anyOf"][0]["items"] == {"type": "string", "format": "uuid"}
    assert properties["words"]["default"] == ["a"]


@attrs.frozen
class Near:
    metres: float


@attrs.frozen
class Named:
    place: str


NOWHERE: list[Near | Named | None] = [None]


def look_around(where: Near | Named, then: list[Near | Named | None] = NOWHERE) -> str:
    """Look at a place, or near by."""
    return repr((where, then))


async def test_a_parameter_may_be_one_of_several_classes(server: WireServer, client: llm.HTTPClient) -> None:
    parameters = dict(llm.ToolDef.from_function(look_around).parameters)
    assert parameters["properties"]["where"] == {"anyOf": [{"$ref": "#/$defs/Near"}, {"$ref": "#/$defs/Named"}]}
    assert parameters["properties"]["then"]["default"] == [None]
    assert parameters["$defs"].keys() == {"Near", "Named"}
    server.answer(
        Answer(tool_calls=[call("look_around", '{"where": {"place": "Oslo"}, "then": [{"metres": 3}]}')]), Answer("ok")
    )
    run = await llm.run_tools(client, REQUEST, [look_around])
    assert run.messages[2].text == "(Named(place='Oslo'), [Near(metres=3.0)])"


async def test_they_are_read_as_their_types_and_written_back(server: WireServer, client: llm.HTTPClient) -> None:
    given = (
        '{"price": "12.50", "until": "2026-11-30T10:00:00Z", "where": "a/b", "unit": "i", "level": 2,'
        ' "ids": ["6ba7b810-9dad-11d1-80b4-00c04fd430c8"]}'
    )
    server.answer(Answer(tool_calls=[call("typed_parameters", given)]), Answer("ok"))
    run = await llm.run_tools(client, REQUEST, [typed_parameters])
    assert not run.messages[2].is_error, run.messages[2].text
    assert run.messages[2].text == (
        '{"price":"12.50","until":"2026-11-30T10:00:00Z","on":"2026-11-29","where":"a/b","unit":"i","wait":"P1D",'
        '"level":2}'
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"price": 12.5}', "price: a decimal number as text was expected"),
        ('{"price": "NaN"}', "a decimal number"),
        ('{"price": "1", "on": "29.11.2026"}', "on: a date (YYYY-MM-DD) was expected"),
        ('{"price": "1", "until": "tomorrow"}', "a date and time"),
        ('{"price": "1", "unit": "x"}', "unit: one of m, i was expected"),
        ('{"price": "1", "level": true}', "level: one of 1, 2 was expected"),
        ('{"price": "1", "ids": ["x"]}', "a UUID was expected"),
    ],
)
async def test_text_that_is_none_of_them_is_told(
    server: WireServer, client: llm.HTTPClient, arguments: str, told: str
) -> None:
    server.answer(Answer(tool_calls=[call("typed_parameters", arguments)]), Answer("sorry"))
    run = await llm.run_tools(client, REQUEST, [typed_parameters])
    assert run.messages[2].is_error
    assert told in run.messages[2].text


async def test_a_result_may_be_a_picture_or_a_class() -> None:
    shot = llm.ImagePart(data=b"\x89PNG\r\n\x1a\nrest")

    def look_at() -> list[llm.Part]:
        return [llm.TextPart("the screen:"), shot]

    def place() -> Place:
        return Place(1.5, 2.0)

    def odd() -> object:
        return object()

    calls = [call(name, "{}", f"c_{name}") for name in ("look_at", "place", "odd")]
    stub = StubClient(turn(*calls), "done")
    run = await llm.run_tools(stub, REQUEST, [look_at, place, odd])
    picture, written, failed = run.messages[2:5]
    assert picture.parts == (llm.TextPart("the screen:"), shot)
    assert written.text == '{"lat":1.5,"lon":2.0}'
    assert failed.is_error


# ---------------------------------------------------------------- what the provider keeps


async def test_a_conversation_that_the_provider_keeps_gets_the_results_alone(server: WireServer) -> None:
    server.answer(Answer(tool_calls=[call("look", '{"city": "Oslo"}')]), Answer("rain"))
    async with llm.open("openai-responses", server.dsn("openai-responses"), retry=None) as client:
        run = await llm.run_tools(client, llm.Request("go", conversation="conv_1"), [look])
    assert [message.role for message in run.messages] == ["user", "assistant", "tool", "assistant"]
    assert [[item["type"] for item in received.body["input"]] for received in server.received] == [
        ["message"],
        ["function_call_output"],
    ]
    assert not server.refused


# ---------------------------------------------------------------- approval, other kinds, pauses


@pytest.mark.parametrize(
    ("verdict", "told"), [(True, "Oslo C None None"), (False, "this call was not approved"), ("not now", "not now")]
)
@pytest.mark.parametrize("later", [False, True])
async def test_approval_is_asked_before_a_call_is_run(
    server: WireServer, client: llm.HTTPClient, verdict: Any, told: str, later: bool
) -> None:
    asked: list[str] = []

    def approve(call: llm.ToolCall) -> Any:
        asked.append(call.name)
        return verdict

    async def approve_later(call: llm.ToolCall) -> Any:
        return approve(call)

    server.answer(Answer(tool_calls=[call("look", '{"city": "Oslo"}')]), Answer("ok"))
    run = await llm.run_tools(client, REQUEST, [look], approve=approve_later if later else approve)
    assert (run.messages[2].text, run.messages[2].is_error) == (told, verdict is not True)
    assert asked == ["look"]


def turn(*calls: llm.ToolCall, reason: llm.FinishReason = llm.FinishReason.tool_calls, text: str = "") -> TurnScript:
    """An answer with calls of any kind, as a client gives it."""
    return TurnScript([*([text] if text else []), *calls, llm.EndEvent(reason, llm.Response(finish_reason=reason))])


async def test_calls_of_another_kind_end_the_run_and_are_pending() -> None:
    click = llm.ToolCall("c2", "computer", '{"action": "click"}', kind="computer")
    stub = StubClient(turn(call("look", '{"city": "x"}'), click))
    run = await llm.run_tools(stub, REQUEST, [look])
    assert run.pending == (click,)
    assert len(run.messages) == 2
    assert run.turns == 1


async def test_a_custom_tool_gets_the_text_that_the_model_wrote() -> None:
    def sql(query: str, run: llm.ToolRun) -> str:
        return f"{query}; {run.turns}"

    stub = StubClient(turn(llm.ToolCall("c1", "sql", "select 1", kind="custom")), "done")
    asked = llm.Request("go", tools=[llm.CustomTool("sql", "a query")])
    run = await llm.run_tools(stub, asked, [sql])
    assert run.messages[2].text == "select 1; 1"
    assert stub.requests[0].tools == (llm.CustomTool("sql", "a query"),)


async def test_a_paused_turn_is_asked_to_go_on() -> None:
    stub = StubClient(turn(reason=llm.FinishReason.paused, text="so far"), "and the rest")
    run = await llm.run_tools(stub, REQUEST, [look])
    assert (run.response.text, run.turns) == ("and the rest", 2)
    assert [message.role for message in stub.requests[1].messages] == ["user", "assistant"]


# ---------------------------------------------------------------- as a stream


async def test_the_same_as_a_stream(server: WireServer, client: llm.HTTPClient) -> None:
    answers = [Answer("let me look", tool_calls=[call("look", '{"city": "Oslo"}')]), Answer("rain")]
    server.answer(*answers, *answers)
    async with llm.stream_tools(client, REQUEST, [look]) as events:
        with pytest.raises(RuntimeError, match="not ended"):
            _ = events.result
        seen = [event async for event in events]
        streamed = events.result
    whole = await llm.run_tools(client, REQUEST, [look])
    assert streamed.messages == whole.messages
    assert (streamed.response, streamed.turns, streamed.usage) == (whole.response, whole.turns, whole.usage)
    kinds = [str(event.kind) for event in seen]
    assert kinds.count("end") == 2
    assert kinds.index("tool_result") == kinds.index("end") + 1
    (result,) = [event for event in seen if isinstance(event, llm.ToolResultEvent)]
    assert (result.call.name, result.message.text) == ("look", "Oslo C None None")


async def test_a_failure_inside_an_answer_ends_the_run(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(Answer(tool_calls=[call("look", '{"city": "x"}')]), Answer("half", fault=Fault.close(after_events=1)))
    events = llm.stream_tools(client, REQUEST, [look])
    seen = [event async for event in events]
    assert [event.kind for event in seen[-2:]] == ["error", "end"]
    with pytest.raises(llm.StreamTruncated):
        _ = events.result


async def test_a_failure_before_an_answer_is_raised(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(Answer(tool_calls=[call("look", '{"city": "x"}')]), Answer(status=429))
    events = llm.stream_tools(client, REQUEST, [look])
    with pytest.raises(llm.RateLimitedError):
        async for _ in events:
            pass
    await events.aclose()


async def test_leaving_early_closes_the_connection(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(Answer("one two three four", pace=0.05))
    async with llm.stream_tools(client, REQUEST, [look]) as events:
        async for _ in events:
            break
    assert await server.closed_within(1)
    assert [event async for event in events] == []


async def test_a_limit_ends_the_stream_of_a_run(server: WireServer, client: llm.HTTPClient) -> None:
    server.respond(lambda _: Answer(tool_calls=[call("look", '{"city": "x"}')]))
    events = llm.stream_tools(client, REQUEST, [look], max_turns=2)
    with pytest.raises(llm.InvalidRequestError, match="after 2 turns"):
        async for _ in events:
            pass


async def test_an_error_of_a_client_inside_a_tool_is_the_callers(server: WireServer, client: llm.HTTPClient) -> None:
    ended: list[str] = []

    async def inner(at: int) -> str:
        if at:
            raise llm.RateLimitedError("the inner client must wait")
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("cancelled")
        return ""

    for run in (llm.run_tools, _streamed):
        server.answer(Answer(tool_calls=[call("inner", '{"at": 0}'), call("inner", '{"at": 1}')]))
        with pytest.raises(llm.RateLimitedError, match="inner client"):
            await run(client, REQUEST, [inner])
    assert ended == ["cancelled"] * 2


async def _streamed(client: llm.HTTPClient, request: llm.Request, functions: list[Any]) -> llm.ToolRun:
    async with llm.stream_tools(client, request, functions) as run:
        async for _ in run:
            pass
        return run.result


class _Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("an exception without words")


async def test_whatever_a_tool_ends_with_is_a_result(server: WireServer, client: llm.HTTPClient) -> None:
    async def cancelled() -> None:
        task = asyncio.ensure_future(asyncio.sleep(60))
        task.cancel()
        await task

    def wordless() -> None:
        raise _Silent

    server.answer(Answer(tool_calls=[call("cancelled", "{}"), call("wordless", "{}")]), Answer("so be it"))
    run = await llm.run_tools(client, REQUEST, [cancelled, wordless])
    told = [message.text for message in run.messages if message.role is llm.Role.tool]
    assert told == ["the tool was cancelled", "_Silent"]
    assert run.response.text == "so be it"


async def test_what_is_no_client_no_request_and_no_function_is_named() -> None:
    other: Any = 3
    with pytest.raises(llm.ConfigError, match="run_tools takes a client"):
        await llm.run_tools(other, llm.Request("hi"), [])
    with pytest.raises(llm.ConfigError, match="stream_tools takes a client"):
        llm.stream_tools(other, llm.Request("hi"), [])
    with pytest.raises(llm.InvalidRequestError, match="asked by a Request"):
        await llm.run_tools(StubClient(), other, [])
    with pytest.raises(llm.ConfigError, match="made from a function, not from an int"):
        llm.ToolDef.from_function(other)
