"""The recorded exchanges of this wire: read whole and in pieces, held against the separate reader, and cut short."""

import re

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.gemini_generate import GeminiGenerate
from tests import deep
from tests.corpus.facts import facts_of
from tests.corpus.load import MISSING, Exchange, available, exchanges, further, model_lists, recorded
from tests.facts_check import check_against_facts
from tests.wire import Road, bytewise, cuts, response_of

pytestmark = pytest.mark.skipif(not available(), reason=MISSING)

DIALECT = GeminiGenerate()
NOT_SUPPORTED: dict[str, str] = {}


def _all() -> list[Exchange]:
    return exchanges("gemini") + further("gemini") if available() else []


def _answers() -> list[Exchange]:
    return [e for e in _all() if e.status == 200 and e.id not in NOT_SUPPORTED]


def _errors() -> list[Exchange]:
    return [e for e in _all() if e.status != 200]


def _road(exchange: Exchange) -> Road:
    content_type = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Road(DIALECT, stream=exchange.stream, content_type=content_type)


def _whole_from(exchange: Exchange) -> int:
    """A list ends with its bracket; events are over when the first reason to end was given."""
    body = exchange.body.rstrip()
    if body[:5] != b"data:":
        return len(body)
    found = re.search(rb'"(finishReason|blockReason)"', body)
    assert found
    return body.find(b"\n", found.end()) if b"\n" in body[found.end() :] else len(body)


@pytest.mark.deep
@recorded(lambda: _answers())
def test_every_way_of_feeding_gives_the_facts(exchange: Exchange) -> None:
    facts, road = facts_of(exchange), _road(exchange)
    if facts.tool_calls and not facts.id:  # nothing to make the calls' ids from, so each reading makes others
        events = road.read(exchange.body)
        check_against_facts(road.read(bytewise(exchange.body)), facts)
    else:
        events = road.read_every_way(exchange.body, small=deep.upto(12_000, 2_000))
    check_against_facts(events, facts)
    assert response_of(events).id == facts.id


@pytest.mark.deep
@recorded(lambda: [e for e in _answers() if e.stream])
def test_no_prefix_passes_for_the_answer(exchange: Exchange) -> None:
    whole_from = _whole_from(exchange)
    offsets = cuts(exchange.body[:whole_from].rstrip(), small=1500, most=160)
    assert _road(exchange).check_prefixes(exchange.body, whole_from, offsets)


@pytest.mark.deep
@recorded(lambda: [e for e in _answers() if not e.stream])
def test_no_prefix_of_a_whole_body_passes(exchange: Exchange) -> None:
    body = exchange.body.rstrip()
    _road(exchange).check_prefixes(body, len(body), cuts(body, small=700, most=40))


@recorded(lambda: _errors())
def test_http_errors_get_their_class(exchange: Exchange) -> None:
    error = DIALECT.decode_error(ErrorReply(exchange.status, exchange.headers, exchange.body))
    assert type(error).__name__ == facts_of(exchange).error
    assert error.status == exchange.status
    assert error.message


def test_model_lists_are_read() -> None:
    lists = [e for e in model_lists() if e.protocol == "gemini"]
    assert lists
    for exchange in lists:
        page = DIALECT.decode_models(exchange.body)
        assert page.models
        assert page.cursor is None
        assert all(model.id and model.name and not model.id.startswith("models/") for model in page.models)
