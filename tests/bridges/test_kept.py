"""Answers that outlive their readers, on a Redis of the test's own: read again, by others, stopped, lost."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest

import aikido_llm as llm
from aikido_llm import bridges
from aikido_llm.bridges import Resumable
from aikido_llm.bridges.base import HEARTBEAT
from aikido_llm.middleware import RedisStore
from tests.services import RedisServer, redis_or_skip

from .scenarios import ROWS, SCENARIOS, Row, answer, played
from .test_bridge import Script

SOON = 20.0  # s, more than enough
each = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@pytest.fixture(scope="module")
def one_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """For all tests that leave it alive: answers do not know of each other."""
    redis_or_skip()
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.fixture
async def store(one_redis: RedisServer) -> AsyncIterator[RedisStore]:
    store = RedisStore(one_redis.url)
    yield store
    await store.aclose()


async def all_of(reader: AsyncIterator[bytes]) -> bytes:
    async with asyncio.timeout(SOON):
        return b"".join([chunk async for chunk in reader if chunk != HEARTBEAT])


def without_ids(text: bytes) -> bytes:
    return re.sub(rb"^id: \d+\n", b"", text, flags=re.MULTILINE)


class Asking:
    """A request, as far as one is looked at."""

    def __init__(self, **headers: str) -> None:
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@each
async def test_a_reader_gets_the_bytes_of_the_bridge(row: Row, store: RedisStore) -> None:
    """From the first, and behind every frame: no frame twice, none left out."""
    events = SCENARIOS["tool_results"]
    written = without_ids(await row.bytes(events))
    async with Resumable(store) as answers:
        id = await answers.start(row.make(played(events), thinking=True, **_run(row)))
        whole = await all_of(await answers.read(id))
        assert without_ids(whole) == written
        frames = whole.removesuffix(b"\n\n").split(b"\n\n")
        assert [frame.split(b"\n")[0] for frame in frames] == [b"id: %d" % n for n in range(1, len(frames) + 1)]
        for n in (0, 1, len(frames) - 1, len(frames)):
            rest = await all_of(await answers.read(id, Asking(last_event_id=str(n))))
            assert rest.removesuffix(b"\n\n").split(b"\n\n") == (frames[n:] or [b""])
            assert await all_of(await answers.read(id, after=n)) == rest


async def test_large_frames_are_read_a_few_at_a_time(store: RedisStore) -> None:
    """What waits for a reader that comes late may be hundreds of megabytes: it is in no memory at once."""
    piece, count = "x" * 1_000_000, 8
    events: list[llm.RunEvent] = [*[llm.TextDelta(piece)] * count, llm.EndEvent(llm.FinishReason.stop, llm.Response())]
    async with Resumable(store) as answers:
        id = await answers.start(bridges.sse(played(events)))
        await all_of(await answers.read(id))
        async with asyncio.timeout(SOON):
            chunks = [chunk async for chunk in await answers.read(id) if chunk != HEARTBEAT]
        assert b"".join(chunks).count(piece.encode()) == count
        assert max(map(len, chunks)) < 2 * len(piece)


async def test_what_is_no_id_is_unknown(store: RedisStore) -> None:
    async with Resumable(store) as answers:
        for id in (None, 5, b"0" * 32, "", "*", "0" * 31 + "\n"):
            for ask in (answers.read, answers.stop):
                with pytest.raises(llm.InvalidRequestError) as caught:
                    await ask(cast("str", id))
                assert caught.value.status == 404


def _run(row: Row) -> dict[str, bool]:
    return {"run": True} if row.name == "openai_sse" else {}


async def test_it_goes_on_when_the_reader_is_gone(store: RedisStore) -> None:
    script = Script()
    async with Resumable(store) as answers:
        id = await answers.start(bridges.sse(script))
        assert re.fullmatch(r"[0-9a-f]{32}", id)  # 128 random bits
        reader = await answers.read(id)
        script.queue.put_nowait(llm.TextDelta("one"))
        first = await anext(reader)
        reading = asyncio.ensure_future(anext(reader))
        await asyncio.sleep(0)
        reading.cancel()  # as a server does whose client has left
        del reader
        for event in answer("two"):
            script.queue.put_nowait(event)
        script.queue.put_nowait(None)
        await asyncio.wait_for(script.closed.wait(), SOON)
        assert first.startswith(b"id: 1\n")
        rest = await all_of(await answers.read(id, Asking(Last_Event_ID="1")))  # headers have no case
        assert rest.startswith(b"id: 2\n")
        assert b"two" in rest
        assert b"one" not in rest
        assert rest.endswith(b"data: [DONE]\n\n")


async def test_many_read_one_answer_while_it_is_made(store: RedisStore) -> None:
    """More than redis-py would have connections for by itself."""
    script = Script()
    async with Resumable(store) as answers:
        id = await answers.start(bridges.sse(script))
        readers = [asyncio.create_task(all_of(await answers.read(id))) for _ in range(120)]
        for event in answer("one |two |three"):
            script.queue.put_nowait(event)
            await asyncio.sleep(0.01)
        script.queue.put_nowait(None)
        one, *others = await asyncio.gather(*readers)
        assert all(other == one for other in others)
        assert one.endswith(b"data: [DONE]\n\n")
        assert b"failed" not in one


@each
async def test_stopped(row: Row, store: RedisStore) -> None:
    script = Script()
    async with Resumable(store) as answers:
        id = await answers.start(row.make(script))
        script.queue.put_nowait(llm.TextDelta("one"))
        reader = await answers.read(id)
        seen = b""
        while b"one" not in seen:
            seen += await anext(reader)
        assert await answers.stop(id)
        seen += await all_of(reader)
        assert script.closed.is_set()
        assert {
            "openai_sse": b'"code":"stopped"',
            "vercel_ui": b'"type":"abort"',
            "ag_ui": b'"outcome":{"type":"cancelled"}',
            "sse": b'"code":"stopped"',
        }[row.name] in seen
        assert b"The answer failed" not in seen
        assert await all_of(await answers.read(id)) == seen
        assert not await answers.stop(id)


async def test_nobody_may_read_or_stop_who_is_not_allowed(store: RedisStore) -> None:
    asked: list[tuple[str, Any]] = []

    async def allow(id: str, request: Any) -> bool:
        asked.append((id, request))
        return bool(request and request.headers.get("user") == "me")

    async with Resumable(store, allow=allow) as answers:
        id = await answers.start(bridges.sse(played(answer("mine"))))
        for other in (None, Asking(), Asking(user="you")):
            with pytest.raises(llm.AuthError) as refused:
                await answers.read(id, other)
            assert refused.value.status == 403
        with pytest.raises(llm.AuthError):
            await answers.stop(id, Asking(user="you"))
        mine = Asking(user="me")
        assert b"mine" in await all_of(await answers.read(id, mine))
        assert asked[-1] == (id, mine)


@pytest.mark.parametrize("id", ["0" * 32, "", "x", "../etc", "0" * 31 + "\n", "*" * 32])
async def test_an_answer_that_is_not_there(id: str, store: RedisStore) -> None:
    answers = Resumable(store)
    with pytest.raises(llm.InvalidRequestError) as error:
        await answers.read(id)
    assert error.value.status == 404
    if id == "0" * 32:
        assert not await answers.stop(id)


@pytest.mark.parametrize("after", ["x", "-1", "1-1", "9" * 20, "500", "١"])
async def test_a_last_event_id_that_is_none(after: str, store: RedisStore) -> None:
    async with Resumable(store) as answers:
        id = await answers.start(bridges.sse(played(answer("a"))))
        await all_of(await answers.read(id))
        with pytest.raises(llm.InvalidRequestError) as error:
            await answers.read(id, Asking(last_event_id=after))
        assert error.value.status == 400


async def test_one_that_nobody_reads_ends(store: RedisStore) -> None:
    script = Script()
    async with Resumable(store, max_seconds=0.3) as answers:
        id = await answers.start(bridges.sse(script, errors=True))
        await asyncio.wait_for(script.closed.wait(), SOON)
        assert b"nobody has read this answer" in await all_of(await answers.read(id))


async def test_one_that_is_read_does_not(store: RedisStore) -> None:
    script = Script()
    async with Resumable(store, max_seconds=0.5) as answers:
        reader = await answers.read(await answers.start(bridges.sse(script)))
        reading = asyncio.create_task(all_of(reader))
        await asyncio.wait({reading}, timeout=0.9)
        assert not script.closed.is_set()
        script.queue.put_nowait(None)
        await reading


async def test_heartbeats_while_nothing_comes(store: RedisStore) -> None:
    async with Resumable(store, heartbeat=0.01) as answers:
        reader = await answers.read(await answers.start(bridges.sse(Script())))
        assert await anext(reader) == HEARTBEAT


async def test_a_service_that_stops_says_so_to_its_readers(store: RedisStore) -> None:
    script = Script()
    async with Resumable(store) as answers:
        id = await answers.start(bridges.vercel_ui(script))
        script.queue.put_nowait(llm.TextDelta("one"))
        reader = await answers.read(id)
        seen = b""
        while b"one" not in seen:
            seen += await anext(reader)
    seen += await all_of(reader)
    assert script.closed.is_set()
    assert seen.endswith(b'{"type":"error","errorText":"The answer failed."}\n\nid: 7\ndata: [DONE]\n\n')


async def test_a_fault_of_the_program_is_logged(store: RedisStore, caplog: pytest.LogCaptureFixture) -> None:
    script = Script()
    script.queue.put_nowait(KeyError("a password"))
    async with Resumable(store) as answers:
        seen = await all_of(await answers.read(await answers.start(bridges.sse(script, errors=True))))
        async with asyncio.timeout(SOON):
            while "KeyError" not in caplog.text:  # noqa: ASYNC110 (said behind the last frame; a log has no event)
                await asyncio.sleep(0.01)
    assert b"The answer failed." in seen
    assert b"password" not in seen


async def test_who_comes_too_late_for_the_first_frames_is_told(store: RedisStore) -> None:
    async with Resumable(store, max_frames=3) as answers:
        id = await answers.start(bridges.sse(played(answer("a|b|c|d|e|f"))))
        await all_of(await answers.read(id, after=0))
        late = await all_of(await answers.read(id))
        assert b"The answer failed." in late
        assert b"[DONE]" in late
        assert b"id:" not in late


MAKER = """
import asyncio, sys
import aikido_llm as llm
from aikido_llm import bridges
from aikido_llm.middleware import RedisStore

async def slowly():
    yield llm.TextDelta("from another process")
    await asyncio.sleep(600)

async def main():
    async with bridges.Resumable(RedisStore(sys.argv[1])) as answers:
        print(await answers.start(bridges.ag_ui(slowly(), "thread", "run")), flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_a_maker_of_another_process_is_read_stopped_and_missed(one_redis: RedisServer, store: RedisStore) -> None:
    """Stopped from here; and killed, which its readers notice by themselves."""
    answers = Resumable(store)
    command = [sys.executable, "-c", MAKER, one_redis.url]
    makers = [await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        ids: list[str] = []
        for maker in makers:
            assert maker.stdout is not None
            ids.append((await maker.stdout.readline()).decode().strip())
        readers = [await answers.read(id) for id in ids]
        texts = [b"", b""]
        for at, reader in enumerate(readers):
            while b"from another process" not in texts[at]:
                texts[at] += await anext(reader)
        makers[1].kill()
        assert await answers.stop(ids[0])
        stopped, missed = await asyncio.gather(*map(all_of, readers))
        assert b'"type":"cancelled"' in stopped
        assert missed == b'data: {"type":"RUN_ERROR","message":"The answer failed."}\n\n'
    finally:
        for maker in makers:
            if maker.returncode is None:
                maker.kill()
            await maker.communicate()


async def test_redis_is_killed_in_the_middle(redis_server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """The reader gets the protocol's error and an end, the maker's stream is closed, and later calls say why."""
    store = RedisStore(redis_server.url)
    script = Script()
    answers = Resumable(store, patience=0.3)
    id = await answers.start(bridges.vercel_ui(script))
    script.queue.put_nowait(llm.TextDelta("one"))
    reader = await answers.read(id)
    seen = b""
    while b"one" not in seen:
        seen += await anext(reader)
    redis_server.kill()
    assert await all_of(reader) == b'data: {"type":"error","errorText":"The answer failed."}\n\ndata: [DONE]\n\n'
    await asyncio.wait_for(script.closed.wait(), SOON)
    assert "given up" in caplog.text
    other = Script()
    for asking in (answers.read(id), answers.stop(id), answers.start(bridges.sse(other))):
        with pytest.raises(llm.ConnectError, match="Redis"):
            await asking
    assert other.closed.is_set()
    await answers.aclose()
    await store.aclose()


async def test_redis_comes_back_empty(redis_server: RedisServer) -> None:
    store = RedisStore(redis_server.url)
    script = Script()
    answers = Resumable(store)
    reader = await answers.read(await answers.start(bridges.vercel_ui(script)))
    await anext(reader)
    redis_server.kill()
    redis_server.start()
    assert b"The answer failed." in await all_of(reader)
    await asyncio.wait_for(script.closed.wait(), SOON)
    await answers.aclose()
    await store.aclose()


async def test_in_a_cluster(redis_cluster: list[RedisServer]) -> None:
    store = RedisStore(redis_cluster[0].url)
    async with Resumable(store) as answers:
        for _ in range(4):  # some of which lie on the other node
            id = await answers.start(bridges.sse(played(answer("here"))))
            assert b"here" in await all_of(await answers.read(id))
    await store.aclose()


@pytest.mark.parametrize("options", [{"max_seconds": 0}, {"patience": -1}, {"max_frames": 0}])
async def test_numbers_that_are_none(options: dict[str, Any], store: RedisStore) -> None:
    with pytest.raises(llm.ConfigError):
        Resumable(store, **options)


def test_another_store_is_refused() -> None:
    other: Any = "redis://127.0.0.1:6379"
    with pytest.raises(llm.ConfigError, match="RedisStore"):
        Resumable(other)


async def test_what_is_no_bridge_is_told(store: RedisStore) -> None:
    async with llm.open("echo") as client, Resumable(store) as answers:
        events: Any = client.chat_stream("hello")
        with pytest.raises(llm.InvalidRequestError, match="takes a bridge"):
            await answers.start(events)
        await events.aclose()
