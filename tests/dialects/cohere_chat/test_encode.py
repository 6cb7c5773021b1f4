"""Request -> body: one test for each rule of the wire."""

import json
from typing import Any

import pytest

from aikido_llm.codecs import json as _json
from aikido_llm.dialects.cohere_chat import CohereChat
from aikido_llm.errors import InvalidRequestError, UnsupportedFeatureError
from aikido_llm.types.messages import Message, Replay, ThinkingPart, assistant, fingerprint, system, tool, user
from aikido_llm.types.parts import AudioPart, FilePart, ImagePart, TextPart
from aikido_llm.types.request import ImageConfig, Request, ResponseFormat, ThinkingConfig
from aikido_llm.types.tools import ToolCall, ToolDef

PNG = ImagePart(data=b"\x89PNG\r\n\x1a\n")
WEATHER = ToolDef("weather", "by city", {"type": "object", "properties": {"city": {"type": "string"}}})
TIME = ToolDef("time")


def body(*messages: Message, **fields: Any) -> dict[str, Any]:
    request = Request(messages or (user("hi"),), model=fields.pop("model", "m"), **fields)
    wire = CohereChat().encode(request, stream=True, provider="cohere")
    assert (wire.method, wire.path) == ("POST", "/v2/chat")
    assert wire.body is not None
    encoded: dict[str, Any] = json.loads(_json.dumps(wire.body))
    return encoded


def turns(*messages: Message, **fields: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body(*messages, **fields)["messages"]
    return found


def called(id: str, name: str = "weather", arguments: str = "{}") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


# ---------------------------------------------------------------- fields


def test_what_is_not_set_is_not_sent() -> None:
    assert body() == {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}


def test_sampling_fields_and_their_names() -> None:
    found = body(max_tokens=5, temperature=0, top_p=0.9, stop=["a", "b"], seed=0)
    expected = {"max_tokens": 5, "temperature": 0, "p": 0.9, "stop_sequences": ["a", "b"], "seed": 0}
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"temperature": float("nan")}, "temperature"),
        ({"seed": -1}, "seed"),
        ({"stop": list("abcdef")}, "stop"),
    ],
)
def test_values_that_the_service_refuses_are_refused_before_sending(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        body(**fields)


@pytest.mark.parametrize(
    ("fields", "sent"),
    [({"temperature": 1.5}, ("temperature", 1.0)), ({"top_p": 1.0}, ("p", 0.99)), ({"top_p": 0.0}, ("p", 0.01))],
)
def test_sampling_beyond_the_range_is_sent_as_its_end(fields: dict[str, Any], sent: tuple[str, float]) -> None:
    assert sent in body(**fields).items()


def test_ranges_are_quirks() -> None:
    wire = CohereChat(max_temperature=2.0).encode(Request((user("hi"),), temperature=1.5), stream=False, provider="x")
    assert wire.body is not None
    assert wire.body["temperature"] == 1.5


@pytest.mark.parametrize(
    "fields",
    [
        {"parallel_tool_calls": False, "tools": [ToolDef("f")]},
        {"modalities": ["text", "image"]},
        {"image_config": ImageConfig("16:9")},
    ],
)
def test_what_the_wire_has_no_word_for_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedFeatureError):
        body(**fields)


def test_extra_is_merged_last_key_by_key() -> None:
    found = body(temperature=0.1, extra={"temperature": 0.7, "safety_mode": "OFF"}, metadata={"user": "x"})
    assert (found["temperature"], found["safety_mode"]) == (0.7, "OFF")
    assert "metadata" not in found


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [
        (ThinkingConfig.by_budget(0), {"type": "disabled"}),
        (ThinkingConfig.by_budget(500), {"type": "enabled", "token_budget": 500}),
        (ThinkingConfig.by_effort("low"), {"type": "enabled", "token_budget": 1024}),
        (ThinkingConfig.by_effort("medium"), {"type": "enabled", "token_budget": 8192}),
        (ThinkingConfig.by_effort("high"), {"type": "enabled"}),
    ],
)
def test_thinking_by_budget_and_by_effort(thinking: ThinkingConfig, expected: dict[str, Any]) -> None:
    assert body(thinking=thinking)["thinking"] == expected


# ---------------------------------------------------------------- tools


def test_tools_always_have_parameters() -> None:
    found = body(tools=[WEATHER, TIME])["tools"]
    assert found[0]["function"]["parameters"]["properties"] == {"city": {"type": "string"}}
    assert found[1]["function"] == {"name": "time", "parameters": {"type": "object", "properties": {}}}


@pytest.mark.parametrize(("choice", "word"), [("auto", None), ("none", "NONE"), ("required", "REQUIRED")])
def test_tool_choice_words(choice: str, word: str | None) -> None:
    found = body(tools=[WEATHER], tool_choice=choice)
    assert found.get("tool_choice") == word
    assert "tools" in found


def test_named_tool_choice_sends_that_tool_alone() -> None:
    found = body(tools=[WEATHER, TIME], tool_choice="time")
    assert [item["function"]["name"] for item in found["tools"]] == ["time"]
    assert found["tool_choice"] == "REQUIRED"


@pytest.mark.parametrize("choice", ["required", "nothing"])
def test_tool_choice_without_its_tool_is_refused(choice: str) -> None:
    with pytest.raises(InvalidRequestError, match="tool_choice"):
        body(tools=[WEATHER] if choice == "nothing" else [], tool_choice=choice)


def test_tool_names_are_made_of_letters_digits_and_underscores() -> None:
    tools = [ToolDef("get-time"), ToolDef("get_time"), ToolDef("2nd"), ToolDef("get.time")]
    found = body(
        user("hi"),
        assistant(tool_calls=[ToolCall("a", "get-time")]),
        tool("a", "noon"),
        tools=tools,
        tool_choice="auto",
    )
    names = [item["function"]["name"] for item in found["tools"]]
    assert names == ["get_time_2", "get_time", "_2nd", "get_time_3"]
    assert found["messages"][1]["tool_calls"][0]["function"]["name"] == "get_time_2"


def test_named_choice_keeps_the_wire_names_of_all_tools() -> None:
    found = body(tools=[ToolDef("get_time"), ToolDef("get-time")], tool_choice="get-time")
    assert [item["function"]["name"] for item in found["tools"]] == ["get_time_2"]


# ---------------------------------------------------------------- response format


def test_json_without_a_schema() -> None:
    assert body(response_format=ResponseFormat.json())["response_format"] == {"type": "json_object"}


def test_response_format_with_tools_is_refused() -> None:
    with pytest.raises(UnsupportedFeatureError, match="not both"):
        body(tools=[TIME], response_format=ResponseFormat.json())


def schema_of(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body(response_format=ResponseFormat.json_schema(schema))["response_format"]
    assert found["type"] == "json_object"
    inner: dict[str, Any] = found["json_schema"]
    return inner


def fields(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def test_schema_stands_bare_without_notes() -> None:
    plain = fields(name={"type": "string", "description": "whose"})
    noted = {"$schema": "x", "title": "T", "additionalProperties": False, **plain}
    assert schema_of(noted) == plain


def test_schema_bounds_are_said_in_the_description() -> None:
    found = schema_of(fields(n={"type": "integer", "minimum": 1, "maximum": 9, "description": "how many"}))
    assert found["properties"]["n"] == {"type": "integer", "description": "how many (minimum: 1, maximum: 9)"}


def test_schema_formats_and_patterns_that_the_wire_knows_stay() -> None:
    kept = fields(day={"type": "string", "format": "date"}, code={"type": "string", "pattern": "[A-Z]+"})
    assert schema_of(kept) == kept
    other = schema_of(fields(mail={"type": "string", "format": "email"}, code={"type": "string", "pattern": "^a$"}))
    assert other["properties"] == {
        "mail": {"type": "string", "description": '(format: "email")'},
        "code": {"type": "string", "description": "(pattern: ^a$)"},
    }


def test_schema_references_are_written_out() -> None:
    point = fields(x={"type": "number"})
    schema = {
        **fields(a={"$ref": "#/$defs/P"}, b={"type": "array", "items": {"$ref": "#/$defs/P"}}),
        "$defs": {"P": point},
    }
    found = schema_of(schema)
    assert found == fields(a=point, b={"type": "array", "items": point})


def test_schema_or_null_becomes_a_list_of_types() -> None:
    point = fields(x={"type": "number"})
    schema = fields(
        a={"anyOf": [{"type": "string", "enum": ["u"]}, {"type": "null"}], "description": "d"},
        b={"anyOf": [{"$ref": "#/$defs/P"}, {"type": "null"}]},
    )
    found = schema_of({**schema, "$defs": {"P": point}})["properties"]
    assert found["a"] == {"type": ["string", "null"], "enum": ["u", None], "description": "d"}
    assert found["b"] == {**point, "type": ["object", "null"]}


def test_schema_object_without_required_fields_gets_all_of_them() -> None:
    inner = {"type": "object", "properties": {"x": {"type": "string"}}}
    found = schema_of({"type": "object", "properties": {"a": inner}})
    assert found["required"] == ["a"]
    assert found["properties"]["a"]["required"] == ["x"]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}},
        {"type": "object"},
        fields(a={"type": "object", "additionalProperties": {"type": "string"}}),
        fields(a={"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        fields(a={"anyOf": [{"enum": [1]}, {"type": "null"}]}),
        fields(a={"oneOf": []}),
        fields(a={"not": {}}),
        fields(a={"$ref": "#/$defs/none"}),
        fields(a={"$ref": "http://elsewhere"}),
        fields(a=True),
        {"$defs": {"N": fields(n={"$ref": "#/$defs/N"})}, **fields(n={"$ref": "#/$defs/N"})},
        fields(n={"anyOf": [{"$ref": "#"}, {"type": "null"}]}),
    ],
)
def test_schema_that_cannot_be_said_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedFeatureError, match="this wire cannot enforce"):
        schema_of(schema)


# ---------------------------------------------------------------- turns


def test_system_messages_that_open_are_one_and_first_and_later_ones_are_the_users_words() -> None:
    found = turns(system("one"), system([TextPart("two")]), user("a"), assistant("b"), system("three"), user("c"))
    assert found[0] == {"role": "system", "content": "one\n\ntwo"}
    assert [turn["role"] for turn in found] == ["system", "user", "assistant", "user"]
    assert found[-1]["content"] == "<system>\nthree\n</system>\n\nc"


def test_pictures_make_blocks_and_text_alone_stays_text() -> None:
    (plain,) = turns(user([TextPart("a"), TextPart("b")]))
    assert plain["content"] == "ab"
    (shown,) = turns(user("look", images=[PNG, ImagePart(url="https://x/y.png")]))
    assert shown["content"] == [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
    ]


def test_neighbouring_user_turns_become_one() -> None:
    assert turns(user("a"), user("b")) == [{"role": "user", "content": "a\n\nb"}]
    (mixed,) = turns(user("a"), user(images=[PNG]))
    assert [block["type"] for block in mixed["content"]] == ["text", "image_url"]


def test_empty_turns_are_left_out() -> None:
    assert turns(user(""), assistant(""), user("a")) == [{"role": "user", "content": "a"}]


def test_empty_conversation_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="nothing to send"):
        turns(user(""))


def test_assistant_text_beside_calls_moves_to_tool_plan() -> None:
    found = turns(user("a"), assistant("I look", tool_calls=[ToolCall("c1", "weather", '{"a":1}')]), tool("c1", "sun"))
    assert found[1] == {"role": "assistant", "tool_plan": "I look", "tool_calls": [called("c1", arguments='{"a":1}')]}
    assert found[2] == {"role": "tool", "tool_call_id": "c1", "content": "sun"}


def test_results_stand_behind_their_turn_in_call_order() -> None:
    calls = [ToolCall("c1", "weather"), ToolCall("c2", "time")]
    found = turns(
        user("a"), assistant(tool_calls=calls), user("and?"), tool("c2", "noon"), tool("c1", "sun"), user("b")
    )
    assert [turn.get("tool_call_id", turn["role"]) for turn in found] == ["user", "assistant", "c1", "c2", "user"]
    assert found[-1]["content"] == "and?\n\nb"


def test_tool_name_is_not_sent_and_an_empty_result_says_so() -> None:
    found = turns(user("a"), assistant(tool_calls=[ToolCall("c", "time")]), tool("c", "", name="time", is_error=True))
    assert found[2] == {"role": "tool", "tool_call_id": "c", "content": "(no output)"}


def test_result_without_its_call_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="'c9' is in no earlier"):
        turns(user("a"), tool("c9", "x"))
    with pytest.raises(InvalidRequestError, match="answered before"):
        turns(user("a"), assistant(tool_calls=[ToolCall("c", "time")]), tool("c", "x"), tool("c", "y"))


def test_call_ids_are_unique_in_a_conversation() -> None:
    call = assistant(tool_calls=[ToolCall("c", "time")])
    found = turns(user("a"), call, tool("c", "1"), call, tool("c", "2"))
    assert [turn["tool_calls"][0]["id"] for turn in found if "tool_calls" in turn] == ["c", "c_2"]
    assert [turn["tool_call_id"] for turn in found if turn["role"] == "tool"] == ["c", "c_2"]


def test_missing_call_ids_are_made_alike_each_time() -> None:
    conversation = [user("a"), assistant(tool_calls=[ToolCall("", "time")]), tool("", "1")]
    found = turns(*conversation)
    assert found == turns(*conversation)
    assert found[1]["tool_calls"][0]["id"] == found[2]["tool_call_id"] != ""


def own_turn(model: str = "m") -> Message:
    calls = (ToolCall("c", "time"),)
    replay = Replay("cohere", ({"tool_plan": "plan", "thinking": "hm", "model": model},), fingerprint("", calls))
    return Message(
        "assistant", "", tool_calls=calls, thinking=(ThinkingPart("planhm", provider="cohere"),), replay=replay
    )


def test_plan_and_thinking_go_back_to_the_model_they_came_from() -> None:
    found = turns(user("a"), own_turn(), tool("c", "1"))[1]
    assert (found["tool_plan"], found["content"]) == ("plan", [{"type": "thinking", "thinking": "hm"}])


def test_thinking_goes_to_no_other_model_and_not_when_disabled() -> None:
    for found in (
        turns(user("a"), own_turn("other"), tool("c", "1"))[1],
        turns(user("a"), own_turn(), tool("c", "1"), thinking=ThinkingConfig.by_budget(0))[1],
    ):
        assert found["tool_plan"] == "plan"
        assert "content" not in found


def test_reasoning_of_another_provider_is_dropped() -> None:
    said = Message("assistant", "yes", thinking=(ThinkingPart("hm", signature="s", provider="anthropic"),))
    assert turns(user("a"), said)[1] == {"role": "assistant", "content": "yes"}


def test_sound_of_an_assistant_counts_as_its_transcript() -> None:
    said = Message("assistant", audio=(AudioPart(data=b"x", transcript="hello"),))
    assert turns(user("a"), said)[1]["content"] == "hello"


@pytest.mark.parametrize(
    "message",
    [
        user(audio=[AudioPart(data=b"x")]),
        user([FilePart(data=b"%PDF-")]),
        Message("system", "a", images=(PNG,)),
    ],
)
def test_parts_that_the_wire_cannot_carry_are_refused(message: Message) -> None:
    with pytest.raises(UnsupportedFeatureError):
        turns(user("a"), message)


def test_a_picture_of_a_result_or_of_the_assistant_is_shown_by_the_next_user_turn() -> None:
    shown = turns(
        user("a"),
        assistant("b", tool_calls=[ToolCall("c", "time")], images=[PNG]),
        tool("c", "x", images=[PNG]),
        user("d"),
    )
    assert [turn["role"] for turn in shown] == ["user", "assistant", "tool", "user"]
    assert shown[2]["content"] == "x"
    kinds = [block.get("text", block["type"]) for block in shown[3]["content"]]
    assert kinds == ["Made by the assistant:", "image_url", "From the result of the tool time:", "image_url", "d"]
