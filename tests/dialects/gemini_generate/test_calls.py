"""Calls as gateways send them: named in one part and filled in the next, said again, or without a name."""

import json
from typing import Any

import pytest

from aikido_llm.errors import MalformedStream
from aikido_llm.types.response import FinishReason
from tests.dialects.gemini_generate.transcript import STREAM, WHOLE, answer, call, chunk, sse, text
from tests.wire import error_of

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)


def args(**values: Any) -> dict[str, Any]:
    return {"functionCall": {"args": values}}


def calls(*chunks: Any) -> list[tuple[str, str]]:
    return [(each.name, each.arguments) for each in answer(*chunks).tool_calls]


def test_arguments_in_a_part_that_names_no_call_are_those_of_the_call_before() -> None:
    parts = [call("look", {}), args(street="Kai"), call("open", {}), args(door="3")]
    expected = [("look", '{"street":"Kai"}'), ("open", '{"door":"3"}')]
    assert calls(*[chunk(part) for part in parts], chunk(finish="STOP")) == expected
    assert calls(chunk(*parts, finish="STOP")) == expected
    got = answer(chunk(*parts, text("!", thoughtSignature="S"), finish="STOP"))
    assert [item["functionCall"]["args"] for item in got.replay if "functionCall" in item] == [
        {"street": "Kai"}, {"door": "3"},
    ]  # fmt: skip


def test_a_call_without_arguments_may_be_followed_by_text() -> None:
    assert calls(chunk(call("now", {})), chunk(text("wait")), chunk(finish="STOP")) == [("now", "{}")]
    assert calls(chunk(call("now")), chunk({"functionCall": {}}), chunk(finish="STOP")) == [("now", "{}")]


def test_arguments_that_are_said_again_are_said_once() -> None:
    identified = [
        {"functionCall": {"name": "f", "id": "1", "args": value}} for value in ({}, {"a": "x"}, {"a": "x", "b": 2})
    ]
    assert calls(*map(chunk, identified), chunk(finish="STOP")) == [("f", '{"a":"x","b":2}')]
    assert calls(chunk(call("f", {"a": 1})), chunk(args(a=1)), chunk(finish="STOP")) == [("f", '{"a":1}')]


def test_two_calls_that_share_an_id_stay_two() -> None:
    shared = [{"functionCall": {"name": "f", "id": "f", "args": {"n": number}}} for number in (1, 2)]
    got = answer(chunk(*shared, finish="STOP")).tool_calls
    assert [each.arguments for each in got] == ['{"n":1}', '{"n":2}']
    assert got[0].id != got[1].id


def test_the_same_call_twice_is_two_calls_where_nothing_says_otherwise() -> None:
    assert len(calls(chunk(call("roll", {"dice": 1}), call("roll", {"dice": 1}), finish="STOP"))) == 2


@pytest.mark.parametrize(
    "parts",
    [
        [args(port="x")],
        [text("a"), {"functionCall": {"id": "c"}}],
        [{"functionCall": {"name": "", "args": {"port": "x"}}}],
        [{"functionCall": {"name": 7, "args": {"port": "x"}}}],
        [call("f", {"a": 1}), args(a=2)],
        [call("f", {"a": 1}), {"functionCall": {"args": [1]}}],
        [{"functionCall": "f(1)"}],
    ],
)
def test_a_call_that_nobody_can_make_out_is_an_error(parts: list[dict[str, Any]]) -> None:
    body = chunk(*parts, finish="STOP")
    assert isinstance(error_of(STREAM.read_every_way(sse(body))), MalformedStream)
    assert isinstance(error_of(WHOLE.read_every_way(json.dumps(body).encode())), MalformedStream)


def test_what_is_new_in_a_call_goes_back_with_it() -> None:
    part = {"functionCall": {"name": "f", "id": "1", "args": {}, "surprise": {"x": 1}}, "thoughtSignature": "Ug=="}
    got = answer(chunk(part, finish="STOP"))
    assert got.finish_reason is FinishReason.tool_calls
    assert got.replay == (part,)
    assert got.tool_calls[0].provider_data == {
        "functionCall": {"id": "1", "surprise": {"x": 1}}, "thoughtSignature": "Ug==",
    }  # fmt: skip


@pytest.mark.parametrize(
    "content", ["noon", ["noon"], [{"text": "noon"}], {"parts": {"text": "noon"}}, {"parts": ["noon"]}]
)
def test_content_in_another_shape_is_read(content: Any) -> None:
    assert answer({"candidates": [{"content": content, "finishReason": "STOP"}]}).text == "noon"


UNREADABLE: list[Any] = [5, {"parts": 5}, {"parts": [5]}, {"parts": [{"text": 5}]}, {"parts": [{"text": {}}]}]


@pytest.mark.parametrize("content", UNREADABLE)
def test_content_that_cannot_be_read_is_no_empty_answer(content: Any) -> None:
    body = {"candidates": [{"content": content, "finishReason": "STOP"}]}
    assert isinstance(error_of(STREAM.read_every_way(sse(body))), MalformedStream)
    assert isinstance(error_of(WHOLE.read_every_way(json.dumps(body).encode())), MalformedStream)


def test_counts_that_are_none() -> None:
    usage = answer(
        chunk(text("x"), finish="STOP", usageMetadata={"promptTokenCount": -1, "candidatesTokenCount": 1e20})
    ).usage
    assert (usage.input_tokens, usage.output_tokens) == (None, None)
    assert answer(chunk(text("x"), finish="STOP", usageMetadata={"promptTokenCount": 7.5})).usage.input_tokens == 7
