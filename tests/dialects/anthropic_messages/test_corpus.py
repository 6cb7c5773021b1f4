"""The recorded exchanges of this wire: read whole and in pieces, held against the separate reader, and cut short."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve

from aikido_llm.dialects.anthropic_messages import AnthropicMessages
from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.values import is_list, is_object
from aikido_llm.serialize import to_dict
from tests import deep
from tests.corpus.facts import facts_of
from tests.corpus.load import MISSING, Exchange, available, exchanges, further, model_lists, recorded
from tests.facts_check import check_against_facts
from tests.wire import Road, cuts, response_of

pytestmark = pytest.mark.skipif(not available(), reason=MISSING)

DIALECT = AnthropicMessages()
NOT_SUPPORTED: dict[str, str] = {}


def _all() -> list[Exchange]:
    return exchanges("anthropic-messages") + further("anthropic-messages") if available() else []


def _answers() -> list[Exchange]:
    return [e for e in _all() if e.status == 200 and e.id not in NOT_SUPPORTED]


def _errors() -> list[Exchange]:
    return [e for e in _all() if e.status != 200]


def _road(exchange: Exchange) -> Road:
    content_type = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Road(DIALECT, stream=exchange.stream, content_type=content_type)


@pytest.mark.deep
@recorded(lambda: _answers())
def test_every_way_of_feeding_gives_the_facts(exchange: Exchange) -> None:
    events = _road(exchange).read_every_way(exchange.body, small=deep.upto(6_000, 2_000))
    check_against_facts(events, facts_of(exchange))


@pytest.mark.deep
@recorded(lambda: [e for e in _answers() if e.stream])
def test_no_prefix_passes_for_the_answer(exchange: Exchange) -> None:
    end = exchange.body.rindex(b'"message_stop"')
    whole_from = exchange.body.index(b"}", end) + 1
    tried = _road(exchange).check_prefixes(exchange.body, whole_from, cuts(exchange.body, small=1000, most=90))
    assert tried


@pytest.mark.deep
@recorded(lambda: [e for e in _answers() if not e.stream])
def test_no_prefix_of_a_whole_body_passes(exchange: Exchange) -> None:
    body = exchange.body.rstrip()
    _road(exchange).check_prefixes(body, len(body), cuts(body, small=400, most=30))


@recorded(lambda: _errors())
def test_http_errors_get_their_class(exchange: Exchange) -> None:
    error = DIALECT.decode_error(ErrorReply(exchange.status, exchange.headers, exchange.body))
    assert type(error).__name__ == facts_of(exchange).error
    assert error.status == exchange.status
    assert error.message


def test_model_lists_are_read() -> None:
    lists = [e for e in model_lists() if e.protocol == "anthropic-messages"]
    assert lists
    for exchange in lists:
        page = DIALECT.decode_models(exchange.body)
        assert page.models
        assert page.cursor is None
        assert all(model.id and model.name for model in page.models)


# ---------------------------------------------------------------- nothing is unreachable

FRAMING = ("type", "index", "role")  # what names the frame rather than the answer


def _leaves(value: Any, key: str = "") -> Iterator[str]:
    """The texts of a value; numbers are counts and places, which replace each other."""
    if is_object(value):
        for name, item in value.items():
            yield from _leaves(item, name)
    elif is_list(value):
        for item in value:
            yield from _leaves(item, key)
    elif isinstance(value, str) and value and key not in (*FRAMING, "partial_json"):
        yield value


def _said(exchange: Exchange) -> Iterator[str]:
    for line in exchange.body.decode().splitlines() if exchange.stream else [exchange.body.decode()]:
        text = line.removeprefix("data:").strip()
        if text.startswith("{") and (value := json.loads(text)).get("type") != "ping":
            yield from _leaves(value)


@recorded(lambda: _answers())
def test_every_text_that_was_sent_is_in_a_typed_field_or_in_provider_data(exchange: Exchange) -> None:
    told = json.dumps(to_dict(evolve(response_of(_road(exchange).read(exchange.body)), raw=None)), ensure_ascii=False)
    missing = [text for text in _said(exchange) if not _in(text, told)]
    assert not missing


def _in(text: str, told: str) -> bool:
    """As JSON text, or inside of JSON text (arguments and outputs of tools)."""
    once = json.dumps(text, ensure_ascii=False)[1:-1]
    return once in told or json.dumps(once, ensure_ascii=False)[1:-1] in told
