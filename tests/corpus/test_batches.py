"""Recorded batches: what their hosts said is read as they meant it, the answers as any other answer is."""

from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.call.batch_answers import Answers
from aikido_llm.call.clocks import Clocks
from aikido_llm.call.exchange import Accepted, Settings
from aikido_llm.dialects.base import ErrorReply, WireRequest
from aikido_llm.dialects.batch import BatchWire
from aikido_llm.providers import find
from aikido_llm.providers.base import Configured
from aikido_llm.secret import Key
from aikido_llm.types.batches import Answered, BatchState, HostedBatch
from tests.corpus import load

ROWS = {"openai": "openai", "anthropic": "anthropic", "google": "gemini"}
STATES = {
    "validating": BatchState.running, "in_progress": BatchState.running, "completed": BatchState.completed,
    "cancelling": BatchState.cancelling, "BATCH_STATE_PENDING": BatchState.running,
}  # fmt: skip
pytestmark = pytest.mark.skipif(not load.FURTHER.is_file(), reason=load.MISSING)


def recorded(*ops: str) -> list[Any]:
    found = load.operations("batches") if load.FURTHER.is_file() else []
    wanted = [one for one in found if one.provider in ROWS and one.status == 200]
    return [pytest.param(one, id=one.id) for one in wanted if any(f"op:{op}" in one.tags for op in ops)]


def wire_of(exchange: load.Exchange) -> tuple[BatchWire, Settings]:
    name = "openai-responses" if b"/v1/responses" in exchange.body else ROWS[exchange.provider]
    row = find(name).at_home
    settings = Settings(
        row=Configured(row, {}, {}), base_url=row.base_url, key=Key("k"), options=llm.Options(),
        timeouts=llm.Timeouts(), limits=llm.Limits(), retry=None, user_agent="",
    )  # fmt: skip
    assert settings.provider.batches
    return settings.provider.batches.load(), settings


def word_of(exchange: load.Exchange) -> str:
    return next(tag.removeprefix("status:") for tag in exchange.tags if tag.startswith("status:"))


@pytest.mark.parametrize("exchange", recorded("create", "get", "cancel"))
def test_a_batch(exchange: load.Exchange) -> None:
    wire, settings = wire_of(exchange)
    batch = wire.batch(exchange.body, settings.dialect)
    assert batch.raw_state == word_of(exchange)
    assert batch.state is STATES[batch.raw_state]
    assert batch.id.encode() in exchange.body
    assert batch.created is not None
    assert batch.created > 1.7e9
    assert bool(batch.outputs) == (batch.state is BatchState.completed)
    assert batch.error is None


@pytest.mark.parametrize("exchange", recorded("list"))
def test_a_list(exchange: load.Exchange) -> None:
    wire, settings = wire_of(exchange)
    batches, following = wire.batches(exchange.body, settings.dialect, None)
    assert len(batches) == exchange.body.count(b'"request_counts"')
    assert word_of(exchange) in {batch.raw_state for batch in batches}
    assert all(batch.id and batch.created for batch in batches)
    assert all(batch.raw_state in (*STATES, "cancelled", "failed", "ended", "expired") for batch in batches)
    assert following is None or following == batches[-1].id
    assert (following is not None) == (b'"has_more":true' in exchange.body.replace(b" ", b""))


def read(exchange: load.Exchange) -> list[Answered]:
    wire, settings = wire_of(exchange)
    answers = Answers(NotAsked(), settings, wire, HostedBatch("b", BatchState.completed), lambda name: None)
    return [answers.read(line) for line in exchange.body.splitlines() if line.strip()]


class NotAsked:
    patience = 0.0

    def new_clocks(self) -> Clocks:
        raise AssertionError

    async def sent(self, clocks: Clocks, wire: WireRequest) -> Accepted:
        raise AssertionError


@pytest.mark.parametrize("exchange", recorded("results"))
def test_answers(exchange: load.Exchange) -> None:
    found = read(exchange)
    assert len(found) == exchange.body.count(b'"custom_id"')
    for answered in found:
        assert f'"{answered.name}"'.encode() in exchange.body
        response = answered.outcome
        assert isinstance(response, llm.Response), response
        assert response.complete
        assert response.usage.output_tokens
        assert response.text.encode() in exchange.body
        assert response.text
        assert response.model


def test_a_refusal_is_a_typed_error() -> None:
    (exchange,) = [one for one in load.operations("batches") if one.provider in ROWS and one.status != 200]
    _, settings = wire_of(exchange)
    error = settings.dialect.decode_error(ErrorReply(exchange.status, exchange.headers, exchange.body))
    assert isinstance(error, llm.InvalidRequestError)
    assert "has no available results" in error.message


def test_a_file_that_was_handed_over() -> None:
    found = [one for one in load.operations("files") if {"op:upload", "purpose:batch"} <= one.tags]
    assert found
    for exchange in found:
        wire, _ = wire_of(exchange)
        assert wire.uploaded(exchange.body).startswith("file-")


def test_all_of_these_hosts_were_read() -> None:
    """A deleted batch is a verb that is not offered; one of xAI's has a protocol of its own."""
    kinds = ("create", "get", "cancel", "list", "results")
    read_here = sum(len(recorded(kind)) for kind in kinds) + 1
    every = load.operations("batches")
    assert len(every) - read_here == sum(one.provider == "xai" or "op:delete" in one.tags for one in every)
