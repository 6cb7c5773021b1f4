"""Plays one row of the table on one wire and one road, over a socket, and checks everything that was promised."""

import asyncio
from collections.abc import Callable
from typing import Literal, TypeAlias

from attrs import evolve, field, frozen

import aikido_llm as llm
from aikido_llm.middleware import Middleware
from aikido_llm.testing import Answer, Received, WireServer
from aikido_llm.testing.wires import wire
from tests import deep
from tests.binary import inside
from tests.faults.table import DIALECTS, TEXT, USAGE, WORDS, End, Row
from tests.speakers import open_at
from tests.wire import check_grammar

Road: TypeAlias = Literal["stream", "complete"]

Asked: TypeAlias = llm.HTTPClient | Middleware
Around: TypeAlias = Callable[[llm.HTTPClient], Asked]

SHORT = 0.15  # s of the clock that shall run out
LONGER = 1.5  # s, where a second request has to be answered by the same clock
PATIENT = llm.Timeouts(connect=5, first_event=5, idle=5)
LIMITS = llm.Limits(event_bytes=200_000, body_bytes=400_000)
TWICE = llm.RetryPolicy(max_attempts=2, base_delay=0.05, should_retry=llm.is_retryable)
CLOSED_WITHIN = 1.5  # s, on a busy machine
LATER = 0.4  # s until a server that refuses has to listen again, also on a busy machine


@frozen
class Outcome:
    """What a caller gets. events: of a stream that began."""

    response: llm.Response | None = None
    error: llm.LLMError | None = None
    events: list[llm.Event] = field(factory=lambda: list[llm.Event]())


async def check_all(row: Row, road: Road) -> dict[str, BaseException | None]:
    """Per dialect (of a share of them) what went wrong, at the same time."""
    dialects = deep.share(row.dialects, 2, f"{row.name}, {road}".encode())
    if row.alone:
        return {dialect: (await _attempt(row, road, dialect)) for dialect in dialects}
    results = await asyncio.gather(*(_attempt(row, road, dialect) for dialect in dialects))
    return dict(zip(dialects, results, strict=True))


async def _attempt(row: Row, road: Road, dialect: str) -> BaseException | None:
    try:
        await check(row, road, dialect)
    except (AssertionError, Exception) as failure:
        return failure
    return None


async def check(row: Row, road: Road, dialect: str) -> None:
    """Raises AssertionError. Both halves at the same time, each with its own server."""
    end = row.end(road)
    assert end is not None
    if row.alone:
        await check_end(row, end, road, dialect)
        await check_again(row, end, road, dialect)
    else:
        await asyncio.gather(check_end(row, end, road, dialect), check_again(row, end, road, dialect))


async def check_end(row: Row, end: End, road: Road, dialect: str, around: Around = lambda client: client) -> None:
    """How one attempt ends, and what it leaves. around: what stands around the client, which ends the same way."""
    async with WireServer(tls=row.tls) as server, around(_open(server, dialect, row, end, None)) as client:
        server.answer(_answer(row, dialect, road))
        outcome = await ask(client, road, row.upload)
        if not end.kept:
            within = 3 * CLOSED_WITHIN if row.upload else CLOSED_WITHIN  # who does not read has to look for it
            assert await server.closed_within(within), "the server still sees an open connection"
        assert server.open_connections <= 1
        _check_outcome(outcome, end)
        await server.listen()
        again = await client.chat("and now?")
        assert again.text, "the client is of no use any more"
        assert again.attempts == 1


async def check_again(row: Row, end: End, road: Road, dialect: str) -> None:
    """Whether a client that retries asks again, and what comes of it."""
    policy = evolve(TWICE, base_delay=LATER) if row.alone else TWICE
    async with WireServer(tls=row.tls) as server, _open(server, dialect, row, end, policy) as client:
        faulty = _answer(row, dialect, road)
        server.answer(faulty, Answer("later"))
        outcome = await ask(client, road, row.upload)
        if end.again:
            assert outcome.response is not None, f"it was not asked again: {outcome.error!r}"
            assert (outcome.response.text, outcome.response.attempts) == ("later", 2)
            assert server.waiting == 0
        else:
            assert server.waiting == 1, "it was asked again"
            _check_outcome(outcome, end)
        if outcome.events:
            check_grammar(outcome.events)


async def ask(client: Asked, road: Road, upload: int) -> Outcome:
    request = llm.Request(messages=[llm.user("hi " + "x" * upload)])
    events: list[llm.Event] = []
    try:
        if road == "complete":
            return Outcome(await client.complete(request))
        async for event in client.stream(request):
            events.append(event)
    except llm.LLMError as error:
        assert not events, "an error was raised in the middle of a stream"
        return Outcome(error=error)
    last = events[-1]
    assert isinstance(last, llm.EndEvent)
    failed = events[-2] if len(events) > 1 else None
    if isinstance(failed, llm.ErrorEvent):
        return Outcome(error=failed.error, events=events)
    return Outcome(last.response, events=events)


def _check_outcome(outcome: Outcome, end: End) -> None:
    if outcome.events:
        check_grammar(outcome.events)
    if end.error is None:
        assert outcome.error is None, f"{outcome.error!r}, and the answer was whole"
        assert outcome.response is not None
        assert outcome.response.text == TEXT
        assert outcome.response.usage.input_tokens == USAGE.input_tokens
        return
    error = outcome.error
    assert error is not None, f"no error, and the answer was not whole: {outcome.response!r}"
    if end.error is llm.ServerError:  # a wire's own code may say more
        assert type(error) in (llm.ServerError, llm.OverloadedError), repr(error)
    else:
        assert type(error) is end.error, repr(error)
    assert error.attempts == 1
    assert getattr(error, "phase", None) == end.phase
    assert end.phase is None or f"Timeouts.{end.phase}" in str(error), "the error names the option"
    assert end.message in str(error), str(error)
    assert llm.is_retryable(error) is (end.passing or end.again), f"{error!r} {error.__cause__!r}"
    arrived = error.partial.text if error.partial is not None else ""
    assert TEXT.startswith(arrived)
    assert len(arrived) >= len("".join(WORDS[: end.words])), f"lost: only {arrived!r} is in .partial"
    assert end.words or not arrived


def _open(server: WireServer, dialect: str, row: Row, end: End, retry: llm.RetryPolicy | None) -> llm.HTTPClient:
    """With one short clock, the one that shall run out."""
    short = SHORT if end.phase == "idle" else 2 * LONGER if row.upload else LONGER
    clocks = PATIENT if end.phase is None else evolve(PATIENT, **{end.phase: short})
    ssl = server.ssl_context() if server.tls else None
    return open_at(server, DIALECTS[dialect], retry=retry, timeouts=clocks, limits=LIMITS, ssl=ssl)


def _answer(row: Row, dialect: str, road: Road) -> Answer:
    return evolve(row.answer, fault=row.fault(events_before_third_word(dialect) if road == "stream" else 0))


def events_before_third_word(dialect: str) -> int:
    request = Received("POST", "/v1beta/models/m:streamGenerateContent", {"alt": "sse"}, {}, body=_ASKED)
    pieces = wire(dialect).stream(Answer(TEXT), request)
    return next(number for number, piece in enumerate(pieces) if WORDS[2].encode() in inside(piece))


_ASKED = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
