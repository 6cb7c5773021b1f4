"""A plain message that is read in one step says what it says block by block."""

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import aikido_llm as llm
from aikido_llm.call.answer import AnswerParser
from aikido_llm.dialects.anthropic_messages import AnthropicMessages
from aikido_llm.types.usage import Usage

REQUEST = llm.Request("hi", model="asked")
USAGE: dict[str, Any] = {
    "input_tokens": 9, "output_tokens": 6, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 2,
    "service_tier": "standard", "server_tool_use": None, "output_tokens_details": {"thinking_tokens": 3},
}  # fmt: skip
BODY: dict[str, Any] = {
    "model": "m-1", "id": "msg_1", "type": "message", "role": "assistant",
    "content": [{"type": "text", "text": "two words"}], "stop_reason": "end_turn", "stop_sequence": None,
    "usage": USAGE,
}  # fmt: skip
WORDS = [
    "end_turn",
    "END_TURN",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "refusal",
    "pause_turn",
    "compaction",
    "x",
    "",
]

values = st.one_of(
    st.sampled_from([None, "", "x", "text", "error", [], {}, [{"a": 1}], {"id": "c"}, {"thinking_tokens": "2"}]),
    st.booleans(),
    st.integers(-3, 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
)


def keyed(names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names.split()), values, max_size=3)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    block = {"type": "text", "text": "two words", **draw(keyed("type text citations new"))}
    content = draw(st.sampled_from([[block], [block], [block, block], [], "two words", block]))
    usage = {
        **USAGE,
        **draw(keyed("input_tokens output_tokens cache_read_input_tokens prompt_tokens output_tokens_details")),
    }
    body = {**BODY, "content": content, "stop_reason": draw(st.sampled_from(WORDS))}
    body["usage"] = draw(st.sampled_from([usage, usage, None, {}]))
    return body | draw(
        keyed("id model type role stop_sequence container context_management error usage stop_details new")
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=bodies())
@example(body=BODY)
def test_both_say_the_same(body: dict[str, Any]) -> None:
    dialect = AnthropicMessages()
    data = json.dumps(body).encode()
    brief = dialect.brief(data)
    if brief is None:
        return
    parser = AnswerParser(dialect, REQUEST, stream=False)
    events = [*parser.feed(data), *parser.eof()]
    assert not any(isinstance(event, llm.ErrorEvent) for event in events)
    end = events[-1]
    assert isinstance(end, llm.EndEvent)
    answer, usage = end.response, brief.usage or Usage()
    said = brief.text, usage, brief.finish_reason, brief.raw_finish_reason, brief.id, brief.model or "asked"
    assert said == (
        answer.text, answer.usage, answer.finish_reason, answer.raw_finish_reason, answer.id, answer.model
    )  # fmt: skip
    assert usage.raw == answer.usage.raw
    left: dict[str, Any] = {
        "text": "", "usage": Usage(), "finish_reason": llm.FinishReason.other, "raw_finish_reason": None, "id": "",
        "model": "", "wire": "",
    }  # fmt: skip
    assert evolve(answer, **left) == llm.Response(provider_data=brief.provider_data), "nothing else was said"
    assert evolve(usage) == usage, "its fields hold what they may"


def test_the_plain_message_is_taken() -> None:
    brief = AnthropicMessages().brief(json.dumps(BODY).encode())
    assert brief is not None
    assert brief.text == "two words"
    assert (brief.usage or Usage()).input_tokens == 11


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff{}", json.dumps(BODY).encode() + b"{}"])
def test_anything_else_is_not(body: bytes) -> None:
    assert AnthropicMessages().brief(body) is None
