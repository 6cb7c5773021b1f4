"""The recorded exchanges of this wire: read whole and in pieces, held against the separate reader, and cut short."""

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.bedrock_converse import BedrockConverse
from aikido_llm.errors import StreamError
from tests import deep
from tests.corpus.facts import facts_of
from tests.corpus.load import FURTHER, Exchange, further, recorded
from tests.facts_check import check_against_facts
from tests.wire import Road, cuts, error_of

pytestmark = pytest.mark.skipif(
    not FURTHER.is_file(), reason="without ../shared/corpus/dev2.jsonl.gz beside the project; with it: make test"
)

DIALECT = BedrockConverse()
STREAM = "application/vnd.amazon.eventstream"


def _all() -> list[Exchange]:
    return further("bedrock-converse")


def _answers(*, stream: bool) -> list[Exchange]:
    return [e for e in _all() if e.status == 200 and e.stream == stream]


def _road(exchange: Exchange) -> Road:
    content_type = exchange.headers.get("content-type", STREAM if exchange.stream else "").partition(";")[0]
    return Road(DIALECT, stream=exchange.stream, content_type=content_type)


def test_there_are_recordings() -> None:
    assert (len(_answers(stream=True)), len(_answers(stream=False)), len(_all())) == (62, 99, 167)


@recorded(lambda: [*_answers(stream=True), *_answers(stream=False)])
def test_every_way_of_feeding_gives_the_facts(exchange: Exchange) -> None:
    check_against_facts(_road(exchange).read_every_way(exchange.body, small=4096), facts_of(exchange))


@pytest.mark.deep
@recorded(lambda: _answers(stream=True))
def test_no_prefix_passes_for_the_answer(exchange: Exchange) -> None:
    for end in deep.share(cuts(exchange.body, small=1200, most=60), 6, exchange.body):
        error = error_of(_road(exchange).read(exchange.body[:end]))
        assert end == len(exchange.body) or isinstance(error, StreamError), (end, error)


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
