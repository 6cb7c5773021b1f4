"""Messages -> turns: one test per rule of the wire, named after it."""

from typing import Any

import pytest

from aikido_llm.dialects.anthropic_messages import AnthropicMessages
from aikido_llm.errors import InvalidRequestError, UnsupportedFeatureError
from aikido_llm.types.messages import Message, ThinkingPart, assistant, system, tool, user
from aikido_llm.types.parts import ImagePart, TextPart
from aikido_llm.types.request import Request, ResponseFormat
from aikido_llm.types.tools import ToolCall, ToolDef
from tests.dialects.anthropic_messages.bodies import (
    CALL,
    PNG,
    body_of,
    call,
    result,
    said,
    text,
    turns_of,
)

# ---------------------------------------------------------------- rules of order


def test_rule_1_system_text_that_opens_moves_to_the_top_in_order() -> None:
    body = body_of(system("one"), system("two"), system("  "), user("hi"))
    assert body["system"] == "one\n\ntwo"
    assert body["messages"] == [said("user", text("hi"))]
    with pytest.raises(UnsupportedFeatureError, match="system"):
        body_of(system([ImagePart(data=PNG)]), user("hi"))


NOTE, NOTED = text("(New instructions follow.)"), text("(Noted.)")


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([user("a"), system("S")], [said("user", text("a")), said("system", text("S"))]),
        (
            [user("a"), system("S"), system("T"), assistant("b"), user("c")],
            [
                said("user", text("a")),
                said("system", text("S"), text("T")),
                said("assistant", text("b")),
                said("user", text("c")),
            ],
        ),
        (
            [user("a"), assistant("b"), system("S"), user("c")],
            [
                said("user", text("a")),
                said("assistant", text("b")),
                said("user", NOTE),
                said("system", text("S")),
                said("assistant", NOTED),
                said("user", text("c")),
            ],
        ),
        (
            [user("a"), assistant(tool_calls=[CALL]), system("S"), tool("toolu_1", "rain")],
            [
                said("user", text("a")),
                said("assistant", call("toolu_1", "weather", city="Oslo")),
                said("user", result("toolu_1", "rain")),
                said("system", text("S")),
            ],
        ),
        ([user("a"), system("  ")], [said("user", text("a"))]),
    ],
)
def test_rule_1_a_later_system_message_stands_where_it_was_said(messages: list[Message], expected: list[Any]) -> None:
    body = body_of(system("top"), *messages)
    assert body["system"] == "top"
    assert body["messages"] == expected


def test_hosts_that_refuse_a_late_system_message_hear_it_from_the_user() -> None:
    older = AnthropicMessages(late_system="user")
    request = Request([user("a"), assistant("b"), system("S"), user("c")], model="m")
    body = older.encode(request, stream=True, provider="anthropic").body
    assert body is not None
    assert body["messages"][2:] == [said("user", text("<system>\nS\n</system>"), text("c"))]


@pytest.mark.parametrize("messages", [[assistant("hello"), user("hi")], [system("only")], [user("  ")], []])
def test_rule_2_the_first_turn_is_the_users(messages: list[Message]) -> None:
    with pytest.raises(InvalidRequestError, match="begins with a user message"):
        body_of(*messages)


def test_rule_3_neighbours_of_one_role_become_one_turn() -> None:
    assert turns_of(user("a"), user("b"), assistant("c"), assistant("d"), user("e")) == [
        said("user", text("a"), text("b")),
        said("assistant", text("c"), text("d")),
        said("user", text("e")),
    ]


def test_rule_4_all_results_of_a_turn_stand_in_the_next_one() -> None:
    calls = [ToolCall("a", "f"), ToolCall("b", "f", '{"x": 1}')]
    assert turns_of(user("go"), assistant(tool_calls=calls), tool("b", "B"), tool("a", "A")) == [
        said("user", text("go")),
        said("assistant", call("a"), call("b", x=1)),
        said("user", result("a", "A"), result("b", "B")),
    ]


def test_rule_4_a_late_result_is_moved_behind_its_call() -> None:
    turns = turns_of(user("go"), assistant(tool_calls=[CALL]), user("hm"), assistant("wait"), tool("toolu_1", "rain"))
    assert turns[2] == said("user", result("toolu_1", "rain"), text("hm"))


def test_rule_4_a_call_without_result_is_refused() -> None:
    for rest in ([], [user("never mind")], [user("x"), assistant("y"), user("z")]):
        with pytest.raises(InvalidRequestError, match="toolu_1 have no result"):
            body_of(user("go"), assistant(tool_calls=[CALL]), *rest)


def test_rule_4_a_result_without_call_is_refused() -> None:
    for id in ("nobody", "toolu_1"):
        with pytest.raises(InvalidRequestError, match="answers no call"):
            body_of(
                user("go"), assistant(tool_calls=[CALL]), tool("toolu_1", "rain"), assistant("ok"), tool(id, "again")
            )


def test_rule_5_results_stand_before_the_text_of_their_turn() -> None:
    turns = turns_of(user("go"), assistant("let me see", tool_calls=[CALL]), user("and Rome?"), tool("toolu_1", "rain"))
    assert turns[1] == said("assistant", text("let me see"), call("toolu_1", "weather", city="Oslo"))
    assert turns[2] == said("user", result("toolu_1", "rain"), text("and Rome?"))


def test_rule_6_no_text_is_empty_or_blank_and_no_turn_is_empty() -> None:
    assert turns_of(user("a"), assistant(" \n"), user([TextPart(""), TextPart("b")]), user("")) == [
        said("user", text("a"), text("b"))
    ]


def test_rule_7_an_empty_result_gets_a_placeholder() -> None:
    turns = turns_of(user("go"), assistant(tool_calls=[CALL]), tool("toolu_1", " ", is_error=True))
    assert turns[2] == said("user", result("toolu_1", "(no output)", is_error=True))


def test_rule_8_a_prefill_does_not_end_in_blanks() -> None:
    assert turns_of(user("a"), assistant("The answer is: \n"))[-1] == said("assistant", text("The answer is:"))
    with pytest.raises(UnsupportedFeatureError, match="prefilled"):
        body_of(user("a"), assistant("{"), response_format=ResponseFormat.json_schema({"type": "string"}))


def test_rule_10_signed_thinking_goes_first_as_it_was() -> None:
    thinking = [
        ThinkingPart("hm", signature="sig", provider="anthropic"),
        ThinkingPart(data="Ej8", provider="anthropic"),
    ]
    turn = turns_of(user("a"), assistant("b", thinking=thinking), user("c"))[1]
    assert turn == said(
        "assistant",
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "Ej8"},
        text("b"),
    )


def test_rule_11_thinking_without_signature_or_of_another_provider_is_dropped() -> None:
    thinking = [ThinkingPart("hm", provider="anthropic"), ThinkingPart("hm", signature="s", provider="gemini")]
    assert turns_of(user("a"), assistant("b", thinking=thinking), user("c"))[1] == said("assistant", text("b"))


@pytest.mark.parametrize(("arguments", "value"), [('"x"', "x"), ("[1]", [1]), ("null", None), ('{"a":', '{"a":')])
def test_rule_13_arguments_that_are_no_object_are_put_into_one(arguments: str, value: Any) -> None:
    turns = turns_of(user("go"), assistant(tool_calls=[ToolCall("a", "f", arguments)]), tool("a", "A"))
    assert turns[1]["content"] == [call("a", input=value)]


# ---------------------------------------------------------------- ids and names of tools


def test_foreign_call_ids_are_cleaned_on_both_sides_and_stay_apart() -> None:
    calls = [ToolCall("call:1", "a.b"), ToolCall("call_1", "g"), ToolCall("call/1", "h"), ToolCall("", "i")]
    results = [tool(one.id, one.name) for one in calls]
    turns = turns_of(user("go"), assistant(tool_calls=calls), *results)
    ids = [block["id"] for block in turns[1]["content"]]
    assert [block["tool_use_id"] for block in turns[2]["content"]] == ids
    assert [block["content"] for block in turns[2]["content"]] == ["a.b", "g", "h", "i"]
    assert ids[1] == "call_1"
    assert len(set(ids)) == 4
    assert turns[1]["content"][0]["name"] == "a_b"
    assert turns == turns_of(user("go"), assistant(tool_calls=calls), *results)


def test_ids_that_a_server_counts_anew_in_each_turn_stay_apart() -> None:
    turn = [assistant(tool_calls=[ToolCall("call_0", "f")]), tool("call_0", "A")]
    turns = turns_of(user("go"), *turn, *turn)
    assert turns[1]["content"][0]["id"] == turns[2]["content"][0]["tool_use_id"] == "call_0"
    assert turns[3]["content"][0]["id"] == turns[4]["content"][0]["tool_use_id"] == "call_0_2"


def test_a_tool_name_that_the_wire_refuses() -> None:
    with pytest.raises(InvalidRequestError, match=r"'a\.b'"):
        body_of(user("hi"), tools=[ToolDef("a.b")])
