"""The recorded exchanges of this wire: read whole and in pieces, held against the separate reader, and cut short."""

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.cohere_chat import CohereChat
from tests.corpus.facts import facts_of
from tests.corpus.load import MISSING, Exchange, available, exchanges, recorded
from tests.facts_check import check_against_facts
from tests.wire import Road, cuts, response_of

pytestmark = pytest.mark.skipif(not available(), reason=MISSING)

DIALECT = CohereChat()
NOT_SUPPORTED: dict[str, str] = {}


def _all() -> list[Exchange]:
    return [e for e in exchanges("cohere-v2") if e.id not in NOT_SUPPORTED] if available() else []


def _answers(*, stream: bool) -> list[Exchange]:
    return [e for e in _all() if e.status == 200 and e.stream == stream]


def _road(exchange: Exchange) -> Road:
    content_type = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Road(DIALECT, stream=exchange.stream, content_type=content_type)


@recorded(lambda: [*_answers(stream=True), *_answers(stream=False)])
def test_every_way_of_feeding_gives_the_facts(exchange: Exchange) -> None:
    events = _road(exchange).read_every_way(exchange.body, small=4096)
    facts = facts_of(exchange)
    check_against_facts(events, facts)
    assert response_of(events).id == facts.id


@pytest.mark.deep
@recorded(lambda: _answers(stream=True))
def test_no_prefix_passes_for_the_answer(exchange: Exchange) -> None:
    end = exchange.body.rindex(b'"message-end"')
    whole_from = exchange.body.index(b"\n", end)
    tried = _road(exchange).check_prefixes(exchange.body, whole_from, cuts(exchange.body, small=1200, most=100))
    assert tried


@pytest.mark.deep
@recorded(lambda: _answers(stream=False))
def test_no_prefix_of_a_whole_body_passes(exchange: Exchange) -> None:
    body = exchange.body.rstrip()
    _road(exchange).check_prefixes(body, len(body), cuts(body, small=300, most=24))


@recorded(lambda: [e for e in _all() if e.status != 200])
def test_http_errors_get_their_class(exchange: Exchange) -> None:
    error = DIALECT.decode_error(ErrorReply(exchange.status, exchange.headers, exchange.body))
    assert type(error).__name__ == facts_of(exchange).error
    assert error.status == exchange.status
    assert error.message
    assert error.request_id
