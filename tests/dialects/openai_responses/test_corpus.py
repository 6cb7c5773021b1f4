"""The recorded exchanges of this wire: read whole and in pieces, held against the separate reader, and cut short."""

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.openai_responses import OpenAIResponses
from aikido_llm.errors import MalformedStream
from tests.corpus.facts import facts_of
from tests.corpus.load import MISSING, Exchange, available, exchanges, model_lists
from tests.facts_check import check_against_facts
from tests.wire import Road, cuts, error_of, response_of

pytestmark = pytest.mark.skipif(not available(), reason=MISSING)

DIALECT = OpenAIResponses()
_SHORTENED = "its picture was shortened by hand ('...' inside the base64), so there is none to hand out"
NOT_SUPPORTED = {
    "openai-responses-3722d793b9e61422": _SHORTENED,
    "openai-responses-b8967e25ac3a8ec1": _SHORTENED,
}
ENDS = (b'"type":"response.completed"', b'"type":"response.incomplete"', b'"type":"response.failed"', b'"type":"error"')


def _all() -> list[Exchange]:
    return exchanges("openai-responses") if available() else []


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


def _id(exchange: Exchange) -> str:
    return exchange.id


@pytest.mark.parametrize("exchange", _answers(), ids=_id)
def test_every_way_of_feeding_gives_the_facts(exchange: Exchange) -> None:
    events = _road(exchange).read_every_way(exchange.body, small=9_000)
    check_against_facts(events, facts_of(exchange))


@pytest.mark.parametrize("exchange", [e for e in _answers() if _is_stream(e)], ids=_id)
def test_no_prefix_passes_for_the_answer(exchange: Exchange) -> None:
    body = exchange.body
    line_end = body.index(b"\n", _end_mark(body))
    assert _road(exchange).check_prefixes(body, len(body[:line_end].rstrip()), cuts(body, small=1500, most=70))


@pytest.mark.parametrize("exchange", [e for e in _answers() if not _is_stream(e)], ids=_id)
def test_no_prefix_of_a_whole_body_passes(exchange: Exchange) -> None:
    body = exchange.body.rstrip()
    _road(exchange).check_prefixes(body, len(body), cuts(body, small=700, most=30))


@pytest.mark.parametrize("exchange", [e for e in _all() if e.status != 200], ids=_id)
def test_http_errors_get_their_class(exchange: Exchange) -> None:
    error = DIALECT.decode_error(ErrorReply(exchange.status, exchange.headers, exchange.body))
    assert type(error).__name__ == facts_of(exchange).error
    assert error.status == exchange.status
    assert error.message


@pytest.mark.parametrize("exchange", _answers(), ids=_id)
def test_the_turn_can_be_sent_back(exchange: Exchange) -> None:
    """What the next request would carry holds every complete call, and nothing that a stateless server refuses."""
    events = _road(exchange).read(exchange.body)
    response = response_of(events)
    if error_of(events) is not None:
        return
    items = response.replay
    kept = {item["call_id"] for item in items if item["type"] == "function_call"}
    assert not items or kept == {call.id for call in response.tool_calls}
    for item in items:
        if item["type"] in ("reasoning", "message", "function_call"):
            assert "id" not in item
            assert "status" not in item
        if item["type"] == "reasoning":
            assert item["encrypted_content"]


@pytest.mark.parametrize("exchange", [e for e in _all() if e.id in NOT_SUPPORTED], ids=_id)
def test_a_picture_that_is_not_base64_is_an_error(exchange: Exchange) -> None:
    error = error_of(_road(exchange).read_every_way(exchange.body))
    assert isinstance(error, MalformedStream)
    assert "base64" in error.message


def test_model_lists_are_read() -> None:
    for exchange in model_lists():
        if exchange.protocol == "openai-chat" and exchange.provider in ("openai", "xai") and exchange.status == 200:
            assert DIALECT.decode_models(exchange.body).models
