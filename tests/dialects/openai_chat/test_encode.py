"""Request -> body: one test per rule of the wire, named after it."""

from collections.abc import Mapping
from typing import Any

import pytest

from aikido_llm.codecs import json
from aikido_llm.codecs.base64 import Base64Text
from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.errors import InvalidRequestError, UnsupportedFeatureError
from aikido_llm.providers import (
    azure,
    cerebras,
    chutes,
    deepseek,
    grok,
    groq,
    llamacpp,
    mistral,
    openai,
    openrouter,
    together,
    vllm,
)
from aikido_llm.providers.base import Provider
from aikido_llm.types.messages import Message, Replay, ThinkingPart, assistant, fingerprint, system, tool, user
from aikido_llm.types.parts import AudioPart, CacheBreakpoint, FilePart, ImagePart, TextPart
from aikido_llm.types.request import ImageConfig, Request, ResponseFormat, ThinkingConfig
from aikido_llm.types.response import Response
from aikido_llm.types.tools import ToolCall, ToolDef

PNG = b"\x89PNG\r\n\x1a\n rest"
PDF = b"%PDF-1.7 rest"
WAV = b"RIFF\0\0\0\0WAVEfmt "
WEATHER = ToolDef("weather", "Says the weather", {"type": "object", "properties": {"city": {"type": "string"}}})
CALL = ToolCall("call_1", "weather", '{"city":"Oslo"}')
OTHER_CALL = ToolCall("call_2", "weather", '{"city":"Rome"}')
WIRE_CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
PLAIN = Provider("plain", "https://x/v1", OpenAIChat())
ROWS = (azure, cerebras, chutes, deepseek, grok, groq, llamacpp, mistral, openai, openrouter, together, vllm)


def body_of(*messages: Message, row: Provider = PLAIN, stream: bool = False, **fields: Any) -> dict[str, Any]:
    wire = row.dialect.encode(Request(messages or (user("hi"),), model="m", **fields), stream=stream, provider=row.name)
    assert (wire.method, wire.path) == ("POST", "/chat/completions")
    assert wire.body is not None
    json.dumps(wire.body)
    return wire.body


def messages_of(*messages: Message, row: Provider = PLAIN) -> list[dict[str, Any]]:
    messages_sent: list[dict[str, Any]] = body_of(*messages, row=row)["messages"]
    return messages_sent


def shown(part: Any) -> Any:
    """Base64Text written out."""
    return part.text() if isinstance(part, Base64Text) else part


# ---------------------------------------------------------------- scalars


def test_unset_fields_are_left_out() -> None:
    assert body_of() == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def test_set_fields_are_sent_zero_too() -> None:
    body = body_of(max_tokens=5, temperature=0, top_p=0.5, stop=["END"], seed=0)
    assert body | {"messages": 0} == {
        "model": "m", "messages": 0, "max_tokens": 5, "temperature": 0, "top_p": 0.5, "stop": ["END"], "seed": 0,
    }  # fmt: skip


def test_stream_asks_for_usage() -> None:
    body = body_of(stream=True)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    assert body_of(row=openai.PROVIDER, stream=True)["stream_options"] == {
        "include_usage": True,
        "include_obfuscation": False,
    }
    assert "stream_options" not in body_of(row=mistral.PROVIDER, stream=True)
    wire = PLAIN.dialect.encode(Request((user("hi"),), model="m"), stream=True, provider="plain")
    assert wire.headers == {"Accept": "text/event-stream"}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        *((row, "max_completion_tokens") for row in (openai, azure, groq, cerebras)),
        *((row, "max_tokens") for row in (openrouter, grok, mistral, llamacpp, chutes, vllm, deepseek, together)),
    ],
)
def test_name_of_max_tokens(row: Any, field: str) -> None:
    assert body_of(row=row.PROVIDER, max_tokens=7)[field] == 7


def test_name_of_seed() -> None:
    assert body_of(row=mistral.PROVIDER, seed=7)["random_seed"] == 7
    with pytest.raises(UnsupportedFeatureError, match="seed"):
        body_of(row=deepseek.PROVIDER, seed=7)


def test_stop_where_a_host_has_none() -> None:
    with pytest.raises(UnsupportedFeatureError, match="stop"):
        body_of(row=Provider("x", "", OpenAIChat(stop_field=None)), stop=["END"])


def test_top_k() -> None:
    for row in (vllm, llamacpp, chutes, openrouter, together):
        assert body_of(row=row.PROVIDER, top_k=40)["top_k"] == 40
    for row in (openai, azure, cerebras, deepseek, grok, groq, mistral):
        with pytest.raises(UnsupportedFeatureError, match="extra"):
            body_of(row=row.PROVIDER, top_k=40)


def test_several_answers() -> None:
    assert body_of(n=3)["n"] == 3
    for row in (groq, deepseek, openrouter):
        assert "n" not in body_of(row=row.PROVIDER, n=1)
        with pytest.raises(UnsupportedFeatureError, match="one answer"):
            body_of(row=row.PROVIDER, n=2)


@pytest.mark.parametrize(
    ("row", "asked", "sent"),
    [
        (openai, True, {"logprobs": True}),
        (openai, 1, {"logprobs": True, "top_logprobs": 1}),
        (deepseek, 5, {"logprobs": True, "top_logprobs": 5}),
        (together, True, {"logprobs": 1}),
        (together, 5, {"logprobs": 5}),
        (together, False, {}),
        (openai, False, {}),
        (mistral, False, {}),
    ],
)
def test_logprobs(row: Any, asked: bool | int, sent: dict[str, Any]) -> None:
    body = body_of(row=row.PROVIDER, logprobs=asked)
    said = {key: value for key, value in body.items() if "logprobs" in key}
    assert said == sent
    assert [type(value) for value in said.values()] == [type(value) for value in sent.values()]


@pytest.mark.parametrize("row", [mistral, groq])
def test_logprobs_where_a_host_tells_none(row: Any) -> None:
    with pytest.raises(UnsupportedFeatureError, match="logprobs"):
        body_of(row=row.PROVIDER, logprobs=2)


def test_metadata_is_a_hint() -> None:
    assert "metadata" not in body_of(metadata={"a": "b"})
    assert body_of(row=openrouter.PROVIDER, metadata={"a": "b"})["metadata"] == {"a": "b"}


def test_extra_wins_key_by_key() -> None:
    body = body_of(temperature=0.5, extra={"temperature": 1, "top_k": 3})
    assert (body["temperature"], body["top_k"]) == (1, 3)


# ---------------------------------------------------------------- thinking


@pytest.mark.parametrize(
    ("row", "thinking", "expected"),
    [
        (openai, ThinkingConfig.by_effort("low"), {"reasoning_effort": "low"}),
        (openai, ThinkingConfig.by_budget(0), {"reasoning_effort": "none"}),
        (openai, ThinkingConfig.by_budget(2000), {"reasoning_effort": "low"}),
        (openai, ThinkingConfig.by_budget(8000), {"reasoning_effort": "medium"}),
        (openai, ThinkingConfig.by_budget(30000), {"reasoning_effort": "high"}),
        (mistral, ThinkingConfig.by_effort("low"), {"reasoning_effort": "high"}),
        (mistral, ThinkingConfig.by_budget(0), {"reasoning_effort": "none"}),
        (openrouter, ThinkingConfig.by_effort("medium"), {"reasoning": {"effort": "medium"}}),
        (openrouter, ThinkingConfig.by_budget(2000), {"reasoning": {"max_tokens": 2000}}),
        (openrouter, ThinkingConfig.by_budget(0), {"reasoning": {"enabled": False}}),
        (deepseek, ThinkingConfig.by_effort("high"), {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        (deepseek, ThinkingConfig.by_budget(0), {"thinking": {"type": "disabled"}}),
        (vllm, ThinkingConfig.by_budget(0), {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}}),
        (
            vllm,
            ThinkingConfig.by_effort("low"),
            {"chat_template_kwargs": {"enable_thinking": True, "thinking": True, "reasoning_effort": "low"}},
        ),
        (
            llamacpp,
            ThinkingConfig.by_budget(100),
            {
                "chat_template_kwargs": {"enable_thinking": True, "thinking": True, "reasoning_effort": "low"},
                "reasoning_budget_tokens": 100,
            },
        ),
    ],
)
def test_thinking(row: Any, thinking: ThinkingConfig, expected: Mapping[str, Any]) -> None:
    plain = body_of(row=row.PROVIDER)
    assert body_of(row=row.PROVIDER, thinking=thinking) == {**plain, **expected}


def test_thinking_where_a_host_has_no_switch() -> None:
    with pytest.raises(UnsupportedFeatureError, match="thinking"):
        body_of(row=Provider("x", "", OpenAIChat(thinking="none")), thinking=ThinkingConfig.by_effort("low"))


# ---------------------------------------------------------------- tools and formats


def test_tools() -> None:
    body = body_of(tools=[WEATHER, ToolDef("now")], tool_choice="auto", parallel_tool_calls=False)
    assert body["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "Says the weather",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
            },
        },
        {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}},
    ]
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("auto", False)


def test_no_tool_keys_without_tools() -> None:
    body = body_of(tool_choice="none", parallel_tool_calls=True)
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & set(body)


@pytest.mark.parametrize(
    ("row", "choice", "expected"),
    [
        (openai, "required", "required"),
        (openai, "none", "none"),
        (openai, "weather", {"type": "function", "function": {"name": "weather"}}),
        (mistral, "required", "any"),
        (mistral, "weather", {"type": "function", "function": {"name": "weather"}}),
    ],
)
def test_tool_choice(row: Any, choice: str, expected: Any) -> None:
    assert body_of(row=row.PROVIDER, tools=[WEATHER], tool_choice=choice)["tool_choice"] == expected


def test_tool_choice_none_leaves_the_tools_out_where_they_garble_the_text() -> None:
    assert "tools" not in body_of(row=mistral.PROVIDER, tools=[WEATHER], tool_choice="none")


def test_tool_choice_of_no_tool_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="weather"):
        body_of(tools=[WEATHER], tool_choice="clock")
    with pytest.raises(InvalidRequestError, match="needs tools"):
        body_of(tool_choice="required")


def test_response_formats() -> None:
    assert body_of(response_format=ResponseFormat.json())["response_format"] == {"type": "json_object"}
    wanted = ResponseFormat.json_schema({"type": "object"}, "out", strict=False)
    assert body_of(response_format=wanted)["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "out", "strict": False, "schema": {"type": "object"}},
    }
    with pytest.raises(UnsupportedFeatureError, match=r"ResponseFormat\.json"):
        body_of(row=deepseek.PROVIDER, response_format=wanted)


def test_modalities() -> None:
    row = openrouter.PROVIDER
    body = body_of(row=row, modalities=["image", "text"], image_config=ImageConfig("16:9", "2K"))
    assert body["modalities"] == ["image", "text"]
    assert body["image_config"] == {"aspect_ratio": "16:9", "image_size": "2K"}
    assert "image_config" not in body_of(row=row, image_config=ImageConfig())
    assert "modalities" not in body_of(row=mistral.PROVIDER, modalities=["text"])
    with pytest.raises(UnsupportedFeatureError, match="image"):
        body_of(row=openai.PROVIDER, modalities=["image"])
    with pytest.raises(UnsupportedFeatureError, match="pictures"):
        body_of(row=openai.PROVIDER, image_config=ImageConfig("1:1"))


def test_spoken_answers_stream_as_pcm16() -> None:
    row = openai.PROVIDER
    assert body_of(row=row, modalities=["text", "audio"], stream=True)["audio"] == {"voice": "alloy", "format": "pcm16"}
    assert body_of(row=row, modalities=["text", "audio"])["audio"]["format"] == "wav"
    chosen = {"audio": {"voice": "ash", "format": "mp3"}}
    assert body_of(row=row, modalities=["audio"], extra=chosen)["audio"] == chosen["audio"]


# ---------------------------------------------------------------- messages


def test_text_alone_is_a_string() -> None:
    parts = user([TextPart("a"), TextPart("b")])
    assert messages_of(system("be brief"), parts, assistant("ok"), user("go")) == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "ab"},
        {"role": "assistant", "content": "ok"},
        {"role": "user", "content": "go"},
    ]


def test_system_role_word() -> None:
    row = Provider("x", "", OpenAIChat(system_role="developer"))
    assert messages_of(system("be brief"), row=row)[0]["role"] == "developer"


def test_system_holds_text_only() -> None:
    with pytest.raises(UnsupportedFeatureError, match="system"):
        messages_of(system([ImagePart(data=PNG)]))


def test_speaker_names_have_plain_letters() -> None:
    assert messages_of(user("hi", name="Ann Lee"))[0]["name"] == "Ann_Lee"
    assert "name" not in messages_of(user("hi", name="Ann"), row=mistral.PROVIDER)[0]


def test_pictures_by_url_and_by_bytes_in_order() -> None:
    content = messages_of(
        user([TextPart("a"), ImagePart(url="https://x/y.png"), TextPart("b")], images=[ImagePart(data=PNG)])
    )
    parts = content[0]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url", "text", "image_url"]
    assert parts[1]["image_url"] == {"url": "https://x/y.png"}
    assert shown(parts[3]["image_url"]["url"]).startswith("data:image/png;base64,iVBO")
    with pytest.raises(UnsupportedFeatureError, match="images"):
        messages_of(user("a", images=[ImagePart(data=PNG)]), row=deepseek.PROVIDER)


def test_sound() -> None:
    part = messages_of(user("a", audio=[AudioPart(data=WAV)]))[0]["content"][1]
    assert (shown(part["input_audio"]["data"])[:4], part["input_audio"]["format"]) == ("UklG", "wav")
    bare = messages_of(user("a", audio=[AudioPart(data=WAV)]), row=mistral.PROVIDER)[0]["content"][1]
    assert shown(bare["input_audio"])[:4] == "UklG"
    link = messages_of(user("a", audio=[AudioPart(url="https://x/y.mp3")]), row=mistral.PROVIDER)[0]["content"][1]
    assert link["input_audio"] == "https://x/y.mp3"
    with pytest.raises(UnsupportedFeatureError, match="download"):
        messages_of(user("a", audio=[AudioPart(url="https://x/y.mp3")]))
    with pytest.raises(UnsupportedFeatureError, match="transcript"):
        messages_of(user("a", audio=[AudioPart(data=WAV)]), row=groq.PROVIDER)


def test_files() -> None:
    text = messages_of(user([FilePart(data=b"# hi", content_type="text/markdown", name="a.md")]))[0]["content"][0]
    assert text["file"]["filename"] == "a.md"
    assert text["file"]["file_data"].text() == "data:text/markdown;base64,IyBoaQ==", "not judged here"
    part = messages_of(user([FilePart(data=PDF, name="a.pdf")]))[0]["content"][0]
    assert part["type"] == "file"
    assert part["file"]["filename"] == "a.pdf"
    assert shown(part["file"]["file_data"]).startswith("data:application/pdf;base64,JVBE")
    link = FilePart(url="https://x/y.pdf")
    assert messages_of(user([link]), row=openrouter.PROVIDER)[0]["content"][0]["file"]["file_data"] == "https://x/y.pdf"
    assert messages_of(user([link]), row=mistral.PROVIDER)[0]["content"] == [
        {"type": "document_url", "document_url": "https://x/y.pdf"}
    ]
    with pytest.raises(UnsupportedFeatureError, match="download"):
        messages_of(user([link]))
    with pytest.raises(UnsupportedFeatureError, match="files"):
        messages_of(user([link]), row=groq.PROVIDER)


def test_calls_and_results() -> None:
    turns = messages_of(user("?"), assistant(tool_calls=[CALL]), tool("call_1", "cold"))
    assert turns[1:] == [
        {"role": "assistant", "content": None, "tool_calls": [WIRE_CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "cold"},
    ]
    strict = messages_of(user("?"), assistant(tool_calls=[CALL]), tool("call_1", "cold"), row=mistral.PROVIDER)
    assert "content" not in strict[1]
    assert strict[2]["name"] == "weather"


def test_blanks_before_calls_are_dropped() -> None:
    assert messages_of(assistant("\n\n", tool_calls=[CALL]))[0]["content"] is None


def test_results_stand_behind_their_calls() -> None:
    turns = messages_of(
        user("?"), assistant(tool_calls=[CALL, OTHER_CALL]), tool("call_2", "hot"), user("and?"), tool("call_1", "cold")
    )
    assert [turn.get("tool_call_id", turn["role"]) for turn in turns] == [
        "user",
        "assistant",
        "call_1",
        "call_2",
        "user",
    ]


def test_pictures_of_results_follow_all_results_in_the_next_user_message() -> None:
    history = (
        assistant(tool_calls=[CALL, OTHER_CALL]),
        tool("call_1", "a map", images=[ImagePart(data=PNG)]),
        tool("call_2", "hot"),
    )
    turns = messages_of(*history)
    assert [turn["role"] for turn in turns] == ["assistant", "tool", "tool", "user"]
    assert turns[1]["content"] == "a map"
    assert [part["type"] for part in turns[3]["content"]] == ["text", "image_url"]
    assert "weather" in turns[3]["content"][0]["text"]
    asked = messages_of(*history, user("so?"))
    assert [turn["role"] for turn in asked] == ["assistant", "tool", "tool", "user"]
    assert asked[3]["content"][2] == {"type": "text", "text": "so?"}
    kept = messages_of(*history, row=openrouter.PROVIDER)
    assert [part["type"] for part in kept[1]["content"]] == ["text", "image_url"]


def test_pictures_that_the_assistant_drew() -> None:
    drawn = assistant("", images=[ImagePart(data=PNG)])
    own = messages_of(user("draw"), drawn, user("bluer"), row=openrouter.PROVIDER)
    assert [part["type"] for part in own[1]["images"]] == ["image_url"]
    other = messages_of(user("draw"), drawn, user("bluer"))
    assert [turn["role"] for turn in other] == ["user", "user"]
    assert [part["type"] for part in other[1]["content"]] == ["text", "image_url", "text"]


def test_empty_assistant_turns_are_left_out() -> None:
    assert [turn["role"] for turn in messages_of(user("a"), assistant(""), user("b"))] == ["user", "user"]


def test_sound_of_the_assistant_is_its_transcript() -> None:
    heard = Message("assistant", audio=[AudioPart(data=WAV, transcript="Hey")])
    assert messages_of(heard)[0]["content"] == "Hey"


def test_the_last_assistant_message_is_continued() -> None:
    turns = messages_of(user("a"), assistant("Once"), row=mistral.PROVIDER)
    assert turns[1] == {"role": "assistant", "content": "Once", "prefix": True}
    assert "prefix" not in messages_of(user("a"), assistant("Once"))[1]


# ---------------------------------------------------------------- ids of calls


@pytest.mark.parametrize("id", ["call_1", "toolu_bdrk_01XyygXCZRoQyyzN6mEK3M9F", "functions.add:0", "", "ø\ud800"])
def test_foreign_call_ids_become_nine_letters_on_both_sides(id: str) -> None:
    call = ToolCall(id, "weather")
    turns = messages_of(assistant(tool_calls=[call]), tool(id, "cold"), row=mistral.PROVIDER)
    made = turns[0]["tool_calls"][0]["id"]
    assert made == turns[1]["tool_call_id"]
    assert len(made) == 9
    assert made.isascii()
    assert made.isalnum()


def test_fitting_call_ids_are_kept() -> None:
    assert (
        messages_of(assistant(tool_calls=[ToolCall("Ab3dE6gH9", "f")]), row=mistral.PROVIDER)[0]["tool_calls"][0]["id"]
        == "Ab3dE6gH9"
    )
    assert (
        messages_of(assistant(tool_calls=[ToolCall("functions.add:0", "f")]))[0]["tool_calls"][0]["id"]
        == "functions.add:0"
    )
    long = ToolCall("call-" + "x" * 60, "f")
    assert len(messages_of(assistant(tool_calls=[long]), row=openai.PROVIDER)[0]["tool_calls"][0]["id"]) == 40


# ---------------------------------------------------------------- cache marks


def test_cache_marks_stand_on_the_last_text_part() -> None:
    row = openrouter.PROVIDER
    marked = messages_of(
        system("long", cache=CacheBreakpoint("1h")),
        user([TextPart("a", cache=CacheBreakpoint()), TextPart("b"), ImagePart(data=PNG)], cache=CacheBreakpoint()),
        row=row,
    )
    assert marked[0]["content"] == [
        {"type": "text", "text": "long", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    ]
    assert [part.get("cache_control") for part in marked[1]["content"]] == [{"type": "ephemeral"}] * 2 + [None]
    tools = body_of(row=row, tools=[ToolDef("now", cache=CacheBreakpoint())])["tools"]
    assert tools[0]["cache_control"] == {"type": "ephemeral"}


def test_cache_marks_are_a_hint() -> None:
    assert messages_of(system("long", cache=CacheBreakpoint()))[0]["content"] == "long"
    assert "cache_control" not in body_of(tools=[ToolDef("now", cache=CacheBreakpoint())])["tools"][0]


# ---------------------------------------------------------------- replay


def answered(
    provider: str, *, replay: tuple[Any, ...] = (), text: str = "", thinking: str = "Hm", calls: Any = (CALL,)
) -> Message:
    return Response(text=text, thinking=thinking, tool_calls=calls, provider=provider, replay=replay).message


def test_reasoning_details_go_back_verbatim() -> None:
    details = [{"type": "reasoning.text", "text": "Hm", "signature": "Ev", "index": 0}]
    turn = messages_of(answered("openrouter", replay=({"reasoning_details": details},)), row=openrouter.PROVIDER)[0]
    assert turn["reasoning_details"] == details
    assert "reasoning" not in turn
    without = messages_of(answered("openrouter"), row=openrouter.PROVIDER)[0]
    assert without["reasoning"] == "Hm"


@pytest.mark.parametrize("row", [deepseek, llamacpp, vllm, chutes])
def test_reasoning_content_goes_back_on_turns_with_calls(row: Any) -> None:
    name = row.PROVIDER.name
    assert messages_of(answered(name), row=row.PROVIDER)[0]["reasoning_content"] == "Hm"
    assert "reasoning_content" not in messages_of(answered(name, text="a", calls=()), row=row.PROVIDER)[0]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.PROVIDER.name)
def test_nothing_of_another_provider_goes_back(row: Any) -> None:
    replay: Any = ({"reasoning_details": [{"data": "x"}], "audio": {"id": "x"}, "extra_content": {"call_1": {}}},)
    turn = messages_of(answered("elsewhere", replay=replay, text="a"), row=row.PROVIDER)[0]
    needed = {"reasoning_content"} if row is deepseek else set[str]()
    assert set(turn) == {"role", "content", "tool_calls"} | ({"prefix"} & set(turn)) | needed
    assert not turn.get("reasoning_content")
    assert "extra_content" not in turn["tool_calls"][0]


def test_an_edited_turn_is_encoded_afresh() -> None:
    replay = Replay("openrouter", ({"reasoning_details": [{"data": "x"}]},), fingerprint("a", ()))
    edited = Message("assistant", "b", replay=replay)
    assert messages_of(edited, row=openrouter.PROVIDER) == [{"role": "assistant", "content": "b"}]


def test_thought_signatures_go_back_on_their_call() -> None:
    signature = {"google": {"thought_signature": "Cg"}}
    turn = messages_of(answered("plain", replay=({"extra_content": {"call_1": signature}},)))[0]
    assert turn["tool_calls"] == [{**WIRE_CALL, "extra_content": signature}]


def test_spoken_turns_go_back_by_their_id() -> None:
    message = Response(
        audio=(AudioPart(data=WAV, transcript="Hey"),), provider="openai", replay=({"audio": {"id": "audio_1"}},)
    ).message
    assert messages_of(message, row=openai.PROVIDER) == [
        {"role": "assistant", "content": None, "audio": {"id": "audio_1"}}
    ]
    assert messages_of(message, row=groq.PROVIDER) == [{"role": "assistant", "content": "Hey"}]


def test_thinking_of_another_provider_is_dropped() -> None:
    foreign = assistant("a", tool_calls=[CALL], thinking=[ThinkingPart("Hm", provider="anthropic", signature="x")])
    assert set(messages_of(foreign, row=vllm.PROVIDER)[0]) == {"role", "content", "tool_calls"}
    assert messages_of(foreign, row=deepseek.PROVIDER)[0]["reasoning_content"] == "", "the key is wanted, the text not"


# ---------------------------------------------------------------- rows


@pytest.mark.parametrize("module", ROWS, ids=lambda row: row.PROVIDER.name)
def test_rows(module: Any) -> None:
    row: Provider = module.PROVIDER
    assert module.__name__.endswith(f".{row.name}")
    assert row.dialect.name == "openai_chat"
    assert row.base_url.startswith(("https://", "http://127.0.0.1")) or row.name == "azure"
    assert not row.base_url.endswith("/")
    assert row.key_env
    assert row.key_url or not row.key_needed


def test_options_of_rows() -> None:
    options = {"referer": "https://me", "title": "Me", "provider_order": "a, b"}
    configured = openrouter.PROVIDER.with_options(options)
    assert configured.body == {"provider": {"order": ["a", "b"]}}
    assert configured.provider.headers == {"HTTP-Referer": "https://me", "X-Title": "Me"}
    assert azure.PROVIDER.with_options({"api_version": "v1"}).query == {"api-version": "v1"}
    assert openai.PROVIDER.with_options({"organization": "o"}).provider.headers == {"OpenAI-Organization": "o"}


def test_features() -> None:
    assert openrouter.PROVIDER.dialect.features["images out"]
    assert not deepseek.PROVIDER.dialect.features["images in"]
    assert not groq.PROVIDER.dialect.features["audio out"]
