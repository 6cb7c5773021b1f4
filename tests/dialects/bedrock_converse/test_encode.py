"""Request -> body: one test for each rule of the wire."""

import json
from itertools import pairwise
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.codecs import json as _json
from aikido_llm.dialects.bedrock_converse import BedrockConverse
from aikido_llm.types.messages import Replay, ThinkingPart, fingerprint
from tests.dialects.bedrock_converse.bodies import BODY
from tests.dialects.bedrock_converse.bodies import body as whole
from tests.dialects.rules import bedrock_converse as rules
from tests.wire import response_of

PNG = llm.ImagePart(data=b"\x89PNG\r\n\x1a\n")
PDF = llm.FilePart(data=b"%PDF-1.7", name="Q3_report (final).v2.pdf", content_type="application/pdf")
WEATHER = llm.ToolDef("weather", "by city", {"type": "object", "properties": {"city": {"type": "string"}}})
SPEC = {"toolSpec": {"name": "weather", "description": "by city", "inputSchema": {"json": dict(WEATHER.parameters)}}}
POINT = {"cachePoint": {"type": "default"}}


def body(*messages: llm.Message, **fields: Any) -> dict[str, Any]:
    request = llm.Request(messages or (llm.user("hi"),), model=fields.pop("model", "m"), **fields)
    encoded = BedrockConverse().encode(request, stream=True, provider="bedrock-converse").body
    assert encoded is not None
    rules.check(encoded)
    sent: dict[str, Any] = json.loads(_json.dumps(encoded))
    return sent


def turns(*messages: llm.Message, **fields: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body(*messages, **fields)["messages"]
    return found


def called(*ids: str) -> llm.Message:
    return llm.assistant("I look.", tool_calls=[llm.ToolCall(id, "weather", '{"city":"Oslo"}') for id in ids])


def use(id: str) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": id, "name": "weather", "input": {"city": "Oslo"}}}


def result(id: str, text: str, **more: Any) -> dict[str, Any]:
    return {"toolResult": {"toolUseId": id, "content": [{"text": text}], **more}}


# ---------------------------------------------------------------- the path, and fields


def test_the_model_is_in_the_path_and_the_verb_says_whether_it_streams() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.a.b-v1:0"
    request = llm.Request([llm.user("hi")], model=arn)
    encoded = [BedrockConverse().encode(request, stream=stream, provider="x").path for stream in (True, False)]
    path = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.a.b-v1%3A0"
    assert encoded == [f"{path}/converse-stream", f"{path}/converse"]


def test_what_is_not_set_is_not_sent() -> None:
    assert body() == {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}


def test_sampling() -> None:
    found = body(max_tokens=5, temperature=1.5, top_p=0.9, stop=["a"], top_k=40)
    assert found["inferenceConfig"] == {"maxTokens": 5, "temperature": 1.0, "topP": 0.9, "stopSequences": ["a"]}
    assert found["additionalModelRequestFields"] == {"top_k": 40}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"seed": 1}, "no seed"),
        ({"modalities": ("text", "image")}, "modalities"),
        ({"tools": (WEATHER,), "parallel_tool_calls": False}, "parallel"),
        ({"response_format": llm.ResponseFormat.json()}, "JSON mode"),
        ({"tools": (llm.CustomTool("note"),)}, "ToolDef"),
        ({"tools": (llm.ServerTool("web_search", options={"max_uses": 2}),)}, "no options"),
    ],
)
def test_what_the_wire_cannot_say(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(llm.UnsupportedFeatureError, match=said):
        body(**fields)


def test_thinking() -> None:
    by_budget = body(thinking=llm.ThinkingConfig.by_budget(2000))
    assert by_budget["additionalModelRequestFields"] == {"thinking": {"type": "enabled", "budget_tokens": 2000}}
    assert by_budget["inferenceConfig"] == {"maxTokens": 10_192}
    by_effort = body(thinking=llm.ThinkingConfig.by_effort("high"))
    assert by_effort["additionalModelRequestFields"] == {"thinking": {"type": "adaptive"}}
    assert by_effort["outputConfig"] == {"effort": "high"}
    off = body(thinking=llm.ThinkingConfig.by_effort("none"))
    assert off["additionalModelRequestFields"] == {"thinking": {"type": "disabled"}} and "outputConfig" not in off


def test_a_schema_is_a_text() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    found = body(response_format=llm.ResponseFormat.json_schema(schema, name="answer"))["outputConfig"]["textFormat"]
    assert found["type"] == "json_schema"
    said = found["structure"]["jsonSchema"]
    assert said["name"] == "answer"
    assert json.loads(said["schema"]) == {**schema, "additionalProperties": False}


def test_labels_are_few_and_of_few_characters() -> None:
    labels = {"team": "blue", "what": "ü", "long": "x" * 300, **{f"n{number}": "1" for number in range(20)}}
    found = body(metadata=labels)["requestMetadata"]
    assert len(found) == 16 and found["team"] == "blue" and not found.keys() & {"what", "long"}


def test_extra() -> None:
    guardrail = {"guardrailIdentifier": "abc", "guardrailVersion": "1", "streamProcessingMode": "async"}
    assert body(extra={"guardrailConfig": guardrail})["guardrailConfig"] == guardrail


# ---------------------------------------------------------------- tools


def test_tools_and_those_of_the_service() -> None:
    found = body(tools=(WEATHER, llm.ServerTool("web_search"), llm.ServerTool("nova_grounding")))["toolConfig"]
    grounding = {"systemTool": {"name": "nova_grounding"}}
    assert found == {"tools": [SPEC, grounding, grounding]}


def test_tool_choice() -> None:
    words: dict[str, Any] = {"auto": {"auto": {}}, "required": {"any": {}}, "weather": {"tool": {"name": "weather"}}}
    for choice, word in words.items():
        assert body(tools=(WEATHER,), tool_choice=choice)["toolConfig"] == {"tools": [SPEC], "toolChoice": word}


def test_a_tool_choice_of_none_leaves_the_tools_out_while_none_was_called() -> None:
    assert "toolConfig" not in body(tools=(WEATHER,), tool_choice="none")
    with pytest.raises(llm.UnsupportedFeatureError, match="want the tools"):
        body(llm.user("hi"), called("a"), llm.tool("a", "18"), tools=(WEATHER,), tool_choice="none")


def test_a_name_that_the_wire_refuses() -> None:
    with pytest.raises(llm.InvalidRequestError, match="tool name"):
        body(tools=(llm.ToolDef("a.b"),))


def test_tools_that_turns_called_are_declared_where_the_request_has_none() -> None:
    found = body(llm.user("hi"), called("a"), llm.tool("a", "18"))["toolConfig"]["tools"]
    assert [tool["toolSpec"]["name"] for tool in found] == ["weather"]
    given = {"tools": [SPEC]}
    assert body(llm.user("hi"), called("a"), llm.tool("a", "1"), extra={"toolConfig": given})["toolConfig"] == given


# ---------------------------------------------------------------- the order of turns


def test_turns_alternate_and_system_text_is_at_the_top() -> None:
    found = body(llm.system("Be brief."), llm.user("a"), llm.user("b"), llm.assistant("c"), llm.user("d"))
    assert found["system"] == [{"text": "Be brief."}]
    assert found["messages"] == [
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        {"role": "assistant", "content": [{"text": "c"}]},
        {"role": "user", "content": [{"text": "d"}]},
    ]


def test_a_late_system_message_is_said_by_the_user() -> None:
    said = turns(llm.user("a"), llm.assistant("b"), llm.system("Be brief."), llm.user("c"))[-1]["content"]
    assert said == [{"text": "<system>\nBe brief.\n</system>"}, {"text": "c"}]


def test_results_of_calls_side_by_side_stand_together_and_first() -> None:
    found = turns(
        llm.user("hi"), called("a", "b"), llm.user("quick!"), llm.tool("b", "no", is_error=True), llm.tool("a", "18")
    )
    assert found[1]["content"] == [{"text": "I look."}, use("a"), use("b")]
    assert found[2]["content"] == [result("a", "18"), result("b", "no", status="error"), {"text": "quick!"}]


def test_a_result_that_is_empty_or_a_picture() -> None:
    found = turns(llm.user("hi"), called("a", "b"), llm.tool("a", ""), llm.tool("b", [PNG]))[2]["content"]
    assert found[0] == result("a", "(no output)")
    assert found[1]["toolResult"]["content"] == [{"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}]


def test_a_call_without_its_result() -> None:
    with pytest.raises(llm.InvalidRequestError, match="have no result"):
        body(llm.user("hi"), called("a"), llm.user("well?"))


def test_the_user_begins() -> None:
    with pytest.raises(llm.InvalidRequestError, match="begins with a user message"):
        body(llm.assistant("hello"))


def test_a_prefill_does_not_end_in_blanks() -> None:
    assert turns(llm.user("hi"), llm.assistant("Well, "))[1]["content"] == [{"text": "Well,"}]


def test_blank_text_is_left_out() -> None:
    assert turns(llm.user([llm.TextPart(" "), llm.TextPart("a")])) == [{"role": "user", "content": [{"text": "a"}]}]


# ---------------------------------------------------------------- media


def test_a_document_has_a_name_of_few_characters_once_and_words_beside_it() -> None:
    found = turns(llm.user([PDF, PDF]))[0]["content"]
    assert [block["document"]["name"] for block in found[:2]] == ["Q3 report (final) v2", "Q3 report (final) v2 2"]
    assert found[0]["document"] == {
        "format": "pdf", "name": "Q3 report (final) v2", "source": {"bytes": "JVBERi0xLjc="},
    }  # fmt: skip
    assert set(found[2]) == {"text"}
    assert len(turns(llm.user([PDF, llm.TextPart("Sum it up.")]))[0]["content"]) == 2


def test_places_in_s3_and_nowhere_else() -> None:
    there = llm.ImagePart(url="s3://bucket/a.png")
    source = {"s3Location": {"uri": "s3://bucket/a.png"}}
    assert turns(llm.user("see", images=[there]))[0]["content"][1] == {"image": {"format": "png", "source": source}}
    with pytest.raises(llm.UnsupportedFeatureError, match="download it"):
        body(llm.user("see", images=[llm.ImagePart(url="https://a.example/a.png")]))


def test_sound_and_moving_pictures() -> None:
    film = llm.FilePart(data=b"film", name="a.mp4", content_type="video/mp4")
    sound = llm.AudioPart(data=b"RIFF", content_type="audio/wav")
    first, second = turns(llm.user([film, sound]))[0]["content"]
    assert (first["video"]["format"], second["audio"]["format"]) == ("mp4", "wav")


def test_what_no_model_reads() -> None:
    with pytest.raises(llm.UnsupportedFeatureError, match="application/zip"):
        body(llm.user([llm.FilePart(data=b"PK", name="a.zip", content_type="application/zip")]))


# ---------------------------------------------------------------- cache points, and what goes back


def test_cache_points_stand_behind_what_they_mark() -> None:
    mark = llm.CacheBreakpoint()
    tool = llm.ToolDef("weather", "by city", WEATHER.parameters, cache=mark)
    found = body(llm.system("Long.", cache=mark), llm.user("Longer.", cache=llm.CacheBreakpoint("1h")), tools=(tool,))
    hour = {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert found["toolConfig"]["tools"] == [SPEC, hour], "an hour does not come after five minutes"
    assert found["system"] == [{"text": "Long."}, hour]
    assert found["messages"][0]["content"] == [{"text": "Longer."}, hour]


def test_of_more_cache_points_than_are_taken_the_last_are_kept() -> None:
    mark = llm.CacheBreakpoint()
    said = [
        llm.user([llm.TextPart("a", mark)], cache=mark),
        *(make(f"{number}", cache=mark) for number in range(3) for make in (llm.assistant, llm.user)),
    ]
    found = [block for turn in turns(*said) for block in turn["content"]]
    marked = [before["text"] for before, block in pairwise(found) if block == POINT]
    assert marked == ["1", "1", "2", "2"]


def test_own_blocks_go_back_as_they_came() -> None:
    blocks: tuple[dict[str, Any], ...] = (
        {"reasoningContent": {"redactedContent": "UkVE"}},
        {"toolUse": {"toolUseId": "a", "name": "weather", "input": {}, "later": 1}},
    )
    call = llm.ToolCall("a", "weather", "{}")
    own = Replay("bedrock-converse", blocks, wire="bedrock_converse", fingerprint=fingerprint("", [call]))
    said = llm.Message(llm.Role.assistant, "", tool_calls=(call,), replay=own)
    request = llm.Request([llm.user("hi"), said, llm.tool("a", "18")], model="m", tools=(WEATHER,))
    sent = BedrockConverse().encode(request, stream=True, provider="bedrock-converse").body
    assert sent is not None and tuple(sent["messages"][1]["content"]) == blocks
    other = BedrockConverse().encode(request, stream=True, provider="another").body
    assert other is not None and "reasoningContent" not in _json.dumps(other).decode()


def test_a_call_of_the_client_may_have_a_type() -> None:
    use: dict[str, Any] = {"toolUse": {"toolUseId": "a", "name": "weather", "input": {}, "type": "tool_use"}}
    said = response_of(BODY.read(whole(use, reason="tool_use"))).message
    assert said.replay_for("test", "bedrock_converse") == (use,)
    request = llm.Request([llm.user("hi"), said, llm.tool("a", "18")], model="m", tools=(WEATHER,))
    sent = BedrockConverse().encode(request, stream=True, provider="test").body
    assert sent is not None and sent["messages"][1]["content"] == [use]
    assert sent["messages"][2]["content"] == [result("a", "18")]


def test_thinking_goes_back_signed_and_to_its_own_provider_alone() -> None:
    parts = [
        ThinkingPart("Hm.", provider="bedrock-converse", signature="c2ln"),
        ThinkingPart("", provider="bedrock-converse", data="UkVE"),
        ThinkingPart("unsigned", provider="bedrock-converse"),
        ThinkingPart("foreign", provider="other", signature="x"),
    ]
    said = llm.Message(llm.Role.assistant, "Yes.", thinking=tuple(parts))
    assert turns(llm.user("hi"), said, llm.user("and?"))[1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "UkVE"}},
        {"text": "Yes."},
    ]
