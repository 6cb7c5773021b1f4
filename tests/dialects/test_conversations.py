"""Any conversation goes to any provider, and one that began at one provider goes on at every other."""

import json
import re
from itertools import product
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

import aikido_llm as llm
from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.providers import find
from aikido_llm.providers.base import Provider
from aikido_llm.types.messages import ThinkingPart
from aikido_llm.types.parts import Part
from tests import deep
from tests.dialects import received, rules
from tests.dialects.rows import ROWS
from tests.each import each
from tests.speakers import row_of

MADE = tuple(received.ANSWERS)

# Why a wire may refuse a conversation. Nothing else may stop one.
REASONS: dict[str, tuple[str, ...]] = {
    "anthropic_messages": ("takes no audio", r"takes only text in (tool results|instructions)"),
    "bedrock_invoke": ("takes no audio", r"takes only text in (tool results|instructions)"),
    "cohere_chat": ("takes text and pictures from a user, not (AudioPart|FilePart)",),
    "bedrock_converse": (
        "takes media as bytes or from S3",
        "a system message is text on this wire",
        r"takes only text in instructions",
    ),
    "gemini_generate": (),
    "ollama_chat": (
        r"takes (images|audio) as bytes only",
        r"takes text and pictures from a \w+ turn, not FilePart",
    ),
    "openai_responses": ("takes no sound",),
    "openai_chat": (
        "models take no images",
        "has no audio input",
        "has no files",
        "takes (files|audio) as bytes only",
        "takes only text in assistant messages, not FilePart",
    ),
}


def encoded(messages: list[llm.Message], provider: str, **fields: Any) -> dict[str, Any]:
    """The body that the provider gets, checked against its wire's rules."""
    request = llm.Request(messages, model=received.MODEL, **fields)
    row = row_of(provider)
    wire_request = row.dialect.encode(request, stream=True, provider=row.name)
    body: dict[str, Any] = rules.check_request(provider, wire_request, stream=True).body
    return body


# ---------------------------------------------------------------- any conversation

PNG = b"\x89PNG\r\n\x1a\nrest"
TEXTS = st.sampled_from(["", " ", "hi", "two\nlines ", "é🐋", "</s>"])
NAMES = st.sampled_from([None, "Zoë", "ann b"])
MARKS = st.sampled_from([None, None, llm.CacheBreakpoint(), llm.CacheBreakpoint("1h")])
TEXT_PARTS = st.builds(llm.TextPart, TEXTS, MARKS)
IMAGES = st.sampled_from([llm.ImagePart(data=PNG), llm.ImagePart(url="https://x.example/a.png")])
MEDIA = st.sampled_from(
    [
        llm.FilePart(data=b"%PDF-1.7", name="a.pdf"),
        llm.FilePart(url="https://x.example/a.pdf"),
        llm.AudioPart(data=b"RIFF0000WAVE"),
        llm.AudioPart(transcript="spoken words"),
    ]
)
PARTS: st.SearchStrategy[Part] = st.one_of(TEXT_PARTS, TEXT_PARTS, IMAGES, MEDIA)
SHOWN = st.lists(PARTS, max_size=3)
RESULTS = st.one_of(TEXTS, st.lists(st.one_of(TEXT_PARTS, IMAGES), max_size=2))
IDS = st.sampled_from(["call_0", "functions.add:0", "toolu_1", "a" * 70, "get-weather_x7", "0f3e-é"])
CALLS = st.lists(
    st.builds(
        llm.ToolCall,
        IDS,
        st.sampled_from(["get-weather", "add"]),
        st.sampled_from(["", "{}", '{"a": 1}', "[1]", "nonsense"]),
        st.sampled_from([None, {"functionCall": {"id": "fc-9"}, "thoughtSignature": "c2ln"}]),
    ),
    max_size=3,
    unique_by=lambda call: call.id,
)
THOUGHTS = st.lists(
    st.builds(
        ThinkingPart,
        TEXTS,
        signature=st.sampled_from(["", "c2ln"]),
        data=st.sampled_from(["", "Ej8"]),
        provider=st.sampled_from(["", *MADE]),
    ),
    max_size=2,
)
TURNS = st.one_of(
    st.builds(
        llm.assistant, TEXTS, tool_calls=CALLS, thinking=THOUGHTS, name=st.sampled_from([None, "Zoë"]), cache=MARKS
    ),
    st.builds(llm.assistant, st.lists(TEXT_PARTS, max_size=2), tool_calls=CALLS, images=st.lists(IMAGES, max_size=1)),
    st.builds(received.message_from, st.sampled_from(MADE)),
    st.builds(received.message_from, st.sampled_from(["gemini", "openrouter"]), picture=st.just(True)),
)
TOOLS = (
    llm.ToolDef("get-weather", "Tells the weather.", {"type": "object", "properties": {"city": {"type": "string"}}}),
    llm.ToolDef("add", cache=llm.CacheBreakpoint()),
)


LATE = st.builds(llm.system, TEXTS, cache=MARKS)


@st.composite
def conversations(draw: st.DrawFn) -> list[llm.Message]:
    """Any legal order: it begins with the user's words; each call has its result, after it and before the next turn
    of the assistant, in any order and with anything between them."""
    messages = [llm.system(draw(TEXTS), cache=draw(MARKS))] if draw(st.booleans()) else []
    messages.append(llm.user("begin", name=draw(NAMES)))
    for _ in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            messages.append(llm.system(draw(TEXTS)))
        said = draw(TURNS)
        answers = [
            llm.tool(call.id, draw(RESULTS), is_error=draw(st.booleans()), cache=draw(MARKS))
            for call in said.tool_calls
        ]
        between = draw(st.lists(st.one_of(st.builds(llm.user, SHOWN, cache=MARKS), LATE), max_size=3))
        messages += [said, *draw(st.permutations([*answers, *between]))]
    return messages


@pytest.mark.parametrize("provider", ROWS)
@deep.examples(100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    messages=conversations(),
    offered=st.booleans(),
    thinking=st.sampled_from([None, llm.ThinkingConfig.by_effort("low"), llm.ThinkingConfig.by_budget(0)]),
)
def test_any_conversation_keeps_the_wires_rules(
    messages: list[llm.Message], offered: bool, thinking: llm.ThinkingConfig | None, provider: str
) -> None:
    refused = ""
    try:
        encoded(messages, provider, tools=TOOLS if offered else (), thinking=thinking)
    except llm.UnsupportedFeatureError as error:
        refused = error.message
    assert not refused or any(re.search(reason, refused) for reason in REASONS[row_of(provider).dialect.name]), refused


# ---------------------------------------------------------------- begun here, continued there


def conversation_from(provider: str) -> list[llm.Message]:
    said = received.message_from(provider)
    results = [llm.tool(call.id, f"{call.parsed()['city']}: 18 degrees") for call in said.tool_calls]
    return [llm.system("Be brief."), llm.user("What is the weather in Oslo and Rome?"), said, *reversed(results)]


@pytest.mark.parametrize("begun", MADE)
def test_the_answers_to_go_on_from_have_all_that_a_turn_can_have(begun: str) -> None:
    response = received.response_from(begun)
    assert [(call.name, json.loads(call.arguments)) for call in response.tool_calls] == [
        (name, json.loads(arguments)) for name, arguments in received.CALLS
    ]
    assert response.finish_reason is llm.FinishReason.tool_calls
    assert begun in ("openai", "cohere") or response.thinking == received.THINKING
    assert begun == "cohere" or response.text == received.TEXT


@each(lambda: [*product(MADE, ROWS)])
def test_a_conversation_begun_at_one_provider_goes_on_at_any_other(case: tuple[str, str]) -> None:
    begun, there = case
    body = encoded(conversation_from(begun), there, tools=TOOLS)
    sent = json.dumps(body)
    for secret in ("c2lnbmVk", "Ej8hidden", "gAAAAA-secret", "c2ln", "ZGF0YQ=="):
        assert secret not in sent or begun == there, f"{secret} is another provider's"
    assert sent.count("18 degrees") == 2
    assert begun == "cohere" or received.TEXT in sent
    assert sent.index("Oslo: 18") < sent.index("Rome: 18"), "results stand in the order of the calls"
    if begun != there:
        assert received.THINKING not in sent, "another provider's reasoning is left out"


@pytest.mark.parametrize("there", ROWS)
@pytest.mark.parametrize("begun", received.PICTURES)
def test_a_drawn_picture_goes_on_at_every_provider_that_takes_pictures(begun: str, there: str) -> None:
    messages = [llm.user("Draw."), received.message_from(begun, picture=True), llm.user("Bluer.")]
    if there == "deepseek":
        with pytest.raises(llm.UnsupportedFeatureError, match="no images"):
            encoded(messages, there)
        return
    sent = json.dumps(encoded(messages, there))
    assert sent.count(received.PNG) == 1, "shown once"
    assert sent.index(received.TEXT) < sent.index(received.PNG) < sent.index("Bluer.")


def test_anthropic_gets_its_own_blocks_back() -> None:
    turn = encoded(conversation_from("anthropic"), "anthropic")["messages"][1]
    assert turn == {"role": "assistant", "content": received.ANTHROPIC_BLOCKS}


def test_gemini_gets_its_own_parts_back() -> None:
    turn = encoded(conversation_from("gemini"), "gemini")["contents"][1]
    assert turn == {"role": "model", "parts": received.GEMINI_PARTS}
    drawn = [llm.user("Draw."), received.message_from("gemini", picture=True), llm.user("Bluer.")]
    assert encoded(drawn, "gemini")["contents"][1]["parts"] == received.GEMINI_PICTURE


def test_responses_gets_its_own_items_back() -> None:
    body = encoded(conversation_from("openai-responses"), "openai-responses")
    assert body["input"][1:5] == received.RESPONSES_ITEMS
    assert body["include"] == ["reasoning.encrypted_content"]


def test_openrouter_gets_its_reasoning_details_back() -> None:
    turn = encoded(conversation_from("openrouter"), "openrouter")["messages"][2]
    assert turn["reasoning_details"] == received.DETAILS


def test_deepseek_gets_its_reasoning_back_with_the_calls() -> None:
    turn = encoded(conversation_from("deepseek"), "deepseek")["messages"][2]
    assert turn["reasoning_content"] == received.THINKING


def reasoning_sent(provider: Provider, *messages: llm.Message) -> list[str | None]:
    """The reasoning_content of each assistant turn; None for no such key."""
    request = llm.Request(messages, model=received.MODEL)
    body = provider.dialect.encode(request, stream=True, provider=provider.name).body
    assert body is not None
    return [turn.get("reasoning_content") for turn in body["messages"] if turn["role"] == "assistant"]


def thought(text: str, provider: str, said: str = "", calls: tuple[llm.ToolCall, ...] = ()) -> llm.Message:
    return llm.assistant(said, tool_calls=calls, thinking=[ThinkingPart(text, provider=provider)])


CALL = llm.ToolCall("c1", "look", "{}")


def test_a_users_turn_with_tools_carries_its_reasoning_to_its_end_and_for_good() -> None:
    messages = [
        llm.user("What does the meter say?"),
        thought("I must look.", "deepseek", calls=(CALL,)),
        llm.tool("c1", "42"),
        thought("", "deepseek", calls=(evolve(CALL, id="c2"),)),
        llm.tool("c2", "43"),
        thought("Now I know.", "deepseek", "It says 43."),
        llm.user("Thanks!"),
        thought("No tool for that.", "deepseek", "Welcome."),
        llm.user("Bye."),
    ]
    assert reasoning_sent(find("deepseek"), *messages) == ["I must look.", "", "Now I know.", None]


def test_a_turn_with_tools_from_elsewhere_has_the_key_and_no_text() -> None:
    messages = [llm.user("q"), thought("Hm.", "anthropic", calls=(CALL,)), llm.tool("c1", "1"), llm.assistant("One.")]
    assert reasoning_sent(find("deepseek"), *messages, llm.user("go on")) == ["", ""]
    assert reasoning_sent(find("vllm"), *messages, llm.user("go on")) == [None, None]


def test_hosts_that_keep_all_reasoning_get_all_of_it() -> None:
    row = Provider("host", "", OpenAIChat(reasoning_replay="always"))
    called = thought("", "elsewhere", calls=(CALL,))
    messages = [llm.user("q"), thought("Easy.", "host", "Two."), llm.user("r"), called, llm.tool("c1", "1")]
    assert reasoning_sent(row, *messages) == ["Easy.", ""]


def test_cohere_gets_its_plan_and_thinking_back() -> None:
    turn = encoded(conversation_from("cohere"), "cohere")["messages"][2]
    assert turn["tool_plan"] == "I will look."
    assert turn["content"] == [{"type": "thinking", "thinking": received.THINKING}]


def test_ollama_gets_its_thinking_back() -> None:
    assert encoded(conversation_from("ollama"), "ollama")["messages"][2]["thinking"] == received.THINKING


@pytest.mark.parametrize("begun", MADE)
def test_an_edited_turn_is_encoded_afresh(begun: str) -> None:
    """What proved the old words does not go with new ones."""
    messages = conversation_from(begun)
    said = messages[2]
    messages[2] = llm.assistant("Something else.", tool_calls=said.tool_calls)
    sent = json.dumps(encoded(messages, begun, tools=TOOLS))
    assert "Something else." in sent
    assert received.TEXT not in sent
    for secret in ("c2lnbmVk", "Ej8hidden", "gAAAAA-secret", "ZGF0YQ=="):
        assert secret not in sent
