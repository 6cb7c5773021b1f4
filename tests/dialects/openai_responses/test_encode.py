"""Request -> body: one test per rule of the wire."""

import base64
import json
from typing import Any

import pytest

from aikido_llm.codecs import json as _json
from aikido_llm.dialects.base import FEATURES
from aikido_llm.dialects.openai_responses import OpenAIResponses
from aikido_llm.errors import InvalidRequestError, UnsupportedFeatureError
from aikido_llm.providers.openai_responses import PROVIDER
from aikido_llm.types.messages import Message, ThinkingPart, assistant, system, tool, user
from aikido_llm.types.parts import AudioPart, CacheBreakpoint, FilePart, ImagePart, TextPart
from aikido_llm.types.request import ImageConfig, Request, ResponseFormat, ThinkingConfig
from aikido_llm.types.response import Response
from aikido_llm.types.tools import ToolCall, ToolDef

DIALECT = OpenAIResponses()
PNG = b"\x89PNG\r\n\x1a\n picture"
PNG_URI = "data:image/png;base64," + base64.b64encode(PNG).decode()
Json = dict[str, Any]
OPEN: Json = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
STRICT: Json = {**OPEN, "additionalProperties": False}
WEATHER = ToolDef("weather", "Looks out of the window", OPEN)


def body(*messages: Message, dialect: OpenAIResponses = DIALECT, stream: bool = False, **fields: Any) -> Json:
    """The body as the server reads it."""
    request = Request(messages=messages or (user("hi"),), model="m", **fields)
    wire = dialect.encode(request, stream=stream, provider="openai-responses")
    assert (wire.method, wire.path) == ("POST", "/responses")
    sent: Json = json.loads(_json.dumps(wire.body))
    return sent


def items(*messages: Message, **how: Any) -> list[Json]:
    found: list[Json] = body(*messages, **how)["input"]
    return found


def said(role: str, content: Any) -> Json:
    return {"type": "message", "role": role, "content": content}


# ------------------------------------------------------------------------------------------------------ the body


def test_the_smallest_body() -> None:
    assert body() == {"model": "m", "input": [said("user", "hi")], "store": False}


def test_a_stream_is_asked_for() -> None:
    assert body(stream=True)["stream"] is True


def test_limits_are_sent_and_zero_is_a_temperature() -> None:
    sent = body(max_tokens=16, temperature=0, top_p=0.5)
    assert (sent["max_output_tokens"], sent["temperature"], sent["top_p"]) == (16, 0, 0.5)


def test_fewer_tokens_than_the_wire_takes_are_refused() -> None:
    with pytest.raises(UnsupportedFeatureError, match="16"):
        body(max_tokens=15)
    assert body(max_tokens=1, dialect=OpenAIResponses(min_output_tokens=1))["max_output_tokens"] == 1


def test_extra_is_merged_last() -> None:
    sent = body(temperature=0.5, extra={"temperature": 1, "truncation": "auto", "store": True})
    assert (sent["temperature"], sent["truncation"], sent["store"]) == (1, "auto", True)


def test_store_is_left_out_for_servers_that_do_not_know_it() -> None:
    assert "store" not in body(dialect=OpenAIResponses(store=None))


def test_metadata_needs_a_stored_answer() -> None:
    assert "metadata" not in body(metadata={"user": 7})
    assert body(metadata={"user": 7}, dialect=OpenAIResponses(store=True))["metadata"] == {"user": "7"}


@pytest.mark.parametrize("fields", [{"stop": ("END",)}, {"seed": 7}, {"modalities": ("text", "audio")}])
def test_what_the_wire_has_no_word_for_is_refused(fields: Json) -> None:
    with pytest.raises(UnsupportedFeatureError):
        body(**fields)


# ------------------------------------------------------------------------------------------------------ messages


def test_opening_system_text_is_instructions_and_later_text_stays_in_its_place() -> None:
    sent = body(system("one"), system("two"), user("hi"), system("three"), user("ho"))
    assert sent["instructions"] == "one\n\ntwo"
    assert sent["input"] == [said("user", "hi"), said("system", "three"), said("user", "ho")]


def test_a_conversation_of_system_text_alone_stays_in_the_input() -> None:
    sent = body(system("one"))
    assert "instructions" not in sent
    assert sent["input"] == [said("system", "one")]


def test_system_text_stays_in_the_input_beside_instructions_of_the_caller_or_where_a_host_wants_it() -> None:
    sent = body(system("one"), user("hi"), extra={"instructions": "mine"})
    assert sent["instructions"] == "mine"
    assert sent["input"][0] == said("system", "one")
    host = OpenAIResponses(instructions=False, system_role="developer")
    assert items(system("one"), user("hi"), dialect=host)[0] == said("developer", "one")


def test_a_system_message_is_text_only() -> None:
    for messages in ([system([ImagePart(data=PNG)]), user("hi")], [user("hi"), system([ImagePart(data=PNG)])]):
        with pytest.raises(UnsupportedFeatureError):
            body(*messages)


def test_pictures_and_files_by_bytes_and_by_url_in_their_order() -> None:
    message = user(
        [
            TextPart("see"),
            ImagePart(data=PNG),
            ImagePart(url="https://x.example/a.png"),
            FilePart(data=b"%PDF-1", name="a.pdf"),
            FilePart(url="https://x.example/b.pdf"),
            TextPart("and say"),
        ],
        images=[ImagePart(data=PNG)],
    )
    pdf = "data:application/pdf;base64," + base64.b64encode(b"%PDF-1").decode()
    assert items(message)[0]["content"] == [
        {"type": "input_text", "text": "see"},
        {"type": "input_image", "image_url": PNG_URI, "detail": "auto"},
        {"type": "input_image", "image_url": "https://x.example/a.png", "detail": "auto"},
        {"type": "input_file", "filename": "a.pdf", "file_data": pdf},
        {"type": "input_file", "file_url": "https://x.example/b.pdf"},
        {"type": "input_text", "text": "and say"},
        {"type": "input_image", "image_url": PNG_URI, "detail": "auto"},
    ]


def test_a_file_without_a_name_gets_one() -> None:
    names = [items(user([FilePart(data=data)]))[0]["content"][0]["filename"] for data in (b"%PDF-1", b"plain")]
    assert names == ["document.pdf", "document.pdf"]
    named = items(user([FilePart(data=b"a,b", content_type="text/csv")]))[0]["content"][0]
    assert (named["filename"], named["file_data"][:20]) == ("document", "data:text/csv;base64")


def test_sound_is_refused_unless_its_transcript_is_all_there_is() -> None:
    for part in (AudioPart(data=b"RIFF"), FilePart(data=b"ID3", content_type="audio/mpeg")):
        with pytest.raises(UnsupportedFeatureError, match="sound"):
            body(user([part]))
    assert items(user([AudioPart(transcript="hello")]))[0]["content"] == [{"type": "input_text", "text": "hello"}]


def test_an_assistant_turn_is_text_then_calls() -> None:
    turn = assistant("Let me see", tool_calls=[ToolCall("call_1", "weather", '{"city":"Rome"}')])
    assert items(user("hi"), turn)[1:] == [
        said("assistant", [{"type": "output_text", "text": "Let me see"}]),
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Rome"}'},
    ]


def test_an_empty_assistant_turn_is_left_out() -> None:
    assert len(items(user("hi"), assistant(""), user("ho"))) == 2


def test_reasoning_of_another_provider_is_left_out() -> None:
    turn = assistant("4", thinking=[ThinkingPart("2+2", signature="s", provider="other")])
    assert items(user("hi"), turn)[1:] == [said("assistant", [{"type": "output_text", "text": "4"}])]


def test_pictures_of_an_assistant_turn_go_on_as_a_users_and_its_speech_as_text() -> None:
    turn = assistant([AudioPart(data=b"RIFF", transcript="look")], images=[ImagePart(data=PNG)])
    assert items(user("draw"), turn)[1:] == [
        said("assistant", [{"type": "output_text", "text": "look"}]),
        said("user", [{"type": "input_image", "image_url": PNG_URI, "detail": "auto"}]),
    ]


def test_a_tool_result_is_text_or_holds_pictures() -> None:
    assert items(tool("call_1", "sunny"))[0] == {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}
    shown = items(tool("call_1", "look", images=[ImagePart(data=PNG)]))[0]
    assert shown["output"] == [
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": PNG_URI, "detail": "auto"},
    ]


def test_results_stand_behind_their_turn_in_the_order_of_its_calls_and_system_text_where_it_was() -> None:
    turn = assistant(tool_calls=[ToolCall("a", "weather"), ToolCall("b", "weather")])
    sent = items(user("hi"), turn, system("hurry"), tool("b", "B"), user("well?"), tool("a", "A"), tool("c", "C"))
    shown = [item.get("call_id") or item["content"] for item in sent]
    assert shown == ["hi", "a", "b", "a", "b", "hurry", "well?", "c"]


def test_the_result_of_a_tool_that_failed_is_its_content() -> None:
    assert items(tool("call_1", "no such city", is_error=True))[0]["output"] == "no such city"


def test_a_call_id_that_is_too_long_is_replaced_alike_in_call_and_result() -> None:
    for id in ("x" * 65, ""):
        turn = assistant(tool_calls=[ToolCall(id, "weather")])
        call, result = items(turn, tool(id, "sunny"))
        assert call["call_id"] == result["call_id"]
        assert 0 < len(call["call_id"]) <= 64
    odd = "functions.weather:0"
    assert items(tool(odd, "sunny"))[0]["call_id"] == odd


def test_cache_marks_are_sent_only_where_a_row_says_that_they_are_known() -> None:
    marked = [
        system("rules", cache=CacheBreakpoint()),
        user([TextPart("long", cache=CacheBreakpoint()), TextPart("question")]),
    ]
    plain = body(*marked)
    assert "prompt_cache_breakpoint" not in json.dumps(plain)
    assert plain["instructions"] == "rules"
    sent = items(*marked, dialect=OpenAIResponses(cache_breakpoints=True))
    mark = {"prompt_cache_breakpoint": {"mode": "explicit"}}
    assert sent[0] == said("system", [{"type": "input_text", "text": "rules", **mark}])
    assert sent[1]["content"] == [
        {"type": "input_text", "text": "long", **mark},
        {"type": "input_text", "text": "question"},
    ]


# ------------------------------------------------------------------------------------------------------ replay

REASONING: Json = {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}
CALL: Json = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"}


def answered(provider: str = "openai-responses", **fields: Any) -> Response:
    usual: Json = {"tool_calls": (ToolCall("call_1", "weather"),), "replay": (REASONING, CALL)}
    return Response(provider=provider, **{**usual, **fields})


def test_a_turn_of_this_provider_is_sent_back_verbatim() -> None:
    sent = body(user("hi"), answered().message, tool("call_1", "sunny"))
    assert sent["input"][1:3] == [REASONING, CALL]
    assert sent["include"] == ["reasoning.encrypted_content"]  # the model reasons, and shall go on


def test_a_turn_of_another_provider_or_an_edited_one_is_encoded_afresh() -> None:
    assert items(user("hi"), answered("other").message)[1:] == [CALL]
    edited = Message("assistant", "Better", replay=answered().message.replay)
    assert items(user("hi"), edited)[1:] == [said("assistant", [{"type": "output_text", "text": "Better"}])]


def test_a_replayed_picture_gets_its_bytes_back() -> None:
    drawn = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": {"image": 0}}
    response = answered(tool_calls=(), replay=(REASONING, drawn), images=(ImagePart(data=PNG),))
    assert items(user("draw"), response.message)[1:] == [
        REASONING,
        {**drawn, "result": base64.b64encode(PNG).decode()},
    ]


def test_a_replayed_picture_that_was_taken_out_is_left_out() -> None:
    drawn = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": {"image": 0}}
    message = answered(tool_calls=(), replay=(drawn, said("assistant", []))).message
    assert items(user("draw"), message)[1:] == [said("assistant", [])]
    alone = answered(tool_calls=(), replay=(REASONING, drawn)).message
    assert len(items(user("draw"), alone)) == 1


# ------------------------------------------------------------------------------------------------------ tools


def test_tools_are_flat_and_say_whether_they_are_strict() -> None:
    sent = body(tools=[WEATHER, ToolDef("weather2", parameters=STRICT)])["tools"]
    flat = {"type": "function", "name": "weather", "description": "Looks out of the window", "parameters": OPEN}
    assert sent == [
        {**flat, "strict": False},
        {"type": "function", "name": "weather2", "parameters": STRICT, "strict": True},
    ]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "string", "pattern": "a+"},  # a word that not every server enforces
        {"type": "object", "properties": {}},  # an open object
        {"type": "array", "items": {"type": "object", "properties": {"x": {}}, "additionalProperties": False}},
        {"anyOf": [{"type": "null"}, {"type": "object", "additionalProperties": True}]},
    ],
)
def test_a_schema_that_breaks_a_rule_anywhere_is_not_strict(part: Json) -> None:
    schema = {"type": "object", "properties": {"x": part}, "required": ["x"], "additionalProperties": False}
    assert body(tools=[ToolDef("f", parameters=schema)])["tools"][0]["strict"] is False


def test_a_tool_without_parameters_is_not_strict() -> None:
    assert body(tools=[ToolDef("now")])["tools"][0]["strict"] is False
    bare = body(tools=[ToolDef("now", parameters={"type": "object"})])["tools"][0]
    assert (bare["parameters"], bare["strict"]) == ({"type": "object", "properties": {}}, False)


@pytest.mark.parametrize(
    ("choice", "word"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ("weather", {"type": "function", "name": "weather"}),
    ],
)
def test_tool_choice(choice: str, word: Any) -> None:
    assert body(tools=[WEATHER], tool_choice=choice)["tool_choice"] == word


def test_without_tools_no_choice_is_sent_and_a_demand_is_refused() -> None:
    sent = body(tool_choice="auto", parallel_tool_calls=False)
    assert not sent.keys() & {"tools", "tool_choice", "parallel_tool_calls"}
    with pytest.raises(InvalidRequestError, match="needs tools"):
        body(tool_choice="required")
    with pytest.raises(InvalidRequestError, match=r"none of auto.*the tools weather"):
        body(tools=[WEATHER], tool_choice="whether")


def test_tools_of_the_server_come_by_extra() -> None:
    search = [{"type": "web_search"}]
    sent = body(tool_choice="required", extra={"tools": search})
    assert (sent["tools"], sent["tool_choice"]) == (search, "required")


def test_parallel_calls() -> None:
    assert body(tools=[WEATHER], parallel_tool_calls=False)["parallel_tool_calls"] is False


def test_pictures_are_drawn_by_a_tool() -> None:
    sent = body(modalities=("image",))
    assert sent["tools"] == [{"type": "image_generation"}]
    assert sent["tool_choice"] == {"type": "image_generation"}
    both = body(modalities=("text", "image"), image_config=ImageConfig("3:2", "1K"))
    assert both["tools"] == [{"type": "image_generation", "size": "1536x1024"}]
    assert "tool_choice" not in both


def test_pictures_that_cannot_be_drawn_are_refused() -> None:
    for config in (ImageConfig("16:9"), ImageConfig(image_size="4K")):
        with pytest.raises(UnsupportedFeatureError):
            body(image_config=config)
    with pytest.raises(UnsupportedFeatureError):
        body(modalities=("image",), dialect=OpenAIResponses(draws_images=False))


# ------------------------------------------------------------------------------------------------------ the rest


def test_an_effort_comes_with_a_summary_and_asks_for_encrypted_reasoning() -> None:
    sent = body(thinking=ThinkingConfig.by_effort("low"))
    assert sent["reasoning"] == {"effort": "low", "summary": "auto"}
    assert sent["include"] == ["reasoning.encrypted_content"]
    bare = body(thinking=ThinkingConfig.by_effort("low"), dialect=OpenAIResponses(reasoning_summary=""))
    assert bare["reasoning"] == {"effort": "low"}


def test_a_model_that_may_not_reason_is_not_asked_for_encrypted_reasoning() -> None:
    assert "include" not in body()
    assert "include" not in body(thinking=ThinkingConfig.by_budget(0))
    assert "include" not in body(thinking=ThinkingConfig.by_effort("low"), extra={"store": True})
    assert "include" not in body(
        thinking=ThinkingConfig.by_effort("low"), dialect=OpenAIResponses(encrypted_reasoning="never")
    )
    assert "include" in body(dialect=OpenAIResponses(encrypted_reasoning="always"))
    assert "include" in body(extra={"reasoning": {"effort": "xhigh"}})


def test_a_budget_is_sent_as_the_nearest_effort_and_none_turns_thinking_off() -> None:
    for budget, effort in ((1000, "low"), (8192, "medium"), (20_000, "high")):
        assert body(thinking=ThinkingConfig.by_budget(budget))["reasoning"]["effort"] == effort
    assert body(thinking=ThinkingConfig.by_budget(0))["reasoning"] == {"effort": "none"}


def test_any_json() -> None:
    assert body(response_format=ResponseFormat.json())["text"] == {"format": {"type": "json_object"}}


def test_a_strict_schema_has_its_objects_closed() -> None:
    nested = {"type": "object", "properties": {"a": {"type": "array", "items": OPEN}}, "required": ["a"]}
    sent = body(response_format=ResponseFormat.json_schema(nested, name="my answer"))["text"]["format"]
    assert (sent["type"], sent["name"], sent["strict"]) == ("json_schema", "my_answer", True)
    assert sent["schema"]["additionalProperties"] is False
    assert sent["schema"]["properties"]["a"]["items"] == STRICT
    assert "additionalProperties" not in nested  # the caller's own is left alone


def test_a_strict_schema_that_the_wire_cannot_enforce_is_refused() -> None:
    optional: Json = {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]}
    with pytest.raises(UnsupportedFeatureError, match="'b' is optional"):
        body(response_format=ResponseFormat.json_schema(optional))
    with pytest.raises(UnsupportedFeatureError, match="any property"):
        body(response_format=ResponseFormat.json_schema({"type": "object", "additionalProperties": {"type": "string"}}))
    loose = body(response_format=ResponseFormat.json_schema(optional, strict=False))["text"]["format"]
    assert (loose["schema"], loose["strict"]) == (optional, False)
    engine = OpenAIResponses(strict_needs_required=False)
    sent = body(response_format=ResponseFormat.json_schema(optional), dialect=engine)["text"]["format"]
    assert (sent["schema"], sent["strict"]) == ({**optional, "additionalProperties": False}, True)


# ------------------------------------------------------------------------------------------------------ the row


def test_the_row_and_its_options() -> None:
    assert (PROVIDER.name, PROVIDER.base_url) == ("openai-responses", "https://api.openai.com/v1")
    assert PROVIDER.key_env == ("OPENAI_API_KEY",)
    configured = PROVIDER.with_options({"organization": "org-1", "project": "proj-1"})
    assert configured.provider.headers["OpenAI-Organization"] == "org-1"
    assert configured.provider.headers["OpenAI-Project"] == "proj-1"


def test_features_name_what_the_wire_carries() -> None:
    features = PROVIDER.dialect.features
    assert set(features) == set(FEATURES)
    assert {name for name in FEATURES if not features[name]} == {"audio in", "audio out", "cache marks"}
