"""JSON made to hurt, at every place of every wire: a typed error or a right result, soon, in little memory."""

import json
import time
import tracemalloc
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import pytest

from aikido_llm.codecs import json as _json
from aikido_llm.errors import LLMError
from aikido_llm.serialize import from_dict, to_dict
from aikido_llm.testing import Answer, Received
from aikido_llm.testing.wires import NAMES, wire
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request
from aikido_llm.types.response import Response
from aikido_llm.types.tools import ToolCall
from tests import deep
from tests.binary import inside, message, parts, wrapping
from tests.speakers import row_of
from tests.wire import Road, comparable, error_of, response_of

DEEP = 100_000
TOKENS: dict[str, bytes] = {
    "deep list": b"[" * DEEP + b"]" * DEEP,
    "deep object": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "nearly too deep": b"[" * 985 + b"]" * 985,
    "unclosed": b"[" * 5000,
    "index": b"2147483648",
    "negative": b"-2147483649",
    "huge": b"1" + b"0" * 400,
    "5000 digits": b"9" * 5000,
    "infinite": b"1e400",
    "fraction": b"0.5",
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "lone surrogate": b'"\\ud800"',
    "two halves in the wrong order": b'"\\udc00\\ud800"',
    "NUL": b'"\\u0000"',
    "no UTF-8": b'"\xff\xfe"',
    "encoded surrogate": b'"\xed\xa0\x80"',
    "overlong": b'"\xc0\xaf"',
    "bare control": b'"\x01"',
    "twice": b'{"text":"x","text":"y","type":"a","type":"b"}',
}
MARK = "@mark@"
BLANKS = b" \t\r\n"


@cache
def answer_of(name: str, stream: bool) -> list[bytes]:
    """A short answer with text and a call, event by event; a body is one event."""
    if name == "bedrock_converse":
        path = f"/model/m/{'converse-stream' if stream else 'converse'}"
    elif name == "bedrock_invoke":
        path = f"/model/m/{'invoke-with-response-stream' if stream else 'invoke'}"
    else:
        path = f"/v1beta/models/m:{'streamGenerateContent' if stream else 'generateContent'}"
    request = Received("POST", path, {"alt": "sse"} if stream else {}, {}, {"model": "m", "stream": stream})
    said = Answer("ab", tool_calls=[ToolCall("c1", "f", '{"a":1}')], id="one")
    return wire(name).stream(said, request) if stream else [wire(name).body(said, request)]


@cache
def road_of(name: str, stream: bool) -> Road:
    dialect = row_of(PROVIDERS[name]).dialect
    media = wire(name).stream_type if stream and name != "gemini_generate" else "text/event-stream"
    return Road(dialect, stream, media if stream else "application/json")


PROVIDERS = {
    "openai_chat": "openai",
    "openai_responses": "openai-responses",
    "anthropic_messages": "anthropic",
    "gemini_generate": "gemini",
    "cohere_chat": "cohere",
    "ollama_chat": "ollama",
    "bedrock_converse": "bedrock-converse",
    "bedrock_invoke": "bedrock:invoke",
}


def parsed(event: bytes) -> tuple[bytes, Any, bytes]:
    """(what stands before an event's JSON, the value, what stands behind it)."""
    if event.startswith(b"\0"):
        return event, json.loads(inside(event)), b""
    start, end = event.find(b"{"), event.rfind(b"}") + 1
    return event[:start], json.loads(event[start:end]) if start >= 0 else None, event[end:]


def reframed(before: bytes, changed: bytes, behind: bytes) -> bytes:
    """The event with another JSON; one that counts its bytes with counts that hold."""
    if not before.startswith(b"\0"):
        return before + changed + behind
    head, payload = parts(before)
    return message(head, wrapping(changed) if payload.startswith(b'{"bytes"') else changed)


def marked(value: Any) -> Iterator[Any]:
    """The value with each of its parts replaced by the mark in turn."""
    yield MARK
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value)
        for key, part in items.items():
            yield from ({**items, key: other} for other in marked(part))
    elif isinstance(value, list):
        parts = cast("list[object]", value)
        for at, part in enumerate(parts):
            yield from ([*parts[:at], other, *parts[at + 1 :]] for other in marked(part))


def hostile(name: str, stream: bool, token: bytes, *, every: int = 1) -> Iterator[bytes]:
    """Answers with the token in one place each."""
    events = answer_of(name, stream)
    place = 0
    for at, event in enumerate(events):
        before, value, behind = parsed(event)
        if value is None:
            continue
        for other in marked(value):
            place += 1
            if place % every == 0:
                changed = json.dumps(other, separators=(",", ":")).encode().replace(f'"{MARK}"'.encode(), token)
                yield b"".join((*events[:at], reframed(before, changed, behind), *events[at + 1 :]))


@pytest.mark.deep
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "body"])
@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_value_at_every_place(name: str, stream: bool) -> None:
    road = road_of(name, stream)
    started = time.monotonic()
    for token_name, token in TOKENS.items():
        for body in hostile(name, stream, token, every=11 if len(token) > 4000 else deep.upto(1, 5)):
            events = road.read(body)
            response = response_of(events)
            if token_name == "unclosed":
                assert error_of(events) is not None
            elif len(token) < 500:
                keeps(road, response)
    assert time.monotonic() - started < 60


def keeps(road: Road, response: Response) -> None:
    """What was understood can be stored, and sent back as the turn before the next question; else a typed error."""
    try:
        stored = _json.loads(_json.dumps(to_dict(response)))
        assert from_dict(stored, Response).text == response.text
        request = Request((user("hi"), response.message, user("go on")), model="m", max_tokens=9)
        _json.dumps(road.dialect.encode(request, stream=True, provider="test").body)
    except LLMError:
        pass


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "body"])
@pytest.mark.parametrize("name", NAMES)
def test_of_a_key_that_comes_twice_the_last_one_counts(name: str, stream: bool) -> None:
    def twice(value: Any) -> str:
        if isinstance(value, dict):
            items = cast("dict[str, Any]", value)
            return "{" + ",".join(f"{json.dumps(k)}:null,{json.dumps(k)}:{twice(v)}" for k, v in items.items()) + "}"
        if isinstance(value, list):
            return "[" + ",".join(twice(part) for part in cast("list[object]", value)) + "]"
        return json.dumps(value)

    events = answer_of(name, stream)
    road = road_of(name, stream)
    doubled: list[bytes] = []
    for event in events:
        before, value, behind = parsed(event)
        doubled.append(event if value is None else reframed(before, twice(value).encode(), behind))
    assert comparable(road.read(b"".join(doubled))) == comparable(road.read(b"".join(events)))


@pytest.mark.parametrize("index", [b"2147483648", b"-1", b"9223372036854775808", b"1e300", b"null", b'"0"'])
@pytest.mark.parametrize("name", NAMES)
def test_no_memory_is_made_for_an_index(name: str, index: bytes) -> None:
    """All indexes are the same wrong one: a call or an error, and no list of two thousand million places."""
    body = b"".join(answer_of(name, True))
    for key in (b'"index":', b'"output_index":', b'"content_index":'):
        for digit in (b"0", b"1"):
            body = body.replace(key + digit, key + index)
    tracemalloc.start()
    try:
        events = road_of(name, True).read(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000
    assert error_of(events) is not None or response_of(events).text == "ab"


@pytest.mark.parametrize("name", NAMES)
def test_blanks_and_escapes_everywhere(name: str) -> None:
    """Legal JSON, written oddly, is the same answer."""
    events = answer_of(name, False)
    odd = json.dumps(json.loads(events[0]), ensure_ascii=True, indent=3).replace("ab", "\\u0061\\u0062").encode()
    road = road_of(name, False)
    assert comparable(road.read(BLANKS + odd + BLANKS)) == comparable(road.read(events[0]))
