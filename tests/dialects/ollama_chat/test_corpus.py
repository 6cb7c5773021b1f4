"""The recorded exchanges of this wire: read whole and in pieces, held against the separate reader, and cut short."""

import json
import tarfile
from collections.abc import Iterator

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.ollama_chat import OllamaChat
from aikido_llm.errors import (
    ContextLengthError,
    InvalidRequestError,
    ModelNotFoundError,
    ServerError,
    UnsupportedFeatureError,
)
from tests.corpus.facts import facts_of
from tests.corpus.load import FILE, MISSING, Exchange, available, exchanges, recorded
from tests.facts_check import check_against_facts
from tests.wire import Road, cuts, error_of, response_of

pytestmark = pytest.mark.skipif(not available(), reason=MISSING)

DIALECT = OllamaChat()
ARCHIVE = FILE.with_name("ollama-0.33.tar.gz")
NOT_SUPPORTED: dict[str, str] = {}


def _all() -> list[Exchange]:
    return [e for e in exchanges("ollama-chat") if e.id not in NOT_SUPPORTED] if available() else []


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
    assert response_of(events).model == facts.model


@pytest.mark.deep
@recorded(lambda: _answers(stream=True))
def test_no_prefix_passes_for_the_answer(exchange: Exchange) -> None:
    whole_from = len(exchange.body.rstrip())
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


def _transcripts() -> list[tuple[str, int, bool, bytes]]:
    """(name, status, streamed, body) of the /api/chat answers of a real server, as they came over the socket."""
    if not ARCHIVE.is_file():
        return []
    with tarfile.open(ARCHIVE) as archive:
        files = {
            member.name.partition("/")[2]: content.read()
            for member in archive
            if (content := archive.extractfile(member)) is not None
        }
    chats = [name for name, data in files.items() if name.endswith(".req") and data.startswith(b"POST /api/chat ")]
    return [_transcript(name.removesuffix(".req"), files[name[:-3] + "resp"]) for name in sorted(chats)]


def _transcript(name: str, answer: bytes) -> tuple[str, int, bool, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        body = b"".join(_chunks(body))
    return name, int(head.split()[1]), b"ndjson" in head, body


def _chunks(body: bytes) -> Iterator[bytes]:
    while body:
        size, _, body = body.partition(b"\r\n")
        yield body[: int(size, 16)]
        body = body[int(size, 16) + 2 :]


TRANSCRIPTS = _transcripts()


@pytest.mark.deep
@pytest.mark.parametrize(("name", "status", "streamed", "body"), TRANSCRIPTS, ids=[name for name, *_ in TRANSCRIPTS])
def test_transcripts_of_a_real_server(name: str, status: int, streamed: bool, body: bytes) -> None:
    if status != 200:
        error = DIALECT.decode_error(ErrorReply(status, {}, body))
        assert type(error) is TRANSCRIPT_ERRORS[name]
        assert not error.message.startswith("{"), "the runner's own JSON is read, not shown"
        return
    road = Road(DIALECT, stream=streamed, content_type="application/x-ndjson" if streamed else "application/json")
    events = road.read_every_way(body)
    road.check_prefixes(body, len(body.rstrip()), cuts(body, most=160))
    response, error_in_band = response_of(events), error_of(events)
    if name == "ollama/runner-killed":
        assert type(error_in_band) is ServerError
        assert response.text.startswith("one two three")
        return
    assert error_in_band is None
    done = json.loads(body.rstrip().splitlines()[-1])
    assert response.raw_finish_reason == done["done_reason"]
    assert response.usage.output_tokens == done.get("eval_count")
    assert len(response.tool_calls) == {"tool": 1, "twotools": 2, "thinktool": 1}.get(name[7:].partition("-")[0], 0)
    assert bool(response.thinking) == name[7:].startswith("think")


TRANSCRIPT_ERRORS = {
    "ollama/err-bad-json": InvalidRequestError,
    "ollama/err-context": ContextLengthError,
    "ollama/err-format": InvalidRequestError,
    "ollama/err-model": ModelNotFoundError,
    "ollama/err-no-model": InvalidRequestError,
    "ollama/err-options": InvalidRequestError,
    "ollama/err-think": InvalidRequestError,
    "ollama/image": UnsupportedFeatureError,
}
