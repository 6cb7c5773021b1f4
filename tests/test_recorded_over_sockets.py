"""A sample of every host's recorded exchanges over a real socket: the whole client reads what the pure road reads."""

import re
from collections import defaultdict
from itertools import accumulate, pairwise

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.dialects.base import Dialect, ErrorReply
from aikido_llm.testing import Answer, Fault, WireServer
from tests.corpus import load
from tests.dialects.openai_chat.test_corpus import dialect_of as chat_dialect
from tests.speakers import row_of
from tests.wire import ErrorFacts, Road, check_grammar, comparable

pytestmark = pytest.mark.skipif(not load.available(), reason=load.MISSING)

_DIALECTS = {
    "openai-responses": "openai-responses",
    "anthropic-messages": "anthropic",
    "gemini": "gemini",
    "cohere-v2": "cohere",
    "ollama-chat": "ollama",
    "bedrock-converse": "bedrock-converse",
    "bedrock-invoke": "bedrock:invoke",
}
_STREAMS, _BODIES, _ERRORS = 3, 2, 2  # taken of each host
_LARGEST = 1_000_000  # bytes


def sample() -> list[load.Exchange]:
    """A few streams, bodies and errors of each (protocol, host)."""
    taken: dict[tuple[str, str, str], int] = defaultdict(int)
    chosen: list[load.Exchange] = []
    further = ("bedrock-converse", "bedrock-invoke")
    recorded = [*load.exchanges(), *(one for name in further for one in load.further(name))] if load.available() else []
    for exchange in recorded:
        kind = "error" if exchange.status != 200 else "stream" if exchange.stream else "body"
        key = (exchange.protocol, exchange.provider, kind)
        most = {"stream": _STREAMS, "body": _BODIES, "error": _ERRORS}[kind]
        if taken[key] < most and len(exchange.body) <= _LARGEST:
            taken[key] += 1
            chosen.append(exchange)
    return chosen


def dialect_of(exchange: load.Exchange) -> Dialect:
    if exchange.protocol == "openai-chat":
        return chat_dialect(exchange)
    return row_of(_DIALECTS[exchange.protocol]).dialect


def pieces_of(exchange: load.Exchange) -> list[bytes]:
    """The writes in which the server sends it: as recorded where that is known, else event by event."""
    if exchange.chunk_lengths:
        ends = [0, *accumulate(exchange.chunk_lengths)]
        return [exchange.body[start:end] for start, end in pairwise(ends) if end > start]
    return [piece for piece in re.split(rb"(?<=\n\n)", exchange.body) if piece] if exchange.stream else [exchange.body]


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aikido_llm.providers._registered", {})
    monkeypatch.setattr("aikido_llm.providers._registered_aliases", {})


@pytest.mark.usefixtures("row")
@pytest.mark.parametrize("exchange", sample(), ids=lambda e: f"{e.provider}-{e.id}")
async def test_recorded_exchange(exchange: load.Exchange) -> None:
    dialect = dialect_of(exchange)
    model = exchange.model or "asked"
    wire = _DIALECTS.get(exchange.protocol, "vllm")
    llm.register("recorded", evolve(row_of(wire), name="recorded", dialect=dialect, wires={}, options=()))
    request = llm.Request(messages=[llm.user("hi")], model=model, max_tokens=100)
    async with WireServer(check=False) as server:
        server.answer(Answer(
            status=exchange.status,
            headers={"Content-Type": exchange.headers.get("content-type", "application/json")},
            fault=Fault.edited(lambda _: pieces_of(exchange)),
        ))  # fmt: skip
        base = server.base_url(*wire.split(":"))
        async with llm.open("recorded", base, api_key="test-key", retry=None) as client:
            if exchange.status != 200:
                await check_refusal(client, request, exchange, dialect)
            else:
                await check_answer(client, request, exchange, dialect)
            assert "test-key" in str([dict(r.headers) for r in server.received])
            assert all("test-key" not in r.path + str(r.query) for r in server.received)
        await server.no_connections()


async def check_refusal(
    client: llm.HTTPClient, request: llm.Request, exchange: load.Exchange, dialect: Dialect
) -> None:
    expected = dialect.decode_error(ErrorReply(exchange.status, exchange.headers, exchange.body))
    with pytest.raises(type(expected)) as caught:
        await llm.collect(client.stream(request)) if exchange.stream else await client.complete(request)
    assert caught.value.status == exchange.status
    assert caught.value.provider == "recorded"


async def check_answer(client: llm.HTTPClient, request: llm.Request, exchange: load.Exchange, dialect: Dialect) -> None:
    content_type = exchange.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    road = Road(dialect, exchange.stream, content_type, request)
    expected = road.read(exchange.body)
    if exchange.stream:
        events = [event async for event in client.stream(request)]
        check_grammar(events)
        assert [without_names(e) for e in comparable(events)] == [without_names(e) for e in comparable(expected)]
        return
    failure = next((event.error for event in expected if isinstance(event, llm.ErrorEvent)), None)
    if failure is None:
        whole = expected[-1]
        assert isinstance(whole, llm.EndEvent)
        assert without_names(await client.complete(request)) == without_names(whole.response)
    else:
        with pytest.raises(type(failure)):
            await client.complete(request)


def without_names(value: object) -> object:
    """What the socket adds (whose answer it is, request ids) left out."""
    if isinstance(value, llm.Response):
        return evolve(value, provider="", request_id="", raw=None)
    if isinstance(value, llm.EndEvent):
        choices = tuple(evolve(choice, provider="") for choice in value.response.choices)
        return llm.EndEvent(value.finish_reason, evolve(value.response, provider="", request_id="", choices=choices))
    if isinstance(value, ErrorFacts):
        return evolve(value, partial=None)
    return value
