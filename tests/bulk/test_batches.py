"""Hosted batches: the same answers as by `complete`, each row once, whatever the host and the network do."""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm import bulk
from aikido_llm.bulk.batches import Bits
from aikido_llm.bulk.rows import Rowlike
from aikido_llm.middleware import Budget, Limiter, budgeted, limited, observed, priced
from aikido_llm.providers import find
from aikido_llm.retry import CLIENT_START
from aikido_llm.testing import Answer, Fault, Received, StubClient, WireServer
from aikido_llm.types.batches import BatchState
from tests.cli.running import run, saying

HOSTS = ("openai", "openai-responses", "azure", "anthropic", "gemini", "mistral", "groq")
SOON = (0.001, 0.002)
SWIFT = evolve(CLIENT_START, base_delay=0.001)
USED = llm.Usage(input_tokens=1000, output_tokens=100)


@asynccontextmanager
async def opened(name: str, **options: Any) -> AsyncGenerator[tuple[WireServer, llm.HTTPClient]]:
    async with WireServer() as server:
        server.respond(lambda request: Answer(f"re: {said(request)}", id="an-id", usage=USED))
        options.setdefault("retry", SWIFT)
        async with llm.open(name, server.dsn(name), **options) as client:
            yield server, client


def said(request: Received) -> str:
    """The last word of the conversation, on whatever wire."""
    return request.raw.decode().split("row ")[-1].split('"')[0]


def rows(count: int) -> list[dict[str, Any]]:
    return [{"id": f"q{number}", "prompt": f"row {number}"} for number in range(count)]


async def told(batch: bulk.Batch) -> dict[Any, bulk.Row]:
    """Every row by its key; no key comes twice."""
    found: dict[Any, bulk.Row] = {}
    async for row in batch.results(every=SOON):
        assert row.key not in found
        found[row.key] = row
    return found


def texts(found: dict[Any, bulk.Row]) -> dict[Any, str]:
    return {key: row.response.text for key, row in found.items() if row.response}


def codes(found: dict[Any, bulk.Row]) -> dict[Any, str]:
    return {key: row.error.code for key, row in found.items() if row.error}


# ---------------------------------------------------------------- what comes of a batch


@pytest.mark.parametrize("name", HOSTS)
async def test_the_answers_are_those_of_complete(name: str) -> None:
    async with opened(name) as (server, client):
        server.batches.looks = 3
        batch = await bulk.submit(client, rows(4), key="id")
        looks: list[bulk.BatchProgress] = []
        last = await batch.wait(looks.append, every=SOON)
        found = await told(batch)
        assert texts(found) == {f"q{number}": f"re: {number}" for number in range(4)}
        alone = await client.complete(llm.Request("row 2"))
        assert found["q2"].response == alone
        assert found["q2"].request == llm.Request("row 2")
        assert [look.done for look in looks] == [False, False, False, True]
        assert (last.parts, last.rows, last.succeeded, last.failed) == (1, 4, 4, 0)
        assert not server.refused
        assert server.generations == 4 + 1


@pytest.mark.parametrize("name", HOSTS)
async def test_another_process_takes_it_up(name: str) -> None:
    asked: list[Rowlike] = ["row 0", "row 1", llm.Request("row 2", max_tokens=99)]
    async with opened(name) as (server, client):
        id = (await bulk.submit(client, asked)).id
    async with llm.open(name, server.dsn(name)) as other:
        await server.listen()
        try:
            found = await told(bulk.batch(other, id))
            assert texts(found) == {number: f"re: {number}" for number in range(3)}
            assert [found[number].request for number in range(3)] == [None] * 3
            again = await told(bulk.batch(other, id, asked))
            assert again[2].request == asked[2]
        finally:
            await server.aclose()


@pytest.mark.parametrize("name", HOSTS)
async def test_a_row_that_fails_is_a_row(name: str) -> None:
    def respond(request: Received) -> Answer:
        number = said(request)
        statuses = {"1": 400, "2": 429, "3": 500}
        return Answer(status=statuses[number], message="no") if number in statuses else Answer("yes")

    async with opened(name) as (server, client):
        server.respond(respond)
        found = await told(await bulk.submit(client, [f"row {number}" for number in range(4)]))
        kinds = {key: type(row.error) for key, row in found.items() if row.error}
        once = client.single_attempt
        for number, kind in kinds.items():
            with pytest.raises(kind) as caught:
                await once.complete(llm.Request(f"row {number}"))
            assert type(caught.value) is kind
        assert kinds == {1: llm.InvalidRequestError, 2: llm.RateLimitedError, 3: llm.ServerError}
        assert [found[number].again for number in range(4)] == [False, False, True, True]


@pytest.mark.parametrize("name", HOSTS)
async def test_expired_rows_go_again_alone(name: str) -> None:
    async with opened(name) as (server, client):
        server.batches.ending, server.batches.answered = "expired", 2
        first = await told(await bulk.submit(client, rows(5), key="id"))
        assert len(texts(first)) == 2
        assert all(row.again for row in first.values() if row.error)
        server.batches.ending, server.batches.answered = "completed", None
        second = await told(await bulk.submit(client, [row for row in first.values() if row.again]))
        assert texts(first) | texts(second) == {f"q{number}": f"re: {number}" for number in range(5)}


@pytest.mark.parametrize("name", HOSTS)
async def test_cancelled(name: str) -> None:
    async with opened(name) as (server, client):
        server.batches.looks = 1
        batch = await bulk.submit(client, rows(3), key="id")
        await batch.cancel()
        await batch.wait(every=SOON)
        found = await told(batch)
        assert len(found) == 3
        assert all(row.again for row in found.values())
        await batch.cancel()  # which changes nothing, and is no error
        assert [part.state.ended for part in batch.parts] == [True]


@pytest.mark.parametrize("name", ["openai", "azure", "groq"])
async def test_a_file_with_a_wrong_line_costs_the_others_nothing(name: str) -> None:
    async with opened(name) as (server, client):
        server.batches.refusal, server.batches.refused_line = "line 2 is wrong", 2
        found = await told(await bulk.submit(client, rows(3), key="id"))
        assert [found[f"q{number}"].again for number in range(3)] == [True, False, True]
        assert "line 2 is wrong" in str(found["q1"].error)


@pytest.mark.parametrize("name", ["openai", "gemini", "mistral"])
async def test_a_batch_that_is_refused_as_a_whole(name: str) -> None:
    async with opened(name) as (server, client):
        server.batches.refusal = "the file is none"
        batch = await bulk.submit(client, rows(2), key="id")
        progress = await batch.wait(every=SOON)
        assert progress.done
        assert batch.parts[0].state is BatchState.failed
        found = await told(batch)
        assert all("the file is none" in str(row.error) for row in found.values())
        assert len(found) == 2


# ---------------------------------------------------------------- what the network does


@pytest.mark.parametrize("name", HOSTS)
async def test_failed_looks_lose_nothing(name: str) -> None:
    async with opened(name, retry=None) as (server, client):
        batch = await bulk.submit(client, rows(2), key="id")
        server.answer_batches(
            "poll",
            Answer(status=503),
            Answer(fault=Fault.reset("before_headers")),
            Answer(status=429, headers={"Retry-After": "0.01"}),
            Answer(fault=Fault.page()),
        )
        errors: list[llm.LLMError | None] = []
        await batch.wait(lambda progress: errors.append(progress.error), every=SOON)
        assert [type(error).__name__ for error in errors] == [
            "OverloadedError", "ConnectError", "RateLimitedError", "MalformedStream", "NoneType",
        ]  # fmt: skip
        assert len(texts(await told(batch))) == 2


async def test_a_batch_that_is_not_there_is_an_error_at_once() -> None:
    async with opened("openai") as (_, client):
        with pytest.raises(llm.InvalidRequestError, match="batch_nobody"):
            await bulk.batch(client, "batch_nobody").wait(every=SOON)


@pytest.mark.parametrize("name", HOSTS)
async def test_a_lost_reply_begins_no_second_batch(name: str) -> None:
    async with opened(name) as (server, client):
        server.answer_batches("submit", Answer(fault=Fault.reset("before_headers")))
        batch = await bulk.submit(client, rows(2), key="id")
        assert len(server.batches.all) == 1
        assert len(texts(await told(batch))) == 2
        assert server.generations == 2


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("lost", [Answer(status=503), Answer(status=500)])
async def test_a_creation_that_failed_is_made_again(name: str, lost: Answer) -> None:
    async with opened(name) as (server, client):
        server.answer_batches("submit", lost)
        batch = await bulk.submit(client, rows(2), key="id")
        assert len(server.batches.all) == 1
        assert len(texts(await told(batch))) == 2


async def test_a_lost_reply_that_may_be_of_several_is_said() -> None:
    """Anthropic has no place for a label: two equal ones that came meanwhile cannot be told apart."""
    async with opened("anthropic") as (server, client):
        async with llm.open("anthropic", server.dsn("anthropic")) as other:
            for _ in range(2):
                await bulk.submit(other, rows(2), key="id")
        server.answer_batches("submit", Answer(fault=Fault.reset("before_headers")))
        with pytest.raises(llm.InvalidRequestError, match="may be any of msgbatch_000003, msgbatch_0"):
            await bulk.submit(client, rows(2), key="id")


@pytest.mark.parametrize("name", ["openai", "anthropic", "gemini"])
@pytest.mark.parametrize("ranges", [True, False])
async def test_a_download_that_breaks_off_is_taken_up(name: str, ranges: bool) -> None:
    async with opened(name) as (server, client):
        server.batches.ranges = ranges
        batch = await bulk.submit(client, rows(6), key="id")
        await batch.wait(every=SOON)
        server.answer_batches(
            "output",
            Answer(fault=Fault.close(after_events=2)),
            Answer(fault=Fault.reset(at_byte=700)),
            Answer(fault=Fault.close(after_events=0)),
        )
        found = await told(batch)
        assert texts(found) == {f"q{number}": f"re: {number}" for number in range(6)}
        ranged = [request.headers["range"] for request in server.received if "range" in request.headers]
        assert len(ranged) >= 2
        assert sorted(ranged, key=lambda value: int(value[6:-1])) == ranged


@asynccontextmanager
async def endless(unit: bytes) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """A host with one batch, whose answers are this for ever. Its base URL, and what was asked of it."""
    asked: list[bytes] = []
    batch = b'{"id": "b", "status": "completed", "output_file_id": "f", "created_at": 1}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            asked.append((await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0])
            if b"/content" not in asked[-1]:
                writer.write(head + b"Content-Length: %d\r\n\r\n%b" % (len(batch), batch))
            else:
                writer.write(head + b"\r\n")
                while not writer.is_closing():
                    writer.write(unit)
                    await writer.drain()
                    await asyncio.sleep(0.005)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", asked


@pytest.mark.parametrize("unit", [b"\n", b"\n" * 65536, b" " * 1000, b"no answer\n", b'{"custom_id": ""}\n'], ids=len)
async def test_what_is_no_answer_does_not_hold_the_clocks(unit: bytes) -> None:
    clocks = llm.Timeouts(first_event=0.1, idle=0.1)
    async with (
        endless(unit) as (url, asked),
        llm.open("openai-chat", base_url=url, api_key="k", retry=SWIFT, timeouts=clocks) as client,
    ):
        with pytest.raises(llm.TimedOutError):
            await told(bulk.batch(client, "b"))
        assert len([line for line in asked if b"/content" in line]) == 5, "as often as a download may bring nothing"


@pytest.mark.parametrize(
    ("created", "total"),
    [(1e300, "9" * 5000), ("9" * 5000, 10**400), (1e15, -1), ("9" * 60, "1e3"), ("9999-12-31T23:59:59-14:00", [])],
)
async def test_counts_and_times_that_no_batch_has(created: object, total: object) -> None:
    told = {"id": "b", "status": "x", "created_at": created, "request_counts": {"total": total}}
    async with saying({"data": [told]}) as url, llm.open("openai-chat", base_url=url, api_key="k") as client:
        (batch,) = await bulk.list_batches(client)
        assert batch.parts[0].total in (None, 1000)
        listed = await run("batch", "list", "-p", "openai-chat", "--dsn", f"{url}?api_key=key-of-nobody")
        assert (listed.code, listed.err) == (0, "")


async def test_answers_that_are_kept_no_longer() -> None:
    async with opened("anthropic") as (server, client):
        batch = await bulk.submit(client, rows(2), key="id")
        for kept in server.batches.all.values():
            kept.gone = True
        assert codes(await told(batch)) == {"q0": "batch_gone", "q1": "batch_gone"}


async def test_a_download_that_never_succeeds_is_an_error_and_may_be_tried_again() -> None:
    async with opened("anthropic") as (server, client):
        batch = await bulk.submit(client, rows(3), key="id")
        await batch.wait(every=SOON)
        server.answer_batches("output", Answer(status=404, message="has no available results"))
        with pytest.raises(llm.InvalidRequestError):
            await told(batch)
        assert len(texts(await told(batch))) == 3


@pytest.mark.parametrize("name", ["openai", "anthropic", "gemini", "mistral"])
async def test_lines_in_any_order_twice_unknown_unreadable_and_missing(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    def edit(lines: list[bytes]) -> list[bytes]:
        unknown = lines[0].replace(b"-0-sq0", b"-77-sq77").replace(b"aik", b"aix")
        return [*reversed(lines[1:-1]), lines[1], b'{"cut": \n', b"\n", unknown, lines[0]]

    async with opened(name) as (server, client):
        server.batches.edit = edit
        batch = await bulk.submit(client, rows(5), key="id")
        found = await told(batch)
        answered = {f"q{number}" for number in range(4)}
        assert set(texts(found)) == answered
        assert codes({"q4": found["q4"]}) == {"q4": "batch_lacks_row"}
        assert found["q4"].again
        (strange,) = set(found) - answered - {"q4"}
        error = found[strange].error
        assert error is not None
        assert error.partial is not None
        assert error.partial.text == "re: 0"
        assert "twice" in caplog.text
        assert "cannot be read" in caplog.text
        others = await told(bulk.batch(client, batch.id, rows(5), key="id"))
        assert codes({"q4": others["q4"]}) == {"q4": "batch_lacks_row"}
        assert others["q4"].request == llm.Request("row 4")


async def test_leaving_early_closes_the_download() -> None:
    async with opened("openai") as (server, client):
        batch = await bulk.submit(client, rows(50), key="id")
        await batch.wait(every=SOON)
        server.answer_batches("output", Answer(pace=0.01))
        async with batch.results() as results:
            async for row in results:
                assert row.response
                break
        assert [row async for row in results] == []
        await client.aclose()
        assert await server.closed_within(2)


async def test_waiting_can_be_cancelled_and_begun_again() -> None:
    async with opened("openai") as (server, client):
        server.batches.looks = 1
        batch = await bulk.submit(client, rows(2), key="id")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(batch.wait(every=(30, 30)), 0.05)
        assert len(texts(await told(batch))) == 2


TROUBLE: dict[str, Callable[[random.Random], Answer]] = {
    "reset": lambda rng: Answer(fault=Fault.reset("before_headers")),
    "cut": lambda rng: Answer(fault=Fault.close(after_events=rng.randint(0, 3), mid_event=rng.random() < 0.5)),
    "at a byte": lambda rng: Answer(fault=Fault.close(at_byte=rng.randint(1, 900))),
    "busy": lambda rng: Answer(status=rng.choice((429, 500, 502, 503)), headers={"Retry-After": "0"}),
    "page": lambda rng: Answer(fault=Fault.page(status=502)),
}


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_each_row_is_paid_once_and_comes_once(name: str, seed: int) -> None:
    rng = random.Random(f"{name} {seed}")
    patient = evolve(SWIFT, max_attempts=12)
    async with opened(name, retry=patient) as (server, client):
        server.batches.looks, server.batches.ranges = rng.randint(0, 3), rng.random() < 0.5
        for verb in ("upload", "submit", "poll", "list_batches", "output"):
            several = [rng.choice([*TROUBLE.values()])(rng) for _ in range(rng.randint(0, 3))]
            server.answer_batches(verb, *(Answer() if rng.random() < 0.2 else one for one in several))
        batch = await bulk.submit(client, rows(7), key="id")
        assert texts(await told(batch)) == {f"q{number}": f"re: {number}" for number in range(7)}
        assert len(server.batches.all) == 1
        assert server.generations == 7


# ---------------------------------------------------------------- what is sent


@asynccontextmanager
async def small(
    name: str, monkeypatch: pytest.MonkeyPatch, **limits: int
) -> AsyncGenerator[tuple[WireServer, llm.HTTPClient]]:
    """A host like that one, with narrower limits."""
    monkeypatch.setattr("aikido_llm.providers._registered", {})
    monkeypatch.setattr("aikido_llm.providers._registered_aliases", {})
    row = find(name)
    assert row.batches
    llm.register("small", evolve(row, name="small", aliases=(), batches=evolve(row.batches, fields=limits)))
    async with WireServer() as server:
        server.respond(lambda request: Answer(f"re: {said(request)}", usage=USED))
        async with llm.open("small", server.dsn(name), retry=SWIFT) as client:
            yield server, client


@pytest.mark.parametrize("name", ["openai", "mistral", "anthropic", "gemini"])
async def test_more_rows_than_a_batch_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with small(name, monkeypatch, max_requests=3) as (server, client):
        batch = await bulk.submit(client, rows(8), key="id")
        assert [len(kept.outcomes) for kept in server.batches.all.values()] == [3, 3, 2]
        assert len(texts(await told(batch))) == 8
        taken_up = bulk.batch(client, batch.id)
        assert len(texts(await told(taken_up))) == 8
        assert (await taken_up.status()).parts == 3


@pytest.mark.parametrize("name", ["openai", "anthropic"])
async def test_more_bytes_than_a_batch_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with small(name, monkeypatch, max_bytes=4096 + 1000) as (server, client):
        asked = [f"{'x' * 400} row {number}" for number in range(5)] + ["x" * 2000 + " row 5"]
        batch = await bulk.submit(client, asked)
        found = await told(batch)
        assert len(server.batches.all) > 2
        assert set(texts(found)) == set(range(5))
        assert "at most 1,000" in str(found[5].error)
        uploads = [len(r.raw) for r in server.received if r.method == "POST" and "x" * 99 in r.raw.decode()]
        assert max(uploads) <= 4096 + 1000


async def test_a_later_part_that_cannot_be_begun_is_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    async with small("openai", monkeypatch, max_requests=2) as (server, client):
        server.answer_batches("submit", Answer(), Answer(status=400, message="no more of them"))
        batch = await bulk.submit(client, rows(6), key="id")
        found = await told(batch)
        assert set(texts(found)) == {"q0", "q1", "q4", "q5"}
        assert all("no more of them" in str(found[key].error) for key in ("q2", "q3"))
        assert found["q3"].request == llm.Request("row 3")


async def test_when_nothing_can_be_begun_it_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    async with small("openai", monkeypatch, max_requests=2) as (server, client):
        server.answer_batches("upload", Answer(status=401))
        with pytest.raises(llm.AuthError):
            await bulk.submit(client, rows(6), key="id")
        assert len(server.received) == 1  # the others would fail alike
    async with opened("openai") as (_, client):
        deep: list[Any] = []
        for _ in range(5000):
            deep = [deep]
        with pytest.raises(llm.InvalidRequestError, match="too deep"):
            await bulk.submit(client, [{"prompt": "row 0", "extra": {"deep": deep}}])
        with pytest.raises(llm.InvalidRequestError, match="no rows"):
            await bulk.submit(client, [])
        with pytest.raises(llm.InvalidRequestError, match=r"no row can be asked; of row 0: .*needs either"):
            await bulk.submit(client, [{"text": "?"}])


async def test_a_row_without_a_model_is_said() -> None:
    async with WireServer() as server, llm.open("groq", f"{server.base_url('groq')}?api_key=test-key") as client:
        with pytest.raises(llm.ConfigError, match="no model"):
            await bulk.submit(client, ["row 0"])
        found = await told(await bulk.submit(client, ["row 0", {"prompt": "row 1", "model": "m"}]))
        assert isinstance(found[0].error, llm.ConfigError)
        assert found[1].response


async def test_models_and_headers_that_cannot_share_a_batch() -> None:
    asked = [{"prompt": f"row {number}", "model": f"model-{number % 2}"} for number in range(4)]
    async with opened("openai") as (server, client):
        assert len(texts(await told(await bulk.submit(client, asked)))) == 4
        assert len(server.batches.all) == 2
        headed: list[Rowlike] = [{"prompt": "row 0", "extra_headers": {"X-One": "1"}}, "row 1"]
        found = await told(await bulk.submit(client, headed))
        assert "extra_headers" in str(found[0].error)
    async with opened("anthropic") as (server, client):
        assert len(texts(await told(await bulk.submit(client, asked)))) == 4
        assert len(server.batches.all) == 1
        betas: list[Rowlike] = [{"prompt": "row 0", "extra": {"betas": ["a-beta"]}}, "row 1"]
        assert len(texts(await told(await bulk.submit(client, betas)))) == 2
        sent = [r.headers.get("anthropic-beta") for r in server.received if r.path.endswith("batches")]
        assert sorted(map(str, sent[-2:])) == ["None", "a-beta"]


async def test_what_the_wire_cannot_carry_is_a_row() -> None:
    async with opened("anthropic") as (_, client):
        asked: list[Rowlike] = ["row 0", {"prompt": "row 1", "seed": 7}, {"prompt": "row 2", "extra": {}}]
        batch = await bulk.submit(client, asked)
        found = await told(batch)
        assert isinstance(found[1].error, llm.UnsupportedFeatureError)
        assert set(texts(found)) == {0, 2}
        others = await told(bulk.batch(client, batch.id, asked))
        assert isinstance(others[1].error, llm.UnsupportedFeatureError)
        long = await told(
            await bulk.submit(client, [{"id": "k" * 70, "prompt": "row 0"}, {"id": 1, "prompt": "row 1"}], key="id")
        )
        assert "too long" in str(long["k" * 70].error)


async def test_rows_are_read_once_and_from_anywhere() -> None:
    async def source() -> AsyncIterator[str]:
        for number in range(3):
            yield f"row {number}"

    async with opened("openai") as (server, client):
        found = await told(await bulk.submit(client, source()))
        assert texts(found) == {number: f"re: {number}" for number in range(3)}
        server.batches.edit = lambda lines: lines[1:]
        keyed = await told(await bulk.submit(client, (row for row in rows(3)), key="id"))
        assert codes(keyed) == {"q0": "batch_lacks_row"}


# ---------------------------------------------------------------- who may


async def test_what_is_listed_is_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async with small("openai", monkeypatch, max_requests=2) as (_, client):
        first = await bulk.submit(client, rows(3), key="id")
        second = await bulk.submit(client, ["row 9"])
        listed = await bulk.list_batches(client)
        assert [len(batch.parts) for batch in listed] == [1, 2]
        assert texts(await told(bulk.batch(client, listed[1].id))) == texts(await told(first))
        assert texts(await told(listed[0])) == texts(await told(second)) == {0: "re: 9"}


async def test_a_batch_that_another_program_has_made() -> None:
    async with opened("anthropic") as (server, client):
        batch = await bulk.submit(client, rows(2), key="id")
        server.batches.edit = lambda lines: [lines[0].replace(b"aik", b"b"), lines[1]]
        found = await told(bulk.batch(client, batch.parts[0].id))
        assert sorted(texts(found).values()) == ["re: 0", "re: 1"]
        assert "q1" in found
        with pytest.raises(llm.InvalidRequestError, match="this is none"):
            bulk.batch(client, "")


async def test_who_has_batches() -> None:
    async with opened("deepseek") as (_, client):
        with pytest.raises(llm.UnsupportedFeatureError, match=r"these have: openai.*, anthropic"):
            await bulk.submit(client, ["row 0"])
    with pytest.raises(llm.UnsupportedFeatureError, match="StubClient"):
        await bulk.submit(StubClient(), ["row 0"])
    async with llm.open("azure", "https://a.openai.azure.com/openai/deployments/b?api_key=k&api_version=1") as azure:
        with pytest.raises(llm.UnsupportedFeatureError, match="deployment"):
            await bulk.submit(azure, ["row 0"])


async def test_what_stands_around_the_client() -> None:
    async with opened("anthropic", model="claude-haiku-4-5") as (server, client):
        bounded = budgeted(client, Budget(tokens=10**9))
        with pytest.raises(llm.UnsupportedFeatureError, match="budget"):
            await bulk.submit(bounded, ["row 0"])
        around = observed(priced(limited(client, Limiter(requests_per_minute=1))))
        found = await told(await bulk.submit(around, ["row 0", "row 1"]))
        alone = await priced(client).complete(llm.Request("row 0"))
        assert alone.usage.cost_usd
        assert found[0].response
        assert found[0].response.usage.cost_usd == pytest.approx(alone.usage.cost_usd / 2)
        assert len(server.received) < 10


def test_bits() -> None:
    bits = Bits()
    assert [bits.add(number) for number in (9, 0, 9, 1_000_000, 0)] == [True, True, False, True, False]
