"""Answers that go back in the next request: verbatim to their provider, adapted for another."""

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.codecs import json as _json
from aikido_llm.dialects.anthropic_messages import AnthropicMessages
from aikido_llm.errors import UnsupportedFeatureError
from aikido_llm.types.messages import Message, ThinkingPart, assistant, system, tool, user
from aikido_llm.types.parts import CacheBreakpoint, ImagePart, TextPart
from aikido_llm.types.request import Request, ThinkingConfig
from aikido_llm.types.response import Response
from aikido_llm.types.tools import ToolCall
from tests.corpus.load import MISSING, Exchange, available, exchanges, recorded
from tests.dialects.rules import anthropic_messages as rules
from tests.wire import Road, response_of

DIALECT = AnthropicMessages()
THINKING: dict[str, Any] = {"type": "thinking", "thinking": "hm", "signature": "Eq=="}
REDACTED: dict[str, Any] = {"type": "redacted_thinking", "data": "Ej8"}
TEXT: dict[str, Any] = {"type": "text", "text": "Let me look."}
CALL: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"b": 1, "a": [2.5]}}


def answer(*blocks: dict[str, Any], reason: str = "tool_use") -> Response:
    body = _json.dumps({"id": "msg_1", "model": "m", "content": blocks, "stop_reason": reason})
    response = response_of(Road(DIALECT, stream=False, content_type="application/json").read(body))
    return evolve(response, provider="anthropic")


def body_of(*messages: Message, provider: str = "anthropic", **fields: Any) -> Any:
    wire = DIALECT.encode(Request(messages, model="m", **fields), stream=True, provider=provider)
    assert wire.body is not None
    return wire.body


def turn_of(message: Message, provider: str = "anthropic") -> Any:
    results = [tool(call.id, "ok") for call in message.tool_calls]
    body = body_of(user("go"), message, *results, provider=provider)
    return body["messages"][1]["content"]


def test_a_turn_with_thinking_goes_back_verbatim() -> None:
    blocks = [THINKING, REDACTED, TEXT, CALL]
    assert turn_of(answer(*blocks).message) == blocks


def test_another_provider_gets_text_and_calls_alone() -> None:
    assert turn_of(answer(THINKING, REDACTED, TEXT, CALL).message, provider="vertex") == [TEXT, CALL]


def test_an_edited_turn_is_encoded_afresh() -> None:
    message = evolve(answer(THINKING, TEXT, CALL).message, content="Something else.")
    assert turn_of(message) == [{"type": "text", "text": "Something else."}, CALL]


def test_a_plain_turn_needs_no_replay() -> None:
    response = answer(TEXT, {**CALL, "caller": {"type": "direct"}})
    assert response.replay == ()
    assert turn_of(response.message) == [TEXT, CALL]


def test_the_order_of_keys_in_arguments_is_kept() -> None:
    assert list(turn_of(answer(THINKING, CALL).message)[1]["input"]) == ["b", "a"]


def test_a_paused_turn_is_sent_back_as_the_last_one() -> None:
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}}
    body = body_of(user("go"), answer(THINKING, search, reason="pause_turn").message)
    assert body["messages"][1] == {"role": "assistant", "content": [THINKING, search]}


def test_a_breakpoint_on_a_turn_that_goes_back_stands_behind_it_and_changes_nothing_of_ours() -> None:
    message = evolve(answer(TEXT, THINKING, reason="end_turn").message, cache=CacheBreakpoint())
    body = body_of(user("go"), message, user("on"))
    assert body["messages"][1]["content"] == [{**TEXT, "cache_control": {"type": "ephemeral"}}]
    assert message.replay is not None
    assert message.replay.items == (TEXT, THINKING)


def test_with_its_own_thinking_a_tool_turn_may_go_on_thinking() -> None:
    message = answer(THINKING, CALL).message
    budget = ThinkingConfig.by_budget(2048)
    assert body_of(user("go"), message, tool("toolu_1", "ok"), thinking=budget)["thinking"]["type"] == "enabled"


def test_thinking_before_the_first_of_several_tool_turns_is_enough() -> None:
    first, second = answer(THINKING, CALL).message, answer({**CALL, "id": "toolu_2"}).message
    turns = [user("go"), first, tool("toolu_1", "ok"), second, tool("toolu_2", "ok")]
    assert "thinking" in body_of(*turns, thinking=ThinkingConfig.by_budget(2048))
    assert "thinking" not in body_of(user("go"), *turns[3:], thinking=ThinkingConfig.by_budget(2048))


@pytest.mark.skipif(not available(), reason=MISSING)
@recorded(lambda: [e for e in exchanges("anthropic-messages") if e.status == 200])
def test_every_recorded_answer_goes_back(exchange: Exchange) -> None:
    """The blocks that are sent back are those that came, but for blank text and what only clients add."""
    road = Road(
        DIALECT, stream=exchange.stream, content_type=exchange.headers.get("content-type", "").partition(";")[0]
    )
    response = evolve(response_of(road.read(exchange.body)), provider="anthropic")
    results = [tool(call.id, "ok") for call in response.tool_calls]
    sent = json.loads(_json.dumps(body_of(user("go"), response.message, *results, user("on"))["messages"]))
    blocks: list[dict[str, Any]] = sent[1]["content"] if sent[1:] else []
    if not blocks:  # nothing, or thoughts alone, which the limit cut from what they led to: the service refuses those
        assert not response.text.strip()
        assert not response.tool_calls
        return
    if not exchange.stream and response.replay:
        assert blocks == [_as_sent(block) for block in json.loads(exchange.body)["content"] if _wanted(block)]
    # What is sent back, read again as an answer, says the same.
    again = answer(*blocks, reason=response.raw_finish_reason or "end_turn")
    assert _said(again) == _said(response)
    assert again.thinking == (response.thinking if response.replay else "")


def _said(response: Response) -> tuple[Any, ...]:
    calls = [(call.id, call.name, call.parsed()) for call in response.tool_calls]
    return "".join(response.text.split()), calls


def _wanted(block: dict[str, Any]) -> bool:
    return block["type"] != "text" or bool(block["text"].strip())


def _as_sent(block: dict[str, Any]) -> dict[str, Any]:
    direct = block["type"] == "text" and not block.get("citations")
    return {key: value for key, value in block.items() if not (direct and key == "citations")}


# ---------------------------------------------------------------- any conversation keeps the wire's rules

TEXTS = st.sampled_from(["", " ", "hi", "two\nlines ", "é🐋"])
MARKS = st.sampled_from([None, None, CacheBreakpoint(), CacheBreakpoint("1h")])
PARTS = st.lists(
    st.one_of(
        st.builds(TextPart, TEXTS, MARKS),
        st.just(ImagePart(data=b"\x89PNG\r\n\x1a\n")),
        st.just(ImagePart(url="https://x.example/a.png")),
    ),
    max_size=3,
)
THOUGHTS = st.lists(
    st.builds(
        ThinkingPart,
        TEXTS,
        signature=st.sampled_from(["", "sig"]),
        data=st.sampled_from(["", "Ej8"]),
        provider=st.sampled_from(["anthropic", "gemini"]),
    ),
    max_size=2,
)
CALLS = st.lists(
    st.builds(
        ToolCall,
        st.sampled_from(["call_0", "call_1", "a/b", "a:b", "", "toolu_1"]),
        st.sampled_from(["f", "ns.f", "g" * 200]),
        st.sampled_from(["", "{}", '{"a": 1}', "[1]", "nonsense"]),
    ),
    max_size=3,
)


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """Any legal order: each assistant turn's results come after it, before the next one, in any order."""
    messages = [user("begin")]
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.booleans()):
            messages.append(system(draw(TEXTS), cache=draw(MARKS)))
        calls = draw(CALLS)
        said = assistant(draw(TEXTS), tool_calls=calls, thinking=draw(THOUGHTS), cache=draw(MARKS))
        answers = [tool(call.id, draw(PARTS), is_error=draw(st.booleans()), cache=draw(MARKS)) for call in calls]
        between = [user(draw(PARTS), cache=draw(MARKS)) for _ in range(draw(st.integers(0, 2)))]
        messages += [said, *draw(st.permutations([*answers, *between]))]
    return messages


@settings(max_examples=150, deadline=None)
@given(
    conversations(),
    st.sampled_from([None, 0.0, 1.5]),
    st.sampled_from([None, ThinkingConfig.by_effort("low"), ThinkingConfig.by_budget(40_000)]),
)
def test_any_conversation_keeps_the_rules(
    messages: list[Message], temperature: float | None, thinking: ThinkingConfig | None
) -> None:
    request = Request(messages, model="m", temperature=temperature, thinking=thinking)
    try:
        wire = DIALECT.encode(request, stream=True, provider="anthropic")
    except UnsupportedFeatureError:
        assert thinking is not None
        assert temperature is not None
        return
    assert wire.body is not None
    rules.check(wire.body)
