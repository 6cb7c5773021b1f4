"""The store of calls: keys, what is kept and what is not, claims, searching, forgetting."""

import asyncio
import contextlib
import json
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm import serialize
from aikido_llm.secret import sounds_secret
from aikido_llm.store import Asked, CallStore, identify
from aikido_llm.testing import StubClient, WireServer
from aikido_llm.types import kept
from aikido_llm.types.calls import Call, Outcome

CLIENT = identify(StubClient())
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
ANSWER = llm.Response(
    text="because of Rayleigh scattering", thinking="hm", usage=llm.Usage(10, 20, 5, cost_usd=0.25, raw={"in": 10}),
    finish_reason=llm.FinishReason.stop, raw_finish_reason="stop", id="r1", model="m-1", provider="stub",
    images=(llm.ImagePart(data=PNG, content_type="image/png"),), raw={"body": "all-of-it"}, attempts=2,
    headers={"x-secret": "h-e-a-d-e-r"}, timing=llm.Timing(0.5, 1.0),
)  # fmt: skip


def asked(text: str = "why?", row: str = "", **fields: Any) -> Asked:
    return Asked.of(CLIENT, llm.Request(text, **fields), row)


async def put(store: CallStore, question: Asked, outcome: llm.Response | llm.LLMError = ANSWER, **more: Any) -> None:
    await store.put(question, outcome, at=1000.0, seconds=1.5, **more)


def raw_bytes(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("request_", "plain"),
    [
        (llm.Request("why?"), True),
        (llm.Request("wäßrig \u2028 \U0001f600", model="m"), True),
        (llm.Request("why?", model=""), True),
        (llm.Request([llm.system("be brief"), llm.user("why?"), llm.assistant("so")]), True),
        (llm.Request([llm.user("why?", images=[llm.ImagePart(data=PNG)])]), False),
        (llm.Request([llm.assistant("", tool_calls=[llm.ToolCall("1", "f", "{}")])]), False),
        (llm.Request([llm.user("")]), False),
        (llm.Request("why?", temperature=0), False),
        (llm.Request("why?", extra={"a": 1}), False),
        (llm.Request("why?", logprobs=True), False),
    ],
)
def test_plain_text_takes_a_shorter_way_to_the_same_pieces(request_: llm.Request, plain: bool) -> None:
    found = kept.plain_pieces(request_)
    assert (found is not None) == plain
    if found is not None:
        assert found == kept.request_pieces(serialize.to_dict(request_), sounds_secret)


def key(request: llm.Request, client: bytes = CLIENT) -> bytes:
    return Asked.of(client, request).key


def test_what_decides_an_answer_decides_the_key() -> None:
    base = llm.Request([llm.system("be brief"), llm.user("why?")], temperature=1, tools=[llm.ToolDef("f", "d", {})])
    keys = {
        key(changed)
        for changed in (
            base,
            evolve(base, model="m"),
            evolve(base, temperature=0),
            evolve(base, temperature=None),
            evolve(base, messages=base.messages[1:]),
            evolve(base, messages=base.messages[::-1]),
            evolve(base, messages=(llm.user("be brief"), llm.user("why?"))),
            evolve(base, tools=()),
            evolve(base, extra={"a": 1}),
            evolve(base, extra={"a": llm.OMIT}),
            evolve(base, extra_headers={"beta": "1"}),
            evolve(base, previous_response_id="r"),
            evolve(base, messages=(llm.user("why?", images=[llm.ImagePart(data=PNG)]),)),
            evolve(base, messages=(llm.user("why?", images=[llm.ImagePart(data=PNG + b"1")]),)),
            evolve(base, messages=(llm.user("why?", images=[llm.ImagePart(url="https://a.example/1.png?v=1")]),)),
            evolve(base, messages=(llm.user("why?", images=[llm.ImagePart(url="https://a.example/1.png?v=2")]),)),
        )
    }
    assert len(keys) == 16


def test_what_changes_no_answer_changes_no_key() -> None:
    base = llm.Request([llm.system("be brief"), llm.user("why?")], temperature=1, extra={"a": 1, "b": 2})
    marked = llm.Request(
        [llm.system("be brief", cache=llm.CacheBreakpoint()), llm.user("why?")], temperature=1.0,
        extra={"b": 2, "a": 1}, metadata={"user": "7"}, extra_headers={"Authorization": "Bearer abc"},
    )  # fmt: skip
    assert key(base) == key(marked)
    parts = llm.Request([llm.user([llm.TextPart("a")])])
    assert key(parts) == key(llm.Request([llm.user([llm.TextPart("a", cache=llm.CacheBreakpoint())])]))


def test_a_plain_message_is_hashed_once() -> None:
    for piece in asked("why?").pieces:
        assert piece.decides == piece.hash, "what is kept of it is what decides"


def test_a_row_has_a_key_of_its_own() -> None:
    assert len({asked().key, asked(row="1").key, asked(row="2").key, asked("other", row="1").key}) == 4


def test_the_client_is_part_of_the_key() -> None:
    def opened(*words: str, **settings: Any) -> bytes:
        return identify(llm.open(*words, **{"api_key": "sk-1", "model": "m", **settings}))

    same = opened("vllm", "http://127.0.0.1:1/v1")
    assert same == opened("vllm", "http://127.0.0.1:1/v1/", api_key="sk-2", timeout=3, retry=None)
    assert same == opened("vllm", "http://127.0.0.1:1/v1?timeout=9", headers={"Authorization": "Bearer x"})
    different = {
        same,
        opened("vllm", "http://127.0.0.1:2/v1"),
        opened("vllm", "http://127.0.0.1:1/v1", model="other"),
        opened("vllm", "http://127.0.0.1:1/v1", temperature=0),
        opened("vllm", "http://127.0.0.1:1/v1", headers={"x-route": "b"}),
        opened("vllm", "http://127.0.0.1:1/v1", late_system="front"),
        opened("llamacpp", "http://127.0.0.1:1/v1"),
        opened("anthropic"),
        opened("anthropic", beta="thinking-1"),
        opened("openai"),
        opened("openai", wire="chat"),
        CLIENT,
    }
    assert len(different) == 12


def test_the_key_is_the_same_in_every_process() -> None:
    """Written down: a change would have every cache miss, and every bulk run ask again."""
    client = identify(llm.open("vllm", "http://127.0.0.1:1/v1", model="m", temperature=0))
    assert (
        key(llm.Request([llm.system("be brief"), llm.user("why?")], max_tokens=9), client).hex()
        == "bb5789fdeda7a5667b9e07a0d783cbd7"
    )


# ---------------------------------------------------------------- what is kept


async def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    events: list[llm.Event] = [
        llm.ThinkingDelta("hm"), llm.TextDelta("because "), llm.TextDelta("of Rayleigh scattering"),
        llm.ImageEvent(ANSWER.images[0]), llm.UsageEvent(ANSWER.usage), llm.EndEvent(ANSWER.finish_reason, ANSWER),
    ]  # fmt: skip
    question = asked("why?", temperature=0, metadata={"user": "7"})
    async with CallStore(tmp_path / "new" / "calls.db") as store:
        assert await store.get(question.key) is None
        await put(store, question, events=events, first_event=0.5)
        call = await store.get(question.key)
    assert call is not None and call.response is not None
    assert call.response == ANSWER
    assert call.response.cached
    assert (call.response.headers, call.response.raw, call.response.timing) == ({}, None, ANSWER.timing)
    assert [*call.events[:-1]] == events[:-1]
    assert call.events[-1] == events[-1]
    assert (call.outcome, call.final, call.provider, call.model, call.attempts) == ("answered", True, "stub", "m-1", 2)
    assert (call.at, call.seconds, call.first_event, call.usage) == (1000.0, 1.5, 0.5, ANSWER.usage)
    assert call.request == {
        "messages": [{"role": "user", "content": "why?"}], "temperature": 0, "metadata": {"user": "7"},
    }  # fmt: skip
    assert serialize.from_dict(json.loads(json.dumps(serialize.to_dict(call))), Call) == call


async def test_no_header_no_key_and_no_picture_that_was_sent(tmp_path: Path) -> None:
    request = llm.Request(
        [llm.user("look", images=[llm.ImagePart(data=b"GIF89a" + b"sent" * 500)]),
         llm.user("and", images=[llm.ImagePart(url="https://user:pw0@a.example/p.png?signature=s1gn")])],
        extra_headers={"x-api-key": "sk-abc", "x-route": "r0ute"},
    )  # fmt: skip
    path = tmp_path / "calls.db"
    error = llm.OverloadedError("busy", headers={"x-secret": "h-e-a-d-e-r"}, partial=ANSWER)
    async with CallStore(path) as store:
        await put(store, Asked.of(CLIENT, request))
        await put(store, asked(), error)
        calls = await store.find()
        data = raw_bytes(path)
    for secret in (b"h-e-a-d-e-r", b"sk-abc", b"r0ute", b"sentsent", b"pw0", b"s1gn", b"all-of-it", b"c2VudHNlbn"):
        assert secret not in data, secret
    assert data.count(PNG) >= 1, "what was drawn is part of the answer"
    first, second = calls[1].request["messages"]
    assert first["images"] == [{"type": "image", "content_type": "image/gif", "bytes": 2006, "sha256":
                                "1ea1ff24068fc57df7e9a6e37a82593d786e9b5c33cab52ea7ebcbf15f0de3f1"}]  # fmt: skip
    assert second["images"][0]["url"] == "https://a.example/p.png"
    kept = calls[0].error
    assert isinstance(kept, llm.OverloadedError)
    assert (kept.headers, kept.partial, calls[0].response) == ({}, ANSWER, ANSWER)
    assert (calls[0].outcome, calls[0].final) == (Outcome.failed, False)


async def test_what_requests_share_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    long = llm.system("some instructions " * 1000)
    async with CallStore(path) as store:
        turns = [llm.user("hello")]
        for number in range(30):
            await put(store, Asked.of(CLIENT, llm.Request([long, *turns])), ANSWER)
            turns += [llm.assistant("an answer " * 20), llm.user(f"more {number}")]
        assert len((await store.find())[0].request["messages"]) == 60
    assert path.stat().st_size < 150_000


async def test_outcomes(tmp_path: Path) -> None:
    async with CallStore(tmp_path / "calls.db") as store:
        for text, outcome, more in (
            ("a", ANSWER, {}),
            ("b", evolve(ANSWER, complete=False), {}),
            ("c", ANSWER, {"left": True}),
            ("d", llm.AuthError("no"), {}),
            ("e", llm.InvalidRequestError("bad"), {"final": True}),
        ):
            await put(store, asked(text), outcome, **more)
        calls = await store.find()
        assert [(call.outcome.value, call.final) for call in reversed(calls)] == [
            ("answered", True), ("incomplete", False), ("left", False), ("failed", False), ("failed", True),
        ]  # fmt: skip
        assert [await store.get(asked(text).key) is not None for text in "abcde"] == [True, *[False] * 4]
        settled = await store.claim([asked(text) for text in "abcde"])
        assert [type(one) for one in settled] == [Call, bool, bool, bool, Call]
        assert [call.outcome for call in await store.find(outcome=Outcome.failed)] == [Outcome.failed] * 2


# ---------------------------------------------------------------- claims


async def test_claims(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    a, b, c = (asked(text) for text in "abc")
    async with CallStore(path) as one, CallStore(path) as other:
        assert await one.claim([a, b, a]) == [True, True, False]
        assert await one.holds(a)
        assert await other.claim([a, b, c]) == [False, False, True]
        await put(one, a)
        [known, still] = await other.claim([a, b])
        assert isinstance(known, Call)
        assert known.response == ANSWER
        assert still is False
        await one.release([b])
        assert await other.claim([b]) == [True]
        await put(one, c, llm.OverloadedError("busy"))
        assert await one.claim([c]) == [False], "another's claim stays"
    async with CallStore(path) as third:
        assert [one is True for one in await third.claim([a, b, c])] == [False, True, True], "closed stores hold none"


_LOGGING = """
import asyncio, sys
from tests.test_store import ANSWER, CallStore, asked, put

async def main():
    async with CallStore(sys.argv[1]) as store:
        for number in range(60):
            await put(store, asked(f"{sys.argv[2]} {number}"))

asyncio.run(main())
"""


def test_processes_that_log_at_once(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    root = Path(__file__).parent.parent
    processes = [subprocess.Popen([sys.executable, "-c", _LOGGING, str(path), str(number)], cwd=root,
                                  stderr=subprocess.PIPE) for number in range(3)]  # fmt: skip
    for process in processes:
        _, said = process.communicate()
        assert process.returncode == 0, said.decode()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(DISTINCT key) FROM calls").fetchone()[0] == 180
    connection.close()


# ---------------------------------------------------------------- looking and forgetting


async def test_searching(tmp_path: Path) -> None:
    async with CallStore(tmp_path / "calls.db") as store:
        for number in range(30):
            row = str(number) if number % 2 else ""  # a bulk run's are indexed by who searches first
            text = f"question {number} about {'cheese' if number % 3 else 'wine'}"
            await put(store, asked(text, row), evolve(ANSWER, text=f"answer {number}, naïve"))
        found = await store.find("cheese question")
        assert [call.request["messages"][-1]["content"] for call in found[:2]] == [
            "question 29 about cheese", "question 28 about cheese",
        ]  # fmt: skip
        assert len(found) == 20
        assert len(await store.find("wine", limit=3)) == 3
        assert [call.id for call in await store.find("Naive 17")] == [18]
        assert await store.find('"') == await store.find('cheese OR "wine') == []
        [first] = await store.find(limit=1)
        assert [call.id for call in await store.find(before=first.id, limit=2)] == [29, 28]
        assert [call.id for call in await store.find(model="m-", limit=1)] == [first.id]
        assert await store.find("cheese", model="%") == await store.find(model="m-2") == []


async def test_forgetting(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    async with CallStore(path) as store:
        shared = "a system prompt"
        for number in range(200):
            question = Asked.of(CLIENT, llm.Request([llm.system(shared), llm.user(f"n{number} " + "x" * 2000)]))
            image = llm.ImagePart(data=PNG + (b"old" if number < 150 else b"new"))
            await store.put(question, evolve(ANSWER, images=(image,)), at=float(number))
        before = path.stat().st_size
        assert await store.prune(before=100.0) == 100
        assert await store.prune(keep=50) == 50
        assert await store.prune(keep=50) == 0
        calls = await store.find(limit=1000)
        assert [call.at for call in calls] == [float(number) for number in range(199, 149, -1)]
        assert calls[0].request["messages"][0]["content"] == shared
        assert await store.find("n20") == []
        assert len(await store.find("n170")) == 1
    assert path.stat().st_size < before / 2
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM bodies").fetchone()[0] == 50 + 1 + 1 + 1
    connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    connection.close()
    assert PNG + b"old" not in path.read_bytes()


async def test_what_is_wrong_with_the_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("notes " * 100)
    with pytest.raises(llm.ConfigError, match="text is no SQLite database"):
        await CallStore(tmp_path / "text").find()
    store = CallStore(tmp_path / "calls.db")
    await store.aclose()
    with pytest.raises(llm.ConfigError, match="closed"):
        await store.find()


BROKEN = (None, -1, "", "{", "[]", "[1]", '{"text": 5}', "[" * 100_000, b"\x00\xff", '{"kind": "x"}')


@pytest.mark.parametrize("column", ["request", "answer", "events", "outcome"])
async def test_a_call_that_nobody_can_read_is_said(tmp_path: Path, column: str) -> None:
    """By whoever asks for it; `cached` then asks the provider."""
    question, told = asked("why?"), list[str]()
    for number, value in enumerate(BROKEN):
        path = tmp_path / f"{number}.db"
        async with CallStore(path) as store:
            await put(store, question, events=[llm.TextDelta("x"), llm.EndEvent(ANSWER.finish_reason, ANSWER)])
        connection = sqlite3.connect(path)
        with contextlib.suppress(sqlite3.IntegrityError), connection:
            connection.execute(f"UPDATE calls SET {column} = ?", (value,))
        connection.close()
        async with CallStore(path) as store:
            for reading in (store.get(question.key), store.find()):
                try:
                    await reading
                except llm.ConfigError as error:
                    told.append(str(error))
    assert all("has a call that nobody can read" in one for one in told)
    assert len(told) >= len(BROKEN) / 2


@pytest.mark.parametrize("damaged", ["{}", '{"text": "half"}'])
async def test_a_damaged_answer_is_not_read_as_an_empty_one(tmp_path: Path, damaged: str) -> None:
    question, path = asked("why?", row="1"), tmp_path / "calls.db"
    async with CallStore(path) as store:
        await put(store, question)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE calls SET answer = ?", (damaged,))
    async with CallStore(path) as store:
        for reading in (store.get(question.key), store.claim([question]), store.find()):
            with pytest.raises(llm.ConfigError, match="has a call that nobody can read"):
                await reading


async def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    rng = random.Random(5)
    async with CallStore(tmp_path / "calls.db") as store:
        numbers = list(range(300))
        rng.shuffle(numbers)
        await asyncio.gather(*(put(store, asked(str(number))) for number in numbers))
        assert len({call.key for call in await store.find(limit=1000)}) == 300


async def test_searching_a_hundred_thousand_takes_less_than_a_second_of_work(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    async with CallStore(path) as store:
        await put(store, asked("a question about cheese"))
    connection = sqlite3.connect(path)
    every = [name for _, name, *_ in connection.execute("PRAGMA table_info(calls)")]
    columns = ", ".join(every[1:])  # all but the id
    connection.execute(f"""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        INSERT INTO calls ({columns}) SELECT {columns.replace("key", "randomblob(16)")} FROM calls, n""")
    connection.execute("INSERT INTO words (rowid, text) SELECT id, 'cheese and number ' || id FROM calls WHERE id > 1")
    connection.commit()
    connection.close()
    async with CallStore(path) as store:
        await store.find(limit=1)
        for text, count in (("cheese", 20), ("cheese 77777", 1), ("", 20)):
            begun = time.process_time()
            assert len(await store.find(text)) == count
            assert time.process_time() - begun < 1.0


async def test_an_identity_is_forwarded_from_the_wire(wire_server: WireServer, tmp_path: Path) -> None:
    async with llm.open("vllm", wire_server.dsn("vllm")) as client:
        assert identify(client) == identify(client.single_attempt)
        assert "api_key" not in json.dumps(client.identity)
