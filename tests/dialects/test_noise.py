"""Heartbeats of every spelling between the events of every wire; strays that are content; bodies of another wire."""

import json
from collections.abc import Callable

import pytest
from attrs import evolve

from aikido_llm.call.answer import AnswerParser
from aikido_llm.dialects.noise import Marks, is_heartbeat, says_nothing
from aikido_llm.errors import MalformedStream, StreamTruncated
from aikido_llm.providers import find
from aikido_llm.testing.answer import Answer
from aikido_llm.testing.wires import wire
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.tools import ToolCall
from tests import binary
from tests.testing.test_wires_and_dialects import received
from tests.wire import ANY_REQUEST, Road, bytewise, error_of, response_of

ROWS = {
    "openai": "Chat Completions",
    "openai-responses": "Responses",
    "anthropic": "Anthropic Messages",
    "gemini": "Gemini",
    "cohere": "Cohere Chat",
    "ollama": "Ollama",
}
EVENTS = [row for row in ROWS if row != "ollama"]
SAID = Answer(text="Tide at noon.", thinking="hm", finish_reason=FinishReason.stop)
CALLED = Answer(text="Let me see.", tool_calls=(ToolCall("call_1", "look", '{"at": "the tide"}'),))

PAYLOADS = [
    b"ok", b"{}", b"null", b'""', b"ping", b"3", b"[]", b'{"type": "ping"}',
    b'{"type": "keepalive", "message": "here", "code": 0}',
    b'{"time": "12:00", "detail": "waiting"}', b'{"error": null}', b'{"message": "still here"}', b"<b>wait</b>",
]  # fmt: skip
NAMES = [b"ping", b"keepalive", b"keep-alive", b"heartbeat", b"progress", b"x.unknown", b": ping", "\u2665".encode()]
UNNAMED = [
    b": keep-alive\n\n", b":\n\n", b"\n\n", b"data:\n\n", b"data: :\n\n", b"data: : keepalive\n\n", b"data: {}\n\n",
    b"data: null\n\n",
    b"data: ping\n\n", b"data: PING\n\n", b"retry: 100\n\n", b"id: 4\n\n", b"event: ping\n\n", b"data: heartbeat\n\n",
    b'data: {"type": "ping"}\n\n', b'data: {"type":"keepalive"}\n\n', b'data: {"event": "heartbeat"}\n\n',
    b'data: {"keepalive": 1}\n\n', b'data: {"ping": 1700000000}\n\n', b'data: {"message": "heartbeat"}\n\n',
    b'data: {"type": "system.heartbeat", "at": 1}\n\n', b'data: OPENROUTER PROCESSING\n\n', b"data: ...\n\n",
    b'data: {"type": null}\n\n', b"data: { }\n\n", b"data: [ ]\n\n", b"{}\n\n", b"[]\n\n", b'""\n\n', b"null\n\n",
    b'{"message": "heartbeat"}\n\n', b'{"type": "ping", "message": "still here"}\n\n',
]  # fmt: skip
HEARTBEATS = UNNAMED + [b"event: %b\ndata: %b\n\n" % (name, data) for name in NAMES for data in PAYLOADS]
LINES = [
    b"\n", b"{}\n", b": keepalive\n", b"ping\n", b"null\n", b'{"type": "ping"}\n', b":\r\n", b"data: :\n", b"[]\n",
    b"[ ]\n", b"[DONE]\n", b'""\n', b"data: {}\n\n", b"data: ping\r\n\r\n", b"event: ping\ndata: {}\n\n",
    b"retry: 10\n", b'{"message":"heartbeat"}\n', b'{"type": "heartbeat", "message": "still here"}\n',
    b'data: {"type": "ping"}\n\n',
]  # fmt: skip


def pieces_of(row: str, answer: Answer, *, stream: bool = True) -> list[bytes]:
    """An answer as the kit's server writes it, event by event."""
    speaking, got = wire(row), received(row, evolve(ANY_REQUEST, model="m"), stream=stream)
    return speaking.stream(answer, got) if stream else [speaking.body(answer, got)]


def events_of(row: str) -> list[bytes]:
    return b"".join(pieces_of(row, CALLED)).replace(b"\r\n", b"\n").split(b"\n\n")[:-1]


def road(row: str, label: str = "text/event-stream", *, stream: bool = True) -> Road:
    return Road(find(row).dialect, stream=stream, content_type=label)


def answer_of(row: str, body: bytes) -> Response:
    events = road(row).read(body)
    assert error_of(events) is None, (row, error_of(events), body)
    return response_of(events)


# ---------------------------------------------------------------- heartbeats


@pytest.mark.parametrize("row", EVENTS)
def test_a_heartbeat_between_any_two_events_is_nothing(row: str) -> None:
    events = events_of(row)
    expected = answer_of(row, b"".join(event + b"\n\n" for event in events))
    assert expected.tool_calls
    for heartbeat in HEARTBEATS:
        body = heartbeat + b"".join(event + b"\n\n" + heartbeat for event in events)
        assert answer_of(row, body) == expected, heartbeat
        crlf = body.replace(b"\n", b"\r\n")
        assert answer_of(row, crlf) == expected, heartbeat


@pytest.mark.deep
@pytest.mark.parametrize("row", EVENTS)
def test_heartbeats_in_any_pieces_are_nothing_and_hide_no_cut(row: str) -> None:
    events = events_of(row)
    parts = [event + b"\n\n" + HEARTBEATS[at * 7 % len(HEARTBEATS)] for at, event in enumerate(events)]
    body = b"".join(parts)
    whole = road(row).read_every_way(body, small=8000)
    assert error_of(whole) is None
    last = len(b"".join(parts[:-3]))
    road(row).check_prefixes(body, last, range(0, last, 3))


def test_a_heartbeat_between_two_lines_is_nothing() -> None:
    lines = pieces_of("ollama", CALLED)
    expected = answer_of("ollama", b"".join(lines))
    for heartbeat in LINES:
        body = heartbeat + heartbeat.join(lines)
        for label in ("text/event-stream", "application/x-ndjson", "application/json"):
            events = road("ollama", label).read_every_way(body)
            assert (error_of(events), response_of(events)) == (None, expected), (heartbeat, label)


@pytest.mark.parametrize("row", ROWS)
def test_a_heartbeat_before_the_first_event_holds_nothing_back(row: str) -> None:
    pieces = pieces_of(row, CALLED)
    label = "application/x-ndjson" if row == "ollama" else "text/event-stream"
    for heartbeat in (b"data: {}\n\n", b": ping\n\n", b"[]\n", b"{}\n\n", b"null\n", b"data:\n\n: x\n\n{ }\n\n"):
        dialect = find(row).dialect
        answer = AnswerParser(dialect, ANY_REQUEST, stream=True, content_type=label)
        counts = [len(answer.feed(piece)) for piece in (heartbeat, *pieces)]
        assert counts[0] == 0
        assert sum(map(bool, counts)) > 2, heartbeat


@pytest.mark.parametrize("row", EVENTS)
def test_an_event_named_error_is_one_and_one_that_says_it_under_another_name_too(row: str) -> None:
    events = [event + b"\n\n" for event in events_of(row)]
    for said in (b"event: error\ndata: 5\n\n", b'event: server_error\ndata: {"error": {"message": "no"}}\n\n'):
        error = error_of(road(row).read(b"".join(events[:2]) + said + b"".join(events[2:])))
        assert error is not None
        assert not isinstance(error, StreamTruncated)


MESSAGES = [
    binary.event("ping"), binary.event("keepalive", b"ok"), binary.event("x.unknown", b"<b>wait</b>"),
    binary.event("heartbeat", b'{"type":"keepalive","message":"still here","code":0}'), binary.event("", b"null"),
    binary.event("initial-response"), binary.event("contentBlockDelta", b"{}"),
    binary.event("contentBlockDelta", b"null"),
]  # fmt: skip


def test_a_heartbeat_between_two_binary_messages_is_nothing() -> None:
    label = "application/vnd.amazon.eventstream"
    messages = binary.messages(b"".join(pieces_of("bedrock-converse", CALLED)))
    events = road("bedrock-converse", label).read(b"".join(messages))
    for heartbeat in MESSAGES:
        body = heartbeat + b"".join(message + heartbeat for message in messages)
        for named in (label, "application/octet-stream", "text/event-stream", ""):
            assert road("bedrock-converse", named).read_every_way(body) == events, (heartbeat, named)


@pytest.mark.parametrize("label", ["application/vnd.amazon.eventstream", "application/json", "text/html", ""])
def test_a_document_or_a_page_is_read_under_the_label_of_binary_messages_too(label: str) -> None:
    body = pieces_of("bedrock-converse", SAID, stream=False)[0]
    for sent in (body, json.dumps(json.loads(body), indent=1).encode()):
        events = road("bedrock-converse", label).read_every_way(sent)
        assert (error_of(events), response_of(events).text) == (None, SAID.text)
    error = error_of(road("bedrock-converse", label).read_every_way(b"<!doctype html>\n<title>Sign in</title>"))
    assert type(error) is MalformedStream
    assert error.permanent


def test_what_says_nothing() -> None:
    assert all(map(says_nothing, (b"", b" ", b":", b": x", b"{}", b"nul", b"keep_alive", b'"ping"', b"Heart-Beat")))
    assert not any(map(says_nothing, (b"[DONE]", b"hello", b"{", b"0", b'{"ping": 1}')))
    assert says_nothing(b"[DONE] ", end=True)
    assert is_heartbeat({"status": "PROCESSING"})
    assert not is_heartbeat({"type": "text"})
    assert not is_heartbeat([])


# ---------------------------------------------------------------- strays


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a letter lost": lambda event: event.replace(b"data:", b"dat:", 1),
    "a blank before": lambda event: event.replace(b"data:", b" data:", 1),
    "capital": lambda event: event.replace(b"data:", b"Data:", 1),
    "byte order marks": lambda event: event.replace(b"data:", b"\xef\xbb\xbf\xef\xbb\xbfdata:", 1),
    "the field lost": lambda event: event.replace(b"data: ", b"", 1),
    "the colon lost": lambda event: event.replace(b"data:", b"data", 1),
    "a name of its own": lambda event: b"event: upstream.chunk\n" + event[event.find(b"data:") :],
    "the name that the standard gives": lambda event: b"event: message\n" + event[event.find(b"data:") :],
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("row", EVENTS)
def test_a_damaged_line_that_holds_a_frame_is_content(row: str, damage: str) -> None:
    events = [event + b"\n\n" for event in events_of(row)]
    expected = answer_of(row, b"".join(events))
    for at, event in enumerate(events):
        if b"{" in event:
            body = b"".join(events[:at]) + DAMAGES[damage](event) + b"".join(events[at + 1 :])
            assert answer_of(row, body) == expected, (at, event)


@pytest.mark.parametrize("row", EVENTS)
def test_half_a_frame_where_none_belongs_is_a_fault(row: str) -> None:
    events = [event + b"\n\n" for event in events_of(row)]
    for at, event in enumerate(events):
        start = event.find(b"{")
        half = b"dat: " + event[start : start + (len(event) - start) * 3 // 4].rstrip(b"}\n") + b"\n\n"
        if start >= 0 and at and b"ping" not in event:
            before = b"".join(events[:at])
            if error_of(road(row).read(before)) is None:
                break  # the answer is whole by then
            error = error_of(road(row).read(before + half + b"".join(events[at + 1 :])))
            assert isinstance(error, MalformedStream | StreamTruncated), (at, half)


def test_a_line_of_json_before_an_event_is_read_before_it() -> None:
    first, second = (json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}).encode() for text in "ab")
    end = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
    head = b'data: {"id": "1", "choices": [], "model": "m"}\n\n'
    assert answer_of("openai", head + first + b"\ndata: " + second + b"\n\n" + end).text == "ab"
    assert answer_of("openai", first + b"\ndata: " + second + b"\n\n" + end).text == "ab"


def test_the_marks_of_a_wire() -> None:
    marks = Marks(["choices"], r"said\.[a-z]+")
    assert marks.on({"choices": []})
    assert marks.on({"type": "said.it"})
    assert not marks.on({"type": "unsaid.it"})
    assert not marks.on(["choices"])
    assert marks.within(b'{"choices" : [')
    assert not marks.within(b'{"choice": [')


# ---------------------------------------------------------------- labels, and wires that are another


@pytest.mark.parametrize("label", ["text/plain", "text/event-stream", "application/json", "text/html", ""])
@pytest.mark.parametrize("row", ROWS)
def test_an_answer_is_read_whatever_its_label_and_its_road(row: str, label: str) -> None:
    body, stream = pieces_of(row, SAID, stream=False)[0], b"".join(pieces_of(row, SAID))
    expected = response_of(road(row, "application/json", stream=False).read(body))
    indented = json.dumps(json.loads(body), indent=2).encode()
    assert expected.text == SAID.text
    for asked in (True, False):
        for sent in (body, indented, b" \n" + body, stream):
            events = road(row, label, stream=asked).read(sent)
            assert error_of(events) is None, (asked, sent)
            assert comparable_answer(response_of(events)) == comparable_answer(expected)


def comparable_answer(response: Response) -> Response:
    return evolve(response, id="", model="", provider_data={}, replay=())


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("row", ROWS)
def test_a_page_is_no_broken_answer(row: str, stream: bool) -> None:
    for label in ("text/event-stream", "text/plain", "application/json", "text/html"):
        error = error_of(road(row, label, stream=stream).read_every_way(b"<!doctype html>\n<title>Sign in</title>"))
        assert type(error) is MalformedStream
        assert error.permanent


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("spoken", ROWS)
@pytest.mark.parametrize("row", ROWS)
def test_an_answer_of_another_wire_is_told_as_that(row: str, spoken: str, stream: bool) -> None:
    if row == spoken:
        return
    for answer in (SAID, CALLED):
        body = b"".join(pieces_of(spoken, answer, stream=stream))
        for asked, label in ((stream, "text/event-stream"), (not stream, "application/json")):
            for pieces in ([body], bytewise(body)):
                error = error_of(road(row, label, stream=asked).read(pieces))
                assert type(error) is MalformedStream, (error, body)
                assert error.permanent
                assert ROWS[spoken] in str(error)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("spoken", ROWS)
def test_on_converse_too_an_answer_of_another_wire_is_told_as_that(spoken: str, stream: bool) -> None:
    for asked in (stream, not stream):
        body = b"".join(pieces_of(spoken, SAID, stream=stream))
        error = error_of(road("bedrock-converse", "text/event-stream", stream=asked).read(body))
        assert type(error) is MalformedStream
        assert error.permanent
        assert ROWS[spoken] in str(error)


LONG = [
    ("messageStart", {"role": "assistant"}),
    *[("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "tide " * 20}})] * 60,
    ("messageStop", {"stopReason": "end_turn"}),
]


@pytest.mark.parametrize("row", ROWS)
def test_a_long_answer_of_converse_is_told_as_that_in_any_spelling(row: str) -> None:
    spellings = (
        b"".join(binary.event(name, json.dumps(said).encode()) for name, said in LONG),
        "".join(f"event: {name}\ndata: {json.dumps(said)}\n\n" for name, said in LONG).encode(),
        "".join(f"data: {json.dumps({name: said})}\n\n" for name, said in LONG).encode(),
        "".join(f"{json.dumps({name: said})}\n" for name, said in LONG).encode(),
    )
    for body in spellings:
        error = error_of(road(row, "text/event-stream").read(body))
        assert type(error) is MalformedStream
        assert (error.permanent, "Converse" in str(error)) == (True, True)


def test_what_nobody_can_read_is_shown() -> None:
    for row in ("openai", "anthropic", "cohere", "ollama", "bedrock-converse"):
        error = error_of(road(row, "application/json", stream=False).read(b'{"result": {"reason": "no such plan"}}'))
        assert type(error) is MalformedStream
        assert (error.permanent, "no such plan" in str(error)) == (True, True)


def test_a_whole_answer_that_breaks_off_is_still_that() -> None:
    body = pieces_of("openai", SAID, stream=False)[0]
    assert type(error_of(road("openai", stream=False).read(body[:-9]))) is StreamTruncated
