"""Halves of a character in two deltas are one character on every wire; one that stays alone is U+FFFD."""

import pytest

import aikido_llm as llm
from aikido_llm.call.answer import AnswerParser
from aikido_llm.call.halves import Halves
from aikido_llm.codecs import json
from aikido_llm.codecs.text import mended, mended_in
from aikido_llm.providers import find

SMILE = "\U0001f600"
REQUEST = llm.Request("hi", model="m")


def sse(*payloads: str) -> bytes:
    return "".join(f"data: {payload}\n\n" for payload in payloads).encode()


def named(*events: tuple[str, str]) -> bytes:
    return "".join(f"event: {name}\ndata: {payload}\n\n" for name, payload in events).encode()


def chat(*pieces: str) -> bytes:
    chunks = [f'{{"choices":[{{"index":0,"delta":{{"content":"{piece}"}}}}]}}' for piece in pieces]
    return sse(*chunks, '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}', "[DONE]")


def anthropic(*pieces: str) -> bytes:
    delta = '{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{}"}}}}'
    return named(
        ("message_start", '{"type":"message_start","message":{"id":"m","model":"m","usage":{}}}'),
        ("content_block_start", '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}'),
        *(("content_block_delta", delta.format(piece)) for piece in pieces),
        ("content_block_stop", '{"type":"content_block_stop","index":0}'),
        ("message_delta", '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{}}'),
        ("message_stop", '{"type":"message_stop"}'),
    )


def gemini(*pieces: str) -> bytes:
    chunk = '{{"candidates":[{{"content":{{"role":"model","parts":[{{"text":"{}"}}]}},"index":0{}}}]}}'
    return sse(*(chunk.format(piece, "") for piece in pieces), chunk.format("", ',"finishReason":"STOP"'))


def ollama(*pieces: str) -> bytes:
    line = '{{"model":"m","message":{{"role":"assistant","content":"{}"}},"done":false}}\n'
    end = '{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}\n'
    return ("".join(line.format(piece) for piece in pieces) + end).encode()


def cohere(*pieces: str) -> bytes:
    delta = '{{"type":"content-delta","index":0,"delta":{{"message":{{"content":{{"text":"{}"}}}}}}}}'
    return sse(
        '{"type":"message-start","id":"m","delta":{"message":{"role":"assistant","content":[]}}}',
        '{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}',
        *(delta.format(piece) for piece in pieces),
        '{"type":"content-end","index":0}',
        '{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}',
    )


def responses(*pieces: str) -> bytes:
    delta = '{{"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"{}"}}'
    return sse(
        '{"type":"response.created","response":{"id":"r","model":"m"}}',
        *(delta.format(piece) for piece in pieces),
        '{"type":"response.completed","response":{"id":"r","model":"m","status":"completed","output":[]}}',
    )


WIRES = {
    "openai-responses": responses,
    "vllm": chat,
    "anthropic": anthropic,
    "gemini": gemini,
    "ollama": ollama,
    "cohere": cohere,
}


def read(name: str, body: bytes, size: int = 0) -> list[llm.Event]:
    parser = AnswerParser(find(name).dialect, REQUEST, stream=True)
    events: list[llm.Event] = []
    for at in range(0, len(body), size or len(body)):
        events += parser.feed(body[at : at + (size or len(body))])
    return events + parser.eof()


def text_of(events: list[llm.Event]) -> str:
    end = events[-1]
    assert isinstance(end, llm.EndEvent)
    said = "".join(event.text for event in events if isinstance(event, llm.TextDelta))
    assert said == end.response.text
    repr(events).encode()  # nothing in them that cannot be written
    return said


@pytest.mark.parametrize("size", [0, 1, 40])
@pytest.mark.parametrize("name", WIRES)
def test_two_halves_are_one_character(name: str, size: int) -> None:
    assert text_of(read(name, WIRES[name]("hi \\ud83d", "\\ude00!"), size)) == f"hi {SMILE}!"


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (("a\\ud83d", "b"), "a\ufffdb"),
        (("a\\ud83d",), "a\ufffd"),
        (("\\ude00a",), "\ufffda"),
        (("\\ud83d", "\\ud83d", "\\ude00"), f"\ufffd{SMILE}"),
        (("\\ud83d\\ude00",), SMILE),
    ],
)
@pytest.mark.parametrize("name", WIRES)
def test_a_half_that_stays_alone_is_told_as_one(name: str, pieces: tuple[str, ...], text: str) -> None:
    assert text_of(read(name, WIRES[name](*pieces))) == text


def test_each_kind_of_text_waits_for_its_own_half() -> None:
    halves = Halves()
    first = halves.joined([llm.TextDelta("a\ud83d"), llm.ThinkingDelta("b\ud83d"), llm.ToolCallDelta(0, '"\ud83d')])
    assert first == [llm.TextDelta("a"), llm.ThinkingDelta("b"), llm.ToolCallDelta(0, '"')]
    assert halves.held
    assert halves.joined([llm.ThinkingDelta("\ude00")]) == [llm.ThinkingDelta(SMILE)]
    call = llm.ToolCall("c", "f", '"\ud83d"')
    assert halves.joined([llm.ToolCallEvent(0, call)]) == [
        llm.ToolCallDelta(0, "\ufffd"),
        llm.ToolCallEvent(0, llm.ToolCall("c", "f", '"\ufffd"')),
    ]
    assert halves.rest() == [llm.TextDelta("\ufffd")]
    assert not halves.held


def test_halves_in_two_pieces_of_one_document_are_one_character() -> None:
    body = (
        b'{"candidates":[{"content":{"parts":[{"text":"hi \\ud83d"},{"text":"\\ude00!"}]},"finishReason":"STOP"}],'
        b'"responseId":"r\\ud83d"}'
    )
    parser = AnswerParser(find("gemini").dialect, REQUEST, stream=False, content_type="application/json")
    events = [*parser.feed(body), *parser.eof()]
    assert text_of(events) == f"hi {SMILE}!"


def test_what_comes_whole_is_mended_too() -> None:
    call = llm.ToolCall("c\ud83d", "f\ud83d", "{}", {"x": "\ud83d"})
    citation = llm.Citation(title="t\ud83d")
    ran = llm.ServerToolCall(id="s", name="\ud83d", output="o\ude00")
    events: list[llm.Event] = [
        llm.ToolCallStart(0, "c\ud83d", "f\ud83d"),
        llm.ToolCallEvent(0, call),
        llm.CitationEvent(citation),
        llm.ServerToolStart(1, "s", "\ud83d"),
        llm.ServerToolEvent(1, ran),
    ]
    whole = Halves().joined(events)
    repr(whole).encode()
    assert whole[1] == llm.ToolCallEvent(0, llm.ToolCall("c\ufffd", "f\ufffd", "{}", {"x": "\ufffd"}))


def test_further_choices_and_logprobs_have_none_either() -> None:
    body = (
        b'{"id":"c","choices":[{"index":0,"message":{"content":"x"},"finish_reason":"stop","logprobs":{"content":['
        b'{"token":"\\ud83d","logprob":-1}]}},{"index":1,"message":{"content":"\\ud83d\\ude00\\ud83d"},'
        b'"finish_reason":"stop"}]}'
    )
    request = llm.Request("hi", model="m", n=2, logprobs=True)
    parser = AnswerParser(find("vllm").dialect, request, stream=False, content_type="application/json")
    end = [*parser.feed(body), *parser.eof()][-1]
    assert isinstance(end, llm.EndEvent)
    repr(end).encode()
    assert end.response.choices[0].text == f"{SMILE}\ufffd"
    assert end.response.logprobs[0].token == "\ufffd"


def test_text_is_mended_wherever_it_stands() -> None:
    assert mended("a\ud83d\ude00b\ud83d") == f"a{SMILE}b\ufffd"
    value = {"\ud83d": ["\ude00", ("x",), 1, None]}
    assert mended_in(value) == {"\ufffd": ["\ufffd", ("x",), 1, None]}


def test_none_is_sent_and_none_is_read() -> None:
    assert json.dumps({"a": "x\ud83d"}) == '{"a":"x\ufffd"}'.encode()
    assert json.loads('"\\ud83d"') == "\ufffd"
    assert llm.ToolCall("c", "f", '{"a":"\\ud83d"}').parsed() == {"a": "\ufffd"}
