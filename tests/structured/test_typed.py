"""Answers of a type: the schema that is asked for, the value that comes back, and what does not fit."""

import enum
import inspect
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import attrs
import msgspec
import pydantic
import pytest

import aikido_llm as llm
from aikido_llm.structured.typed import asking_for
from aikido_llm.testing import Answer, Fault, StubClient, TurnScript, WireServer

REQUEST = llm.Request(messages=[llm.user("weather?")])


class Sky(enum.Enum):
    clear = "clear"
    rain = "rain"


@attrs.frozen
class Wind:
    speed: float
    direction: Literal["N", "S"] | None = None


@attrs.frozen
class Weather:
    city: str
    sky: Sky
    winds: list[Wind]


@dataclass
class Plain:
    name: str
    count: int = 3


class Dict(TypedDict):
    name: str
    note: NotRequired[str]


@attrs.frozen
class Tree:
    label: str
    children: list["Tree"]


TEXT = '{"city": "Oslo", "sky": "rain", "winds": [{"speed": 3, "direction": "N"}, {"speed": 1.5, "direction": null}]}'
OSLO = Weather("Oslo", Sky.rain, [Wind(3, "N"), Wind(1.5)])


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as server:
        yield server


@pytest.fixture
async def client(server: WireServer) -> AsyncIterator[llm.HTTPClient]:
    async with llm.open("openai", server.dsn("openai"), retry=None) as client:
        yield client


def schema_for(kind: type[Any]) -> tuple[dict[str, Any], bool]:
    asked = asking_for(REQUEST, kind).response_format
    assert asked is not None
    assert asked.schema is not None
    return dict(asked.schema), asked.strict


async def test_complete_as_sends_the_schema_and_gives_the_value(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(Answer(text=TEXT))
    assert await llm.complete_as(client, REQUEST, Weather) == OSLO
    sent = server.received[0].body["response_format"]["json_schema"]
    assert sent["name"] == "Weather"
    assert sent["strict"] is True
    assert sent["schema"]["additionalProperties"] is False
    assert sent["schema"]["required"] == ["city", "sky", "winds"]


async def test_stream_as_grows_to_the_value(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(Answer(text=TEXT, chunk=3))
    async with llm.stream_as(client, REQUEST, Weather) as answer:
        with pytest.raises(RuntimeError, match="not ended"):
            _ = answer.result
        seen = [value async for value in answer]
        assert answer.result == OSLO
    assert seen[0] == {"city": "Os"}
    assert {"city": "Oslo", "sky": "rain", "winds": [{"speed": 3, "direction": "N"}]} in seen
    assert all(len(str(a)) <= len(str(b)) for a, b in pairwise(seen))


async def test_stream_as_raises_what_the_stream_carries(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(Answer(text=TEXT, chunk=3, fault=Fault.reset(after_events=9)))
    answer = llm.stream_as(client, REQUEST, Weather)
    with pytest.raises(llm.StreamTruncated):
        async for _ in answer:
            pass
    await answer.aclose()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("the weather is fine", "no JSON"),
        ('{"city": "Oslo"}', "sky"),
        (TEXT.replace("rain", "snow"), "sky"),
        (TEXT.replace("3,", '"3",'), "speed"),
        (TEXT.replace("{", '{"extra": 1, ', 1), "extra"),
        ("[]", "Weather"),
    ],
)
async def test_a_wrong_answer_keeps_the_response(
    server: WireServer, client: llm.HTTPClient, text: str, problem: str
) -> None:
    server.answer(Answer(text=text))
    with pytest.raises(llm.InvalidAnswer, match=problem) as caught:
        await llm.complete_as(client, REQUEST, Weather)
    assert caught.value.partial is not None
    assert caught.value.partial.text == text
    assert caught.value.provider == "openai"


async def test_an_answer_cut_at_the_limit_is_said_to_be(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(Answer(text=TEXT[:30], finish_reason=llm.FinishReason.length))
    with pytest.raises(llm.InvalidAnswer, match="token limit"):
        await llm.complete_as(client, REQUEST, Weather)


async def test_a_fence_around_the_answer_is_taken_off(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(Answer(text=f"```json\n{TEXT}\n```"))
    assert await llm.complete_as(client, REQUEST, Weather) == OSLO


def test_dataclass_with_a_default_cannot_be_enforced() -> None:
    schema, strict = schema_for(Plain)
    assert schema["required"] == ["name"]
    assert not strict


def test_typed_dict() -> None:
    schema, strict = schema_for(Dict)
    assert set(schema["properties"]) == {"name", "note"}
    assert not strict


def test_what_may_be_null_is_required() -> None:
    schema, strict = schema_for(Weather)
    assert schema["$defs"]["Wind"]["required"] == ["speed", "direction"]
    assert strict


def test_a_type_that_holds_itself_keeps_its_definition() -> None:
    schema, _ = schema_for(Tree)
    assert schema["type"] == "object"
    assert "Tree" in schema["$defs"]


@pytest.mark.parametrize("kind", [complex, object(), lambda: 0, dict[int, complex]])
def test_what_json_has_no_form_for_is_refused(kind: Any) -> None:
    with pytest.raises(llm.ConfigError, match="cannot be asked for as JSON"):
        asking_for(REQUEST, kind)


def test_an_annotation_that_is_nowhere_is_refused() -> None:
    lost: Any = dataclass(type("Lost", (), {"__annotations__": {"thing": "Nowhere"}}))
    with pytest.raises(llm.ConfigError, match="Nowhere"):
        asking_for(REQUEST, lost)


# ---------------------------------------------------------------- types of other libraries, lists, unions, scalars


class Struct(msgspec.Struct):
    """A thing with a size."""

    name: Annotated[str, "what it is called"]
    size: int


class Breeze(pydantic.BaseModel):
    speed: float


class Model(pydantic.BaseModel):
    """A model."""

    name: str = pydantic.Field(description="what it is called")
    sizes: list[int]
    wind: Breeze | None

    @pydantic.field_validator("name")
    @classmethod
    def _not_empty(cls, value: str) -> str:
        if not value:
            raise ValueError("must not be empty")
        return value


@attrs.frozen
class Mixed:
    model: Model
    struct: Struct


def nothing() -> list[Any]:
    return []


@attrs.frozen
class Drawer:
    """Holds one thing of several kinds, and others of its own kind."""

    top: Annotated[Wind | Plain, "what lies on top"]
    rest: list[Plain | Struct | None] = attrs.Factory(nothing)
    inner: "list[Drawer | Wind]" = attrs.Factory(nothing)


@dataclass
class Cupboard:
    name: Wind | Plain
    shelves: list[Wind | Plain] = field(default_factory=nothing)


class Labels(TypedDict):
    pair: tuple[Wind | Plain, int]
    note: NotRequired[Wind | Plain]


MODEL = '{"name": "a", "sizes": [1], "wind": null}'
VALUE = Model(name="a", sizes=[1], wind=None)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Struct, '{"name": "a", "size": 1}', Struct("a", 1)),
        (Model, MODEL, VALUE),
        (Mixed, f'{{"model": {MODEL}, "struct": {{"name": "b", "size": 2}}}}', Mixed(VALUE, Struct("b", 2))),
        (list[Wind], '{"value": [{"speed": 1, "direction": null}]}', [Wind(1)]),
        (list[Model], f'{{"value": [{MODEL}]}}', [VALUE]),
        (list[Struct], '{"value": [{"name": "a", "size": 1}]}', [Struct("a", 1)]),
        (Wind | Plain, '{"value": {"name": "x", "count": 2}}', Plain("x", 2)),
        (list[Wind | Plain], '{"value": [{"name": "x", "count": 2}, {"speed": 1}]}', [Plain("x", 2), Wind(1)]),
        (list[Annotated[Model | Struct, "one"]], f'{{"value": [{MODEL}]}}', [VALUE]),
        (Annotated[Model | Struct, "one"], '{"value": {"name": "a", "size": 1}}', Struct("a", 1)),
        (Drawer,
         '{"top": {"speed": 1}, "rest": [{"name": "x"}, null], "inner": [{"top": {"name": "y"}}, {"speed": 2}]}',
         Drawer(Wind(1), [Plain("x"), None], [Drawer(Plain("y")), Wind(2)])),
        (Cupboard, '{"name": {"speed": 1}}', Cupboard(Wind(1))),
        (Labels, '{"pair": [{"name": "x"}, 1]}', {"pair": (Plain("x"), 1)}),
        (tuple[int, str], '{"value": [1, "a"]}', (1, "a")),
        (tuple[int, ...], '{"value": [1, 2]}', (1, 2)),
        (tuple[Wind | Plain, int], '{"value": [{"speed": 1}, 2]}', (Wind(1), 2)),
        (dict[str, Wind | Plain], '{"a": {"speed": 1}}', {"a": Wind(1)}),
        (int, '{"value": 7}', 7),
        (str | int, '{"value": "seven"}', "seven"),
        (bool | None, '{"value": null}', None),
        (Literal["yes", "no"], '{"value": "no"}', "no"),
        (dict[str, int], '{"a": 1}', {"a": 1}),
        (bytes, '{"value": "AAE="}', b"\x00\x01"),
        (set[int], '{"value": [1, 2]}', {1, 2}),
        (frozenset[str], '{"value": ["a"]}', frozenset({"a"})),
    ],
)  # fmt: skip
async def test_types_of_every_sort(
    server: WireServer, client: llm.HTTPClient, kind: Any, text: str, value: Any
) -> None:
    server.answer(Answer(text=text), Answer(text=text, chunk=5))
    assert await llm.complete_as(client, REQUEST, kind) == value
    async with llm.stream_as(client, REQUEST, kind) as answer:
        partials = [partial async for partial in answer]
        assert answer.result == value
    wrapped = text.startswith('{"value"')
    assert partials[-1] == (json.loads(text)["value"] if wrapped else json.loads(text))
    schema = server.received[0].body["response_format"]["json_schema"]["schema"]
    assert schema["type"] == "object"
    assert (list(schema.get("properties", {})) == ["value"]) == wrapped


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        (Model, '{"name": "", "sizes": [1], "wind": null}', "must not be empty"),
        (Model, '{"name": "a", "sizes": ["canary"], "wind": null}', "sizes.0"),
        (Struct, '{"name": "canary"}', "size"),
        (list[Wind], '{"value": [{"speed": "canary"}]}', "speed"),
        (list[Wind], '[{"speed": 1}]', "no object with the key value"),
        (Wind | Plain, '{"value": {"name": 1}}', "speed"),
        (int, '{"value": "canary"}', "an integer was expected"),
        (bytes, '{"value": 1000000000000}', "base64 text was expected"),  # a length, as Python would read it
        (bytes, '{"value": "canary!"}', "base64 text was expected"),
        (set[str], '{"value": "canary"}', "a list was expected"),
        (frozenset[str], '{"value": {"canary": 1}}', "a list was expected"),
        (list, '{"value": "canary"}', "a list was expected"),
        (tuple[int, str], '{"value": [1, "canary", 2]}', "2 values were expected, not 3"),
    ],
)
async def test_what_does_not_fit_is_told_without_the_value(
    server: WireServer, client: llm.HTTPClient, kind: Any, text: str, told: str
) -> None:
    server.answer(Answer(text=text))
    with pytest.raises(llm.InvalidAnswer) as caught:
        await llm.complete_as(client, REQUEST, kind)
    assert told in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_choice_of_classes_is_described_wherever_it_stands() -> None:
    schema, _ = schema_for(Drawer)
    top = schema["properties"]["top"]
    assert top == {"anyOf": [{"$ref": "#/$defs/Wind"}, {"$ref": "#/$defs/Plain"}], "description": "what lies on top"}
    assert schema["description"].startswith("Holds one thing")
    assert schema["required"] == ["top"]
    assert schema["$defs"].keys() == {"Drawer", "Wind", "Plain", "Struct"}
    assert schema["properties"]["inner"]["items"]["anyOf"][0] == {"$ref": "#/$defs/Drawer"}
    told, strict = schema_for(Labels)
    assert told["required"] == ["pair"]
    assert not strict
    plain, _ = schema_for(Cupboard)
    assert "description" not in plain, "a docstring that dataclasses make is nobody's words"


async def test_a_whole_number_is_a_float_where_one_is_due(server: WireServer, client: llm.HTTPClient) -> None:
    server.answer(Answer(text='{"value": [3, 4.5]}'), Answer(text='{"value": 1' + "0" * 400 + "}"))
    found = await llm.complete_as(client, REQUEST, list[float])
    assert [type(value) for value in found] == [float, float]
    with pytest.raises(llm.InvalidAnswer, match="that a float can hold"):
        await llm.complete_as(client, REQUEST, float)


def test_docstrings_and_annotated_texts_become_descriptions() -> None:
    schema, _ = schema_for(Struct)
    assert schema["description"] == "A thing with a size."
    assert schema["properties"]["name"]["description"] == "what it is called"
    nested, _ = schema_for(Mixed)
    assert nested["$defs"]["Struct"]["properties"]["name"]["description"] == "what it is called"
    assert "speed" in nested["$defs"]["Breeze"]["properties"], "definitions of a model stand at the top"


async def test_an_answer_that_is_not_said_to_be_whole_is_none() -> None:
    response = llm.Response(finish_reason=llm.FinishReason.other, complete=False)
    stub = StubClient(TurnScript([MODEL, llm.EndEvent(llm.FinishReason.other, response)]))
    with pytest.raises(llm.InvalidAnswer, match="has not said"):
        await llm.complete_as(stub, REQUEST, Model)


@pytest.mark.parametrize("ask", [llm.complete_as, llm.stream_as])
async def test_what_is_no_request_and_no_client_is_named(ask: Any) -> None:
    client = StubClient()
    with pytest.raises(llm.InvalidRequestError, match="asked by a Request, not a str"):
        await drained(ask(client, "hi", int))
    with pytest.raises(llm.ConfigError, match="_as takes a client"):
        await drained(ask(None, llm.Request("hi"), int))


async def drained(answer: Any) -> None:
    if inspect.isawaitable(answer):
        await answer
    else:
        async for _ in answer:
            pass
