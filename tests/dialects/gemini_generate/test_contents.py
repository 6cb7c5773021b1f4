"""Messages -> contents: one test per rule of order, named after it, and media."""

from typing import Any

import pytest

from aikido_llm.dialects.gemini_generate import GeminiGenerate
from aikido_llm.errors import InvalidRequestError, UnsupportedFeatureError
from aikido_llm.types.messages import Message, assistant, system, tool, user
from aikido_llm.types.parts import AudioPart, FilePart, ImagePart, Part, TextPart
from aikido_llm.types.tools import ToolCall
from tests.dialects.gemini_generate.bodies import (
    PNG,
    body_of,
    called,
    contents_of,
    result,
    said,
)

# ---------------------------------------------------------------- the order of contents

CALL_A, CALL_B = ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g")


def test_system_text_has_its_own_place() -> None:
    body = body_of(system("Be brief."), system("Be kind."), user("hi"), system("In French."))
    assert body["systemInstruction"] == {"parts": [{"text": "Be brief."}, {"text": "Be kind."}]}
    assert body["contents"] == [said("user", "hi", "<system>\nIn French.\n</system>")]
    with pytest.raises(UnsupportedFeatureError, match="text only"):
        body_of(system([ImagePart(data=PNG)]), user("hi"))


def test_system_text_leads_the_first_user_turn_where_the_model_refuses_it() -> None:
    gemma = GeminiGenerate(system_instruction=False)
    assert body_of(system("s"), user("hi"), dialect=gemma) == {"contents": [said("user", "s", "hi")]}
    assert body_of(system("s"), assistant("hi"), dialect=gemma)["contents"][0] == said("user", "s")


def test_rule_2_the_first_content_is_the_users() -> None:
    assert contents_of(assistant("Hello!"), user("hi")) == [
        said("user", ""),
        said("model", "Hello!"),
        said("user", "hi"),
    ]
    assert contents_of(system("only this")) == [said("user", "")]


def test_rule_4_all_results_stand_in_one_content_in_the_order_of_the_calls() -> None:
    asked = assistant("Let me look.", tool_calls=[CALL_A, CALL_B])
    assert contents_of(user("go"), asked, tool("b", "2"), tool("a", "1"), user("thanks")) == [
        said("user", "go"),
        said("model", "Let me look.", called("f", {"x": 1}), called("g", signature="")),
        said("user", result("f", "1"), result("g", "2")),
        said("user", "thanks"),
    ]


def test_rule_4_a_late_result_is_moved_behind_its_call() -> None:
    turns = contents_of(user("go"), assistant(tool_calls=[CALL_A]), user("wait"), tool("a", "1"))
    assert turns[2:] == [said("user", result("f", "1")), said("user", "wait")]


def test_rule_4_a_call_without_result_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="none was given for b"):
        body_of(user("go"), assistant(tool_calls=[CALL_A, CALL_B]), tool("a", "1"))
    with pytest.raises(InvalidRequestError, match="none was given for a"):
        body_of(user("go"), assistant(tool_calls=[CALL_A]), user("well?"))
    with pytest.raises(InvalidRequestError, match="none was given for a"):
        body_of(user("go"), assistant(tool_calls=[CALL_A]))


def test_names_from_elsewhere_are_cleaned_on_both_sides() -> None:
    odd = [ToolCall("a", "my tool"), ToolCall("b", "1st"), ToolCall("c", "")]
    turns = contents_of(user("go"), assistant(tool_calls=odd), tool("a", ""), tool("b", ""), tool("c", ""))
    names = ["my_tool", "_1st", "_"]
    assert [part["functionCall"]["name"] for part in turns[1]["parts"]] == names
    assert [part["functionResponse"]["name"] for part in turns[2]["parts"]] == names


def test_rule_4_a_result_without_call_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="answers no call"):
        body_of(user("go"), tool("a", "1"))


def test_rule_5_pictures_of_a_result_follow_in_a_content_of_their_own() -> None:
    shown = tool("a", "see", images=[ImagePart(data=PNG)])
    picture = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
    turns = [user("go"), assistant(tool_calls=[CALL_A]), shown, user("and?")]
    assert contents_of(*turns)[2:] == [said("user", result("f", "see")), said("user", picture, "and?")]
    inside = contents_of(*turns, dialect=GeminiGenerate(media_in_results=True))[2:]
    answer = result("f", "see")
    answer["functionResponse"]["parts"] = [picture]
    assert inside == [said("user", answer), said("user", "and?")]


def test_rule_6_a_result_carries_the_functions_name_even_if_ids_come_again() -> None:
    again = ToolCall("a", "g")
    turns = contents_of(
        user("go"), assistant(tool_calls=[CALL_A]), tool("a", "1"), assistant(tool_calls=[again]), tool("a", "2")
    )
    assert [turn["parts"][0] for turn in turns[2::2]] == [result("f", "1"), result("g", "2")]


def test_a_failed_tool_says_so() -> None:
    turns = contents_of(user("go"), assistant(tool_calls=[CALL_A]), tool("a", "boom", is_error=True))
    assert turns[-1] == said("user", result("f", "boom", "error"))


def test_rule_7_empty_turns_are_left_out_and_empty_text_too() -> None:
    assert contents_of(user("a"), assistant(""), user(""), user([TextPart(""), TextPart("b")])) == [
        said("user", "a", "b")
    ]


def test_rule_8_neighbours_of_one_role_become_one() -> None:
    assert contents_of(user("a"), user("b"), assistant("c"), assistant("d")) == [
        said("user", "a", "b"),
        said("model", "c", "d"),
    ]


def test_rule_9_ids_that_the_server_did_not_give_are_not_sent() -> None:
    turns = contents_of(user("go"), assistant(tool_calls=[ToolCall("call_0", "f")]), tool("call_0", "1"))
    assert "id" not in turns[1]["parts"][0]["functionCall"]
    assert "id" not in turns[2]["parts"][0]["functionResponse"]


def test_rule_9_ids_that_the_server_gave_are_sent_on_both_sides() -> None:
    call = ToolCall("fc1", "f", provider_data={"functionCall": {"id": "fc1"}})
    turns = contents_of(user("go"), assistant(tool_calls=[call]), tool("fc1", "1"))
    assert turns[1]["parts"][0] == {"functionCall": {"name": "f", "args": {}, "id": "fc1"}}
    assert turns[2]["parts"][0]["functionResponse"]["id"] == "fc1"


def test_the_first_call_of_a_step_from_elsewhere_gets_the_placeholder_signature() -> None:
    history = [user("go"), assistant(tool_calls=[CALL_A, CALL_B]), tool("a", "1"), tool("b", "2")]
    assert contents_of(*history)[1] == said("model", called("f", {"x": 1}), called("g", signature=""))
    plain = contents_of(*history, dialect=GeminiGenerate(placeholder_signature=""))[1]
    assert plain == said("model", called("f", {"x": 1}, signature=""), called("g", signature=""))


@pytest.mark.parametrize(("arguments", "args"), [
    ('{"b":1,"a":[2]}', {"b": 1, "a": [2]}), ("[1]", {"input": [1]}), ("{broken", {"input": "{broken"}), ("", {}),
])  # fmt: skip
def test_arguments_are_an_object(arguments: str, args: Any) -> None:
    turns = contents_of(user("go"), assistant(tool_calls=[ToolCall("a", "f", arguments)]), tool("a", "1"))
    assert turns[1]["parts"][0]["functionCall"]["args"] == args


# ---------------------------------------------------------------- media in


def test_media_by_bytes_and_by_url_in_the_order_they_stand() -> None:
    parts: list[Part] = [
        TextPart("see"),
        ImagePart(url="https://e.com/a.png?k=1"),
        FilePart(data=b"%PDF-1", name="a.pdf"),
    ]
    (turn,) = contents_of(
        user(parts, images=[ImagePart(data=PNG)], audio=[AudioPart(data=b"x", content_type="audio/wav")])
    )
    assert turn["parts"] == [
        {"text": "see"},
        {"fileData": {"mimeType": "image/png", "fileUri": "https://e.com/a.png?k=1"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0x"}},
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
        {"inlineData": {"mimeType": "audio/wav", "data": "eA=="}},
    ]


def test_a_url_whose_type_nobody_knows_goes_without() -> None:
    part = FilePart(url="https://youtu.be/abc")
    assert contents_of(user([part]))[0]["parts"] == [{"fileData": {"fileUri": "https://youtu.be/abc"}}]


def test_a_files_type_is_guessed_from_its_name_or_refused() -> None:
    named = FilePart(data=b"a,b", name="t.csv")
    assert contents_of(user([named]))[0]["parts"][0]["inlineData"]["mimeType"] == "text/csv"
    with pytest.raises(UnsupportedFeatureError, match="content_type="):
        body_of(user([FilePart(data=b"what")]))


def test_what_was_said_in_sound_goes_back_in_words() -> None:
    spoken = Message("assistant", audio=[AudioPart(data=b"x", content_type="audio/wav", transcript="Hello")])
    assert contents_of(user("hi"), spoken)[1] == said("model", "Hello")
