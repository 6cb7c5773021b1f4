"""A whole document and a large event on every wire: what it takes in memory, what is kept of it, what comes through."""

import json
import tracemalloc
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.call.answer import AnswerParser
from aikido_llm.codecs.dense import UNBUILT
from aikido_llm.dialects.values import as_object
from aikido_llm.testing import Answer
from aikido_llm.testing.wires import wire
from aikido_llm.testing.wires.base import Received
from aikido_llm.testing.wires.bedrock_converse import parsed
from tests import binary
from tests.faults.table import DIALECTS
from tests.speakers import row_of

MIB = 1 << 20
EMPTIES = b'"z":[' + b"{}," * (4 * MIB) + b"1]"  # 12 MiB, which as values took 300
ASKED = Received("POST", "/v1beta/models/m:streamGenerateContent", {"alt": "sse"}, {}, {"model": "m", "stream": True})


def read(dialect: str, data: bytes, *, stream: bool = False, **fields: Any) -> llm.Response:
    """The Response, or what an error holds. Fed as it comes over a socket."""
    request = llm.Request([llm.user("hi")], model="m", max_tokens=9, **fields)
    media_type = wire(dialect).stream_type if stream else "application/json"
    parser = AnswerParser(row_of(DIALECTS[dialect]).dialect, request, stream=stream, content_type=media_type)
    events = [event for at in range(0, len(data), 65536) for event in parser.feed(data[at : at + 65536])]
    events += parser.eof()
    end = events[-1]
    assert isinstance(end, llm.EndEvent)
    for event in events:
        if isinstance(event, llm.ErrorEvent):
            raise event.error
    return end.response


def enlarged(dialect: str, event: bytes) -> bytes:
    """The event with EMPTIES in its JSON."""
    if dialect == "bedrock_converse":
        return binary.event("contentBlockDelta", _enlarged(parsed(event)[1]))
    if dialect == "bedrock_invoke":
        return binary.wrapped(_enlarged(binary.inside(event)))
    return _enlarged(event)


def _enlarged(event: bytes) -> bytes:
    cut = event.rindex(b"}")
    return event[:cut] + b"," + EMPTIES + event[cut:]


def peak_of(work: Any) -> tuple[Any, int]:
    tracemalloc.start()
    try:
        value = work()
        return value, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def body(dialect: str, answer: Answer) -> bytes:
    return json.dumps(json.loads(wire(dialect).body(answer, ASKED)), separators=(",", ":")).encode()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_document_takes_four_times_its_size_at_most(dialect: str) -> None:
    data = body(dialect, Answer("hello"))[:-1] + b"," + EMPTIES + b"}"
    response, peak = peak_of(lambda: read(dialect, data))
    assert response.text == "hello"
    assert response.finish_reason is llm.FinishReason.stop
    assert peak <= 4 * len(data), f"{peak / len(data):.1f} times"
    assert len(json.loads(response.provider_data["z"][UNBUILT])) == 4 * MIB + 1, "nothing is lost"
    assert response.raw["z"] == response.provider_data["z"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_large_event_takes_four_times_its_size_at_most(dialect: str) -> None:
    events = wire(dialect).stream(Answer("hello"), ASKED)
    (at, *_) = [n for n, event in enumerate(events) if b"hello" in binary.inside(event)]
    events[at] = enlarged(dialect, events[at])
    data = b"".join(events)
    response, peak = peak_of(lambda: read(dialect, data, stream=True))
    assert response.text == "hello"
    assert peak <= 4 * len(data), f"{peak / len(data):.1f} times"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_long_text_in_one_event_is_not_held_beside_the_events_that_follow(dialect: str) -> None:
    """Some servers say it again when it ends."""
    text = "the quick, brown fox " * (2 * MIB // 10)
    events = wire(dialect).stream(Answer(text, chunk=len(text)), ASKED)
    data, size = b"".join(events), max(map(len, events))
    response, peak = peak_of(lambda: read(dialect, data, stream=True))
    assert response.text == text
    assert peak <= 3.6 * size, f"{peak / size:.2f} times"


ROWS = {"rows": [{"n": n, "of": [n, n]} for n in range(40_000)]}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_call_with_many_values_comes_whole(dialect: str, stream: bool) -> None:
    """Whether its arguments are text or JSON there."""
    arguments = json.dumps(ROWS)
    answer = Answer(tool_calls=(llm.ToolCall("call_1", "write", arguments),), chunk=len(arguments))
    data = b"".join(wire(dialect).stream(answer, ASKED)) if stream else body(dialect, answer)
    assert len(data) > MIB
    (call,) = read(dialect, data, stream=stream).tool_calls
    assert call.parsed() == ROWS


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_read_has_a_bound(dialect: str) -> None:
    """There is nothing that could be left as text: the answer itself is made of empty objects."""
    document = json.loads(body(dialect, Answer("hello")))
    lists = _lists(document) or [document["message"].setdefault("tool_calls", [])]
    lists[0].append("HERE")
    data = json.dumps(document).encode().replace(b'"HERE"', b"{}," * (4 * MIB) + b"{}")

    def fails() -> llm.LLMError:
        with pytest.raises(llm.TooLargeError, match="so many values") as caught:
            read(dialect, data)
        return caught.value

    error, peak = peak_of(fails)
    assert error.cap == "event_bytes"
    assert peak <= 4 * len(data), f"{peak / len(data):.1f} times"


def _lists(value: dict[str, Any]) -> list[list[Any]]:
    """Those of an answer's parts."""
    names = ("choices", "output", "content", "candidates")
    holder: dict[str, Any] = as_object(value.get("output")).get("message", value)
    return [item for name, item in holder.items() if name in names and isinstance(item, list)]


TOKENS = 20_000
WITHOUT_LOGPROBS = ("anthropic_messages", "bedrock_converse", "bedrock_invoke")


def entry(n: int) -> dict[str, Any]:
    return {"token": f"t{n}", "logprob": -0.5, "bytes": [116, 48], "top_logprobs": [{"token": "a", "logprob": -1.5}]}


def with_logprobs(dialect: str) -> bytes:
    document = json.loads(body(dialect, Answer("hello")))
    entries = [entry(n) for n in range(TOKENS)]
    match dialect:
        case "openai_chat":
            document["choices"][0]["logprobs"] = {"content": entries}
        case "openai_responses":
            document["output"][-1]["content"][0]["logprobs"] = entries
        case "gemini_generate":
            tops = [{"candidates": [{"token": "a", "logProbability": -1.5, "tokenId": 7}]} for _ in entries]
            chosen = [{"token": one["token"], "logProbability": -0.5, "tokenId": 5} for one in entries]
            document["candidates"][0]["logprobsResult"] = {"topCandidates": tops, "chosenCandidates": chosen}
        case "cohere_chat":
            document["logprobs"] = [{"text": one["token"], "token_ids": [5], "logprobs": [-0.5]} for one in entries]
        case _:
            document["logprobs"] = entries
    return json.dumps(document).encode() + b" " * 4


@pytest.mark.parametrize("dialect", [dialect for dialect in DIALECTS if dialect not in WITHOUT_LOGPROBS])
def test_logprobs_come_whole_to_who_has_asked(dialect: str) -> None:
    data = with_logprobs(dialect)
    response = read(dialect, data, logprobs=True)
    assert [token.token for token in response.logprobs] == [f"t{n}" for n in range(TOKENS)]


def test_raw_is_read_when_it_is_asked_for_and_stays_the_same() -> None:
    data = body("openai_chat", Answer("hello"))
    response = read("openai_chat", data)
    assert response.raw == json.loads(data)
    assert response.raw is response.raw
    assert response.raw_response is response.raw
    again = llm.serialize.from_dict(llm.serialize.to_dict(response), llm.Response)
    assert again.raw == response.raw
    assert llm.serialize.to_dict(response)["raw"] == response.raw
