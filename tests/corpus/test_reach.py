"""Every value that a recorded answer holds is somewhere in our Response, typed or in provider_data, on both roads; the
page that says how much of it is typed says what is counted."""

from functools import cache
from pathlib import Path

import pytest
from attrs import evolve

import aikido_llm as llm
from tests.corpus import reach
from tests.corpus.load import FURTHER, MISSING, PROTOCOLS, Exchange, available

PAGE = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
pytestmark = pytest.mark.skipif(not (available() and FURTHER.is_file()), reason=MISSING)


@cache
def counted(protocol: str) -> reach.Count:
    return reach.counted(protocol)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_is_unreachable(protocol: str) -> None:
    found = counted(protocol)
    assert found.answers > 60
    assert found.lost == {}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_both_roads_are_counted(protocol: str) -> None:
    assert {exchange.stream for exchange in reach.answers_of(protocol)} == {True, False}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_walk_sees_what_is_missing(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same walk over Responses whose provider_data is gone finds that it is."""
    read = reach.response_to

    def bare(exchange: Exchange) -> tuple[llm.Response, llm.LLMError | None]:
        response, error = read(exchange)
        return evolve(response, text="", provider_data={}, citations=(), server_tools=()), error

    monkeypatch.setattr(reach, "response_to", bare)
    emptied = reach.Count()
    for exchange in reach.answers_of(protocol)[:20]:
        reach.count(exchange, emptied)
    assert emptied.lost


def test_the_page_says_what_is_counted() -> None:
    table = reach.table({protocol: counted(protocol) for protocol in PROTOCOLS})
    assert table in PAGE.read_text("utf-8"), "write it again: python -m tests.corpus.reach"
