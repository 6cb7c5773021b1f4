"""The recorded exchanges of this wire: read whole and in pieces, held against the separate reader, and cut short."""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve

from aikido_llm.codecs import json
from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.openai_responses import OpenAIResponses
from aikido_llm.dialects.values import is_list, is_object
from aikido_llm.errors import MalformedStream
from aikido_llm.serialize import to_dict
from aikido_llm.testing.wires.responses_rules import check
from aikido_llm.types.messages import Message, tool, user
from aikido_llm.types.parts import ImagePart
from aikido_llm.types.request import Request
from aikido_llm.types.response import Response
from tests import deep
from tests.corpus.facts import facts_of
from tests.corpus.load import FURTHER, MISSING, Exchange, available, exchanges, further, model_lists, recorded
from tests.facts_check import check_against_facts
from tests.wire import Road, cuts, error_of, response_of

pytestmark = pytest.mark.skipif(not available(), reason=MISSING)

DIALECT = OpenAIResponses()
PNG = b"\x89PNG\r\n\x1a\n picture"
_SHORTENED = "its picture was shortened by hand ('...' inside the base64), so there is none to hand out"
NOT_SUPPORTED = {
    "openai-responses-3722d793b9e61422": _SHORTENED,
    "openai-responses-b8967e25ac3a8ec1": _SHORTENED,
}
ENDS = (b'"type":"response.completed"', b'"type":"response.incomplete"', b'"type":"response.failed"', b'"type":"error"')


def _all() -> list[Exchange]:
    return exchanges("openai-responses") + further("openai-responses") if available() else []


def _answers() -> list[Exchange]:
    return [e for e in _all() if e.status == 200 and e.id not in NOT_SUPPORTED]


def _road(exchange: Exchange) -> Road:
    content_type = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Road(DIALECT, stream=exchange.stream, content_type=content_type)


def _is_stream(exchange: Exchange) -> bool:
    return exchange.body.lstrip()[:1] not in (b"{", b"[")


def _end_mark(body: bytes) -> int:
    """Where the event begins whose payload ends the answer."""
    starts = [body.rindex(b"data:", 0, at) for mark in ENDS if (at := body.find(mark)) >= 0]
    return min(starts)


@pytest.mark.deep
@recorded(lambda: _answers())
def test_every_way_of_feeding_gives_the_facts(exchange: Exchange) -> None:
    events = _road(exchange).read_every_way(exchange.body, small=deep.upto(9_000, 2_000))
    check_against_facts(events, facts_of(exchange))


@pytest.mark.deep
@recorded(lambda: [e for e in _answers() if _is_stream(e)])
def test_no_prefix_passes_for_the_answer(exchange: Exchange) -> None:
    body = exchange.body
    line_end = body.index(b"\n", _end_mark(body))
    assert _road(exchange).check_prefixes(body, len(body[:line_end].rstrip()), cuts(body, small=1500, most=70))


@pytest.mark.deep
@recorded(lambda: [e for e in _answers() if not _is_stream(e)])
def test_no_prefix_of_a_whole_body_passes(exchange: Exchange) -> None:
    body = exchange.body.rstrip()
    _road(exchange).check_prefixes(body, len(body), cuts(body, small=700, most=30))


@recorded(lambda: [e for e in _all() if e.status != 200])
def test_http_errors_get_their_class(exchange: Exchange) -> None:
    error = DIALECT.decode_error(ErrorReply(exchange.status, exchange.headers, exchange.body))
    assert type(error).__name__ == facts_of(exchange).error
    assert error.status == exchange.status
    assert error.message


def _results(response: Response) -> list[Message]:
    """An answer to each call, in the shape that its kind wants."""
    shapes: dict[str, str | list[ImagePart]] = {"computer": [ImagePart(data=PNG)], "tool_search": "[]"}
    return [tool(call, shapes.get(call.kind, "yes")) for call in response.tool_calls]


@recorded(lambda: _answers())
def test_the_turn_can_be_sent_back(exchange: Exchange) -> None:
    """The next request holds every complete call with its result, and nothing that a stateless server refuses."""
    events = _road(exchange).read(exchange.body)
    response = evolve(response_of(events), provider="test")
    if error_of(events) is not None:
        return
    results = _results(response)
    asked = Request((user("hi"), response.message, *(results or [user("go on")])), model="m")
    body: Any = json.loads(json.dumps(DIALECT.encode(asked, stream=False, provider="test").body))
    check(body)
    named = {item["type"] for item in body["input"] if "id" in item}
    assert named <= {
        *("mcp_approval_request", "program", "program_output", "image_generation_call", "local_shell_call_output"),
    }


@pytest.mark.skipif(not FURTHER.is_file(), reason=MISSING)
@recorded(lambda: [e for e in further("openai-responses") if e.status == 200])
def test_nothing_that_an_answer_holds_is_unreachable(exchange: Exchange) -> None:
    """Every text and number of the output and of the response's own fields is in the Response, or in what it replays;
    what tells of the frame and of the parts aside."""
    events = _road(exchange).read(exchange.body)
    response = response_of(events)
    if error_of(events) is not None:
        return
    shown = json.dumps([to_dict(response), response.replay]).decode()
    for text in _texts(_last_response(exchange.body)):
        assert text in shown or json.dumps(text).decode()[1:-1] in shown, text


# A last event encrypts reasoning and programs anew, so that what an item brought is not what stands there.
_FRAME = {
    "encrypted_content",
    "fingerprint",
    "id",
    "type",
    "object",
    "created_at",
    "status",
    "role",
    "call_id",
    "output_text",
    "result",
    "container_id",
}


def _texts(value: Any, key: str = "") -> Iterator[str]:
    if is_object(value):
        for name, inner in value.items():
            if name not in _FRAME:
                yield from _texts(inner, name)
    elif is_list(value):
        for inner in value:
            yield from _texts(inner, key)
    elif isinstance(value, str) and value and key not in ("arguments", "index"):
        yield value


def _last_response(body: bytes) -> Any:
    if body.lstrip()[:1] == b"{":
        return json.loads(body)
    lines = [line[5:].strip() for line in body.splitlines() if line.startswith(b"data:")]
    events = [json.loads(line) for line in lines if line[:1] == b"{"]
    return next(event["response"] for event in reversed(events) if "response" in event)


@recorded(lambda: [e for e in _all() if e.id in NOT_SUPPORTED])
def test_a_picture_that_is_not_base64_is_an_error(exchange: Exchange) -> None:
    error = error_of(_road(exchange).read_every_way(exchange.body))
    assert isinstance(error, MalformedStream)
    assert "base64" in error.message


def test_model_lists_are_read() -> None:
    for exchange in model_lists():
        if exchange.protocol == "openai-chat" and exchange.provider in ("openai", "xai") and exchange.status == 200:
            assert DIALECT.decode_models(exchange.body).models
