"""A plain answer that is read in one step says what it says part by part."""

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import aikido_llm as llm
from aikido_llm.call.answer import AnswerParser
from aikido_llm.dialects.gemini_generate import GeminiGenerate
from aikido_llm.types.usage import Usage

REQUEST = llm.Request("hi", model="asked")
USAGE: dict[str, Any] = {
    "promptTokenCount": 9, "candidatesTokenCount": 6, "totalTokenCount": 18, "thoughtsTokenCount": 3,
    "cachedContentTokenCount": 2, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 9}],
}  # fmt: skip
BODY: dict[str, Any] = {
    "candidates": [{"content": {"parts": [{"text": "two words"}], "role": "model"}, "finishReason": "STOP"}],
    "usageMetadata": USAGE, "modelVersion": "m-1", "responseId": "r-1",
}  # fmt: skip
WORDS = ["STOP", "stop", "MAX_TOKENS", "SAFETY", "MALFORMED_FUNCTION_CALL", "OTHER", "new", "", None, 1]

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
    part = {"text": "two words", **draw(keyed("text thought thoughtSignature functionCall inlineData new"))}
    parts = draw(st.sampled_from([[part], [part], [part, part], [], "two words"]))
    content = {"parts": parts, "role": "model", **draw(keyed("role new"))}
    candidate = {"content": content, "finishReason": draw(st.sampled_from(WORDS))}
    candidate |= draw(keyed("index finishMessage safetyRatings citationMetadata groundingMetadata avgLogprobs new"))
    counts = "promptTokenCount candidatesTokenCount thoughtsTokenCount toolUsePromptTokenCount prompt_tokens"
    usage = draw(st.sampled_from([{**USAGE, **draw(keyed(counts))}, draw(keyed(counts)), None, {}]))
    candidates = draw(st.sampled_from([[candidate], [candidate], [candidate, candidate], []]))
    body = {**BODY, "candidates": candidates, "usageMetadata": usage}
    return body | draw(keyed("modelVersion responseId promptFeedback createTime error usage usageMetadata new"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=bodies())
@example(body=BODY)
def test_both_say_the_same(body: dict[str, Any]) -> None:
    dialect = GeminiGenerate()
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


def test_the_plain_answer_is_taken() -> None:
    brief = GeminiGenerate().brief(json.dumps(BODY).encode())
    assert brief is not None
    assert brief.text == "two words"
    assert (brief.usage or Usage()).output_tokens == 9


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff{}", json.dumps(BODY).encode() + b"{}"])
def test_anything_else_is_not(body: bytes) -> None:
    assert GeminiGenerate().brief(body) is None
