"""The recorded exchanges of this wire: read whole and in pieces, held against the separate reader, and cut short.

Of 142, 54 answers are Claude's Messages; those of other makers' models, and Claude's of before Messages, are refused by
name; eleven hold vectors (tests/corpus/test_verbs.py).
"""

from collections import Counter

import pytest

import aikido_llm as llm
from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.bedrock_invoke import BedrockInvoke
from tests import deep
from tests.corpus.facts import facts_of
from tests.corpus.facts.bedrock_invoke import OTHERS
from tests.corpus.load import FURTHER, Exchange, further, operations, recorded
from tests.facts_check import check_against_facts
from tests.wire import Road, cuts, error_of, response_of

pytestmark = pytest.mark.skipif(
    not FURTHER.is_file(), reason="without ../shared/corpus/dev2.jsonl.gz beside the project; with it: make test"
)

DIALECT = BedrockInvoke()
STREAM = "application/vnd.amazon.eventstream"
METRICS = "amazon-bedrock-invocationMetrics"
CUT_WHEN_RECORDED = "bedrock-invoke-1ac06ef91936744e"


def _all() -> list[Exchange]:
    return further("bedrock-invoke")


def _answers(*, of_claude: bool) -> list[Exchange]:
    found = [exchange for exchange in _all() if exchange.status == 200]
    return [exchange for exchange in found if (facts_of(exchange).error != OTHERS) == of_claude]


def _road(exchange: Exchange) -> Road:
    content_type = exchange.headers.get("content-type", STREAM if exchange.stream else "").partition(";")[0]
    return Road(DIALECT, stream=exchange.stream, content_type=content_type)


def test_all_recordings_are_read() -> None:
    read = [*_answers(of_claude=True), *_answers(of_claude=False)]
    refused = [exchange for exchange in _all() if exchange.status != 200]
    assert (len(read), len(refused), len(operations("bedrock-invoke"))) == (127, 4, 142)
    assert Counter(exchange.stream for exchange in _answers(of_claude=True)) == {True: 33, False: 21}
    makers = Counter(exchange.model.removeprefix("us.").partition(".")[0] for exchange in _answers(of_claude=False))
    assert makers == {
        "amazon": 35, "meta": 11, "anthropic": 7, "cohere": 7, "ai21": 5, "openai": 5, "mistral": 3,
    }  # fmt: skip


@recorded(lambda: _answers(of_claude=True))
def test_every_way_of_feeding_gives_the_facts(exchange: Exchange) -> None:
    facts = facts_of(exchange)
    events = _road(exchange).read_every_way(exchange.body, small=4096)
    check_against_facts(events, facts)
    response = response_of(events)
    assert (response.id, response.wire) == (facts.id, "anthropic_messages")
    assert (METRICS in (response.usage.raw or {})) == ("invocation_metrics" in exchange.tags)
    assert (facts.error is None) == (exchange.id != CUT_WHEN_RECORDED)


@pytest.mark.deep
@recorded(lambda: [e for e in _answers(of_claude=True) if e.stream])
def test_no_prefix_passes_for_the_answer(exchange: Exchange) -> None:
    for end in deep.share(cuts(exchange.body, small=1200, most=60), 6, exchange.body):
        error = error_of(_road(exchange).read(exchange.body[:end]))
        assert end == len(exchange.body) or isinstance(error, llm.StreamError), (end, error)


@pytest.mark.deep
@recorded(lambda: [e for e in _answers(of_claude=True) if not e.stream])
def test_no_prefix_of_a_whole_body_passes(exchange: Exchange) -> None:
    body = exchange.body.rstrip()
    _road(exchange).check_prefixes(body, len(body), cuts(body, small=300, most=24))


@pytest.mark.deep
@recorded(lambda: _answers(of_claude=False))
def test_what_other_makers_answer_is_refused_by_name(exchange: Exchange) -> None:
    """Nothing of it passes for an answer, however much of it has come."""
    error = error_of(_road(exchange).read_every_way(exchange.body))
    assert isinstance(error, llm.MalformedStream)
    assert "bedrock-converse" in error.message
    assert not llm.is_retryable(error)
    for end in deep.share(cuts(exchange.body, small=600, most=30), 6, exchange.body):
        assert error_of(_road(exchange).read(exchange.body[:end])) is not None, end


@recorded(lambda: [e for e in _all() if e.status != 200])
def test_http_errors_get_their_class(exchange: Exchange) -> None:
    error = DIALECT.decode_error(ErrorReply(exchange.status, exchange.headers, exchange.body))
    assert type(error).__name__ == facts_of(exchange).error
    assert error.status == exchange.status
    assert error.code == exchange.headers["x-amzn-errortype"].partition(":")[0]
    assert error.message
