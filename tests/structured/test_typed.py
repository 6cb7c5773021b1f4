"""Answers of a type: the schema that is asked for, the value that comes back, and what does not fit."""

import enum
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NotRequired, TypedDict

import attrs
import pytest

import aikido_llm as llm
from aikido_llm.structured.typed import asking_for
from aikido_llm.testing import Answer, Fault, WireServer

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


@pytest.mark.parametrize("kind", [int, list, complex])
def test_what_is_no_object_is_refused(kind: type[Any]) -> None:
    with pytest.raises(llm.ConfigError):
        asking_for(REQUEST, kind)
