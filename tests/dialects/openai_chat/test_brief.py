"""A plain body that is read in one step says what it says key by key."""

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import aikido_llm as llm
from aikido_llm.call.answer import AnswerParser
from aikido_llm.call.shown import names
from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.types.usage import Usage

ROWS = {"plain": OpenAIChat(), "draws": OpenAIChat(output_modalities=("text", "image"))}
REQUEST = llm.Request("hi", model="asked")
MESSAGE: dict[str, Any] = {"role": "assistant", "content": "two words", "refusal": None, "annotations": []}
CHOICE: dict[str, Any] = {"index": 0, "message": MESSAGE, "logprobs": None, "finish_reason": "stop"}
USAGE: dict[str, Any] = {
    "prompt_tokens": 9, "completion_tokens": 6, "total_tokens": 15,
    "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 2},
}  # fmt: skip
BODY: dict[str, Any] = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m-1", "choices": [CHOICE],
    "usage": USAGE, "service_tier": "default", "system_fingerprint": "fp",
}  # fmt: skip
WORDS = ["stop", "STOP", "length", "eos", "tool_calls", "content_filter", "error", "new", "", None]

values = st.one_of(
    st.sampled_from([None, "", "x", "stop", "0", [], {}, [{"a": 1}], {"reasoning_tokens": 3, "cached_tokens": "2"}]),
    st.booleans(),
    st.integers(-3, 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
)


def keyed(names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names.split()), values, max_size=3)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """The plain body, with a few keys put in, changed, or left out anywhere in it."""
    of_message = "content role refusal annotations tool_calls reasoning_content reasoning audio images name new"
    message = {**MESSAGE, **draw(keyed(of_message))}
    choice = {**CHOICE, "message": message, "finish_reason": draw(st.sampled_from(WORDS))}
    choice |= draw(keyed("index native_finish_reason stop_reason error text delta new"))
    usage = {**USAGE, **draw(keyed("prompt_tokens completion_tokens total_tokens prompt_tokens_details cost"))}
    usage |= draw(keyed("completion_tokens_details reasoning_tokens cached_tokens input_tokens"))
    body = {**BODY, "choices": [choice], "usage": draw(st.sampled_from([usage, None, {}]))}
    body |= draw(keyed("id model service_tier system_fingerprint provider error x_groq citations timings new usage"))
    for key in draw(
        st.lists(st.sampled_from(["id", "model", "usage", "created", "object", "service_tier"]), max_size=2)
    ):
        body.pop(key, None)
    return body


def whole(dialect: OpenAIChat, body: bytes) -> llm.Response | None:
    """By the road of all answers; None when it fails there."""
    parser = AnswerParser(dialect, REQUEST, stream=False)
    events = [*parser.feed(body), *parser.eof()]
    end = events[-1]
    assert isinstance(end, llm.EndEvent)
    return None if any(isinstance(event, llm.ErrorEvent) for event in events) else end.response


@pytest.mark.parametrize("row", ROWS)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=bodies())
@example(body=BODY)
@example(body={**BODY, "choices": [{**CHOICE, "message": {**MESSAGE, "content": "data:image/png;base64,AAAA"}}]})
@example(body={**BODY, "choices": [{**CHOICE, "native_finish_reason": "network_error"}]})
@example(body={**BODY, "choices": [CHOICE, {**CHOICE, "index": 1}]})
@example(body={**BODY, "usage": {"tokens": {"input_tokens": 3, "output_tokens": 5}}})
def test_both_say_the_same(row: str, body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()
    brief = ROWS[row].brief(data)
    if brief is None:
        return
    answer = whole(ROWS[row], data)
    assert answer is not None
    usage = brief.usage or Usage()
    id, model, word = names(brief, ())
    said = brief.text, usage, brief.finish_reason, word, id, model or "asked", brief.provider_data
    assert said == (
        answer.text, answer.usage, answer.finish_reason, answer.raw_finish_reason, answer.id, answer.model,
        answer.provider_data,
    )  # fmt: skip
    assert list(brief.provider_data) == list(answer.provider_data)
    assert usage.raw == answer.usage.raw
    left: dict[str, Any] = {
        "text": "", "usage": Usage(), "finish_reason": llm.FinishReason.other, "raw_finish_reason": None, "id": "",
        "model": "", "provider_data": {}, "wire": "",
    }  # fmt: skip
    assert evolve(answer, **left) == llm.Response(), "nothing else was said"
    assert evolve(usage) == usage, "its fields hold what they may"


def test_the_plain_body_is_taken() -> None:
    brief = ROWS["plain"].brief(json.dumps(BODY).encode())
    assert brief is not None
    assert brief.text == "two words"
    assert (brief.usage or Usage()).reasoning_tokens == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff{}", b'{"choices": []}', json.dumps(BODY).encode() + b"{}",
     b"\xef\xbb\xbf" + json.dumps(BODY).encode(), json.dumps(BODY).replace("two words", "\\ud83d").encode()],
)  # fmt: skip
def test_anything_else_is_not(body: bytes) -> None:
    assert ROWS["plain"].brief(body) is None
